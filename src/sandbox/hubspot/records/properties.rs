//! Which properties there are, and what each takes.

use serde_json::{Value, json};

use super::{
    kind::Kind,
    record::{Millis, instant, iso},
};
use crate::sandbox::hubspot::accounts::Portal;

/// A property as the portal defines it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of theirs")]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) label: String,
    /// `string`, `number`, `date`, `datetime`, `enumeration`, `bool`, `phone_number`.
    pub(crate) kind: String,
    pub(crate) field: String,
    pub(crate) options: Vec<Choice>,
    /// Its own, not the customer's.
    pub(crate) built_in: bool,
    pub(crate) read_only: bool,
    pub(crate) unique: bool,
    /// Options come from elsewhere: owners, pipelines.
    pub(crate) external: bool,
    pub(crate) made: Option<Millis>,
}

#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) hidden: bool,
    /// Through the API.
    pub(crate) made: bool,
}

impl Property {
    fn new(name: &str, label: &str, kind: &str, field: &str) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind: kind.into(),
            field: field.into(),
            options: vec![],
            built_in: true,
            read_only: false,
            unique: false,
            external: false,
            made: None,
        }
    }

    fn choosing(name: &str, label: &str, field: &str, options: &[(&str, &str)]) -> Self {
        let options = options.iter().map(|(value, label)| Choice {
            value: (*value).into(),
            label: (*label).into(),
            hidden: false,
            made: false,
        });
        Self { options: options.collect(), ..Self::new(name, label, "enumeration", field) }
    }

    fn own(mut self) -> Self {
        self.built_in = false;
        self
    }

    fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    fn external(mut self) -> Self {
        self.external = true;
        self
    }

    pub(crate) fn json(&self) -> Value {
        let options = self.options.iter().enumerate().map(|(nth, choice)| {
            json!({
                "label": choice.label, "value": choice.value, "displayOrder": nth,
                "hidden": choice.hidden, "description": "",
            })
        });
        let mut shown = json!({
            "name": self.name, "label": self.label, "type": self.kind, "fieldType": self.field,
            "description": "", "groupName": "contactinformation", "displayOrder": -1,
            "options": options.collect::<Vec<_>>(), "calculated": false,
            "externalOptions": self.external, "hasUniqueValue": self.unique, "hidden": false,
            "formField": !self.read_only, "dataSensitivity": "non_sensitive", "archived": false,
            "modificationMetadata": {
                "archivable": !self.built_in, "readOnlyDefinition": self.built_in,
                "readOnlyValue": self.read_only, "readOnlyOptions": false,
            },
        });
        // Said of its own only; the customer's have times and users instead.
        if self.built_in {
            shown["hubspotDefined"] = json!(true);
        } else {
            shown["createdAt"] = json!(iso(self.made.unwrap_or(1_609_459_200_000)));
            shown["updatedAt"] = shown["createdAt"].clone();
        }
        shown
    }

    /// Why a value is refused: the code and the words.
    pub(crate) fn objection(&self, value: &str, portal: &Portal) -> Option<(&'static str, String)> {
        let name = &self.name;
        if self.read_only {
            return Some(("READ_ONLY_VALUE", format!("\"{name}\" is a read only property")));
        }
        if value.is_empty() {
            return None;
        }
        if value.len() > 65_536 {
            return Some(("PROPERTY_VALUE_TOO_LONG", format!("{name} is longer than 65536")));
        }
        let known = |value: &str| self.options.iter().any(|choice| choice.value == value);
        let fits = match self.kind.as_str() {
            "number" => value.parse::<f64>().is_ok(),
            "date" | "datetime" => instant(value).is_some(),
            "bool" => matches!(value, "true" | "false"),
            "enumeration" if name == "hubspot_owner_id" => {
                let owner = value.parse().ok().and_then(|id| portal.owner(id));
                owner.is_some_and(|owner| owner.active)
            }
            "enumeration" if self.external => true,
            "enumeration" if self.field == "checkbox" => {
                value.split(';').filter(|one| !one.is_empty()).all(known)
            }
            "enumeration" => known(value),
            _ if name == "email" => is_address(value),
            _ => true,
        };
        if fits {
            return None;
        }
        Some(match self.kind.as_str() {
            "number" => ("INVALID_LONG", format!("{value} was not a valid long.")),
            "date" | "datetime" => ("INVALID_DATE", format!("{value} was not a valid date.")),
            "enumeration" => {
                ("INVALID_OPTION", format!("{value} was not one of the allowed options for {name}"))
            }
            _ if name == "email" => ("INVALID_EMAIL", format!("Email address {value} is invalid")),
            _ => ("INVALID_VALUE", format!("{value} is not valid for {name}")),
        })
    }
}

