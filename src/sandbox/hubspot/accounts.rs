//! The portals of the stand-in and the people who work there.

/// A portal: one company's account at the CRM.
#[derive(Debug)]
pub(crate) struct Portal {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) timezone: &'static str,
    /// Where its data lies, and where its people work.
    pub(crate) hosting: &'static str,
    pub(crate) ui: &'static str,
    /// The main portal has the sizes of the configuration, the others at most this many.
    pub(crate) persons: Option<u32>,
    pub(crate) users: &'static [User],
}

/// Somebody who signs in, and owns records under another id.
#[derive(Debug)]
pub(crate) struct User {
    /// As an owner: what `hubspot_owner_id` takes.
    pub(crate) owner: u64,
    /// As a user: what `hubspot_owner_id` refuses.
    pub(crate) id: u64,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) email: &'static str,
    pub(crate) admin: bool,
    /// Whoever left is an archived owner and still owns records.
    pub(crate) active: bool,
}

const fn user(
    (owner, id): (u64, u64),
    (first, last): (&'static str, &'static str),
    email: &'static str,
    admin: bool,
) -> User {
    User { owner, id, first, last, email, admin, active: true }
}

const fn gone(
    (owner, id): (u64, u64),
    (first, last): (&'static str, &'static str),
    email: &'static str,
) -> User {
    User { owner, id, first, last, email, admin: false, active: false }
}

pub(crate) static PORTALS: &[Portal] = &[
    Portal {
        id: 62_515,
        name: "Nordwind Maschinenbau GmbH",
        domain: "nordwind.example",
        currency: "EUR",
        timezone: "Europe/Berlin",
        hosting: "eu1",
        ui: "app-eu1.hubspot.com",
        persons: None,
        users: &[
            user((41_629_779, 9_586_504), ("Anna", "Albrecht"), "anna@nordwind.example", true),
            user((41_629_780, 9_586_505), ("Ben", "Brandt"), "ben@nordwind.example", false),
            user(
                (41_629_781, 9_586_506),
                ("Clara", "Çelik"),
                "Clara.Celik@Nordwind.example",
                false,
            ),
            user((41_629_782, 9_586_507), ("Dmitri", "Dorn"), "dmitri@nordwind.example", true),
            gone((41_629_783, 9_586_508), ("Eva", "Ehlers"), "eva@nordwind.example"),
            gone((41_629_784, 9_586_509), ("Farid", "Fuchs"), "farid@nordwind.example"),
        ],
    },
    Portal {
        id: 62_516,
        name: "Alpenglühen AG",
        domain: "alpengluehen.example",
        currency: "CHF",
        timezone: "Europe/Zurich",
        hosting: "eu1",
        ui: "app-eu1.hubspot.com",
        persons: Some(300),
        users: &[
            user(
                (52_000_101, 9_700_101),
                ("Heidi", "Hürlimann"),
                "heidi@alpengluehen.example",
                true,
            ),
            user((52_000_102, 9_700_102), ("Ivo", "Imhof"), "ivo@alpengluehen.example", false),
            gone((52_000_103, 9_700_103), ("Jan", "Jost"), "jan@alpengluehen.example"),
        ],
    },
    Portal {
        id: 62_517,
        name: "Harbor & Pine LLC",
        domain: "harborandpine.example",
        currency: "USD",
        timezone: "US/Eastern",
        hosting: "na1",
        ui: "app.hubspot.com",
        persons: Some(120),
        users: &[
            user((53_000_201, 9_800_201), ("Kim", "Kowalski"), "kim@harborandpine.example", true),
            user((53_000_202, 9_800_202), ("Lee", "Laurent"), "lee@harborandpine.example", false),
            // The same person as in the first portal: an address is not an account.
            user((53_000_203, 9_586_504), ("Anna", "Albrecht"), "anna@nordwind.example", false),
        ],
    },
];

pub(crate) fn portal(id: u64) -> Option<&'static Portal> {
    PORTALS.iter().find(|portal| portal.id == id)
}

impl Portal {
    pub(crate) fn user(&self, id: u64) -> Option<&'static User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn owner(&self, id: u64) -> Option<&'static User> {
        self.users.iter().find(|user| user.owner == id)
    }

    /// Who signs in when nobody is named.
    pub(crate) fn admin(&self) -> &'static User {
        self.users.iter().find(|user| user.admin).unwrap_or(&self.users[0])
    }
}
