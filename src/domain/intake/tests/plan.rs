//! Who a person is, and what the page does.

use serde_json::json;

use super::world::{Book, person};
use crate::domain::{
    RemoteId,
    intake::{Counts, Outcome, PagePlan},
};

/// The reason of the one entry, which must have this outcome.
#[track_caller]
fn held(plan: &PagePlan, outcome: Outcome) -> &str {
    assert_eq!(plan.entries.len(), 1, "{:?}", plan.entries);
    assert_eq!(plan.entries[0].outcome, outcome);
    assert!(plan.inserts.is_empty() && plan.updates.is_empty());
    assert!(plan.mappings.is_empty() && plan.claims.is_empty() && plan.releases.is_empty());
    plan.entries[0].reason.as_deref().unwrap()
}

#[test]
fn a_mapping_decides_before_any_address() {
    let mut book = Book::default();
    book.import(&[person("1", "Ada", &["ada@x.de"], &[])]);
    book.import(&[person("2", "Bob", &["bob@x.de"], &[])]);
    let ada = book.contact_of("1");

    let plan = book.import(&[person("1", "Ada", &["bob@x.de"], &[])]);

    assert_eq!(plan.counts, Counts { seen: 1, updated: 1, ..Counts::default() });
    assert_eq!(book.contact_of("1"), ada);
}

#[test]
fn an_email_decides_before_a_number_that_several_share() {
    let mut book = Book::default();
    let ada = book.write_down("Ada", &["ada@x.de"], &[]);
    book.write_down("Bob", &["bob@x.de"], &["030 901820"]);
    book.write_down("Cem", &["cem@x.de"], &["030 901820"]);

    let plan = book.import(&[person("1", "A.", &["ADA@x.de"], &["+49 30 901820"])]);

    assert_eq!(plan.counts, Counts { seen: 1, linked: 1, ..Counts::default() });
    assert_eq!(book.contact_of("1"), ada);
}

#[test]
fn a_number_links_when_the_person_has_no_email() {
    let mut book = Book::default();
    let ada = book.write_down("Ada", &["ada@x.de"], &["030 901820"]);

    let plan = book.import(&[person("1", "Ada L.", &[], &["+49 (0)30 901820"])]);

    assert_eq!((plan.counts.linked, book.contact_of("1")), (1, ada));
}

#[test]
fn a_number_links_when_the_contact_has_no_email_and_gives_it_one() {
    let mut book = Book::default();
    let ada = book.write_down("Ada", &[], &["030 901820"]);

    let plan = book.import(&[person("1", "Ada L.", &["ada@x.de"], &["030901820"])]);

    assert_eq!((plan.counts.linked, book.contact_of("1")), (1, ada));
    assert_eq!(book.of("1").emails[0].value, "ada@x.de");
    assert_eq!(book.of("1").full_name, "Ada", "a match overwrites nothing");
}

#[test]
fn a_number_alone_with_different_emails_is_held() {
    let mut book = Book::default();
    book.write_down("Ada", &["ada@x.de"], &["030 901820"]);

    let plan = book.plan(&[person("1", "Bob", &["bob@x.de"], &["030 901820"])]);

    assert_eq!(held(&plan, Outcome::Conflict), "same phone as a contact with another e-mail");
}

#[test]
fn emails_of_two_contacts_are_a_conflict() {
    let mut book = Book::default();
    book.write_down("Ada", &["ada@x.de"], &[]);
    book.write_down("Bob", &["bob@x.de"], &[]);

    let plan = book.plan(&[person("1", "Both", &["ada@x.de", "bob@x.de"], &[])]);

    assert_eq!(held(&plan, Outcome::Conflict), "its e-mails belong to different contacts");
}

#[test]
fn an_email_and_a_number_of_two_contacts_are_a_conflict() {
    let mut book = Book::default();
    book.write_down("Ada", &["ada@x.de"], &[]);
    book.write_down("Bob", &[], &["030 901820"]);

    let plan = book.plan(&[person("1", "Both", &["ada@x.de"], &["030 901820"])]);

    let reason = "its e-mail and its phone belong to different contacts";
    assert_eq!(held(&plan, Outcome::Conflict), reason);
}

