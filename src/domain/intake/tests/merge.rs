//! What a remote person changes in a contact.

use serde_json::json;

use super::world::{Book, person, value};
use crate::domain::{
    CustomField, MemberId, RemoteId, RemotePerson,
    intake::{ContactFields, OwnerRef},
};

#[test]
fn a_field_that_a_member_edited_stays() {
    let mut book = Book::default();
    book.import(&[person("1", "Ada", &["ada@x.de"], &["030 901820"])]);
    let id = book.contact_of("1");
    let (fields, edited) = book.contacts.get_mut(&id).unwrap();
    fields.full_name = "Countess Ada".to_owned();
    *edited = ["full_name", "emails", "tags"].map(str::to_owned).into();
    fields.tags.clear();

    book.import(&[person("1", "Ada King", &["king@x.de"], &["030 901821"])]);

    let ada = book.of("1");
    assert_eq!(
        (ada.full_name.as_str(), ada.emails[0].value.as_str()),
        ("Countess Ada", "ada@x.de")
    );
    assert_eq!(ada.phones[0].value, "030 901821", "what nobody edited follows the CRM");
    assert!(ada.tags.is_empty());
}

#[test]
fn a_new_contact_carries_source_tag_and_the_facts_of_the_crm() {
    let mut book = Book::default();
    let company = book.words.organization("7", "Acme");
    let mut ada = person("1", "Ada King", &["ada@x.de"], &[]);
    ada.first_name = Some("Ada".to_owned());
    ada.organization = Some(RemoteId("7".to_owned()));
    (ada.open_deals, ada.closed_deals) = (Some(2), Some(0));

    book.import(&[ada]);

    let ada = book.of("1");
    assert_eq!(
        (ada.source.as_deref(), &ada.tags[..]),
        (Some("crm"), &["crm-import".to_owned()][..])
    );
    assert_eq!(
        (ada.organization_id, ada.organization_name.as_deref()),
        (Some(company), Some("Acme"))
    );
    assert_eq!(
        serde_json::to_value(&ada.custom_fields).unwrap(),
        json!({
            "crm_person_id": "1", "crm_first_name": "Ada", "crm_org_id": "7",
            "crm_org_name": "Acme", "crm_open_deals": 2, "crm_closed_deals": 0,
        }),
    );
}

#[test]
fn somebody_without_a_name_is_called_what_reaches_them() {
    let mut book = Book::default();
    book.import(&[person("1", "", &["ada@x.de"], &[]), person("2", "", &[], &["030 901820"])]);
    assert_eq!(book.of("1").full_name, "ada@x.de");
    assert_eq!(book.of("2").full_name, "030 901820");
}

#[test]
fn an_owner_is_the_member_or_else_the_importer_and_never_taken_away() {
    let (owner, importer) = (MemberId::fresh(), MemberId::fresh());
    let mut book = Book::default();
    let reference = OwnerRef { name: Some("Olga".to_owned()), member: Some(owner) };
    book.words.owners.insert(RemoteId("9".to_owned()), reference);
    book.words.default_owner = Some(importer);
    let mut ada = person("1", "Ada", &["ada@x.de"], &[]);
    ada.owner = Some(RemoteId("9".to_owned()));

    book.import(&[ada.clone(), person("2", "Bob", &["bob@x.de"], &[])]);
    assert_eq!(book.of("1").owner_member_id, Some(owner));
    assert_eq!(book.of("1").custom_fields["crm_owner_name"], "Olga");
    assert_eq!(book.of("2").owner_member_id, Some(importer));

    ada.owner = None;
    book.import(&[ada]);
    assert_eq!(book.of("1").owner_member_id, Some(owner));
}

#[test]
fn what_the_crm_no_longer_says_goes_and_what_others_wrote_stays() {
    let mut book = Book::default();
    let mut ada = person("1", "Ada", &["ada@x.de"], &[]);
    ada.last_name = Some("King".to_owned());
    book.import(std::slice::from_ref(&ada));
    let id = book.contact_of("1");
    let fields = &mut book.contacts.get_mut(&id).unwrap().0;
    fields.custom_fields.insert("Shoe size".to_owned(), json!(38));
    ada.last_name = None;

    book.import(&[ada]);

    assert_eq!(book.of("1").last_name, None);
    assert!(!book.of("1").custom_fields.contains_key("crm_last_name"));
    assert_eq!(book.of("1").custom_fields["Shoe size"], 38);
}