/// Addresses of one domain are refused although they look well, so that refusals can be had.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((local, host)) = text.trim().rsplit_once('@') else { return false };
    let odd = |text: &str| text.is_empty() || text.contains([' ', '@', ',', ';', '<', '>']);
    !odd(local) && !odd(host) && host.contains('.') && !host.eq_ignore_ascii_case("refused.example")
}

/// The statuses of a lead that every account begins with.
const LEAD_STATUS: &[(&str, &str)] = &[
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
    ("WARM_LEAD", "Warm lead"),
];

const LIFECYCLE: &[(&str, &str)] = &[
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
];

/// Whether a lifecycle stage comes before another: there is no way back but through none at all.
pub(crate) fn is_earlier(wanted: &str, now: &str) -> bool {
    let place = |stage: &str| LIFECYCLE.iter().position(|(value, _)| *value == stage);
    matches!((place(wanted), place(now)), (Some(wanted), Some(now)) if wanted < now)
}

fn text(name: &str, label: &str) -> Property {
    Property::new(name, label, "string", "text")
}

fn long(name: &str, label: &str) -> Property {
    Property::new(name, label, "string", "textarea")
}

fn time(name: &str, label: &str) -> Property {
    Property::new(name, label, "datetime", "date")
}

fn number(name: &str, label: &str) -> Property {
    Property::new(name, label, "number", "number")
}

/// The properties of a kind in a new portal, with what this customer added.
pub(crate) fn defined(kind: Kind) -> Vec<Property> {
    let owner = Property::new("hubspot_owner_id", "Owner", "enumeration", "select").external();
    let mut all = vec![
        owner,
        number("hs_object_id", "Record ID").read_only(),
        time(kind.created(), "Create Date").read_only(),
        time(kind.modified(), "Last Modified Date").read_only(),
    ];
    let more = match kind {
        Kind::Contacts => vec![
            Property { unique: true, ..text("email", "Email") },
            text("hs_additional_emails", "Additional email addresses").read_only(),
            text("hs_merged_object_ids", "Merged record IDs").read_only(),
            text("firstname", "First Name"),
            text("lastname", "Last Name"),
            Property::new("phone", "Phone Number", "string", "phonenumber"),
            Property::new("mobilephone", "Mobile Phone Number", "string", "phonenumber"),
            text("jobtitle", "Job Title"),
            text("company", "Company Name"),
            text("country", "Country/Region"),
            number("associatedcompanyid", "Primary Associated Company ID").read_only(),
            number("num_associated_deals", "Number of Associated Deals").read_only(),
            Property::choosing("lifecyclestage", "Lifecycle Stage", "radio", LIFECYCLE),
            Property::choosing("hs_lead_status", "Lead Status", "radio", LEAD_STATUS),
            Property::choosing(
                "segment",
                "Segment",
                "select",
                &[("a", "A"), ("b", "B"), ("c", "C")],
            )
            .own(),
            Property::choosing(
                "interests",
                "Interests",
                "checkbox",
                &[("price", "Price"), ("service", "Service"), ("size", "Größe")],
            )
            .own(),
            long("remarks", "Remarks").own(),
            Property::new("customer_since", "Customer since", "date", "date").own(),
            number("budget_of_the_year", "Budget").own(),
        ],
        Kind::Companies => vec![
            text("name", "Company name"),
            text("domain", "Company Domain Name"),
            text("website", "Website URL"),
            text("address", "Street Address"),
            text("city", "City"),
            text("zip", "Postal Code"),
            text("country", "Country/Region"),
            Property::new("phone", "Phone Number", "string", "phonenumber"),
            Property::choosing(
                "industry",
                "Industry",
                "select",
                &[("COMPUTER_SOFTWARE", "Computer Software"), ("MACHINERY", "Machinery")],
            ),
        ],
        Kind::Deals => vec![
            text("dealname", "Deal Name"),
            number("amount", "Amount"),
            Property::new("dealstage", "Deal Stage", "enumeration", "radio").external(),
            Property::new("pipeline", "Pipeline", "enumeration", "select").external(),
            time("closedate", "Close Date"),
            Property::new("deal_currency_code", "Currency", "enumeration", "select").external(),
            Property::new("hs_is_closed", "Is Deal Closed?", "bool", "booleancheckbox").read_only(),
            Property::new("hs_is_closed_won", "Is Closed Won", "bool", "booleancheckbox")
                .read_only(),
        ],
        _ => engagement(kind),
    };
    all.extend(more);
    all
}

