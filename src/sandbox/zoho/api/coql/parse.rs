//! From text to a query.

use serde_json::{Value, json};

use super::super::{super::records::Module, call::Refusal};

const MOST_COLUMNS: usize = 500;
const MOST_CRITERIA: usize = 25;
const MOST_VALUES: usize = 100;

#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) columns: Vec<String>,
    pub(super) module: Module,
    pub(super) criteria: Criteria,
    /// Names, and whether they ascend.
    pub(super) order: Vec<(String, bool)>,
    pub(super) offset: usize,
    pub(super) limit: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Criteria {
    Is(String, Test),
    And(Box<Criteria>, Box<Criteria>),
    Or(Box<Criteria>, Box<Criteria>),
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Equal(String),
    Unequal(String),
    Less(String),
    AtMost(String),
    More(String),
    AtLeast(String),
    Like(String),
    In(Vec<String>),
    Empty,
    Filled,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

/// `INVALID_QUERY` with the place.
pub(super) fn invalid(message: &str, near: &str) -> Refusal {
    Refusal::detailed(
        400,
        "INVALID_QUERY",
        message,
        json!({ "near": near, "clause": "select_query" }),
    )
}

pub(super) fn query(body: &[u8]) -> Result<Query, Refusal> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(text) = body["select_query"].as_str() else {
        let details = json!({ "api_name": "select_query", "json_path": "$.select_query" });
        return Err(Refusal::detailed(
            400,
            "MANDATORY_NOT_FOUND",
            "required field not found",
            details,
        ));
    };
    Parser { tokens: tokens(text)?, at: 0, criteria: 0 }.query()
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = vec![];
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => {
                let (value, length) =
                    quoted(rest, first).ok_or_else(|| invalid("a quote is not closed", rest))?;
                tokens.push(Token::Text(value));
                length
            }
            '(' | ')' | ',' | '=' | '<' | '>' | '!' => {
                let two = rest.get(..2).unwrap_or_default();
                let signs = ["!=", "<=", ">=", "(", ")", ",", "=", "<", ">"];
                let mut known =
                    signs.iter().filter(|sign| two == **sign || rest.starts_with(**sign));
                let sign = known.next().ok_or_else(|| invalid("syntax error", rest))?;
                tokens.push(Token::Sign(sign));
                sign.len()
            }
            first if first.is_ascii_alphanumeric() || matches!(first, '_' | '-' | '$' | '.') => {
                let inside = |c: char| {
                    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$' | '.' | ':' | '+')
                };
                let length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
            _ => return Err(invalid("syntax error", rest)),
        };
        rest = rest[taken..].trim_start();
    }
    Ok(tokens)
}

/// A text in quotes at the start, and how long it is with them.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            value.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == quote) {
            letters.next();
            value.push(quote);
        } else {
            return Some((value, at + 1));
        }
    }
    None
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    criteria: usize,
}

impl Parser {
    fn query(mut self) -> Result<Query, Refusal> {
        self.word("select")?;
        let mut columns = vec![self.name()?];
        while self.sign(",") {
            columns.push(self.name()?);
        }
        if columns.len() > MOST_COLUMNS {
            return Err(invalid("too many columns", "select"));
        }
        self.word("from")?;
        let module = self.name()?;
        let module = Module::parse(&module)
            .ok_or_else(|| invalid("module name given seems to be invalid", &module))?;
        self.word("where")?;
        let criteria = self.criteria()?;
        let mut order = vec![];
        if self.is_word("order") {
            self.word("by")?;
            loop {
                let name = self.name()?;
                let up = !self.is_word("desc");
                if up {
                    self.is_word("asc");
                }
                order.push((name, up));
                if !self.sign(",") {
                    break;
                }
            }
        }
        let (mut offset, mut limit) = (0, 200);
        if self.is_word("limit") {
            limit = self.number()?;
            if self.sign(",") {
                offset = std::mem::replace(&mut limit, self.number()?);
            } else if self.is_word("offset") {
                offset = self.number()?;
            }
        }
        if limit > 2_000 {
            return Err(invalid("the limit is 2000", "limit"));
        }
        match self.tokens.get(self.at) {
            None => Ok(Query { columns, module, criteria, order, offset, limit }),
            Some(token) => Err(invalid("syntax error", &format!("{token:?}"))),
        }
    }

