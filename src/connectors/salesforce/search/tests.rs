//! What a search may say, and how it is refused what it may not.

use proptest::prelude::*;
use serde_json::json;

use super::{
    LANGUAGE, parse,
    query::{Condition, Query},
    rows,
};
use crate::connectors::{
    lenient::Row,
    salesforce::{soql::is_name, wire},
};

fn written(text: &str) -> String {
    parse::read(text).unwrap_or_else(|words| panic!("{text}: {words}")).text()
}

#[test]
fn what_may_be_asked_is_written_anew_with_an_id_and_a_limit() {
    for (asked, expected) in [
        ("select name from contact", "SELECT Id, Name FROM Contact LIMIT 50"),
        ("SELECT Id, Id, EMAIL FROM Lead LIMIT 5", "SELECT Id, Email FROM Lead LIMIT 5"),
        ("SELECT Id FROM Account LIMIT 100000", "SELECT Id FROM Account LIMIT 200"),
        (
            "SELECT Name,StageName FROM Opportunity WHERE (Amount >= -12.50 AND IsClosed = false) \
             OR CloseDate < 2026-11-20 ORDER BY Amount DESC, Name LIMIT 7",
            "SELECT Id, Name, StageName FROM Opportunity WHERE (Amount >= -12.50 AND IsClosed = \
             false) OR CloseDate < 2026-11-20 ORDER BY Amount DESC NULLS LAST, Name ASC NULLS LAST \
             LIMIT 7",
        ),
        (
            "SELECT Id FROM Contact WHERE Email <> null AND LastName LIKE 'O\\'B%' AND Title NOT IN \
             ('a', 'b\\\\') AND CreatedDate > 2026-11-20T08:00:00+01:00",
            "SELECT Id FROM Contact WHERE Email != null AND LastName LIKE 'O\\'B%' AND Title NOT IN \
             ('a', 'b\\\\') AND CreatedDate > 2026-11-20T07:00:00.000Z LIMIT 50",
        ),
        (
            "SELECT Segment__c FROM Contact WHERE Budget__c > 3",
            "SELECT Id, Segment__c FROM Contact WHERE Budget__c > 3 LIMIT 50",
        ),
        (
            "SELECT Id FROM Contact WHERE LastName = '; DELETE FROM Contact FOR UPDATE'",
            "SELECT Id FROM Contact WHERE LastName = '; DELETE FROM Contact FOR UPDATE' LIMIT 50",
        ),
    ] {
        assert_eq!(written(asked), expected, "{asked}");
    }
    assert!(parse::read(LANGUAGE.example).is_ok());
}

