//! The records that a portal begins with: a function of the seed and the sizes, kept in memory.
//!
//! Of a thousand contacts: 100 have no address, 60 an additional one or two, 30 neither address nor
//! number, 15 share a number with an earlier one, 12 an odd name (right to left, emoji, markup), 40
//! no name, 40 a number that is text, 200 no company, 10 no owner, 250 an owner who left, 20 a
//! picklist value that no option has, 3 a remark of ten thousand letters. Addresses are in small
//! letters and nobody shares one, as over there; names and numbers are as people type them. Of
//! every hundred ids one is archived and one was merged into the next; one contact in fifty has an
//! id beyond 2^53.

use super::{
    book::Book,
    kind::Kind,
    record::{DIALLED, Millis, Record},
};
use crate::sandbox::{
    hubspot::accounts::{Portal, User},
    stage::{dice::Dice, names},
};

/// 2016-01-01: the first record was made.
const MADE_FROM: Millis = 1_451_606_400_000;
/// 2022-01-01 to 2025-12-31: when they were last changed.
const CHANGED_FROM: Millis = 1_640_995_200_000;
const CHANGED_UNTIL: Millis = 1_767_139_200_000;
/// The first id of each kind; they go up in threes.
const FIRST_ID: u64 = 101;
/// Beyond what a double counts: one id in fifty.
const FAR: u64 = 9_007_199_260_000_000;

mod purpose {
    pub(super) const CONTACT: u64 = 201;
    pub(super) const COMPANY: u64 = 202;
    pub(super) const DEAL: u64 = 203;
}

static NOTATIONS: usize = 5;

pub(crate) fn fill(book: &mut Book, portal: &'static Portal, sizes: [u32; 3], seed: u64) {
    let [persons, organizations, deals] = sizes.map(|size| match portal.persons {
        None => u64::from(size),
        Some(most) => u64::from(size.min(most)),
    });
    let seed = seed ^ portal.id.wrapping_mul(0x9E37_79B9);
    let companies: Vec<u64> =
        (0..organizations).map(|nth| company(book, portal, seed, nth)).collect();
    let contacts: Vec<u64> =
        (0..persons).map(|nth| contact(book, portal, seed, nth, &companies)).collect();
    gone(book, portal, seed, persons, &contacts);
    for nth in 0..deals {
        deal(book, portal, seed, nth, (&contacts, &companies));
    }
}

const fn id(nth: u64) -> u64 {
    let id = FIRST_ID + nth * 3;
    if nth % 50 == 49 { FAR + id } else { id }
}

/// When the n-th record was made and changed last; later ids are younger, changes are shuffled.
fn times(dice: &mut Dice, nth: u64) -> (Millis, Millis) {
    let span = u64::try_from(CHANGED_UNTIL - CHANGED_FROM).unwrap_or(1);
    let made = MADE_FROM + i64::try_from(nth * 60_007 % 189_302_400_000).unwrap_or(0);
    (made, CHANGED_FROM + i64::try_from(dice.below(span)).unwrap_or(0))
}

