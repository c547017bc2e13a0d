//! What Zoho is asked for each effect.

use crate::chaos::deliveries::requests::{
    Id::{Counted, Same},
    Request, Spoken,
};

pub(crate) const ZOHO: Spoken = Spoken {
    slug: "zoho",
    call: "Calls",
    // Its callback says where tokens are to be asked for.
    behind_a_gate: &[("/accounts_server", "accounts_server")],
    many: &[],
    requests: &[
        Request::new(&["create_organization"], "POST", "/v8/Accounts$", Same("")),
        // Answers have the ids of a tag and of a field; the log has the names that both go by.
        Request::new(&["create_label"], "POST", "/settings/tags$", Counted),
        Request::new(&["create_reference"], "POST", "/settings/fields$", Counted),
        Request::new(&["create_person"], "POST", "/v8/Contacts/upsert$", Same("")),
        // In an organization where there is no field for our mark.
        Request::new(&["create_person"], "POST", "/v8/Contacts$", Same("")),
        Request::new(&["add_labels"], "POST", "/actions/add_tags$", Same("")),
        Request::new(&["create_activity"], "POST", "/v8/Calls$", Same("Calls/")),
        Request::new(&["update_activity"], "PUT", "/v8/Calls/", Same("Calls/")),
        Request::new(&["delete_activity"], "DELETE", "/v8/Calls/", Same("Calls/")),
    ],
};
