//! The fields of modules: names, kinds, options.

use serde_json::{Value, json};

use super::Module;

/// What a field holds, and how the API calls that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Text(usize),
    Area(usize),
    Email,
    Phone,
    Url,
    Picklist,
    /// Values that are not among the options are refused.
    Strict,
    Multi,
    Date,
    Time,
    Flag,
    Whole,
    Money,
    Lookup(Module),
    /// A lookup of a record in the module that `$se_module` names.
    Anything,
    Owner,
    Tags,
    /// `mm:ss`
    Clock,
}

impl Kind {
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Area(_) => "textarea",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "website",
            Self::Picklist | Self::Strict => "picklist",
            Self::Multi => "multiselectpicklist",
            Self::Date => "date",
            Self::Time => "datetime",
            Self::Flag => "boolean",
            Self::Whole => "integer",
            Self::Money => "currency",
            Self::Lookup(_) | Self::Anything => "lookup",
            Self::Owner => "ownerlookup",
            Self::Tags => "tag",
            Self::Clock => "event_reminder",
        }
    }
}

/// Whether a record must have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Optional,
    Mandatory,
    /// The CRM writes it itself.
    ReadOnly,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) id: u64,
    pub(crate) api_name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) custom: bool,
    pub(crate) rule: Rule,
    pub(crate) unique: bool,
    pub(crate) options: Vec<String>,
}

impl Field {
    pub(crate) fn json(&self) -> Value {
        let options: Vec<Value> = self
            .options
            .iter()
            .enumerate()
            .map(|(nth, option)| {
                json!({
                    "id": (self.id + 1_000 + nth as u64).to_string(), "display_value": option,
                    "actual_value": option, "reference_value": option, "sequence_number": nth + 1,
                    "type": "used",
                })
            })
            .collect();
        let read_only = self.rule == Rule::ReadOnly;
        let unique = if self.unique { json!({ "casesensitive": "false" }) } else { json!({}) };
        let json_type = match self.kind {
            Kind::Multi | Kind::Tags => "jsonarray",
            Kind::Lookup(_) | Kind::Anything | Kind::Owner => "jsonobject",
            Kind::Flag => "boolean",
            Kind::Whole => "integer",
            Kind::Money => "double",
            _ => "string",
        };
        json!({
            "id": self.id.to_string(), "api_name": self.api_name, "field_label": self.label,
            "display_label": self.label, "data_type": self.kind.word(), "json_type": json_type,
            "custom_field": self.custom, "system_mandatory": self.rule == Rule::Mandatory,
            "read_only": read_only, "field_read_only": read_only, "visible": true,
            "unique": unique, "pick_list_values": options, "length": self.length(),
        })
    }

    fn length(&self) -> usize {
        match self.kind {
            Kind::Text(most) | Kind::Area(most) => most,
            Kind::Email => 100,
            Kind::Phone => 30,
            Kind::Url => 450,
            _ => 255,
        }
    }
}

/// Those of a new organization, and those that this one has added. `base` is where its ids begin.
pub(crate) fn of(module: Module, base: u64) -> Vec<Field> {
    let mut added = Added { fields: Vec::new(), first: base + 2_000_000 + module as u64 * 10_000 };
    added.plain(&[
        ("Owner", "Owner", Kind::Owner, ""),
        ("Created_Time", "Created Time", Kind::Time, "r"),
        ("Modified_Time", "Modified Time", Kind::Time, "r"),
        ("Description", "Description", Kind::Area(32_000), ""),
        ("Tag", "Tag", Kind::Tags, ""),
    ]);
    match module {
        Module::Contacts => contacts(&mut added),
        Module::Accounts => accounts(&mut added),
        Module::Leads => leads(&mut added),
        Module::Deals => deals(&mut added),
        Module::Tasks => tasks(&mut added),
        Module::Calls => calls(&mut added),
        Module::Events => added.plain(&[
            ("Event_Title", "Title", Kind::Text(255), "m"),
            ("Start_DateTime", "From", Kind::Time, "m"),
            ("End_DateTime", "To", Kind::Time, "m"),
            ("All_day", "All day", Kind::Flag, ""),
            ("Venue", "Location", Kind::Text(255), ""),
            ("Who_Id", "Contact Name", Kind::Lookup(Module::Contacts), ""),
            ("What_Id", "Related To", Kind::Anything, ""),
        ]),
        Module::Notes => added.plain(&[
            ("Note_Title", "Note Title", Kind::Text(120), ""),
            ("Note_Content", "Note Content", Kind::Area(32_000), "m"),
            ("Parent_Id", "Parent ID", Kind::Anything, "m"),
        ]),
    }
    added.fields
}

