//! Persons as the API shows them.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::super::{
    clock::{rfc3339, spaced},
    json::Object,
};
use super::{
    dice::Dice,
    names, phones,
    population::{Kind, Population, purpose},
};

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) owner_id: Option<u64>,
    pub(crate) org_id: Option<u64>,
    pub(crate) add_time: u64,
    pub(crate) update_time: u64,
    pub(crate) emails: Vec<Entry>,
    pub(crate) phones: Vec<Entry>,
    pub(crate) is_deleted: bool,
    pub(crate) merged_into: Option<u64>,
    /// 1 owner only, 3 owner's group, 5 and below, 7 everybody.
    pub(crate) visible_to: u64,
    pub(crate) label_ids: Vec<u64>,
    pub(crate) picture_id: Option<u64>,
    pub(crate) custom: Vec<(String, Value)>,
    /// Leaves empty keys out instead of sending null.
    pub(crate) sparse: bool,
}

/// One address or number of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: Option<String>,
    pub(crate) label: Cow<'static, str>,
    pub(crate) primary: bool,
    /// The number as dialled from anywhere; never shown, only told by the control plane.
    pub(crate) e164: Option<String>,
}

impl Entry {
    pub(crate) fn work(value: String) -> Self {
        Self { value: Some(value), label: Cow::Borrowed("work"), primary: true, e164: None }
    }
}

/// Numbers about the records around a person, sent on request (`include_fields`).
pub(crate) type Extra = (&'static str, Value);

impl Person {
    /// The JSON of v2, appended to `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, extras: &[Extra]) {
        let mut object = Object::open(out, self.sparse);
        object.field("id", &self.id);
        object.maybe("name", self.name.as_ref());
        object.maybe("first_name", self.first_name.as_ref());
        object.maybe("last_name", self.last_name.as_ref());
        object.maybe("owner_id", self.owner_id.as_ref());
        object.maybe("org_id", self.org_id.as_ref());
        object.field("add_time", &rfc3339(self.add_time));
        object.field("update_time", &rfc3339(self.update_time));
        object.list("emails", self.emails.iter().map(write_entry));
        object.list("phones", self.phones.iter().map(write_entry));
        object.field("is_deleted", &self.is_deleted);
        object.field("visible_to", &self.visible_to);
        object.field("label_ids", &self.label_ids);
        object.maybe("picture_id", self.picture_id.as_ref());
        object.map("custom_fields", &self.custom);
        for (key, value) in extras {
            object.field(key, value);
        }
        object.close();
    }

    /// The flat shape v1 still answers merges with.
    pub(crate) fn v1(&self) -> Value {
        let entry = |entry: &Entry| json!({ "value": entry.value, "primary": entry.primary, "label": entry.label });
        json!({
            "id": self.id,
            "name": self.name,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "owner_id": self.owner_id,
            "org_id": self.org_id,
            "add_time": spaced(self.add_time),
            "update_time": spaced(self.update_time),
            "email": self.emails.iter().map(entry).collect::<Vec<_>>(),
            "phone": self.phones.iter().map(entry).collect::<Vec<_>>(),
            "active_flag": !self.is_deleted,
            "visible_to": self.visible_to.to_string(),
            "label_ids": self.label_ids,
        })
    }
}

fn write_entry(entry: &Entry) -> impl Fn(&mut Vec<u8>) {
    move |out| {
        let mut object = Object::open(out, false);
        object.maybe("value", entry.value.as_ref());
        object.field("primary", &entry.primary);
        object.field("label", &entry.label);
        object.close();
    }
}

/// Option ids of the label field, in the order of `fields.rs`.
pub(crate) const LABELS: [u64; 4] = [1, 2, 3, 4];

impl Population {
    /// The person at a position, as it was before anybody changed it.
    pub(crate) fn person(&self, index: u64) -> Person {
        let id = self.persons.ids.id(index);
        let mut dice = self.dice(purpose::REST, index);
        let (name, first_name, last_name) = self.person_name(index);
        let (emails, phones) = self.channels(index, id);
        let label_ids = match dice.below(10) {
            0..4 => vec![],
            4..9 => vec![*dice.pick(&LABELS)],
            _ => vec![LABELS[1], LABELS[2]],
        };
        Person {
            id,
            name,
            first_name,
            last_name,
            owner_id: self.owner(purpose::REST, index),
            org_id: self.organization_of(index),
            add_time: self.persons.add_time(index),
            update_time: self.persons.update_time(index),
            emails,
            phones,
            is_deleted: false,
            merged_into: None,
            visible_to: if self.is_private(index) { 1 } else { *dice.pick(&[3, 3, 3, 7]) },
            label_ids,
            picture_id: dice.permille(50).then(|| 900_000 + id),
            sparse: dice.permille(60),
            custom: self.person_fields(&mut dice),
        }
    }

    pub(crate) const fn is_private(&self, index: u64) -> bool {
        self.dice(purpose::LINK ^ 2 << 8, index).permille(30)
    }

