//! The records of the first day: the same seed and sizes give the same, as dirty as in real life.
//!
//! Of a hundred contacts: 70 have an address of their own, 4 the address of an earlier contact in
//! other letters, 4 a mailbox that everybody in the account shares, 10 only a number, 3 neither,
//! 3 text in a custom field where nothing is restricted any more; 20 have no account, 25 belong to
//! somebody who left, 1 has an odd name and 1 no name but a full stop. On top of them 2 of a
//! hundred are deleted and 1 was merged into its predecessor.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sandbox::stage::{dice::Dice, names};

use super::{
    orgs::Org,
    schema::{STAGES, TASK_STATUSES, objects},
    table::{Row, Table},
    time::{CHANGED_FROM, CHANGED_UNTIL, MADE_FROM},
};

pub(crate) type Tables = BTreeMap<&'static str, Table>;

/// Purposes of draws.
const PERSON: u64 = 1;
const ACCOUNT: u64 = 2;
const DEAL: u64 = 3;
const STAMP: u64 = 4;

pub(crate) fn tables(org: &'static Org, sizes: [u32; 3], seed: u64) -> Tables {
    let empty = objects(org.multi_currency).into_iter();
    let mut tables: Tables =
        empty.map(|object| (object.name, Table::new(object, org.instance))).collect();
    let maker = Maker { org, seed: seed ^ org.number << 32, sizes: sizes.map(u64::from) };
    maker.settings(&mut tables);
    maker.stages(&mut tables);
    maker.accounts(&mut tables);
    maker.contacts(&mut tables);
    maker.deals(&mut tables);
    super::leads::put(&mut tables, org, maker.sizes[0], maker.seed);
    tables
}

struct Maker {
    org: &'static Org,
    seed: u64,
    sizes: [u64; 3],
}

/// Writes a row under construction by the names of its fields.
struct Draft<'a> {
    table: &'a Table,
    row: Row,
}

impl Draft<'_> {
    fn set(&mut self, name: &str, value: Value) -> &mut Self {
        self.table.set(&mut self.row, name, value);
        self
    }

    fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.set(name, json!(value))
    }
}

impl Maker {
    const fn dice(&self, purpose: u64, nth: u64) -> Dice {
        Dice::new(self.seed, purpose, nth)
    }

