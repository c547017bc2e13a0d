//! Notations, primaries, names.

use super::world::{Book, person, value};
use crate::domain::{RemoteValue, intake::IdentifierKind};

#[test]
fn the_same_address_or_number_in_another_notation_is_kept_once() {
    let ada = person(
        "1",
        "Ada",
        &["Ada@X.de", "ada@x.de", " ada@x.de", "king@x.de"],
        &["030 901820", "+49 30 901820", "0049/30/901820", "030 901821"],
    );

    let incoming = Book::default().incoming(&ada);

    let emails: Vec<&str> = incoming.emails.iter().map(|email| email.value.as_str()).collect();
    assert_eq!(emails, ["Ada@X.de", "king@x.de"], "as written, the first notation");
    assert_eq!(incoming.phones.len(), 2);
    assert_eq!(incoming.phones[0].e164.as_deref(), Some("+4930901820"));
}

#[test]
fn what_reaches_nobody_is_kept_but_identifies_nobody() {
    let ada = person("1", "Ada", &["n/a", "ask Bob"], &["ext. 12"]);

    let incoming = Book::default().incoming(&ada);

    assert_eq!((incoming.emails.len(), incoming.phones.len()), (2, 1));
    assert!(incoming.identifiers.is_empty() && !incoming.has_email());
}

#[test]
fn emails_are_asked_before_numbers() {
    let incoming =
        Book::default().incoming(&person("1", "Ada", &["b@x.de", "a@x.de"], &["030 901820"]));
    let kinds: Vec<_> = incoming.identifiers.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [IdentifierKind::Email, IdentifierKind::Email, IdentifierKind::Phone]);
}

#[test]
fn there_is_one_primary_whatever_the_crm_says() {
    let mut ada = person("1", "Ada", &["a@x.de"], &["030 901820", "030 901821"]);
    ada.emails = ["a@x.de", "b@x.de", "c@x.de"].map(value).into();
    ada.emails[1].primary = true;
    ada.emails[2].primary = true;

    let incoming = Book::default().incoming(&ada);

    let primaries: Vec<bool> = incoming.emails.iter().map(|email| email.primary).collect();
    assert_eq!(primaries, [false, true, false]);
    assert!(incoming.phones[0].primary && !incoming.phones[1].primary, "none claimed: the first");
}

#[test]
fn a_name_is_put_together_when_only_its_parts_came() {
    let mut ada = person("1", "", &[], &[]);
    (ada.first_name, ada.last_name) = (Some(" Ada ".to_owned()), Some("King".to_owned()));
    assert_eq!(Book::default().incoming(&ada).full_name.as_deref(), Some("Ada King"));
}

#[test]
fn a_number_without_country_code_belongs_to_the_country_of_the_account() {
    let ada = person("1", "Ada", &[], &["(212) 555-0123"]);
    let incoming = Book::default().incoming(&ada);
    assert_ne!(incoming.phones[0].e164.as_deref(), Some("+12125550123"));
    let there = crate::domain::intake::normalize(incoming.resolved, 0, "US");
    let RemoteValue { value, .. } = &ada.phones[0];
    assert_eq!(
        (there.phones[0].value.as_str(), there.phones[0].e164.as_deref()),
        (value.as_str(), Some("+12125550123"))
    );
}
