//! The organizations of the stand-in and the people who work there.

/// An organization at the CRM: one account, in one data centre.
#[derive(Debug)]
pub(crate) struct Org {
    /// Ids are beyond 2^53, as at the real one.
    pub(crate) id: u64,
    /// All ids of its records begin here.
    pub(crate) base: u64,
    pub(crate) name: &'static str,
    /// What stands in addresses of the web application.
    pub(crate) domain: &'static str,
    /// The `location` of callbacks.
    pub(crate) data_centre: &'static str,
    pub(crate) country: (&'static str, &'static str),
    pub(crate) currency: (&'static str, &'static str),
    pub(crate) time_zone: &'static str,
    /// Seconds east of Greenwich in which its times are written.
    pub(crate) offset: i32,
    pub(crate) users: &'static [User],
    /// The main organization has the sizes of the configuration, the others at most this many.
    pub(crate) persons: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) email: &'static str,
    pub(crate) admin: bool,
    pub(crate) standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    /// Left the team; still owns records.
    Inactive,
    /// Removed from the organization; still owns records.
    Deleted,
}

impl User {
    pub(crate) fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last).trim().to_owned()
    }
}

const fn user(
    id: u64,
    first: &'static str,
    last: &'static str,
    email: &'static str,
    admin: bool,
) -> User {
    User { id, first, last, email, admin, standing: Standing::Active }
}

const fn absent(
    id: u64,
    first: &'static str,
    last: &'static str,
    email: &'static str,
    standing: Standing,
) -> User {
    User { id, first, last, email, admin: false, standing }
}

const NORDWIND: u64 = 5_725_767_000_000_000_000;
const ALPEN: u64 = 5_725_768_000_000_000_000;
const HARBOR: u64 = 4_876_876_000_000_000_000;

pub(crate) static ORGS: &[Org] = &[
    Org {
        id: NORDWIND + 20_001,
        base: NORDWIND,
        name: "Nordwind Maschinenbau GmbH",
        domain: "org20081234567",
        data_centre: "eu",
        country: ("Germany", "DE"),
        currency: ("EUR", "€"),
        time_zone: "Europe/Berlin",
        offset: 3_600,
        persons: None,
        users: &[
            user(NORDWIND + 30_001, "Anna", "Albrecht", "anna@nordwind.example", true),
            user(NORDWIND + 30_002, "Ben", "Brandt", "ben@nordwind.example", false),
            user(NORDWIND + 30_003, "Clara", "Çelik", "Clara.Celik@Nordwind.example", false),
            user(NORDWIND + 30_004, "Dmitri", "Dorn", "dmitri@nordwind.example", true),
            absent(NORDWIND + 30_005, "Eva", "Ehlers", "eva@nordwind.example", Standing::Inactive),
            absent(
                NORDWIND + 30_006,
                "Farid",
                "Fuchs",
                "farid@nordwind.example",
                Standing::Deleted,
            ),
        ],
    },
    Org {
        id: ALPEN + 20_001,
        base: ALPEN,
        name: "Alpenglühen AG",
        domain: "org20087654321",
        data_centre: "eu",
        country: ("Switzerland", "CH"),
        currency: ("CHF", "CHF"),
        time_zone: "Europe/Zurich",
        offset: 3_600,
        persons: Some(300),
        users: &[
            user(ALPEN + 30_001, "Heidi", "Hürlimann", "heidi@alpengluehen.example", true),
            user(ALPEN + 30_002, "Ivo", "Imhof", "ivo@alpengluehen.example", false),
            absent(ALPEN + 30_003, "", "Jost", "jan@alpengluehen.example", Standing::Inactive),
        ],
    },
    Org {
        id: HARBOR + 20_001,
        base: HARBOR,
        name: "Harbor & Pine LLC",
        domain: "org60011223344",
        data_centre: "us",
        country: ("United States", "US"),
        currency: ("USD", "$"),
        time_zone: "America/New_York",
        offset: -18_000,
        persons: Some(120),
        users: &[
            user(HARBOR + 30_001, "Kim", "Kowalski", "kim@harborandpine.example", true),
            user(HARBOR + 30_002, "Lee", "Laurent", "lee@harborandpine.example", false),
            // The same person as in the first organization: an address is not an account.
            user(HARBOR + 30_003, "Anna", "Albrecht", "anna@nordwind.example", false),
        ],
    },
];

pub(crate) fn org(id: u64) -> Option<&'static Org> {
    ORGS.iter().find(|org| org.id == id)
}

impl Org {
    pub(crate) fn user(&self, id: u64) -> Option<&'static User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// Who signs in when nobody is named.
    pub(crate) fn admin(&self) -> &'static User {
        self.users.iter().find(|user| user.admin).unwrap_or(&self.users[0])
    }
}