#[test]
fn numbers_of_two_contacts_are_a_conflict() {
    let mut book = Book::default();
    book.write_down("Ada", &[], &["030 901820"]);
    book.write_down("Bob", &[], &["030 901821"]);

    let plan = book.plan(&[person("1", "Both", &[], &["030 901820", "030 901821"])]);

    assert_eq!(held(&plan, Outcome::Conflict), "its phones belong to different contacts");
}

#[test]
fn a_shared_number_identifies_nobody() {
    let mut book = Book::default();
    book.write_down("Ada", &[], &["030 901820"]);
    book.write_down("Bob", &[], &["030 901820"]);

    let plan = book.plan(&[person("1", "Cem", &[], &["030 901820"])]);

    assert_eq!(held(&plan, Outcome::Conflict), "its phones belong to different contacts");
}

#[test]
fn no_empty_value_ever_matches() {
    let mut book = Book::default();
    for (name, email, phone) in [("Ada", "", ""), ("Bob", " ", "-"), ("Cem", "n/a", "0")] {
        book.write_down(name, &[email], &[phone]);
    }

    let plan = book.import(&[
        person("1", "Dan", &[""], &[""]),
        person("2", "Eva", &[" "], &["-"]),
        person("3", "Fay", &["n/a"], &["0"]),
        person("4", "Gus", &[], &[]),
    ]);

    assert_eq!(plan.counts, Counts { seen: 4, created: 4, ..Counts::default() });
    assert!(book.identifiers.is_empty());
}

#[test]
fn two_people_of_a_page_with_the_same_email_become_one_contact_with_two_mappings() {
    let mut book = Book::default();

    let plan = book.import(&[
        person("1", "Ada", &["ada@x.de"], &[]),
        person("2", "Ada L.", &["Ada@X.de", "lovelace@x.de"], &["030 901820"]),
    ]);

    assert_eq!(plan.counts, Counts { seen: 2, created: 1, linked: 1, ..Counts::default() });
    assert_eq!((plan.inserts.len(), plan.updates.len(), plan.entries.len()), (1, 0, 0));
    assert_eq!(book.contact_of("1"), book.contact_of("2"));
    let primary = |id: &str| book.mappings[&RemoteId(id.to_owned())].is_primary;
    assert!(primary("1") && !primary("2"));
    assert_eq!(book.of("1").full_name, "Ada");
    assert_eq!(book.identifiers.len(), 3, "what the second adds is claimed with the contact");
}

#[test]
fn the_same_id_twice_in_a_page_is_taken_once() {
    let mut book = Book::default();
    let ada = person("1", "Ada", &["ada@x.de"], &[]);

    let plan = book.import(&[ada.clone(), ada]);

    assert_eq!(plan.counts, Counts { seen: 2, created: 1, unchanged: 1, ..Counts::default() });
    assert_eq!(plan.mappings.len(), 1);
}

#[test]
fn what_is_unchanged_is_only_counted() {
    let mut book = Book::default();
    let page = [person("1", "Ada", &["ada@x.de"], &["030 901820"])];
    book.import(&page);

    let plan = book.plan(&page);

    assert_eq!(plan.counts, Counts { seen: 1, unchanged: 1, ..Counts::default() });
    assert!(plan.mappings.is_empty() && plan.entries.is_empty() && plan.updates.is_empty());
}

#[test]
fn a_before_image_holds_exactly_what_changed() {
    let mut book = Book::default();
    book.import(&[person("1", "Ada", &["ada@x.de"], &["030 901820"])]);

    let plan = book.import(&[person("1", "Ada King", &["ada@x.de"], &["030 901820"])]);

    let entry = &plan.entries[0];
    assert_eq!((entry.outcome, entry.contact_id), (Outcome::Updated, Some(book.contact_of("1"))));
    assert_eq!(entry.before, Some(json!({ "full_name": "Ada" })));
    assert_eq!(entry.after, Some(json!({ "full_name": "Ada King" })));
}

#[test]
fn a_lost_address_is_given_back_and_may_be_anothers_in_the_same_page() {
    let mut book = Book::default();
    book.import(&[person("1", "Ada", &["info@x.de"], &[])]);

    let plan = book
        .import(&[person("1", "Ada", &["ada@x.de"], &[]), person("2", "Bob", &["info@x.de"], &[])]);

    assert_eq!((plan.counts.updated, plan.counts.created), (1, 1));
    assert_ne!(book.contact_of("1"), book.contact_of("2"));
    assert_eq!(book.identifiers.len(), 2);
}

