//! Checks of single fields, with the words a form shows beside them.

use std::str::FromStr;

use email_address::EmailAddress;

use crate::http::FieldProblem;

/// Text that must say something: trimmed, without control characters.
pub(super) fn text(name: &str, raw: &str, longest: usize, wrong: &mut Vec<FieldProblem>) -> String {
    let text = raw.trim();
    if text.is_empty() {
        wrong.push(FieldProblem::new(name, "Fill this in."));
    } else if text.chars().count() > longest {
        wrong.push(FieldProblem::new(name, &format!("Use at most {longest} characters.")));
    } else if text.chars().any(char::is_control) {
        wrong.push(FieldProblem::new(name, "Leave out line breaks and control characters."));
    }
    text.to_owned()
}

/// An address that mail can be sent to.
pub(super) fn email(name: &str, raw: &str, wrong: &mut Vec<FieldProblem>) -> String {
    let text = raw.trim();
    let whole = EmailAddress::from_str(text)
        .is_ok_and(|address| address.domain().contains('.') && address.as_str() == text);
    if !whole || text.len() > 254 || text.contains(char::is_whitespace) {
        wrong.push(FieldProblem::new(name, "This is not an e-mail address."));
    }
    text.to_owned()
}