    /// One criterion or two; more only in parentheses.
    fn criteria(&mut self) -> Result<Criteria, Refusal> {
        let one = self.criterion()?;
        let and = self.is_word("and");
        if !and && !self.is_word("or") {
            return Ok(one);
        }
        let (one, other) = (Box::new(one), Box::new(self.criterion()?));
        Ok(if and { Criteria::And(one, other) } else { Criteria::Or(one, other) })
    }

    fn criterion(&mut self) -> Result<Criteria, Refusal> {
        if self.sign("(") {
            let inner = self.criteria()?;
            if !self.sign(")") {
                return Err(invalid("criteria must stand in pairs of parentheses", ")"));
            }
            return Ok(inner);
        }
        self.criteria += 1;
        if self.criteria > MOST_CRITERIA {
            return Err(invalid("more than 25 criteria", "where"));
        }
        let name = self.name()?;
        let not = self.is_word("not");
        let test = if self.is_word("is") {
            let filled = self.is_word("not");
            self.word("null")?;
            if filled { Test::Filled } else { Test::Empty }
        } else if self.is_word("like") {
            Test::Like(self.value()?)
        } else if self.is_word("in") {
            let mut values = vec![];
            if !self.sign("(") {
                return Err(invalid("syntax error", "in"));
            }
            loop {
                values.push(self.value()?);
                if !self.sign(",") {
                    break;
                }
            }
            if !self.sign(")") || values.len() > MOST_VALUES {
                return Err(invalid("too many values", "in"));
            }
            Test::In(values)
        } else {
            let sign = match self.tokens.get(self.at) {
                Some(Token::Sign(sign)) => *sign,
                _ => return Err(invalid("syntax error", &name)),
            };
            self.at += 1;
            let value = self.value()?;
            match sign {
                "=" => Test::Equal(value),
                "!=" => Test::Unequal(value),
                "<" => Test::Less(value),
                "<=" => Test::AtMost(value),
                ">" => Test::More(value),
                ">=" => Test::AtLeast(value),
                _ => return Err(invalid("syntax error", sign)),
            }
        };
        if not {
            return Err(invalid("not is not supported here", &name));
        }
        Ok(Criteria::Is(name, test))
    }

    fn is_word(&mut self, word: &str) -> bool {
        let next = self.tokens.get(self.at);
        let is = matches!(next, Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str) -> Result<(), Refusal> {
        if self.is_word(word) { Ok(()) } else { Err(invalid("missing clause", word)) }
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is);
        is
    }

    fn name(&mut self) -> Result<String, Refusal> {
        match self.tokens.get(self.at) {
            Some(Token::Word(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            other => Err(invalid("syntax error", &format!("{other:?}"))),
        }
    }

    fn number(&mut self) -> Result<usize, Refusal> {
        let name = self.name()?;
        name.parse().map_err(|_| invalid("a number is missing", &name))
    }

    fn value(&mut self) -> Result<String, Refusal> {
        match self.tokens.get(self.at) {
            Some(Token::Word(text) | Token::Text(text)) => {
                self.at += 1;
                Ok(text.clone())
            }
            other => Err(invalid("syntax error", &format!("{other:?}"))),
        }
    }
}

impl Criteria {
    /// The fields that it is about.
    pub(super) fn names(&self) -> Box<dyn Iterator<Item = &String> + '_> {
        match self {
            Self::Is(name, _) => Box::new(std::iter::once(name)),
            Self::And(one, other) | Self::Or(one, other) => {
                Box::new(one.names().chain(other.names()))
            }
        }
    }
}