/// What was done or is to be done.
fn engagement(kind: Kind) -> Vec<Property> {
    match kind {
        Kind::Tasks => vec![
            time("hs_timestamp", "Due date"),
            text("hs_task_subject", "Task Title"),
            long("hs_task_body", "Notes"),
            Property::choosing(
                "hs_task_status",
                "Task Status",
                "select",
                &[
                    ("NOT_STARTED", "Not Started"),
                    ("IN_PROGRESS", "In Progress"),
                    ("WAITING", "Waiting"),
                    ("DEFERRED", "Deferred"),
                    ("COMPLETED", "Completed"),
                ],
            ),
            Property::choosing(
                "hs_task_priority",
                "Priority",
                "select",
                &[("NONE", "None"), ("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High")],
            ),
            Property::choosing(
                "hs_task_type",
                "Task Type",
                "select",
                &[(concat!("TO", "DO"), "To-do"), ("CALL", "Call"), ("EMAIL", "Email")],
            ),
        ],
        Kind::Calls => vec![
            time("hs_timestamp", "Activity date"),
            text("hs_call_title", "Call Title"),
            long("hs_call_body", "Call notes"),
            number("hs_call_duration", "Call duration"),
            Property::choosing(
                "hs_call_direction",
                "Call direction",
                "select",
                &[("INBOUND", "Inbound"), ("OUTBOUND", "Outbound")],
            ),
            Property::choosing(
                "hs_call_status",
                "Call status",
                "select",
                &[
                    ("BUSY", "Busy"),
                    ("CALLING_CRM_USER", "Calling CRM User"),
                    ("CANCELED", "Canceled"),
                    ("COMPLETED", "Completed"),
                    ("CONNECTING", "Connecting"),
                    ("FAILED", "Failed"),
                    ("IN_PROGRESS", "In Progress"),
                    ("NO_ANSWER", "No Answer"),
                    ("QUEUED", "Queued"),
                    ("RINGING", "Ringing"),
                ],
            ),
            text("hs_call_from_number", "From Number"),
            text("hs_call_to_number", "To Number"),
            text("hs_call_disposition", "Call outcome"),
            text("hs_call_recording_url", "Recording URL"),
        ],
        Kind::Notes => {
            vec![time("hs_timestamp", "Activity date"), long("hs_note_body", "Note body")]
        }
        Kind::Meetings => vec![
            time("hs_timestamp", "Activity date"),
            text("hs_meeting_title", "Meeting name"),
            long("hs_meeting_body", "Meeting description"),
            long("hs_internal_meeting_notes", "Internal meeting notes"),
            time("hs_meeting_start_time", "Meeting start time"),
            time("hs_meeting_end_time", "Meeting end time"),
            text("hs_meeting_location", "Location"),
            Property::choosing(
                "hs_meeting_outcome",
                "Meeting outcome",
                "select",
                &[
                    ("SCHEDULED", "Scheduled"),
                    ("COMPLETED", "Completed"),
                    ("RESCHEDULED", "Rescheduled"),
                    ("NO_SHOW", "No Show"),
                    ("CANCELED", "Canceled"),
                ],
            ),
        ],
        Kind::Emails => vec![
            time("hs_timestamp", "Activity date"),
            text("hs_email_subject", "Email subject"),
            long("hs_email_text", "Email body"),
        ],
        Kind::Contacts | Kind::Companies | Kind::Deals => vec![],
    }
}
