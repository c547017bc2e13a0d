//! The kinds of records and their fields, as far as the stand-in has them.

/// What a field holds. Sizes are the vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text(usize),
    Area(usize),
    Email,
    Phone,
    Url,
    Whole,
    Currency,
    Bool,
    Date,
    DateTime,
    /// One of a list; only a restricted one refuses what is not on it.
    Pick {
        restricted: bool,
    },
    MultiPick {
        restricted: bool,
    },
    /// Prefixes of the ids that may stand there.
    Reference(&'static [&'static str]),
}

#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) active: bool,
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "so a field is described over there")]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) choices: Vec<Choice>,
    pub(crate) custom: bool,
    /// An external id: unique, and a key for upserts.
    pub(crate) external: bool,
    pub(crate) required: bool,
    pub(crate) writable: bool,
    /// Once set it stays.
    pub(crate) fixed: bool,
    /// Whether the users' profiles let them see it; a new field is seen by nobody.
    pub(crate) visible: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) name: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) fields: Vec<Field>,
}

impl Object {
    /// The place of a field, whatever the case of its name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        let named = |field: &Field| field.name.eq_ignore_ascii_case(name);
        self.fields.iter().position(|field| field.visible && named(field))
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.place(name).map(|place| &self.fields[place])
    }
}

fn field(name: &str, label: &str, kind: Kind) -> Field {
    Field {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        choices: vec![],
        custom: name.ends_with("__c"),
        external: false,
        required: false,
        writable: true,
        fixed: false,
        visible: true,
    }
}

impl Field {
    pub(crate) fn choose(mut self, from: &[&str]) -> Self {
        self.choices = from.iter().map(|value| Choice::new(value)).collect();
        self
    }

    fn required(mut self) -> Self {
        self.required = true;
        self
    }

    fn read_only(mut self) -> Self {
        self.writable = false;
        self
    }

    fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// A field that a customer, or a package, has added.
    pub(crate) fn added(name: &str, label: &str, kind: Kind, external: bool) -> Self {
        Self { external, custom: true, visible: false, ..field(name, label, kind) }
    }
}

impl Choice {
    pub(crate) fn new(value: &str) -> Self {
        Self { value: value.to_owned(), label: value.to_owned(), active: true }
    }
}

const USERS: Kind = Kind::Reference(&["005"]);
const ACCOUNTS: Kind = Kind::Reference(&["001"]);
const PEOPLE: Kind = Kind::Reference(&["003", "00Q"]);
const FREE: Kind = Kind::Pick { restricted: false };
const STRICT: Kind = Kind::Pick { restricted: true };

pub(crate) static STAGES: &[(&str, bool, bool)] = &[
    ("Prospecting", false, false),
    ("Qualification", false, false),
    ("Negotiation/Review", false, false),
    ("Closed Won", true, true),
    ("Closed Lost", true, false),
];
pub(crate) static TASK_STATUSES: &[(&str, bool, bool)] = &[
    ("Not Started", false, true),
    ("In Progress", false, false),
    ("Completed", true, false),
    ("Deferred", false, false),
];

/// Kinds of an org; a currency only where there are several.
pub(crate) fn objects(multi_currency: bool) -> Vec<Object> {
    let object = |name, prefix, fields| Object { name, prefix, fields };
    let mut all = vec![
        object("Contact", "003", contact()),
        object("Lead", "00Q", lead()),
        object("Account", "001", account()),
        object("Opportunity", "006", opportunity()),
        object("Task", "00T", task()),
        object("Event", "00U", event()),
    ];
    if multi_currency {
        let currency = field("CurrencyIsoCode", "Currency", STRICT).choose(&["CHF", "EUR", "USD"]);
        for object in &mut all {
            object.fields.push(currency.clone());
        }
    }
    all.extend([
        object(
            "OpportunityContactRole",
            "00K",
            vec![
                field("OpportunityId", "Opportunity ID", Kind::Reference(&["006"])).required(),
                field("ContactId", "Contact ID", Kind::Reference(&["003"])).required(),
                field("Role", "Role", FREE).choose(&["Decision Maker", "Evaluator"]),
                field("IsPrimary", "Primary", Kind::Bool),
            ],
        ),
        object("User", "005", user()),
        object("Organization", "00D", organization()),
        object("TaskStatus", "01J", status()),
        object("OpportunityStage", "01K", stage()),
        object(
            "PermissionSetAssignment",
            "0Pa",
            vec![
                field("AssigneeId", "Assignee ID", USERS).read_only(),
                field("PermissionSetId", "PermissionSet ID", Kind::Reference(&["0PS"])).read_only(),
            ],
        ),
        object(
            "PermissionSet",
            "0PS",
            vec![
                field("Name", "Permission Set Name", Kind::Text(80)).read_only(),
                field("IsOwnedByProfile", "Is Owned By Profile", Kind::Bool).read_only(),
            ],
        ),
        object(
            "FieldPermissions",
            "01k",
            vec![
                field("ParentId", "Parent ID", Kind::Reference(&["0PS"])).required(),
                field("SobjectType", "Sobject Type Name", Kind::Text(255)).required(),
                field("Field", "Field Name", Kind::Text(255)).required(),
                field("PermissionsRead", "Read Field", Kind::Bool),
                field("PermissionsEdit", "Edit Field", Kind::Bool),
            ],
        ),
    ]);
    all
}