/// Fields under construction.
struct Added {
    fields: Vec<Field>,
    first: u64,
}

impl Added {
    /// Names, kinds, and rules: `c`ustom, `m`andatory, `r`ead only.
    fn plain(&mut self, of: &[(&str, &str, Kind, &str)]) {
        for (api_name, label, kind, rules) in of {
            self.listed(api_name, label, kind.clone(), rules, &[]);
        }
    }

    fn listed(&mut self, api_name: &str, label: &str, kind: Kind, rules: &str, options: &[&str]) {
        self.fields.push(Field {
            id: self.first + self.fields.len() as u64 * 100,
            api_name: api_name.to_owned(),
            label: label.to_owned(),
            kind,
            custom: rules.contains('c'),
            rule: match rules {
                "m" => Rule::Mandatory,
                "r" => Rule::ReadOnly,
                _ => Rule::Optional,
            },
            unique: false,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
        });
    }
}

fn contacts(added: &mut Added) {
    added.plain(&[
        ("First_Name", "First Name", Kind::Text(40), ""),
        ("Last_Name", "Last Name", Kind::Text(80), "m"),
        ("Full_Name", "Full Name", Kind::Text(120), "r"),
        ("Email", "Email", Kind::Email, ""),
        ("Secondary_Email", "Secondary Email", Kind::Email, ""),
        ("Phone", "Phone", Kind::Phone, ""),
        ("Mobile", "Mobile", Kind::Phone, ""),
        ("Home_Phone", "Home Phone", Kind::Phone, ""),
        ("Other_Phone", "Other Phone", Kind::Phone, ""),
        ("Asst_Phone", "Asst Phone", Kind::Phone, ""),
        ("Account_Name", "Account Name", Kind::Lookup(Module::Accounts), ""),
        ("Title", "Title", Kind::Text(100), ""),
        ("Mailing_Country", "Mailing Country", Kind::Text(100), ""),
        ("Customer_Since", "Customer since", Kind::Date, "c"),
        ("Budget", "Budget", Kind::Money, "c"),
        ("Newsletter", "Newsletter", Kind::Flag, "c"),
        ("Score", "Score", Kind::Whole, "c"),
        ("Remarks", "Remarks", Kind::Area(2_000), "c"),
        ("Profile", "Profile", Kind::Url, "c"),
        ("Partner", "Partner", Kind::Lookup(Module::Accounts), "c"),
    ]);
    let sources = ["-None-", "Advertisement", "Cold Call", "Trade Show", "Web Download"];
    added.listed("Lead_Source", "Lead Source", Kind::Picklist, "", &sources);
    added.listed("Segment", "Segment", Kind::Picklist, "c", &["-None-", "A", "B", "C"]);
    added.listed("Interests", "Interests", Kind::Multi, "c", &["Pumps", "Valves", "Service"]);
}

fn leads(added: &mut Added) {
    added.plain(&[
        ("First_Name", "First Name", Kind::Text(40), ""),
        ("Last_Name", "Last Name", Kind::Text(80), "m"),
        ("Full_Name", "Full Name", Kind::Text(120), "r"),
        ("Company", "Company", Kind::Text(200), ""),
        ("Email", "Email", Kind::Email, ""),
        ("Secondary_Email", "Secondary Email", Kind::Email, ""),
        ("Phone", "Phone", Kind::Phone, ""),
        ("Mobile", "Mobile", Kind::Phone, ""),
        ("Fax", "Fax", Kind::Text(30), ""),
        ("Designation", "Title", Kind::Text(100), ""),
    ]);
    let states = ["-None-", "Attempted to Contact", "Contacted", "Lost Lead", "Not Contacted"];
    added.listed("Lead_Status", "Lead Status", Kind::Picklist, "", &states);
}