    /// Made in the order of the numbers, changed in no order at all, and by the millisecond: some
    /// were changed at the same instant, by one transaction.
    fn draft<'a>(&self, table: &'a Table, nth: u64) -> Draft<'a> {
        let mut dice = self.dice(STAMP ^ u64::from(table.object.prefix.as_bytes()[2]) << 8, nth);
        let minutes = (CHANGED_UNTIL - CHANGED_FROM) / 60_000;
        let at = i64::try_from(dice.below(minutes.unsigned_abs())).unwrap_or(0);
        let sub = if dice.permille(300) { 0 } else { dice.below(1_000) };
        let stamp = CHANGED_FROM + at * 60_000 + i64::try_from(sub).unwrap_or(0);
        let made = MADE_FROM + i64::try_from(nth).unwrap_or(0) * 1_000;
        Draft { table, row: Row { made, stamp, ..Row::default() } }
    }

    fn owner(&self, dice: &mut Dice) -> Value {
        let users = self.org.users;
        let left: Vec<_> = users.iter().filter(|user| !user.active).collect();
        let user = if dice.permille(250) && !left.is_empty() {
            *dice.pick(&left)
        } else {
            dice.pick(users)
        };
        json!(self.org.user_id(user.number))
    }

    fn settings(&self, tables: &mut Tables) {
        let org = self.org;
        put(tables, "Organization", org.number, |table| {
            let mut draft = self.draft(table, 0);
            draft
                .text("Name", org.name)
                .text("OrganizationType", "Enterprise Edition")
                .text("LanguageLocaleKey", org.language)
                .text("Country", org.country)
                .text("TimeZoneSidKey", "Europe/Berlin")
                .set("IsSandbox", json!(org.domain.contains("--")));
            draft.row
        });
        for (nth, user) in (1..).zip(org.users) {
            put(tables, "User", user.number, |table| {
                let mut draft = self.draft(table, user.number);
                let (first, last) = user.name;
                draft
                    .text("Name", &format!("{first} {last}"))
                    .text("FirstName", first)
                    .text("LastName", last)
                    .text("Username", &format!("{}.{}", user.email, org.domain))
                    .text("Email", user.email)
                    .set("IsActive", json!(user.active))
                    .text("UserType", "Standard");
                draft.row
            });
            put(tables, "PermissionSet", nth, |table| {
                let mut draft = self.draft(table, nth);
                draft.text("Name", &format!("X00ex{nth}")).set("IsOwnedByProfile", json!(true));
                draft.row
            });
            let set = tables["PermissionSet"].id(nth);
            put(tables, "PermissionSetAssignment", nth, |table| {
                let mut draft = self.draft(table, nth);
                let assignee = json!(org.user_id(user.number));
                draft.set("AssigneeId", assignee).text("PermissionSetId", &set);
                draft.row
            });
        }
        for (nth, (name, closed, default)) in (1..).zip(TASK_STATUSES) {
            put(tables, "TaskStatus", nth, |table| {
                let mut draft = self.draft(table, nth);
                draft
                    .text("ApiName", name)
                    .text("MasterLabel", name)
                    .set("IsClosed", json!(closed))
                    .set("IsDefault", json!(default))
                    .set("SortOrder", json!(nth));
                draft.row
            });
        }
    }

    fn stages(&self, tables: &mut Tables) {
        for (nth, (name, closed, won)) in (1..).zip(STAGES) {
            put(tables, "OpportunityStage", nth, |table| {
                let mut draft = self.draft(table, nth);
                draft
                    .text("ApiName", name)
                    .text("MasterLabel", name)
                    .set("IsActive", json!(true))
                    .set("IsClosed", json!(closed))
                    .set("IsWon", json!(won))
                    .set("SortOrder", json!(nth));
                draft.row
            });
        }
    }

    fn host(&self, account: u64) -> String {
        let mut dice = self.dice(ACCOUNT, account);
        let (first, last) = (dice.pick(names::ORG_FIRST), dice.pick(names::ORG_LAST));
        format!("{}-{}-{account}.example", first.1, last.1)
    }

    fn accounts(&self, tables: &mut Tables) {
        for nth in 1..=self.sizes[1] {
            put(tables, "Account", nth, |table| {
                let mut draft = self.draft(table, nth);
                let mut dice = self.dice(ACCOUNT, nth);
                let (first, last) = (dice.pick(names::ORG_FIRST), dice.pick(names::ORG_LAST));
                let (city, zip) = dice.pick(names::CITIES);
                // The number keeps them apart, except where two are one and the same.
                let number = if dice.permille(30) { nth.saturating_sub(1).max(1) } else { nth };
                draft.text("Name", &format!("{} {} {number}", first.0, last.0));
                if dice.permille(600) {
                    draft.text("Website", &format!("https://www.{}", self.host(nth)));
                }
                if dice.permille(700) {
                    draft.text("BillingCity", city).text("BillingPostalCode", zip);
                    draft.text("BillingStreet", &format!("Hauptstraße {nth}\r\n2. Hof"));
                    draft.text(
                        "BillingCountry",
                        dice.pick::<&str>(&["Germany", "Österreich", "DE"]),
                    );
                }
                let owner = self.owner(&mut dice);
                draft.text("Industry", dice.pick::<&str>(&["Energy", "Technology", "Käserei"]));
                draft.set("OwnerId", owner);
                self.priced(&mut draft);
                draft.row
            });
        }
    }

    fn priced(&self, draft: &mut Draft<'_>) {
        if self.org.multi_currency {
            draft.text("CurrencyIsoCode", self.org.currency);
        }
    }

    fn names(&self, nth: u64) -> (Option<String>, String, String) {
        let mut dice = self.dice(PERSON, nth);
        let (first, last) = (*dice.pick(names::FIRST), *dice.pick(names::LAST));
        let slug = format!("{}.{}.{nth}", first.1, last.1);
        if dice.permille(12) {
            let odd: String = dice.pick(names::ODD).trim().chars().take(80).collect();
            return (None, odd, slug);
        }
        if dice.permille(10) {
            return (None, ".".to_owned(), slug);
        }
        (Some(first.0.to_owned()), last.0.to_owned(), slug)
    }

    fn employer(&self, nth: u64) -> Option<u64> {
        let mut dice = self.dice(PERSON ^ 1 << 8, nth);
        (!dice.permille(200) && self.sizes[1] > 0).then(|| 1 + dice.below(self.sizes[1]))
    }

    fn own_address(&self, nth: u64) -> String {
        let host = self.employer(nth).map_or_else(|| "mail.example".to_owned(), |at| self.host(at));
        let (.., slug) = self.names(nth);
        // The vendor takes at most 80 characters.
        format!("{slug}@{host}").chars().rev().take(80).collect::<Vec<_>>().iter().rev().collect()
    }

    fn address(&self, nth: u64, dice: &mut Dice) -> Option<String> {
        let share = dice.below(100);
        let address = match share {
            0..13 => return None,
            13..17 if nth > 1 => self.own_address(1 + dice.below(nth - 1)).to_uppercase(),
            17..21 => {
                let host = self.employer(nth).map(|at| self.host(at));
                format!(
                    "{}@{}",
                    dice.pick(names::SHARED),
                    host.as_deref().unwrap_or("team.example")
                )
            }
            _ => self.own_address(nth),
        };
        Some(address)
    }

    fn contacts(&self, tables: &mut Tables) {
        let instance = self.org.instance;
        let (mut nth, mut living) = (0, 0);
        while living < self.sizes[0] {
            nth += 1;
            // Every thirty-fourth was deleted or merged, so that the living have gaps between them.
            let gone = nth % 34 == 0;
            living += u64::from(!gone);
            put(tables, "Contact", nth, |table| {
                let mut draft = self.draft(table, nth);
                let mut dice = self.dice(PERSON ^ 2 << 8, nth);
                let (first, last, _) = self.names(nth);
                let name = first.iter().map(String::as_str).chain([last.as_str()]);
                let name = name.collect::<Vec<_>>().join(" ");
                draft.text("LastName", &last).text("Name", &name);
                if let Some(first) = &first {
                    draft.text("FirstName", first);
                }
                let address = self.address(nth, &mut dice);
                let phone = (address.is_none() && !dice.permille(230)) || dice.permille(450);
                if let Some(address) = address {
                    draft.text("Email", &address);
                }
                let subscriber = 30_000_000 + nth;
                if phone {
                    let field = *dice.pick(&["Phone", "Phone", "MobilePhone", "HomePhone"]);
                    let written = match dice.below(4) {
                        0 => format!("+4930{subscriber}"),
                        1 => format!("+49 (0)30 {subscriber}"),
                        2 => format!("0049 30/{subscriber}"),
                        _ => format!("+49 30 {subscriber} ext. 7"),
                    };
                    draft.text(field, &written);
                }
                if dice.permille(30) {
                    draft.text("OtherPhone", "ask Anna");
                }
                if let Some(at) = self.employer(nth) {
                    draft.set("AccountId", json!(super::ids::id("001", instance, at)));
                }
                let owner = self.owner(&mut dice);
                draft.set("OwnerId", owner);
                Self::custom(&mut draft, &mut dice, nth);
                self.priced(&mut draft);
                let mut row = draft.row;
                if gone {
                    row.deleted = true;
                    row.master = (nth % 102 == 0).then_some(nth - 1);
                }
                row
            });
        }
    }

    fn custom(draft: &mut Draft<'_>, dice: &mut Dice, nth: u64) {
        let segments = ["Small", "Medium", "Large"];
        let segment = match dice.below(10) {
            0..6 => Some(*dice.pick(&segments)),
            // It was on the list once.
            6 => Some("Enterprise (old)"),
            _ => None,
        };
        if let Some(segment) = segment {
            draft.text("Segment__c", segment);
        }
        if dice.permille(300) {
            draft.text(
                "Interests__c",
                dice.pick::<&str>(&["Service", "Service;Parts", "Parts;Golf"]),
            );
        }
        if dice.permille(100) {
            draft.set("Budget__c", json!(500.5 * f64::from(u32::try_from(nth % 90).unwrap_or(0))));
        }
        if dice.permille(20) {
            draft.text("Remarks__c", &"Met at the fair 🎪, wants a \"quick\" call\r\n".repeat(40));
        }
        draft.set("Newsletter__c", json!(dice.permille(500)));
        let sources = ["Web", "Partner Referral", "Messe Köln"];
        if dice.permille(400) {
            draft.text("LeadSource", dice.pick::<&str>(&sources));
        }
    }

    fn deals(&self, tables: &mut Tables) {
        let mut role = 0;
        for nth in 1..=self.sizes[2] {
            let mut dice = self.dice(DEAL, nth);
            let person = 1 + dice.below(self.sizes[0].max(1));
            let account = self.employer(person);
            put(tables, "Opportunity", nth, |table| {
                let mut draft = self.draft(table, nth);
                let (stage, closed, won) = *dice.pick(STAGES);
                draft
                    .text("Name", &format!("Deal {nth}"))
                    .text("StageName", stage)
                    .set("IsClosed", json!(closed))
                    .set("IsWon", json!(won))
                    .text("CloseDate", "2026-12-31");
                if !dice.permille(100) {
                    let amount = u32::try_from(dice.below(90_000)).unwrap_or(0);
                    draft.set("Amount", json!(f64::from(amount) + 0.5));
                }
                if let Some(at) = account {
                    draft.set("AccountId", json!(super::ids::id("001", self.org.instance, at)));
                }
                let owner = self.owner(&mut dice);
                draft.set("OwnerId", owner);
                self.priced(&mut draft);
                draft.row
            });
            let alive = tables["Contact"].living(person).is_some();
            if alive && dice.permille(800) {
                role += 1;
                let (deal, contact) = (tables["Opportunity"].id(nth), tables["Contact"].id(person));
                put(tables, "OpportunityContactRole", role, |table| {
                    let mut draft = self.draft(table, role);
                    draft
                        .text("OpportunityId", &deal)
                        .text("ContactId", &contact)
                        .text("Role", "Decision Maker")
                        .set("IsPrimary", json!(true));
                    draft.row
                });
            }
        }
    }
}

fn put(tables: &mut Tables, name: &str, number: u64, make: impl FnOnce(&Table) -> Row) {
    if let Some(table) = tables.get_mut(name) {
        let row = make(table);
        table.put(number, row);
    }
}
