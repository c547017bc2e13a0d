//! What Pipedrive is asked for each effect.

use crate::chaos::deliveries::requests::{Id::Same, Request, Spoken};

pub(crate) const PIPEDRIVE: Spoken = Spoken {
    slug: "pipedrive",
    call: "call",
    behind_a_gate: &[],
    many: &[],
    requests: &[
        Request::new(&["create_organization"], "POST", "/api/v2/organizations$", Same("")),
        Request::new(&["create_label"], "POST", "/label_ids/options$", Same("")),
        Request::new(&["create_reference"], "POST", "/api/v2/personFields$", Same("")),
        Request::new(&["create_person"], "POST", "/api/v2/persons$", Same("")),
        Request::new(&["add_labels"], "PATCH", "/api/v2/persons/", Same("")),
        Request::new(&["create_activity"], "POST", "/api/v2/activities$", Same("")),
        Request::new(&["update_activity"], "PATCH", "/api/v2/activities/", Same("")),
        Request::new(&["delete_activity"], "DELETE", "/api/v2/activities/", Same("")),
    ],
};
