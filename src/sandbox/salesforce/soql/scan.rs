//! From text to words.

use super::{super::records::time, Bad, Literal};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name with its dots, or a keyword.
    Name(String),
    Literal(Literal),
    Sign(&'static str),
}

const SIGNS: &[&str] = &["<=", ">=", "!=", "<>", "=", "<", ">", "(", ")", ","];

pub(super) fn scan(text: &str) -> Result<Vec<Token>, Bad> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '\'' {
            let (string, after) = string(&rest[1..])?;
            tokens.push(Token::Literal(Literal::Text(string)));
            rest = after;
        } else if first.is_ascii_alphabetic() {
            let end = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.');
            let length = rest.find(end).unwrap_or(rest.len());
            tokens.push(name(&rest[..length]));
            rest = &rest[length..];
        } else if first.is_ascii_digit() || first == '-' {
            let end = |c: char| !(c.is_ascii_alphanumeric() || "+-:.".contains(c));
            let length = rest.find(end).unwrap_or(rest.len());
            tokens.push(Token::Literal(number(&rest[..length])?));
            rest = &rest[length..];
        } else {
            return Err(Bad::malformed(format!("unexpected character: '{first}'")));
        }
    }
}

fn name(text: &str) -> Token {
    let flag = [("true", true), ("false", false)];
    if let Some((_, flag)) = flag.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)) {
        return Token::Literal(Literal::Flag(*flag));
    }
    if text.eq_ignore_ascii_case("null") {
        return Token::Literal(Literal::Null);
    }
    Token::Name(text.to_owned())
}

fn number(text: &str) -> Result<Literal, Bad> {
    if let Some(at) = time::parse(text) {
        return Ok(Literal::Time(at));
    }
    if time::is_date(text) {
        return Ok(Literal::Date(text.to_owned()));
    }
    let bad = || Bad::malformed(format!("unexpected token: '{text}'"));
    text.parse().map(Literal::Number).map_err(|_| bad())
}

/// What stands between quotes, and what comes after it.
fn string(text: &str) -> Result<(String, &str), Bad> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\'' => return Ok((value, &text[at + 1..])),
            '\\' => {
                let escaped = letters.next().map(|(_, letter)| letter);
                value.push(match escaped {
                    Some(same @ ('\'' | '"' | '\\' | '_' | '%')) => same,
                    Some('n' | 'N') => '\n',
                    Some('r' | 'R') => '\r',
                    Some('t' | 'T') => '\t',
                    Some('b' | 'B') => '\u{8}',
                    Some('f' | 'F') => '\u{c}',
                    _ => return Err(Bad::malformed("invalid string literal: illegal escape")),
                });
            }
            '\n' | '\r' => return Err(Bad::malformed("invalid string literal: line break")),
            other => value.push(other),
        }
    }
    Err(Bad::malformed("unexpected end of string literal"))
}