    /// Name, first name and last name.
    fn person_name(&self, index: u64) -> (Option<String>, Option<String>, Option<String>) {
        let mut dice = self.dice(purpose::NAME, self.human(index));
        let (odd, none) = (dice.permille(12), dice.permille(4));
        let ((first, _), (last, _)) = (*dice.pick(names::FIRST), *dice.pick(names::LAST));
        if odd {
            let name = (*dice.pick(names::ODD)).to_owned();
            return (Some(name.clone()), Some(name), None);
        }
        if none {
            // A name of spaces is what is left when somebody deletes a name in the UI.
            return (dice.permille(500).then(|| " ".to_owned()), None, None);
        }
        if dice.permille(30) {
            return (Some(first.to_owned()), Some(first.to_owned()), None);
        }
        (Some(format!("{first} {last}")), Some(first.to_owned()), Some(last.to_owned()))
    }

    /// The address that is an ordinary person's own, in small letters.
    fn own_address(&self, index: u64) -> String {
        let mut dice = self.dice(purpose::NAME, index);
        let _ = (dice.draw(), dice.draw());
        let ((_, first), (_, last)) = (dice.pick(names::FIRST), dice.pick(names::LAST));
        match self.employer(index) {
            Some(organization) => {
                format!("{first}.{last}.{index}@{}", self.organization_host(organization))
            }
            None => format!("{first}.{last}.{index}@mail.example"),
        }
    }

    fn channels(&self, index: u64, id: u64) -> (Vec<Entry>, Vec<Entry>) {
        let mut dice = self.dice(purpose::ADDRESS, index);
        let own = || self.own_address(index);
        let ordinary_phone = self.ordinary_has_phone(index).then_some(index);
        let (address, phone) = match self.kind(index) {
            Kind::Ordinary => (Some(own()), ordinary_phone),
            Kind::PhoneOnly => (None, Some(index)),
            Kind::SameAddress(of) => (Some(self.own_address(of)), ordinary_phone),
            Kind::SharedAddress => {
                let host = self.employer(index).map_or_else(
                    || format!("team-{}.example", index / 5),
                    |organization| self.organization_host(organization),
                );
                (Some(format!("{}@{host}", dice.pick(names::SHARED))), ordinary_phone)
            }
            Kind::Bare | Kind::SameName(_) => (None, None),
            Kind::Malformed => (Some((*dice.pick(names::MALFORMED)).to_owned()), ordinary_phone),
            Kind::SamePhoneOtherAddress(of) => (Some(own()), Some(of)),
            Kind::SamePhone(of) => (None, Some(of)),
            Kind::Crossed(address, phone) => (Some(self.own_address(address)), Some(phone)),
        };
        let alone = !matches!(self.kind(index), Kind::Malformed);
        let mut emails: Vec<Entry> = address
            .map(|address| Entry::work(if alone { scrawl(address, &mut dice) } else { address }))
            .into_iter()
            .collect();
        if !alone && dice.permille(100) {
            // Promised as text.
            for entry in &mut emails {
                entry.value = None;
            }
        }
        if !emails.is_empty() && alone && dice.permille(150) {
            for nth in 0..=dice.below(3) {
                let value = format!("p{id}.{nth}@private.example");
                emails.push(Entry { primary: false, ..Entry::work(value) });
            }
        }
        let mut phones: Vec<Entry> = phone
            .map(|n| {
                // The subscriber decides the country, the record the notation.
                let mut drawn = self.dice(purpose::PHONE ^ 1 << 8, n);
                phones::entry(self.company.country, n, &mut drawn, &mut dice)
            })
            .into_iter()
            .collect();
        if dice.permille(100) && !phones.is_empty() {
            let n = index + 1_000_000;
            let mut drawn = self.dice(purpose::PHONE ^ 1 << 8, n);
            let second = phones::entry(self.company.country, n, &mut drawn, &mut dice);
            phones.push(Entry { primary: false, ..second });
        }
        if dice.permille(40) && !matches!(self.kind(index), Kind::Bare | Kind::SameName(_)) {
            phones.push(Entry { primary: phones.is_empty(), ..phones::junk(&mut dice) });
        }
        (emails, phones)
    }

    fn person_fields(&self, dice: &mut Dice) -> Vec<(String, Value)> {
        let [segment, interests, notes, since, budget, website] = &self.keys.person;
        let mut fields = Vec::new();
        let mut field = |key: &String, value| fields.push((key.clone(), value));
        field(segment, if dice.permille(700) { json!(101 + dice.below(3)) } else { Value::Null });
        if dice.permille(300) {
            field(interests, json!([111, 112 + dice.below(2)]));
        }
        if dice.permille(100) {
            field(notes, json!("Met at the fair 🎪, wants a \"quick\" call\nnext week"));
        }
        if dice.permille(200) {
            field(since, json!(format!("20{:02}-0{}-15", 10 + dice.below(15), 1 + dice.below(9))));
        }
        if dice.permille(100) {
            let value = 500 * dice.below(100);
            field(budget, json!({ "value": value, "currency": self.company.currency }));
        }
        if dice.permille(50) {
            field(website, json!("https://example.com/profile?x=1&y=2"));
        }
        if dice.permille(20) {
            field(&self.keys.forgotten, json!("left behind"));
        }
        fields
    }
}

/// The same address as somebody else would type it.
fn scrawl(address: String, dice: &mut Dice) -> String {
    let address = match dice.below(100) {
        0..4 => address.to_uppercase(),
        4..8 => {
            let mut letters = address;
            if let Some(first) = letters.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            letters
        }
        _ => address,
    };
    if dice.permille(20) { format!(" {address} ") } else { address }
}