fn contact() -> Vec<Field> {
    vec![
        field("AccountId", "Account ID", ACCOUNTS),
        field("FirstName", "First Name", Kind::Text(40)),
        field("LastName", "Last Name", Kind::Text(80)).required(),
        field("Name", "Full Name", Kind::Text(121)).read_only(),
        field("Email", "Email", Kind::Email),
        field("Phone", "Business Phone", Kind::Phone),
        field("MobilePhone", "Mobile Phone", Kind::Phone),
        field("HomePhone", "Home Phone", Kind::Phone),
        field("OtherPhone", "Other Phone", Kind::Phone),
        field("Title", "Title", Kind::Text(128)),
        field("Description", "Contact Description", Kind::Area(32_000)),
        field("LeadSource", "Lead Source", FREE).choose(&["Web", "Partner Referral", "Other"]),
        field("OwnerId", "Owner ID", USERS),
        field("Segment__c", "Segment", STRICT).choose(&["Small", "Medium", "Large"]),
        field("Interests__c", "Interests", Kind::MultiPick { restricted: false })
            .choose(&["Service", "Parts", "Training"]),
        field("Budget__c", "Budget", Kind::Currency),
        field("Remarks__c", "Remarks", Kind::Area(131_072)),
        field("Newsletter__c", "Newsletter", Kind::Bool),
    ]
}

fn lead() -> Vec<Field> {
    let statuses = ["Open - Not Contacted", "Working - Contacted", "Closed - Converted"];
    vec![
        field("FirstName", "First Name", Kind::Text(40)),
        field("LastName", "Last Name", Kind::Text(80)).required(),
        field("Name", "Full Name", Kind::Text(121)).read_only(),
        field("Company", "Company", Kind::Text(255)).required(),
        field("Title", "Title", Kind::Text(128)),
        field("Email", "Email", Kind::Email),
        field("Phone", "Phone", Kind::Phone),
        field("MobilePhone", "Mobile Phone", Kind::Phone),
        field("LeadSource", "Lead Source", FREE).choose(&["Web", "Partner Referral", "Other"]),
        field("Description", "Description", Kind::Area(32_000)),
        field("Status", "Status", FREE).choose(&statuses).required(),
        field("IsConverted", "Converted", Kind::Bool).read_only(),
        field("ConvertedContactId", "Converted Contact ID", Kind::Reference(&["003"])).read_only(),
        field("OwnerId", "Owner ID", USERS),
    ]
}

fn account() -> Vec<Field> {
    let industries = ["Banking", "Energy", "Manufacturing", "Technology"];
    vec![
        field("Name", "Account Name", Kind::Text(255)).required(),
        field("Industry", "Industry", FREE).choose(&industries),
        field("Website", "Website", Kind::Url),
        field("BillingStreet", "Billing Street", Kind::Area(255)),
        field("BillingCity", "Billing City", Kind::Text(40)),
        field("BillingPostalCode", "Billing Zip/Postal Code", Kind::Text(20)),
        field("BillingCountry", "Billing Country", Kind::Text(80)),
        field("OwnerId", "Owner ID", USERS),
    ]
}

