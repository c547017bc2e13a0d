//! From text to words.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

/// Letters of a text in quotes; fields that can be searched hold no more.
const LONGEST_TEXT: usize = 255;
/// Days that the CRM knows.
const YEARS: std::ops::RangeInclusive<i32> = 1700..=4000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name or a keyword.
    Name(String),
    Literal(Literal),
    Sign(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    /// Digits as they were written, with a sign and a point at most.
    Number(String),
    Flag(bool),
    Null,
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

/// The longer ones first.
const SIGNS: &[&str] = &["<=", ">=", "!=", "<>", "=", "<", ">", "(", ")", ","];

pub(super) fn scan(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let Some(first) = rest.chars().next() else { return Ok(words) };
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            words.push(Word::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '\'' {
            let (text, after) = quoted(&rest[1..])?;
            words.push(Word::Literal(Literal::Text(text)));
            rest = after;
        } else if first.is_ascii_alphabetic() {
            let (word, after) = split(rest, |c| c.is_ascii_alphanumeric() || "_.:".contains(c));
            words.push(name(word)?);
            rest = after;
        } else if first.is_ascii_digit() || first == '-' {
            let (word, after) = split(rest, |c| c.is_ascii_alphanumeric() || "+-:.".contains(c));
            words.push(Word::Literal(number(word)?));
            rest = after;
        } else {
            return Err(match first {
                ';' => "One query at a time: leave out the semicolon.".to_owned(),
                '"' => "Texts stand in single quotes, such as 'Lovelace'.".to_owned(),
                _ => format!("The sign {first:?} has no meaning here."),
            });
        }
    }
}

fn split(text: &str, goes_on: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !goes_on(letter)).unwrap_or(text.len()))
}

fn name(word: &str) -> Result<Word, String> {
    if word.contains('.') {
        return Err(format!(
            "{} belongs to another record. Only fields of the searched records themselves can be \
             asked for.",
            shown(word)
        ));
    }
    if word.contains(':') {
        return Err(format!("Write {} as a day, such as 2026-11-20.", shown(word)));
    }
    Ok(match word.to_ascii_lowercase().as_str() {
        "true" => Word::Literal(Literal::Flag(true)),
        "false" => Word::Literal(Literal::Flag(false)),
        "null" => Word::Literal(Literal::Null),
        _ => Word::Name(word.to_owned()),
    })
}

fn number(word: &str) -> Result<Literal, String> {
    if let Ok(day) = NaiveDate::parse_from_str(word, "%Y-%m-%d") {
        return within(day.year(), Literal::Day(day), word);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(word) {
        return within(at.year(), Literal::Instant(at.to_utc()), word);
    }
    let digits = word.strip_prefix('-').unwrap_or(word);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |text: &str| {
        (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if plain(whole) && plain(part) {
        return Ok(Literal::Number(word.to_owned()));
    }
    Err(format!(
        "{} is neither a number such as 1200.50, nor a day such as 2026-11-20, nor a time such as \
         2026-11-20T08:00:00Z.",
        shown(word)
    ))
}

fn within(year: i32, literal: Literal, word: &str) -> Result<Literal, String> {
    if YEARS.contains(&year) {
        return Ok(literal);
    }
    Err(format!("{} lies outside of the years 1700 to 4000.", shown(word)))
}

/// What stands between quotes, and what comes after it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\'' if value.chars().count() > LONGEST_TEXT => {
                return Err(format!("Use at most {LONGEST_TEXT} letters in a text."));
            }
            '\'' => return Ok((value, &text[at + 1..])),
            '\\' => match letters.next().map(|(_, letter)| letter) {
                Some(same @ ('\'' | '"' | '\\')) => value.push(same),
                _ => {
                    let words = "In a text only \\' and \\\\ can stand behind a backslash.";
                    return Err(words.to_owned());
                }
            },
            control if control.is_control() => {
                return Err("A text is one line without control characters.".to_owned());
            }
            other => value.push(other),
        }
    }
    Err("A text is not closed: a single quote is missing. Write one inside a text as \\'."
        .to_owned())
}

/// A word of the query as a message shows it.
pub(super) fn shown(word: &str) -> String {
    let short: String = word.chars().take(40).collect();
    format!("`{short}`")
}