#[test]
fn addresses_of_several_remote_persons_are_united_with_one_primary() {
    let mut book = Book::default();
    book.import(&[
        person("1", "Ada", &["ada@x.de"], &["030 901820"]),
        person("2", "Ada", &["ADA@x.de", "king@x.de"], &["+49 30 901820", "030 901821"]),
    ]);

    let plan = book.import(&[person("1", "Ada", &["ada@x.de", "new@x.de"], &["030 901820"])]);

    let ada = book.of("1");
    let emails: Vec<&str> = ada.emails.iter().map(|address| address.value.as_str()).collect();
    assert_eq!(emails, ["ada@x.de", "new@x.de", "king@x.de"]);
    assert_eq!(ada.emails.iter().filter(|address| address.primary).count(), 1);
    assert_eq!(ada.phones.len(), 2);
    assert!(plan.releases.is_empty(), "the other person's address is not given back");
}

#[test]
fn a_change_of_one_remote_person_keeps_what_only_the_other_knows() {
    let mut book = Book::default();
    let company = book.words.organization("7", "Acme");
    let mut second = person("2", "Ada K.", &["ada@x.de"], &[]);
    second.organization = Some(RemoteId("7".to_owned()));
    second.first_name = Some("Ada".to_owned());
    book.import(&[person("1", "Ada", &["ada@x.de"], &[]), second]);
    assert_eq!(book.of("1").organization_id, Some(company));

    book.import(&[person("1", "Ada King", &["ada@x.de"], &[])]);

    let ada = book.of("1");
    assert_eq!((ada.full_name.as_str(), ada.organization_id), ("Ada King", Some(company)));
    assert_eq!(ada.first_name.as_deref(), Some("Ada"));
}

#[test]
fn the_facts_of_the_crm_are_those_of_the_primary_person() {
    let mut book = Book::default();
    let (mut first, mut second) =
        (person("1", "Ada", &["ada@x.de"], &[]), person("2", "Ada K.", &["ada@x.de"], &[]));
    (first.open_deals, second.last_name) = (Some(1), Some("King".to_owned()));

    book.import(&[first, second]);

    let facts = &book.of("2").custom_fields;
    assert_eq!((&facts["crm_person_id"], &facts["crm_open_deals"]), (&json!("1"), &json!(1)));
    assert!(!facts.contains_key("crm_last_name"), "half of one person, half of another");
}

#[test]
fn a_match_adds_and_overwrites_nothing() {
    let mut book = Book::default();
    let company = book.words.organization("7", "Acme");
    let ours = book.write_down("Ada", &["ada@x.de"], &[]);
    let field = CustomField { name: "Birthday".to_owned(), ..CustomField::default() };
    book.words.fields.custom.insert("k1".to_owned(), field);
    let mut ada = person("1", "A. King", &["ada@x.de", "king@x.de"], &["030 901820"]);
    ada.organization = Some(RemoteId("7".to_owned()));
    ada.custom.insert("k1".to_owned(), json!("10 December"));

    let plan = book.import(&[ada]);

    let ContactFields { full_name, organization_id, custom_fields, emails, phones, .. } =
        &book.contacts[&ours].0;
    assert_eq!((full_name.as_str(), *organization_id), ("Ada", Some(company)));
    assert_eq!((emails.len(), phones.len()), (2, 1));
    assert_eq!(custom_fields["Birthday"], "10 December");
    assert_eq!(plan.entries[0].before.as_ref().unwrap()["phones"], json!([]));
    assert_eq!(book.contacts[&ours].0.source, None, "the book had them first");
}

#[test]
fn what_the_search_finds_is_name_addresses_numbers_and_organization_in_small_letters() {
    let mut book = Book::default();
    book.words.organization("7", "ACME");
    let mut ada = RemotePerson {
        emails: vec![value("Ada@X.de")],
        ..person("1", "Ada KING", &[], &["030 901820"])
    };
    ada.organization = Some(RemoteId("7".to_owned()));
    book.import(&[ada]);
    assert_eq!(book.of("1").search_text(), "ada king\nada@x.de\n+4930901820\nacme");
}
