//! What HubSpot is asked for each effect.

use crate::chaos::deliveries::requests::{
    Id::{Counted, Same},
    Request, Spoken,
};

pub(crate) const HUBSPOT: Spoken = Spoken {
    slug: "hubspot",
    call: "calls",
    behind_a_gate: &[],
    many: &[],
    requests: &[
        Request::new(&["create_organization"], "POST", "/2026-09/companies$", Same("")),
        // The list of options is replaced by one with the new option; the log has the option's name.
        Request::new(&["create_label"], "PATCH", "/contacts/hs_lead_status$", Counted),
        Request::new(&["create_reference"], "POST", "/properties/2026-09/contacts$", Same("")),
        Request::new(&["create_person"], "POST", "/objects/2026-09/contacts$", Same("")),
        // One without an organization.
        Request::new(&["create_person"], "POST", "/contacts/batch/upsert$", Same("")),
        Request::new(&["add_labels"], "PATCH", "/objects/2026-09/contacts/", Same("")),
        Request::new(&["create_activity"], "POST", "/2026-09/calls$", Same("calls/")),
        Request::new(&["update_activity"], "PATCH", "/2026-09/calls/", Same("calls/")),
        Request::new(&["delete_activity"], "DELETE", "/2026-09/calls/", Same("calls/")),
    ],
};