fn opportunity() -> Vec<Field> {
    let stages: Vec<&str> = STAGES.iter().map(|(name, ..)| *name).collect();
    vec![
        field("Name", "Name", Kind::Text(120)).required(),
        field("AccountId", "Account ID", ACCOUNTS),
        field("Amount", "Amount", Kind::Currency),
        field("StageName", "Stage", FREE).choose(&stages).required(),
        field("CloseDate", "Close Date", Kind::Date).required(),
        // Of a new one only: its first role.
        field("ContactId", "Contact ID", Kind::Reference(&["003"])).fixed(),
        field("IsClosed", "Closed", Kind::Bool).read_only(),
        field("IsWon", "Won", Kind::Bool).read_only(),
        field("OwnerId", "Owner ID", USERS),
    ]
}

fn task() -> Vec<Field> {
    let statuses: Vec<&str> = TASK_STATUSES.iter().map(|(name, ..)| *name).collect();
    vec![
        field("WhoId", "Name ID", PEOPLE),
        field("WhatId", "Related To ID", Kind::Reference(&["001", "006"])),
        field("Subject", "Subject", Kind::Text(255)),
        field("ActivityDate", "Due Date Only", Kind::Date),
        field("Status", "Status", FREE).choose(&statuses),
        field("Priority", "Priority", FREE).choose(&["High", "Normal", "Low"]),
        field("TaskSubtype", "Task Subtype", STRICT)
            .choose(&["Task", "Email", "ListEmail", "Call", "LinkedIn"])
            .fixed(),
        field("Description", "Description", Kind::Area(32_000)),
        field("CallType", "Call Type", STRICT).choose(&["Internal", "Inbound", "Outbound"]),
        field("CallDurationInSeconds", "Call Duration", Kind::Whole),
        field("IsClosed", "Closed", Kind::Bool).read_only(),
        field("OwnerId", "Assigned To ID", USERS),
    ]
}

fn event() -> Vec<Field> {
    vec![
        field("WhoId", "Name ID", PEOPLE),
        field("WhatId", "Related To ID", Kind::Reference(&["001", "006"])),
        field("Subject", "Subject", Kind::Text(255)),
        field("Location", "Location", Kind::Text(255)),
        field("IsAllDayEvent", "All-Day Event", Kind::Bool),
        field("ActivityDate", "Due Date Only", Kind::Date),
        field("StartDateTime", "Start Date Time", Kind::DateTime),
        field("EndDateTime", "End Date Time", Kind::DateTime),
        field("DurationInMinutes", "Duration", Kind::Whole),
        field("Description", "Description", Kind::Area(32_000)),
        field("OwnerId", "Assigned To ID", USERS),
    ]
}

fn user() -> Vec<Field> {
    let text = |name, label| field(name, label, Kind::Text(80)).read_only();
    vec![
        text("Name", "Full Name"),
        text("FirstName", "First Name"),
        text("LastName", "Last Name"),
        text("Username", "Username"),
        field("Email", "Email", Kind::Email).read_only(),
        field("IsActive", "Active", Kind::Bool).read_only(),
        field("UserType", "User Type", STRICT).choose(&["Standard", "Guest"]).read_only(),
    ]
}

fn organization() -> Vec<Field> {
    let text = |name, label| field(name, label, Kind::Text(80)).read_only();
    vec![
        text("Name", "Name"),
        text("OrganizationType", "Edition"),
        text("LanguageLocaleKey", "Language"),
        text("Country", "Country"),
        text("TimeZoneSidKey", "Time Zone"),
        field("IsSandbox", "Is Sandbox", Kind::Bool).read_only(),
    ]
}

fn stage() -> Vec<Field> {
    let text = |name, label| field(name, label, Kind::Text(255)).read_only();
    let flag = |name, label| field(name, label, Kind::Bool).read_only();
    vec![
        text("ApiName", "API Name"),
        text("MasterLabel", "Master Label"),
        flag("IsActive", "Is Active"),
        flag("IsClosed", "Closed"),
        flag("IsWon", "Won"),
        field("SortOrder", "Sort Order", Kind::Whole).read_only(),
    ]
}

fn status() -> Vec<Field> {
    let text = |name, label| field(name, label, Kind::Text(255)).read_only();
    vec![
        text("ApiName", "API Name"),
        text("MasterLabel", "Master Label"),
        field("IsClosed", "Closed", Kind::Bool).read_only(),
        field("IsDefault", "Default", Kind::Bool).read_only(),
        field("SortOrder", "Sort Order", Kind::Whole).read_only(),
    ]
}
