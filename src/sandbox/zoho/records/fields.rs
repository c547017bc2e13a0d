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

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) id: u64,
    pub(crate) api_name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) custom: bool,
    pub(crate) mandatory: bool,
    pub(crate) read_only: bool,
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
            "custom_field": self.custom, "system_mandatory": self.mandatory,
            "read_only": self.read_only, "field_read_only": self.read_only, "visible": true,
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
    use Kind::{
        Anything, Area, Clock, Date, Email, Flag, Lookup, Money, Multi, Owner, Phone, Picklist,
        Strict, Tags, Text, Time, Url, Whole,
    };
    let mut fields = Vec::new();
    let first = base + 2_000_000 + module as u64 * 10_000;
    let mut add = |api_name: &str, label: &str, kind: Kind, rules: &str, options: &[&str]| {
        fields.push(Field {
            id: first + fields.len() as u64 * 100,
            api_name: api_name.to_owned(),
            label: label.to_owned(),
            kind,
            custom: rules.contains('c'),
            mandatory: rules.contains('m'),
            read_only: rules.contains('r'),
            unique: rules.contains('u'),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
        });
    };
    add("Owner", "Owner", Owner, "", &[]);
    add("Created_Time", "Created Time", Time, "r", &[]);
    add("Modified_Time", "Modified Time", Time, "r", &[]);
    add("Description", "Description", Area(32_000), "", &[]);
    add("Tag", "Tag", Tags, "", &[]);
    match module {
        Module::Contacts => {
            add("First_Name", "First Name", Text(40), "", &[]);
            add("Last_Name", "Last Name", Text(80), "m", &[]);
            add("Full_Name", "Full Name", Text(120), "r", &[]);
            add("Email", "Email", Email, "", &[]);
            add("Secondary_Email", "Secondary Email", Email, "", &[]);
            add("Phone", "Phone", Phone, "", &[]);
            add("Mobile", "Mobile", Phone, "", &[]);
            add("Home_Phone", "Home Phone", Phone, "", &[]);
            add("Other_Phone", "Other Phone", Phone, "", &[]);
            add("Asst_Phone", "Asst Phone", Phone, "", &[]);
            add("Account_Name", "Account Name", Lookup(Module::Accounts), "", &[]);
            add("Title", "Title", Text(100), "", &[]);
            add("Mailing_Country", "Mailing Country", Text(100), "", &[]);
            let sources = ["-None-", "Advertisement", "Cold Call", "Trade Show", "Web Download"];
            add("Lead_Source", "Lead Source", Picklist, "", &sources);
            add("Segment", "Segment", Picklist, "c", &["-None-", "A", "B", "C"]);
            add("Interests", "Interests", Multi, "c", &["Pumps", "Valves", "Service"]);
            add("Customer_Since", "Customer since", Date, "c", &[]);
            add("Budget", "Budget", Money, "c", &[]);
            add("Newsletter", "Newsletter", Flag, "c", &[]);
            add("Score", "Score", Whole, "c", &[]);
            add("Remarks", "Remarks", Area(2_000), "c", &[]);
            add("Profile", "Profile", Url, "c", &[]);
            add("Partner", "Partner", Lookup(Module::Accounts), "c", &[]);
        }
        Module::Accounts => {
            add("Account_Name", "Account Name", Text(200), "m", &[]);
            add("Website", "Website", Url, "", &[]);
            add("Phone", "Phone", Phone, "", &[]);
            let industries = ["-None-", "Manufacturing", "Software", "Retail", "Travel"];
            add("Industry", "Industry", Picklist, "", &industries);
            add("Billing_Street", "Billing Street", Text(250), "", &[]);
            add("Billing_City", "Billing City", Text(100), "", &[]);
            add("Billing_Code", "Billing Code", Text(30), "", &[]);
            add("Billing_Country", "Billing Country", Text(100), "", &[]);
            add("Employees", "Employees", Whole, "", &[]);
            add("Tier", "Tier", Picklist, "c", &["-None-", "Gold", "Silver"]);
        }
        Module::Deals => {
            add("Deal_Name", "Deal Name", Text(120), "m", &[]);
            let stages: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
            add("Stage", "Stage", Strict, "m", &stages);
            add("Pipeline", "Pipeline", Picklist, "", &[PIPELINE]);
            add("Amount", "Amount", Money, "", &[]);
            add("Currency", "Currency", Picklist, "", &["EUR", "CHF", "USD"]);
            add("Closing_Date", "Closing Date", Date, "", &[]);
            add("Account_Name", "Account Name", Lookup(Module::Accounts), "", &[]);
            add("Contact_Name", "Contact Name", Lookup(Module::Contacts), "", &[]);
            add("Probability", "Probability (%)", Whole, "", &[]);
        }
        Module::Tasks => {
            add("Subject", "Subject", Text(255), "m", &[]);
            add("Due_Date", "Due Date", Date, "", &[]);
            let states =
                ["Not Started", "Deferred", "In Progress", "Completed", "Waiting for input"];
            add("Status", "Status", Picklist, "", &states);
            add("Priority", "Priority", Picklist, "", &["High", "Highest", "Low", "Normal"]);
            add("Who_Id", "Contact Name", Lookup(Module::Contacts), "", &[]);
            add("What_Id", "Related To", Anything, "", &[]);
            add("Closed_Time", "Closed Time", Time, "r", &[]);
        }
        Module::Calls => {
            add("Subject", "Subject", Text(255), "m", &[]);
            add("Call_Type", "Call Type", Strict, "m", &["Outbound", "Inbound", "Missed"]);
            add("Call_Start_Time", "Call Start Time", Time, "m", &[]);
            add("Call_Duration", "Call Duration", Clock, "", &[]);
            let states = ["Scheduled", "Overdue", "Completed", "Cancelled"];
            add("Outbound_Call_Status", "Outgoing Call Status", Strict, "", &states);
            add("Who_Id", "Contact Name", Lookup(Module::Contacts), "", &[]);
            add("What_Id", "Related To", Anything, "", &[]);
        }
        Module::Events => {
            add("Event_Title", "Title", Text(255), "m", &[]);
            add("Start_DateTime", "From", Time, "m", &[]);
            add("End_DateTime", "To", Time, "m", &[]);
            add("All_day", "All day", Flag, "", &[]);
            add("Venue", "Location", Text(255), "", &[]);
            add("Who_Id", "Contact Name", Lookup(Module::Contacts), "", &[]);
            add("What_Id", "Related To", Anything, "", &[]);
        }
        Module::Notes => {
            add("Note_Title", "Note Title", Text(120), "", &[]);
            add("Note_Content", "Note Content", Area(32_000), "m", &[]);
            add("Parent_Id", "Parent ID", Anything, "m", &[]);
        }
    }
    fields
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
