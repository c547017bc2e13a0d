//! Contacts nobody has touched yet.

use serde_json::{Map, Value, json};

use super::{
    super::super::stage::{dice::Dice, names},
    Record, phones,
    population::{Population, purpose},
    texts,
};

/// Why a contact has the addresses and numbers it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ordinary,
    PhoneOnly,
    SameAddress(u64),
    SharedAddress,
    Bare,
    SamePhone(u64),
    SameName(u64),
}

impl Population {
    fn kind(&self, index: u64) -> Kind {
        let draw = self.dice(purpose::KIND, index).below(1_000);
        // An earlier ordinary contact; the first have nobody to copy.
        let twin = || {
            let mut dice = self.dice(purpose::TWIN, index);
            (0..8)
                .map(|_| dice.below(index))
                .find(|&other| other < index && self.dice(purpose::KIND, other).below(1_000) < 717)
        };
        let kind = match draw {
            0..717 => Some(Kind::Ordinary),
            717..817 => Some(Kind::PhoneOnly),
            817..877 => twin().map(Kind::SameAddress),
            877..927 => Some(Kind::SharedAddress),
            927..970 => Some(Kind::Bare),
            970..985 => twin().map(Kind::SamePhone),
            _ => twin().map(Kind::SameName),
        };
        kind.unwrap_or(Kind::Bare)
    }

    /// First and last name.
    fn person_name(&self, index: u64) -> (Option<&'static str>, String) {
        let of = if let Kind::SameName(of) = self.kind(index) { of } else { index };
        let mut dice = self.dice(purpose::NAME, of);
        let (odd, none) = (dice.permille(12), dice.permille(4));
        let ((first, _), (last, _)) = (*dice.pick(names::FIRST), *dice.pick(names::LAST));
        if odd {
            return (None, (*dice.pick(names::ODD)).trim().to_owned());
        }
        if none {
            // A last name is required: this is what people type who have none.
            return (None, (*dice.pick(&[".", "-", "N/A"])).to_owned());
        }
        (Some(first), last.to_owned())
    }

    /// The address that is an ordinary contact's own, in small letters.
    fn own_address(&self, index: u64) -> String {
        let mut dice = self.dice(purpose::NAME, index);
        let _ = (dice.draw(), dice.draw());
        let ((_, first), (_, last)) = (dice.pick(names::FIRST), dice.pick(names::LAST));
        let host = self.employer(index).map(|account| self.host(account));
        let host = host.unwrap_or_else(|| "mail.example".to_owned());
        // Some have a letter that means something in queries.
        let mark = if dice.permille(5) { "'" } else { "." };
        format!("{first}{mark}{last}.{index}@{host}")
    }

    pub(crate) fn contact(&self, index: u64) -> Record {
        let mut dice = self.dice(purpose::REST, index);
        let mut values = Map::new();
        let (first, last) = self.person_name(index);
        if let Some(first) = first {
            values.insert("First_Name".into(), json!(first));
        }
        values.insert("Last_Name".into(), json!(last));
        let e164 = self.channels(index, &mut values);
        if let Some(account) = self.employer(index) {
            let id = self.accounts.id(account).to_string();
            values.insert("Account_Name".into(), json!({ "id": id }));
        }
        self.more(&mut dice, &mut values);
        let tags = match dice.below(10) {
            0..6 => vec![],
            6..9 => vec![(*dice.pick(TAGS)).to_owned()],
            _ => vec![TAGS[1].to_owned(), TAGS[2].to_owned()],
        };
        Record {
            id: self.contacts.id(index),
            values,
            owner: self.owner(purpose::REST, index),
            tags,
            created: self.contacts.created(index),
            modified: self.contacts.modified(index),
            deleted: None,
            merged_into: None,
            e164,
        }
    }