#[test]
fn somebody_deleted_there_stays_here_and_the_mapping_is_gone() {
    let mut book = Book::default();
    let mut ada = person("1", "Ada", &["ada@x.de"], &[]);
    book.import(std::slice::from_ref(&ada));
    (ada.deleted, ada.name) = (true, Some("(deleted)".to_owned()));

    let plan = book.import(&[ada]);

    assert_eq!(plan.counts, Counts { seen: 1, skipped: 1, ..Counts::default() });
    assert_eq!(plan.entries[0].reason.as_deref(), Some("deleted in the CRM; the contact stays"));
    assert!(book.mappings[&RemoteId("1".to_owned())].gone);
    assert_eq!(book.of("1").full_name, "Ada");
}

#[test]
fn somebody_deleted_there_and_unknown_here_is_skipped() {
    let mut ada = person("1", "Ada", &["ada@x.de"], &[]);
    ada.deleted = true;
    assert_eq!(held(&Book::default().plan(&[ada]), Outcome::Skipped), "deleted in the CRM");
}

#[test]
fn somebody_who_comes_back_is_linked_again() {
    let mut book = Book::default();
    let ada = person("1", "Ada", &["ada@x.de"], &[]);
    book.import(std::slice::from_ref(&ada));
    book.import(&[crate::domain::RemotePerson { deleted: true, ..ada.clone() }]);

    let plan = book.import(&[ada]);

    assert_eq!(plan.counts.unchanged, 1);
    assert!(!book.mappings[&RemoteId("1".to_owned())].gone);
}

#[test]
fn somebody_who_comes_back_leaves_the_lead_to_whoever_took_over() {
    let mut book = Book::default();
    let ada = person("1", "Ada", &["ada@x.de"], &[]);
    let deleted = crate::domain::RemotePerson { deleted: true, ..ada.clone() };
    book.import(std::slice::from_ref(&ada));
    book.import(&[deleted]);
    book.import(&[person("2", "Ada King", &["ada@x.de"], &[])]);

    book.import(&[person("1", "Ada L.", &["ada@x.de"], &[])]);
    book.import(&[person("2", "Countess Ada", &["ada@x.de"], &[])]);

    let primary = |id: &str| book.mappings[&RemoteId(id.to_owned())].is_primary;
    assert!(!primary("1") && primary("2"));
    assert_eq!(book.of("1").full_name, "Countess Ada");
}

#[test]
fn a_name_alone_makes_a_contact_of_its_own_each_time() {
    let mut book = Book::default();

    let plan = book.import(&[person("1", "Ada", &[], &[]), person("2", "Ada", &[], &[])]);

    assert_eq!(plan.counts.created, 2);
    assert_ne!(book.contact_of("1"), book.contact_of("2"));
}

#[test]
fn nothing_to_call_them_and_nothing_to_reach_them_is_skipped() {
    let plan = Book::default().plan(&[person("1", "", &["n/a"], &["-"])]);
    assert_eq!(held(&plan, Outcome::Skipped), "no name, e-mail or phone");
}

#[test]
fn the_limit_counts_after_the_duplicates_are_gone() {
    let mut book = Book { room: Some(1), ..Book::default() };

    let plan = book.import(&[
        person("1", "Ada", &["ada@x.de"], &[]),
        person("2", "Ada L.", &["ada@x.de"], &[]),
        person("3", "Bob", &["bob@x.de"], &[]),
    ]);

    let counts = Counts { seen: 3, created: 1, linked: 1, skipped: 1, ..Counts::default() };
    assert_eq!(plan.counts, counts);
    assert!(plan.limit_reached);
    assert_eq!(book.contacts.len(), 1);
}

#[test]
fn filling_the_plan_to_its_last_place_is_not_reaching_its_limit() {
    let mut book = Book { room: Some(1), ..Book::default() };
    let plan = book.import(&[person("1", "Ada", &["ada@x.de"], &[])]);
    assert!(!plan.limit_reached);
}
