//! SOQL, as far as clients use it: reading, checking and running a query.
//!
//! Strict where the real one is: reserved characters in strings must be escaped, `and` and `or` are
//! not mixed without parentheses, unknown names are refused, an id that is none is no filter.

mod compare;
pub(crate) mod parse;
pub(crate) mod run;
mod scan;

/// A query that reads well; names are not checked yet.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) select: Vec<Item>,
    pub(crate) from: String,
    pub(crate) filter: Option<Condition>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Field(Vec<String>),
    Count,
    Children(Box<Query>),
}

#[derive(Debug, Clone)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Test { path: Vec<String>, op: Op, against: Vec<Literal> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    Different,
    Less,
    AtMost,
    More,
    AtLeast,
    Like,
    In,
    NotIn,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Number(f64),
    Flag(bool),
    Null,
    /// Milliseconds since 1970.
    Time(i64),
    Date(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) path: Vec<String>,
    pub(crate) descending: bool,
    pub(crate) nulls_last: bool,
}

/// Why a query is refused: the vendor's code and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) code: &'static str,
    pub(crate) words: String,
}

impl Bad {
    pub(crate) fn malformed(words: impl Into<String>) -> Self {
        Self { code: "MALFORMED_QUERY", words: words.into() }
    }
}