    /// Addresses and numbers; answers the numbers as they are meant.
    fn channels(&self, index: u64, values: &mut Map<String, Value>) -> Vec<String> {
        let mut dice = self.dice(purpose::ADDRESS, index);
        let phone = self.dice(purpose::PHONE, index).permille(600).then_some(index);
        let (address, phone) = match self.kind(index) {
            Kind::Ordinary => (Some(self.own_address(index)), phone),
            Kind::PhoneOnly => (None, Some(index)),
            Kind::SameAddress(of) => (Some(self.own_address(of)), phone),
            Kind::SharedAddress => {
                let host = self.employer(index).map(|account| self.host(account));
                let host = host.unwrap_or_else(|| format!("team-{}.example", index / 5));
                (Some(format!("{}@{host}", dice.pick(names::SHARED))), phone)
            }
            Kind::Bare | Kind::SameName(_) => (None, None),
            Kind::SamePhone(of) => (None, Some(of)),
        };
        if let Some(address) = address {
            let capitals = dice.permille(80);
            let address = if capitals { address.to_uppercase() } else { address };
            values.insert("Email".into(), json!(address));
            if dice.permille(150) {
                let second = format!("p{index}@private.example");
                values.insert("Secondary_Email".into(), json!(second));
            }
        }
        let mut e164 = vec![];
        if let Some(of) = phone {
            let (number, written) = phones::number(of, &mut dice);
            let key = if dice.permille(300) { "Mobile" } else { "Phone" };
            values.insert(key.into(), json!(written));
            e164.push(number);
            if dice.permille(100) {
                let (number, written) = phones::number(index + 2_000_000, &mut dice);
                values.insert("Home_Phone".into(), json!(written));
                e164.push(number);
            }
            if dice.permille(40) {
                values.insert("Other_Phone".into(), json!(dice.pick(phones::JUNK)));
            }
        }
        e164
    }

    fn more(&self, dice: &mut Dice, values: &mut Map<String, Value>) {
        let mut put = |key: &str, value: Value| values.insert(key.to_owned(), value);
        if dice.permille(700) {
            // A value that was taken off the list stays where it was chosen.
            let value = if dice.permille(30) { "Z (old)" } else { dice.pick(&["A", "B", "C"]) };
            put("Segment", json!(value));
        }
        if dice.permille(300) {
            put("Interests", json!(["Pumps", dice.pick(&["Valves", "Service"])]));
        }
        if dice.permille(200) {
            let (year, month) = (10 + dice.below(15), 1 + dice.below(9));
            put("Customer_Since", json!(format!("20{year:02}-0{month}-15")));
        }
        if dice.permille(100) {
            put("Budget", json!(500 * dice.below(100)));
        }
        put("Newsletter", json!(dice.permille(400)));
        if dice.permille(300) {
            put("Score", json!(dice.below(100)));
        }
        match dice.below(200) {
            0 => {
                put("Remarks", json!(texts::long(2_000)));
            }
            1..20 => {
                put("Remarks", json!("Met at the fair 🎪, wants a \"quick\" call\nnext week"));
            }
            _ => {}
        }
        if dice.permille(50) {
            put("Profile", json!("https://example.com/profile?x=1&y=2"));
        }
        if dice.permille(30) && self.accounts.living > 0 {
            let partner = self.accounts.id(dice.below(self.accounts.living));
            put("Partner", json!({ "id": partner.to_string() }));
        }
        if dice.permille(300) {
            put("Lead_Source", json!(dice.pick(&["Cold Call", "Trade Show", "Messe 2009"])));
        }
        if dice.permille(5) {
            put("Description", json!(texts::long(32_000)));
        }
    }

    /// Whose record a record doubles, or its own position.
    pub(crate) fn human(&self, index: u64) -> u64 {
        match self.kind(index) {
            Kind::SameAddress(of) | Kind::SamePhone(of) | Kind::SameName(of) => of,
            Kind::Ordinary | Kind::PhoneOnly | Kind::SharedAddress | Kind::Bare => index,
        }
    }
}

/// Tags that contacts have from the start.
pub(crate) static TAGS: &[&str] = &["Warm Lead", "Newsletter", "VIP"];