#[test]
fn what_writes_joins_or_runs_forever_is_refused_in_words() {
    let many = |part: &str, times: usize, between: &str| vec![part; times].join(between);
    let select = |rest: &str| format!("SELECT Id FROM Contact {rest}");
    for (asked, words) in [
        // Writes and locks.
        ("DELETE FROM Contact".into(), "begins with SELECT"),
        ("UPDATE Contact SET Name = 'x'".into(), "begins with SELECT"),
        ("INSERT INTO Contact (Id) VALUES ('x')".into(), "begins with SELECT"),
        (select("; DELETE FROM Contact"), "semicolon"),
        (select("FOR UPDATE"), "locks and marks"),
        (select("LIMIT 5 FOR VIEW"), "locks and marks"),
        (select("UPDATE TRACKING"), "locks and marks"),
        // Other records.
        ("SELECT Id, Account.Name FROM Contact".into(), "another record"),
        (select("WHERE Account.Name = 'x'"), "another record"),
        (select("ORDER BY Owner.Name"), "another record"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account".into(), "inside a query"),
        ("SELECT (SELECT Id FROM Contact) FROM Account".into(), "inside a query"),
        (select("WHERE AccountId IN (SELECT Id FROM Account)"), "inside a query"),
        (select("WHERE (SELECT Id FROM Account)"), "inside a query"),
        ("SELECT Id FROM Contact, Account".into(), "one kind"),
        ("SELECT Id FROM User".into(), "cannot be searched"),
        ("SELECT Body FROM ApexClass".into(), "cannot be searched"),
        ("SELECT TYPEOF Owner WHEN User THEN Id END FROM Contact".into(), "no field `TYPEOF`"),
        ("SELECT Salary FROM Contact".into(), "no field `Salary`"),
        ("SELECT x__c__r FROM Contact".into(), "no field"),
        (select("WITH SECURITY_ENFORCED"), "connected user sees"),
        (select("ALL ROWS"), "connected user sees"),
        // What runs for long, or brings too much.
        ("SELECT COUNT() FROM Contact".into(), "COUNT()"),
        ("SELECT FIELDS(ALL) FROM Contact".into(), "Functions"),
        ("SELECT Name FROM Contact GROUP BY Name".into(), "grouping"),
        (select("WHERE LastName LIKE '%a'"), "wildcard"),
        (select("WHERE LastName LIKE '_a'"), "wildcard"),
        (select("LIMIT 10 OFFSET 2000"), "Skipping"),
        (select("LIMIT 0"), "from 1 to 200"),
        (select("LIMIT -1"), "from 1 to 200"),
        (select("LIMIT 'x'"), "a number"),
        (select(&format!("WHERE {}", many("Title = 'a'", 21, " OR "))), "at most 20"),
        (select(&format!("WHERE Title IN ({})", many("'a'", 101, ","))), "at most 100"),
        (select(&format!("WHERE {}Title = 'a'{}", "(".repeat(9), ")".repeat(9))), "at most 5"),
        (format!("SELECT {} FROM Contact", many("Id", 31, ",")), "at most 30"),
        (select(&format!("WHERE Title = '{}'", "é".repeat(256))), "at most 255"),
        (select(&" ".repeat(3_000)), "at most 3000"),
        // What does not read.
        (String::new(), "begins with SELECT"),
        ("SELECT".into(), "A field"),
        ("SELECT Id".into(), "FROM"),
        ("SELECT FROM Contact".into(), "no field `FROM`"),
        ("SELECT Id Name FROM Contact".into(), "A comma or FROM"),
        (select("WHERE"), "A field"),
        (select("WHERE Title"), "One of ="),
        (select("WHERE Title = 'a' AND Title = 'b' OR Title = 'c'"), "parentheses"),
        (select("WHERE NOT Title = 'a'"), "use != instead"),
        (select("WHERE (Title = 'a'"), "closing parenthesis"),
        (select("WHERE Title = 'it's'"), "not closed"),
        (select("WHERE Title = 'open"), "not closed"),
        (select("WHERE Title = \"a\""), "single quotes"),
        (select("WHERE Title = 'a\\x'"), "backslash"),
        (select("WHERE Title = 'a\nb'"), "one line"),
        (select("-- WHERE"), "neither a number"),
        (select("/* x */"), "no meaning"),
        (select("WHERE CreatedDate = LAST_N_DAYS:30"), "such as 2026-11-20"),
        (select("nonsense"), "in this order"),
        // What cannot be compared so.
        (select("WHERE CreatedDate = '2026-01-01'"), "without quotes"),
        (select("WHERE Title = 5"), "a text in quotes"),
        (select("WHERE Id = 'x'"), "15 or 18"),
        (select("WHERE Title > null"), "= and != only"),
        ("SELECT Id FROM Opportunity WHERE IsWon > true".into(), "= and != only"),
        ("SELECT Id FROM Opportunity WHERE IsWon = null".into(), "true or false"),
        ("SELECT Id FROM Opportunity WHERE Amount LIKE 'a'".into(), "LIKE is for texts"),
        ("SELECT Id FROM Opportunity WHERE Amount = 1e400".into(), "neither a number"),
        (select("WHERE CreatedDate > 9999-01-01T00:00:00Z"), "1700 to 4000"),
    ] {
        let said = parse::read(&asked).map(|query| query.text()).expect_err(&asked);
        assert!(said.contains(words), "{asked}: {said}");
    }
}

fn described() -> wire::Description {
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind, "custom": true });
    let text = json!({ "fields": [
        field("Segment__c", "picklist"), field("Remarks__c", "textarea"),
        field("Budget__c", "currency"), field("Place__c", "location"),
    ]});
    serde_json::from_str::<Row<_>>(&text.to_string()).unwrap().0.unwrap()
}

