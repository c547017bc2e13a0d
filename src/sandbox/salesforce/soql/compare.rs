//! Values against what a query says of them.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    super::records::{ids, time},
    Condition, Literal, Op,
};

/// Where rows can begin to fit: the least value of a field that every fitting row has.
pub(super) fn bound(filter: &Condition, name: &str) -> Option<Literal> {
    let order = |a: &Literal, b: &Literal| match (a, b) {
        (Literal::Text(a), Literal::Text(b)) => a.cmp(b),
        (Literal::Time(a), Literal::Time(b)) => a.cmp(b),
        _ => Ordering::Equal,
    };
    match filter {
        Condition::All(inner) => {
            inner.iter().filter_map(|inner| bound(inner, name)).max_by(|a, b| order(a, b))
        }
        Condition::Any(inner) => {
            let all: Option<Vec<_>> = inner.iter().map(|inner| bound(inner, name)).collect();
            all?.into_iter().min_by(|a, b| order(a, b))
        }
        Condition::Not(_) => None,
        Condition::Test { path, op, against } => {
            let is = path.len() == 1 && path[0].eq_ignore_ascii_case(name);
            let lower = matches!(op, Op::Equal | Op::More | Op::AtLeast);
            (is && lower).then(|| against.first().cloned()).flatten()
        }
    }
}

/// Case does not count, and neither does the space around.
pub(super) fn same_text(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim()) || a.trim().to_lowercase() == b.trim().to_lowercase()
}

pub(super) fn natural(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => match (time::parse(a), time::parse(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(a.cmp(b)),
        },
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

pub(super) fn test(value: &Value, op: Op, against: &[Literal]) -> bool {
    let one = |literal: &Literal| -> Option<Ordering> {
        match (value, literal) {
            (Value::Null, Literal::Null) => Some(Ordering::Equal),
            (Value::String(text), Literal::Time(at)) => Some(time::parse(text)?.cmp(at)),
            (Value::String(text), Literal::Date(date)) => Some(text.as_str().cmp(date)),
            (Value::String(text), Literal::Text(other)) => {
                // Ids of either length are the same id, and order by case.
                match (ids::parse(text), ids::parse(other)) {
                    (Some(_), Some(_)) => Some(text[..15].cmp(&other[..15])),
                    _ if same_text(text, other) => Some(Ordering::Equal),
                    _ => Some(text.to_lowercase().cmp(&other.to_lowercase())),
                }
            }
            (Value::Number(number), Literal::Number(other)) => number.as_f64()?.partial_cmp(other),
            (Value::Bool(flag), Literal::Flag(other)) => Some(flag.cmp(other)),
            _ => None,
        }
    };
    let is = |literal: &Literal| one(literal) == Some(Ordering::Equal);
    let Some(first) = against.first() else { return false };
    match op {
        Op::Equal => is(first),
        Op::Different => !is(first),
        Op::In => against.iter().any(is),
        Op::NotIn => !against.iter().any(is),
        Op::Less => one(first) == Some(Ordering::Less),
        Op::More => one(first) == Some(Ordering::Greater),
        Op::AtMost => matches!(one(first), Some(Ordering::Less | Ordering::Equal)),
        Op::AtLeast => matches!(one(first), Some(Ordering::Greater | Ordering::Equal)),
        Op::Like => match (value, first) {
            (Value::String(text), Literal::Text(pattern)) => {
                like(&text.to_lowercase(), &pattern.to_lowercase())
            }
            _ => false,
        },
    }
}

/// `%` stands for anything, `_` for one letter.
fn like(text: &str, pattern: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    match first {
        '%' => (0..=text.len())
            .filter(|at| text.is_char_boundary(*at))
            .any(|at| like(&text[at..], rest)),
        '_' => text.chars().next().is_some_and(|letter| like(&text[letter.len_utf8()..], rest)),
        letter => text.strip_prefix(letter).is_some_and(|text| like(text, rest)),
    }
}
