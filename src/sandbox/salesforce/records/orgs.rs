//! The orgs of the stand-in and the people who work there.

use super::ids;

#[derive(Debug)]
pub(crate) struct Org {
    /// The place of the org's own record; the control plane names orgs by it.
    pub(crate) number: u64,
    /// The two characters that tell the ids of one org from those of another.
    pub(crate) instance: &'static str,
    pub(crate) name: &'static str,
    /// What stands before `.my.salesforce.com` at the real one.
    pub(crate) domain: &'static str,
    pub(crate) country: &'static str,
    pub(crate) language: &'static str,
    pub(crate) currency: &'static str,
    /// Only then records have a currency.
    pub(crate) multi_currency: bool,
    /// Whether somebody has made the field for labels, with those that are in use.
    pub(crate) prepared: bool,
    /// `None`: as many as the configuration says.
    pub(crate) persons: Option<u32>,
    pub(crate) users: &'static [User],
}

#[derive(Debug)]
pub(crate) struct User {
    pub(crate) number: u64,
    pub(crate) name: (&'static str, &'static str),
    pub(crate) email: &'static str,
    pub(crate) admin: bool,
    pub(crate) active: bool,
}

const fn user(
    number: u64,
    name: (&'static str, &'static str),
    email: &'static str,
    admin: bool,
) -> User {
    User { number, name, email, admin, active: true }
}

/// Who left; records still are theirs.
const fn gone(number: u64, name: (&'static str, &'static str), email: &'static str) -> User {
    User { number, name, email, admin: false, active: false }
}

pub(crate) static ORGS: [Org; 3] = [
    Org {
        number: 7_001,
        instance: "Hn",
        name: "Nordwind Maschinenbau GmbH",
        domain: "nordwind",
        country: "DE",
        language: "de",
        currency: "EUR",
        multi_currency: false,
        prepared: true,
        persons: None,
        users: &[
            user(20_001, ("Anna", "Albrecht"), "anna@nordwind.example", true),
            user(20_002, ("Ben", "Brandt"), "ben@nordwind.example", false),
            user(20_003, ("Çağla", "Çelik"), "cagla@nordwind.example", false),
            user(20_004, ("Dora", "O'Dwyer"), "dora@nordwind.example", false),
            gone(20_005, ("Emil", "Ehrlich"), "emil@nordwind.example"),
        ],
    },
    Org {
        number: 7_002,
        instance: "Qy",
        name: "Alpenglühen Touristik AG",
        domain: "alpengluehen",
        country: "CH",
        language: "de",
        currency: "CHF",
        multi_currency: true,
        prepared: false,
        persons: Some(300),
        users: &[
            user(20_101, ("Heidi", "Hug"), "heidi@alpengluehen.example", true),
            user(20_102, ("Ivo", "Imhof"), "ivo@alpengluehen.example", false),
            gone(20_103, ("Jan", "Jost"), "jan@alpengluehen.example"),
        ],
    },
    Org {
        number: 7_003,
        instance: "7R",
        name: "Harbor & Pine LLC",
        domain: "harborandpine--dev.sandbox",
        country: "US",
        language: "en_US",
        currency: "USD",
        multi_currency: false,
        prepared: false,
        persons: Some(120),
        users: &[
            user(20_201, ("Kim", "Kowalski"), "kim@harborandpine.example", true),
            // The same person as in the first org: an address is not an account.
            user(20_203, ("Anna", "Albrecht"), "anna@nordwind.example", false),
        ],
    },
];

pub(crate) fn org(number: u64) -> Option<&'static Org> {
    ORGS.iter().find(|org| org.number == number)
}

impl Org {
    pub(crate) fn id(&self) -> String {
        ids::id("00D", self.instance, self.number)
    }

    pub(crate) fn user_id(&self, user: u64) -> String {
        ids::id("005", self.instance, user)
    }

    pub(crate) fn user(&self, number: u64) -> Option<&'static User> {
        self.users.iter().find(|user| user.number == number)
    }

    /// Who signs in when nobody is named.
    pub(crate) fn admin(&self) -> &'static User {
        self.users.iter().find(|user| user.admin).unwrap_or(&self.users[0])
    }
}
