//! The companies of the stand-in and the people who work there.

/// A company account at the CRM.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    /// What stands before `.pipedrive.com` at the real one.
    pub(crate) domain: &'static str,
    pub(crate) country: Country,
    pub(crate) currency: &'static str,
    pub(crate) industry: &'static str,
    pub(crate) timezone: (&'static str, &'static str),
    pub(crate) users: &'static [User],
    /// The main company has the sizes of the configuration, the others at most this many.
    pub(crate) persons: Option<u32>,
}

/// A country as dialling sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Country {
    De,
    At,
    Ch,
    Us,
    Gb,
    Fr,
}

#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) admin: bool,
    pub(crate) standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    /// Left the team; still owns records.
    Deactivated,
    /// Invited, never came.
    Invited,
}

impl User {
    pub(crate) fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }
}

const fn user(id: u64, name: &'static str, email: &'static str, admin: bool) -> User {
    User { id, name, email, admin, standing: Standing::Active }
}

const fn absent(id: u64, name: &'static str, email: &'static str, standing: Standing) -> User {
    User { id, name, email, admin: false, standing }
}

pub(crate) static COMPANIES: &[Company] = &[
    Company {
        id: 7_001,
        name: "Nordwind Maschinenbau GmbH",
        domain: "nordwind",
        country: Country::De,
        currency: "EUR",
        industry: "Manufacturing",
        timezone: ("Europe/Berlin", "+01:00"),
        persons: None,
        users: &[
            user(20_001, "Anna Albrecht", "anna@nordwind.example", true),
            user(20_002, "Ben Brandt", "ben@nordwind.example", false),
            user(20_003, "Clara Çelik", "Clara.Celik@Nordwind.example", false),
            user(20_004, "Dmitri Dorn", "dmitri@nordwind.example", true),
            absent(20_005, "Eva Ehlers", "eva@nordwind.example", Standing::Deactivated),
            absent(20_006, "Farid Fuchs", "farid@nordwind.example", Standing::Deactivated),
            absent(20_007, "gina@nordwind.example", "gina@nordwind.example", Standing::Invited),
        ],
    },
    Company {
        id: 7_002,
        name: "Alpenglühen AG",
        domain: "alpengluehen",
        country: Country::Ch,
        currency: "CHF",
        industry: "Travel",
        timezone: ("Europe/Zurich", "+01:00"),
        persons: Some(300),
        users: &[
            user(20_101, "Heidi Hürlimann", "heidi@alpengluehen.example", true),
            user(20_102, "Ivo Imhof", "ivo@alpengluehen.example", false),
            absent(20_103, "Jan Jost", "jan@alpengluehen.example", Standing::Deactivated),
        ],
    },
    Company {
        id: 7_003,
        name: "Harbor & Pine LLC",
        domain: "harborandpine",
        country: Country::Us,
        currency: "USD",
        industry: "Retail",
        timezone: ("America/New_York", "-05:00"),
        persons: Some(120),
        users: &[
            user(20_201, "Kim Kowalski", "kim@harborandpine.example", true),
            user(20_202, "Lee Laurent", "lee@harborandpine.example", false),
            // The same person as in the first company: an address is not an account.
            user(20_203, "Anna Albrecht", "anna@nordwind.example", false),
            absent(20_204, "Max Moreau", "max@harborandpine.example", Standing::Deactivated),
        ],
    },
];

pub(crate) fn company(id: u64) -> Option<&'static Company> {
    COMPANIES.iter().find(|company| company.id == id)
}

impl Company {
    pub(crate) fn user(&self, id: u64) -> Option<&'static User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// Who signs in when nobody is named.
    pub(crate) fn admin(&self) -> &'static User {
        self.users.iter().find(|user| user.admin).unwrap_or(&self.users[0])
    }
}