#[test]
fn fields_of_the_org_are_those_that_it_describes_and_are_compared_as_it_says() {
    let settled = |text: &str| {
        let mut query = parse::read(text).unwrap();
        assert!(query.has_custom());
        query.settle(described()).map(|()| query.text())
    };
    let text = settled("SELECT segment__C, REMARKS__c FROM Contact WHERE budget__c >= 5");
    let expected = "SELECT Id, Segment__c, Remarks__c FROM Contact WHERE Budget__c >= 5 LIMIT 50";
    assert_eq!(text.unwrap(), expected);
    for (rest, words) in [
        ("WHERE Unknown__c = 'a'", "no field `Unknown__c`"),
        ("WHERE Place__c = 'a'", "no field `Place__c`"),
        ("WHERE Remarks__c LIKE 'a%'", "nothing can be searched by it"),
        ("WHERE Budget__c = 'a'", "a number"),
        ("ORDER BY Remarks__c", "cannot be sorted"),
    ] {
        let said = settled(&format!("SELECT Id FROM Contact {rest}")).unwrap_err();
        assert!(said.contains(words), "{rest}: {said}");
    }
}

#[test]
fn values_come_as_they_are_written_and_no_more_rows_than_were_asked_for() {
    let query =
        parse::read("SELECT Name, Amount, IsWon, CloseDate FROM Opportunity LIMIT 2").unwrap();
    let row = r#"{"attributes":{"type":"Opportunity"},"Id":"006Hn00000000AbIAC","Name":"A \"b\"",
        "Amount":9007199254740993.10,"IsWon":false,"CloseDate":null}"#;
    let body = format!(r#"{{"totalSize":3,"done":true,"records":[{row},{{"Id":"x'"}},{row}]}}"#);
    let found = rows(body.as_bytes(), &query).unwrap();
    assert_eq!(found.len(), 2);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        found[0].values,
        [text("A \"b\""), text("9007199254740993.10"), text("false"), None]
    );
    assert_eq!((found[1].id.clone(), &found[1].values), (None, &vec![None; 4]));
    for broken in ["{}", "[]", r#"{"done":true,"records":[5]}"#, "<html>"] {
        assert!(rows(broken.as_bytes(), &query).is_err(), "{broken}");
    }
}

fn names(query: &Query) -> Vec<String> {
    fn of(condition: &Condition, all: &mut Vec<String>) {
        match condition {
            Condition::All(inner) | Condition::Any(inner) => {
                for inner in inner {
                    of(inner, all);
                }
            }
            Condition::Test(field, _) => all.push(field.name().to_owned()),
        }
    }
    let mut all: Vec<String> = query.select.iter().map(|field| field.name().to_owned()).collect();
    if let Some(filter) = &query.filter {
        of(filter, &mut all);
    }
    all
}

proptest! {
    /// Whatever is written: it is refused, or what leaves reads back as the same harmless query.
    #[test]
    fn whatever_is_written_what_leaves_is_one_bounded_select(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("SELECT".to_owned()), Just("FROM".to_owned()), Just("Contact".to_owned()),
                Just("Id".to_owned()), Just("LastName".to_owned()), Just("WHERE".to_owned()),
                Just("=".to_owned()), Just("LIKE".to_owned()), Just("AND".to_owned()),
                Just("(".to_owned()), Just(")".to_owned()), Just(",".to_owned()),
                Just("LIMIT".to_owned()), Just("9".to_owned()), Just("X__c".to_owned()),
                "'[^']{0,6}'", ".{0,4}",
            ],
            0..14,
        ),
        tail in "[^']{0,8}",
    ) {
        let texts = [
            parts.join(" "),
            format!("SELECT Id FROM Contact WHERE LastName = '{tail}'"),
            format!("SELECT Id FROM Contact WHERE LastName = '{tail}' {}", parts.join(" ")),
        ];
        for text in texts {
            let Ok(query) = parse::read(&text) else { continue };
            let written = query.text();
            let again = parse::read(&written).expect("what we write reads");
            prop_assert_eq!(again.text(), written.clone());
            prop_assert!((1..=200).contains(&query.limit));
            let known = |name: &String| query.kind.field(name).is_some() || is_name(&name.to_ascii_lowercase());
            prop_assert!(names(&query).iter().all(known));
        }
    }
}
