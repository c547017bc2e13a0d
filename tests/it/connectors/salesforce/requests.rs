//! What Salesforce is asked for each effect.

use crate::chaos::deliveries::requests::{
    Id::{Counted, Part, Same},
    Request, Spoken,
};

/// Both are custom fields, and are made with the same request, in this order.
const FIELDS: &[&str] = &["create_label", "create_reference"];

pub(crate) const SALESFORCE: Spoken = Spoken {
    slug: "salesforce",
    call: "Call",
    behind_a_gate: &[],
    many: &["/composite/sobjects$", "/composite/sobjects/Contact/"],
    requests: &[
        Request::new(&["create_organization"], "POST", "/sobjects/Account$", Same("")),
        // Many in one request.
        Request::new(&["create_organization"], "POST", "/composite/sobjects$", Same("")),
        Request::new(FIELDS, "POST", "/tooling/sobjects/CustomField$", Counted),
        Request::new(FIELDS, "POST", "/sobjects/FieldPermissions$", Part),
        Request::new(&["create_person"], "PATCH", "/Contact/Tandem_Reference__c/", Same("")),
        Request::new(&["create_person"], "PATCH", "/Contact/Tandem_Reference__c$", Same("")),
        // In an org where there is no field for our mark.
        Request::new(&["create_person"], "POST", "/sobjects/Contact$", Same("")),
        Request::new(&["add_labels"], "PATCH", "/sobjects/Contact/003", Same("")),
        Request::new(&["create_activity"], "POST", "/sobjects/Task$", Same("")),
        Request::new(&["update_activity"], "PATCH", "/sobjects/Task/", Same("")),
        Request::new(&["delete_activity"], "DELETE", "/sobjects/Task/", Same("")),
    ],
};
