//! Whatever a page holds.

use std::collections::HashMap;

use proptest::prelude::*;

use super::world::{Book, person};
use crate::domain::{
    RemotePerson,
    intake::{IdentifierKind, PagePlan, PersonMapping},
};

const EMAILS: [&str; 7] = ["a@x.de", "A@X.de", "b@x.de", "c@x.de", "switch@x.de", "n/a", ""];
const PHONES: [&str; 6] = ["030 901820", "+49 30 901820", "030 901821", "030 901822", "-", ""];
const IDS: [&str; 11] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];

prop_compose! {
    fn anybody()(
        id in 1..12_u8,
        name in prop::option::of("[A-C]"),
        emails in prop::collection::vec(prop::sample::select(&EMAILS[..]), 0..3),
        phones in prop::collection::vec(prop::sample::select(&PHONES[..]), 0..3),
        deleted in prop::bool::weighted(0.1),
    ) -> RemotePerson {
        let name = name.unwrap_or_default();
        RemotePerson { deleted, ..person(&id.to_string(), &name, &emails, &phones) }
    }
}

fn pages() -> impl Strategy<Value = Vec<Vec<RemotePerson>>> {
    prop::collection::vec(prop::collection::vec(anybody(), 0..9), 1..5)
}

/// Everything that a plan would write to the book.
fn writes(plan: &PagePlan) -> usize {
    plan.inserts.len() + plan.updates.len() + plan.claims.len() + plan.releases.len()
}

proptest! {
    /// `Book::import` also refuses a claim of what is held and a mapping that moves.
    #[test]
    fn counts_add_up_and_no_email_is_held_by_two_contacts(pages in pages()) {
        let mut book = Book::default();
        for page in &pages {
            let plan = book.import(page);
            prop_assert_eq!(plan.counts.seen, i64::try_from(page.len()).unwrap());
            let mut holder = HashMap::new();
            for (identifier, contact) in &book.identifiers {
                if identifier.kind == IdentifierKind::Email {
                    prop_assert_eq!(*holder.entry(identifier).or_insert(*contact), *contact);
                }
            }
        }
    }

    /// Persons that are not in a page may be gone by the next one, also those who lead a contact.
    #[test]
    fn a_contact_is_found_by_what_it_has_and_by_nothing_else(
        pages in pages(),
        gone in prop::collection::vec(prop::sample::subsequence(&IDS[..], 0..4), 5),
    ) {
        let mut book = Book::default();
        for (page, gone) in pages.iter().zip(&gone) {
            let plan = book.import(page);
            for (identifier, contact) in &book.identifiers {
                let fields = &book.contacts[contact].0;
                prop_assert!(fields.identifiers().contains(identifier), "held without having it");
            }
            for (id, fields) in plan.inserts.iter().chain(&plan.updates) {
                for identifier in fields.identifiers() {
                    let mut holders = book.identifiers.iter().filter(|held| held.0 == identifier);
                    let found = match identifier.kind {
                        IdentifierKind::Email => holders.next().is_some(),
                        IdentifierKind::Phone => holders.any(|held| held.1 == *id),
                    };
                    prop_assert!(found, "{identifier:?} leads to nobody");
                }
            }
            book.forget(gone);
        }
    }

    #[test]
    fn every_record_is_mapped_or_stands_in_the_log(pages in pages()) {
        let mut book = Book::default();
        for page in &pages {
            let plan = book.import(page);
            for person in page {
                let logged = plan.entries.iter().any(|entry| entry.remote_id == person.id);
                prop_assert!(logged || book.mappings.contains_key(&person.id));
            }
            let counts = plan.counts;
            prop_assert_eq!(counts.created, i64::try_from(plan.created.len()).unwrap());
            prop_assert_eq!(counts.created, i64::try_from(plan.inserts.len()).unwrap());
            let told = plan.entries.len() + plan.created.len() + plan.linked.len();
            prop_assert_eq!(counts.seen - counts.unchanged, i64::try_from(told).unwrap());
        }
    }

    #[test]
    fn the_same_page_again_writes_nothing(pages in pages()) {
        let mut book = Book::default();
        for page in &pages {
            // Of two states of one record in a page only the first is taken.
            let mut page = page.clone();
            page.sort_by(|one, other| one.id.cmp(&other.id));
            page.dedup_by(|one, other| one.id == other.id);
            book.import(&page);
            // Who was held may fit by now, because a later person of the page gave something back.
            // And who leads a contact from now on is looked at anew.
            let looked_at = |mapping: &PersonMapping| mapping.fingerprint != 0;
            page.retain(|person| book.mappings.get(&person.id).is_some_and(looked_at));
            let again = book.plan(&page);
            prop_assert_eq!(writes(&again), 0, "{:?}", again);
            prop_assert_eq!((again.counts.created, again.counts.updated, again.counts.linked), (0, 0, 0));
        }
    }

    #[test]
    fn no_plan_passes_the_limit(pages in pages(), room in 0..6_u64) {
        let mut book = Book { room: Some(room), ..Book::default() };
        for page in &pages {
            book.import(page);
            prop_assert!(book.contacts.len() as u64 <= room);
        }
    }
}