fn owner(dice: &mut Dice, portal: &'static Portal) -> Option<&'static User> {
    if dice.permille(10) {
        return None;
    }
    let left = dice.permille(250);
    let of: Vec<&User> = portal.users.iter().filter(|user| user.active != left).collect();
    if of.is_empty() { Some(portal.admin()) } else { Some(*dice.pick(of.as_slice())) }
}

fn owned(record: Record, dice: &mut Dice, portal: &'static Portal) -> Record {
    match owner(dice, portal) {
        Some(user) => record.with("hubspot_owner_id", user.owner.to_string()),
        None => record,
    }
}

fn company(book: &mut Book, portal: &'static Portal, seed: u64, nth: u64) -> u64 {
    let mut dice = Dice::new(seed, purpose::COMPANY, nth);
    let (created, modified) = times(&mut dice, nth);
    let ((first, host), (last, _)) = (*dice.pick(names::ORG_FIRST), *dice.pick(names::ORG_LAST));
    let (city, zip) = *dice.pick(names::CITIES);
    let id = id(nth);
    let mut record = Record { id, created, modified, ..Record::default() };
    // A company without a name is known by its domain only.
    if !dice.permille(10) {
        record = record.with("name", format!("{first} {last} {nth}"));
    }
    record = record.with("domain", format!("{host}-{nth}.example"));
    if dice.permille(500) {
        record = record.with("website", format!("https://www.{host}-{nth}.example"));
    }
    if dice.permille(600) {
        record = record.with("city", city).with("zip", zip).with("country", "Germany");
    }
    book.put(Kind::Companies, owned(record, &mut dice, portal), &[]);
    id
}

fn contact(
    book: &mut Book,
    portal: &'static Portal,
    seed: u64,
    nth: u64,
    companies: &[u64],
) -> u64 {
    let record = made(portal, seed, nth);
    let id = record.id;
    book.put(Kind::Contacts, record, &[]);
    let mut dice = Dice::new(seed, purpose::CONTACT ^ 1 << 8, nth);
    if !companies.is_empty() && !dice.permille(200) {
        book.link((Kind::Contacts, id), (Kind::Companies, *dice.pick(companies)), None);
        if dice.permille(30) {
            book.link((Kind::Contacts, id), (Kind::Companies, *dice.pick(companies)), None);
        }
    }
    id
}

fn made(portal: &'static Portal, seed: u64, nth: u64) -> Record {
    let mut dice = Dice::new(seed, purpose::CONTACT, nth);
    let (created, modified) = times(&mut dice, nth);
    let mut record = Record { id: id(nth), created, modified, ..Record::default() };
    let ((first, plain_first), (last, plain_last)) =
        (*dice.pick(names::FIRST), *dice.pick(names::LAST));
    match dice.below(1_000) {
        0..12 => record = record.with("firstname", *dice.pick(names::ODD)),
        12..32 => {}
        32..52 => record = record.with("firstname", " ").with("lastname", ""),
        52..82 => record = record.with("lastname", last.to_uppercase()),
        _ => record = record.with("firstname", first).with("lastname", last),
    }
    let draw = dice.below(1_000);
    if draw >= 130 {
        let address = format!("{plain_first}.{plain_last}.{nth}@{}", mail_host(&mut dice, nth));
        record = record.with("email", address);
        if dice.permille(60) {
            let more: Vec<String> =
                (0..=dice.below(2)).map(|at| format!("p{nth}.{at}@private.example")).collect();
            record = record.with("hs_additional_emails", more.join(";"));
        }
    }
    // From 100 on it has neither.
    if draw < 100 || (draw >= 130 && dice.permille(600)) {
        let subscriber = if dice.permille(15) { nth / 2 } else { nth };
        let (written, dialled) = number(subscriber, &mut dice);
        record = record.with("phone", written).with(DIALLED, dialled);
        if dice.permille(100) {
            record = record.with("mobilephone", number(nth + 3_000_000, &mut dice).0);
        }
    } else if dice.permille(40) {
        record = record.with("phone", "ask reception");
    }
    record = owned(record, &mut dice, portal);
    if dice.permille(400) {
        let status = *dice.pick(&["NEW", "OPEN", "CONNECTED", "UNQUALIFIED", "WARM_LEAD"]);
        record = record.with("hs_lead_status", status);
    }
    if dice.permille(700) {
        // An option that somebody removed leaves its values behind.
        let segment = if dice.permille(30) { "retired" } else { *dice.pick(&["a", "b", "c"]) };
        record = record.with("segment", segment);
    }
    if dice.permille(300) {
        record = record.with("interests", *dice.pick(&["price", "price;service", "service;size"]));
    }
    if dice.permille(3) {
        record = record.with("remarks", "A long story. ".repeat(700));
    } else if dice.permille(100) {
        record = record.with("remarks", "Met at the fair 🎪, wants a \"quick\" call\nnext week");
    }
    if dice.permille(200) {
        let since = format!("20{:02}-0{}-15", 10 + dice.below(15), 1 + dice.below(9));
        record = record.with("customer_since", since);
    }
    record
}

fn mail_host(dice: &mut Dice, nth: u64) -> String {
    match dice.below(10) {
        0..6 => format!("{}-{}.example", dice.pick(names::ORG_FIRST).1, nth / 5),
        _ => "mail.example".to_owned(),
    }
}

/// The n-th German subscriber as somebody would write it, and as it is dialled from anywhere.
fn number(nth: u64, dice: &mut Dice) -> (String, String) {
    let rest = format!("{:08}", nth * 7_919 % 100_000_000);
    let (left, right) = rest.split_at(4);
    let notations = u64::try_from(NOTATIONS).unwrap_or(1);
    let written = match dice.below(notations) {
        0 => format!("+49151{rest}"),
        1 => format!("+49 151 {left} {right}"),
        2 => format!("0049 151 {rest}"),
        3 => format!("+49 (0)151 {left}-{right}"),
        _ => format!("Tel: +49 151 {rest}"),
    };
    (written, format!("+49151{rest}"))
}

/// Those who left before the start: archived ones, and ones that went into others.
fn gone(book: &mut Book, portal: &'static Portal, seed: u64, persons: u64, contacts: &[u64]) {
    for nth in (0..persons).step_by(100) {
        let mut archived = made(portal, seed, nth + 10_000_000);
        archived.id = FIRST_ID + nth * 3 + 1;
        archived.archived = Some(CHANGED_UNTIL);
        let mut merged = made(portal, seed, nth + 20_000_000);
        merged.id = FIRST_ID + nth * 3 + 2;
        merged.merged_into = usize::try_from(nth).ok().and_then(|nth| contacts.get(nth)).copied();
        for mut record in [archived, merged] {
            record.modified = CHANGED_UNTIL;
            book.put(Kind::Contacts, record, &[]);
        }
    }
}

fn deal(
    book: &mut Book,
    portal: &'static Portal,
    seed: u64,
    nth: u64,
    (contacts, companies): (&[u64], &[u64]),
) {
    let mut dice = Dice::new(seed, purpose::DEAL, nth);
    let (created, modified) = times(&mut dice, nth);
    let stage = *dice.pick(&["appointmentscheduled", "contractsent", "closedwon", "closedlost"]);
    let id = id(nth);
    let mut record = Record { id, created, modified, ..Record::default() }
        .with("dealname", format!("Deal {nth} · {}", dice.pick(&["Renewal", "New", "Ausbau"])))
        .with("pipeline", "default")
        .with("dealstage", stage);
    if !dice.permille(100) {
        let amount = dice.below(10_000_000);
        record = record.with("amount", format!("{}.{:02}", amount / 100, amount % 100));
        record = record.with("deal_currency_code", portal.currency);
    }
    book.put(Kind::Deals, owned(record, &mut dice, portal), &[]);
    if !contacts.is_empty() && !dice.permille(50) {
        book.link((Kind::Deals, id), (Kind::Contacts, *dice.pick(contacts)), None);
        if dice.permille(80) {
            book.link((Kind::Deals, id), (Kind::Contacts, *dice.pick(contacts)), None);
        }
    }
    if !companies.is_empty() && dice.permille(700) {
        book.link((Kind::Deals, id), (Kind::Companies, *dice.pick(companies)), None);
    }
}
