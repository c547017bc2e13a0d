//! Queries. A value goes into one only if no letter of it could mean anything there; of any other the
//! longest harmless part is looked for, and the whole is compared by whoever asked.
//!
//! Quotes are said to be doubled in one place of the documentation and escaped in another, so neither is
//! relied on.

use chrono::{DateTime, Utc};

use super::cursor::is_name;

/// Rows per query: up to here it costs one credit.
pub(super) const ROWS: u16 = 200;

/// Shorter parts say nothing.
const SHORTEST: usize = 3;

/// `Field = 'value'`, or `Field like '%part%'`; `None` when nothing of it can be asked for.
pub(super) fn holds(field: &str, value: &str) -> Option<String> {
    debug_assert!(is_name(field), "fields are named by us or checked before");
    let value = value.trim();
    if !value.is_empty() && value.chars().all(is_harmless) {
        return Some(format!("{field} = '{value}'"));
    }
    // A wildcard in a pattern would mean more, so it ends a part as well.
    let parts = value.split(|c| !is_harmless(c) || matches!(c, '%' | '_')).map(str::trim);
    let longest = parts.max_by_key(|part| part.chars().count())?;
    (longest.chars().count() >= SHORTEST).then(|| format!("{field} like '%{longest}%'"))
}

/// Letters and digits of any language, and what addresses and names are made of beside.
fn is_harmless(letter: char) -> bool {
    letter.is_alphanumeric()
        || matches!(letter, ' ' | '@' | '.' | '_' | '-' | '+' | '&' | ',' | '/' | '!')
}

pub(super) fn either(one: &str, other: &str) -> String {
    format!("({one} or {other})")
}

pub(super) fn both(one: &str, other: &str) -> String {
    format!("({one} and {other})")
}

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// What comes after a record in the order of change: later, or in the same second with a higher id.
pub(super) fn changed_after(at: DateTime<Utc>, last: u64) -> String {
    let at = time(at);
    let same = both(&format!("Modified_Time = '{at}'"), &format!("id > '{last}'"));
    either(&format!("Modified_Time > '{at}'"), &same)
}

/// Ids and times of change.
pub(super) fn select(module: &str, criteria: &str, order: &str, limit: u16) -> String {
    format!(
        "select id, Modified_Time from {module} where {criteria} order by {order} limit 0, {limit}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_means_something_in_a_query_is_never_in_one() {
        assert_eq!(holds("Email", "ann@x.example").unwrap(), "Email = 'ann@x.example'");
        assert_eq!(
            holds("Account_Name", " Söhne & Co, 東京 ").unwrap(),
            "Account_Name = 'Söhne & Co, 東京'"
        );
        for (hostile, part) in [
            ("o'brien@x.example", "brien@x.example"),
            ("x' or id is not null --@a.example", " or id is not null --@a.example"),
            ("a\\' or 'b@x.example", "b@x.example"),
            ("\"a\" or \"b\"@x.example", "@x.example"),
            ("Robert'); DROP TABLE students;--", " DROP TABLE students"),
            ("100%_safe'x", "safe"),
            ("line\nbreak'", "break"),
        ] {
            let asked = holds("Email", hostile).unwrap();
            assert_eq!(asked, format!("Email like '%{}%'", part.trim()), "{hostile}");
            assert_eq!(asked.matches('\'').count(), 2, "{hostile}");
        }
        for nothing in ["", " ", "''''", "a'b", "\\"] {
            assert_eq!(holds("Email", nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn rows_of_one_second_are_not_skipped_at_a_pages_end() {
        let at = "2026-11-20T08:00:00.9Z".parse().unwrap();
        assert_eq!(
            changed_after(at, 7),
            "(Modified_Time > '2026-11-20T08:00:00+00:00' or \
             (Modified_Time = '2026-11-20T08:00:00+00:00' and id > '7'))"
        );
    }
}