fn accounts(added: &mut Added) {
    added.plain(&[
        ("Account_Name", "Account Name", Kind::Text(200), "m"),
        ("Website", "Website", Kind::Url, ""),
        ("Phone", "Phone", Kind::Phone, ""),
        ("Billing_Street", "Billing Street", Kind::Text(250), ""),
        ("Billing_City", "Billing City", Kind::Text(100), ""),
        ("Billing_Code", "Billing Code", Kind::Text(30), ""),
        ("Billing_Country", "Billing Country", Kind::Text(100), ""),
        ("Employees", "Employees", Kind::Whole, ""),
    ]);
    let industries = ["-None-", "Manufacturing", "Software", "Retail", "Travel"];
    added.listed("Industry", "Industry", Kind::Picklist, "", &industries);
    added.listed("Tier", "Tier", Kind::Picklist, "c", &["-None-", "Gold", "Silver"]);
}

fn deals(added: &mut Added) {
    added.plain(&[
        ("Deal_Name", "Deal Name", Kind::Text(120), "m"),
        ("Amount", "Amount", Kind::Money, ""),
        ("Closing_Date", "Closing Date", Kind::Date, ""),
        ("Account_Name", "Account Name", Kind::Lookup(Module::Accounts), ""),
        ("Contact_Name", "Contact Name", Kind::Lookup(Module::Contacts), ""),
        ("Probability", "Probability (%)", Kind::Whole, ""),
    ]);
    let stages: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
    added.listed("Stage", "Stage", Kind::Strict, "m", &stages);
    added.listed("Pipeline", "Pipeline", Kind::Picklist, "", &[PIPELINE]);
}

fn tasks(added: &mut Added) {
    added.plain(&[
        ("Subject", "Subject", Kind::Text(255), "m"),
        ("Due_Date", "Due Date", Kind::Date, ""),
        ("Who_Id", "Contact Name", Kind::Lookup(Module::Contacts), ""),
        ("What_Id", "Related To", Kind::Anything, ""),
        ("Closed_Time", "Closed Time", Kind::Time, "r"),
    ]);
    let states = ["Not Started", "Deferred", "In Progress", "Completed", "Waiting for input"];
    added.listed("Status", "Status", Kind::Picklist, "", &states);
    let urgent = ["High", "Highest", "Low", "Lowest", "Normal"];
    added.listed("Priority", "Priority", Kind::Picklist, "", &urgent);
}

fn calls(added: &mut Added) {
    added.plain(&[
        ("Subject", "Subject", Kind::Text(255), "m"),
        ("Call_Start_Time", "Call Start Time", Kind::Time, "m"),
        ("Call_Duration", "Call Duration", Kind::Clock, ""),
        ("Who_Id", "Contact Name", Kind::Lookup(Module::Contacts), ""),
        ("What_Id", "Related To", Kind::Anything, ""),
    ]);
    let ways = ["Outbound", "Inbound", "Missed"];
    added.listed("Call_Type", "Call Type", Kind::Strict, "m", &ways);
    let states = ["Scheduled", "Overdue", "Completed", "Cancelled"];
    added.listed("Outbound_Call_Status", "Outgoing Call Status", Kind::Strict, "", &states);
}

pub(crate) const PIPELINE: &str = "Standard (Standard)";

pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// `Open`, `Closed Won` or `Closed Lost`.
    pub(crate) forecast: &'static str,
    pub(crate) probability: u64,
}

const fn stage(name: &'static str, forecast: &'static str, probability: u64) -> Stage {
    Stage { name, forecast, probability }
}

pub(crate) static STAGES: &[Stage] = &[
    stage("Qualification", "Open", 10),
    stage("Needs Analysis", "Open", 20),
    stage("Proposal/Price Quote", "Open", 75),
    stage("Negotiation/Review", "Open", 90),
    stage("Closed Won", "Closed Won", 100),
    stage("Closed Lost", "Closed Lost", 0),
    stage("Closed-Lost to Competition", "Closed Lost", 0),
];
