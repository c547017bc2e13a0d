//! From words to a query, or to a sentence that says what is not allowed.

use super::{
    MOST, USUAL,
    kinds::Kind,
    query::{Condition, Field, Query, Test},
    scan::{Literal, Word, scan, shown},
};
use crate::connectors::salesforce::soql::is_name;

/// Bytes of a query: as an address it stays far below the 16,384 that the CRM reads.
const LONGEST: usize = 3_000;
const MOST_FIELDS: usize = 30;
const MOST_TESTS: usize = 20;
const MOST_LISTED: usize = 100;
const MOST_ORDERS: usize = 3;
/// Parentheses in parentheses.
const DEEPEST: usize = 5;

const NO_QUERIES: &str =
    "A query inside a query is not allowed: ask for one kind of record at a time.";

pub(super) fn read(text: &str) -> Result<Query, String> {
    if text.len() > LONGEST {
        return Err(format!("Use at most {LONGEST} characters."));
    }
    let mut reader = Reader { words: scan(text)?, at: 0, tests: 0, kind: None };
    let query = reader.query()?;
    query.judge()?;
    Ok(query)
}

struct Reader {
    words: Vec<Word>,
    at: usize,
    tests: usize,
    /// Known from the start: fields are read before it is named.
    kind: Option<&'static Kind>,
}

impl Reader {
    fn next(&self) -> Option<&Word> {
        self.words.get(self.at)
    }

    fn is(&self, word: &str) -> bool {
        matches!(self.next(), Some(Word::Name(name)) if name.eq_ignore_ascii_case(word))
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.is(word);
        self.at += usize::from(is);
        is
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let is = matches!(self.next(), Some(Word::Sign(sign)) if *sign == wanted);
        self.at += usize::from(is);
        is
    }

    /// What stands here is not what should.
    fn wrong<T>(&self, wanted: &str) -> Result<T, String> {
        let here = match self.next() {
            None => "the query ends".to_owned(),
            Some(Word::Name(name)) => format!("{} stands", shown(name)),
            Some(Word::Sign(sign)) => format!("{} stands", shown(sign)),
            Some(Word::Literal(_)) => "a value stands".to_owned(),
        };
        Err(format!("{wanted} is expected where {here}."))
    }

    fn query(&mut self) -> Result<Query, String> {
        if !self.take("select") {
            return Err("A search begins with SELECT: it reads, and changes nothing.".to_owned());
        }
        self.kind = self.named_kind()?;
        let mut select = vec![self.field()?];
        while self.sign(",") {
            select.push(self.field()?);
        }
        if select.len() > MOST_FIELDS {
            return Err(format!("Ask for at most {MOST_FIELDS} fields."));
        }
        let mut seen = std::collections::HashSet::new();
        select.retain(|field| seen.insert(field.name().to_ascii_lowercase()));
        if !self.take("from") {
            return self.wrong("A comma or FROM");
        }
        // It was named before.
        self.at += 1;
        let Some(kind) = self.kind else { return self.wrong("A kind of record") };
        let filter = if self.take("where") { Some(self.conditions(0)?) } else { None };
        let order = self.order()?;
        let limit = self.limit()?;
        self.end()?;
        Ok(Query { kind, select, filter, order, limit })
    }

    /// The kind behind the first FROM.
    fn named_kind(&self) -> Result<Option<&'static Kind>, String> {
        let from =
            |word: &Word| matches!(word, Word::Name(name) if name.eq_ignore_ascii_case("from"));
        let Some(at) = self.words.iter().position(from) else { return Ok(None) };
        let Some(Word::Name(name)) = self.words.get(at + 1) else { return Ok(None) };
        if let Some(kind) = Kind::named(name) {
            return Ok(Some(kind));
        }
        if self.words[..at].contains(&Word::Sign("(")) {
            return Err(self.call());
        }
        Err(format!(
            "{} cannot be searched. Search in Contact, Lead, Account or Opportunity.",
            shown(name)
        ))
    }

    /// Why a parenthesis cannot stand among the fields.
    fn call(&self) -> String {
        let mut pairs = self.words.windows(2);
        let is_query = pairs.any(|pair| {
            pair[0] == Word::Sign("(")
                && matches!(&pair[1], Word::Name(name) if name.eq_ignore_ascii_case("select"))
        });
        if is_query {
            NO_QUERIES.to_owned()
        } else {
            "Functions such as COUNT() are not allowed: name fields.".to_owned()
        }
    }

    fn field(&mut self) -> Result<Field, String> {
        let Some(Word::Name(name)) = self.next() else {
            if self.next() == Some(&Word::Sign("(")) {
                return Err(self.call());
            }
            return self.wrong("A field");
        };
        let name = name.clone();
        if self.words.get(self.at + 1) == Some(&Word::Sign("(")) {
            return Err(self.call());
        }
        let Some(kind) = self.kind else { return self.wrong("A field, and FROM with a kind,") };
        let field = match kind.field(&name) {
            Some((name, holds)) => Field::Known(name, holds),
            None if is_name(&name.to_ascii_lowercase()) => Field::Custom(name, None),
            None => {
                return Err(format!(
                    "{} has no field {} that can be searched. It has {}, and the org's own, which \
                     end in __c.",
                    kind.name,
                    shown(&name),
                    kind.names()
                ));
            }
        };
        self.at += 1;
        Ok(field)
    }

    /// `a and b and c`, or `a or b or c`; to mix them takes parentheses, as over there.
    fn conditions(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > DEEPEST {
            return Err(format!("Use at most {DEEPEST} parentheses inside each other."));
        }
        let mut all = vec![self.condition(depth)?];
        let word = ["and", "or"].into_iter().find(|word| self.is(word));
        while word.is_some_and(|word| self.take(word)) {
            all.push(self.condition(depth)?);
        }
        if self.is("and") || self.is("or") {
            return Err("Put parentheses where AND and OR meet.".to_owned());
        }
        Ok(match word {
            None => all.remove(0),
            Some("and") => Condition::All(all),
            Some(_) => Condition::Any(all),
        })
    }

    fn condition(&mut self, depth: usize) -> Result<Condition, String> {
        if self.is("not") {
            return Err("NOT stands before IN only; use != instead.".to_owned());
        }
        if self.sign("(") {
            if self.is("select") {
                return Err(NO_QUERIES.to_owned());
            }
            let inner = self.conditions(depth + 1)?;
            return if self.sign(")") { Ok(inner) } else { self.wrong("A closing parenthesis") };
        }
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(format!("Use at most {MOST_TESTS} comparisons."));
        }
        let field = self.field()?;
        Ok(Condition::Test(field, self.test()?))
    }

    fn test(&mut self) -> Result<Test, String> {
        let not = self.take("not");
        if self.take("in") {
            return Ok(Test::In { not, list: self.list()? });
        }
        if not {
            return self.wrong("IN");
        }
        if self.take("like") {
            let Literal::Text(pattern) = self.literal()? else {
                return Err("LIKE is followed by a text in quotes, such as 'Lov%'.".to_owned());
            };
            if pattern.is_empty() || pattern.starts_with(['%', '_']) {
                return Err(
                    "Begin the text after LIKE with a letter or digit: with a wildcard in \
                            front every record would have to be read."
                        .to_owned(),
                );
            }
            return Ok(Test::Like(pattern));
        }
        let signs = [("=", "="), ("!=", "!="), ("<>", "!="), ("<=", "<="), (">=", ">=")];
        for (sign, written) in signs.into_iter().chain([("<", "<"), (">", ">")]) {
            if self.sign(sign) {
                return Ok(Test::Is(written, self.literal()?));
            }
        }
        self.wrong("One of =, !=, <, <=, >, >=, LIKE, IN and NOT IN")
    }

    fn literal(&mut self) -> Result<Literal, String> {
        let Some(Word::Literal(literal)) = self.next() else { return self.wrong("A value") };
        let literal = literal.clone();
        self.at += 1;
        Ok(literal)
    }

    fn list(&mut self) -> Result<Vec<Literal>, String> {
        if !self.sign("(") {
            return self.wrong("A list in parentheses");
        }
        if self.is("select") {
            return Err(NO_QUERIES.to_owned());
        }
        let mut all = vec![self.literal()?];
        while self.sign(",") {
            all.push(self.literal()?);
        }
        if all.len() > MOST_LISTED {
            return Err(format!("List at most {MOST_LISTED} values."));
        }
        if self.sign(")") { Ok(all) } else { self.wrong("A comma or a closing parenthesis") }
    }

    fn order(&mut self) -> Result<Vec<(Field, bool)>, String> {
        let mut order = Vec::new();
        if !self.take("order") {
            return Ok(order);
        }
        if !self.take("by") {
            return self.wrong("BY");
        }
        loop {
            let field = self.field()?;
            let descends = self.take("desc");
            if !descends {
                self.take("asc");
            }
            // As it is written anyway: what has no value comes last.
            if self.take("nulls") && !self.take("last") {
                return self.wrong("LAST");
            }
            order.push((field, descends));
            if order.len() > MOST_ORDERS {
                return Err(format!("Sort by at most {MOST_ORDERS} fields."));
            }
            if !self.sign(",") {
                return Ok(order);
            }
        }
    }

    /// What is asked for beyond the most is the most.
    fn limit(&mut self) -> Result<u16, String> {
        if !self.take("limit") {
            return Ok(USUAL);
        }
        let Literal::Number(digits) = self.literal()? else {
            return Err("LIMIT is followed by a number.".to_owned());
        };
        match digits.parse::<u64>() {
            Ok(0) | Err(_) => Err(format!("LIMIT is a whole number from 1 to {MOST}.")),
            Ok(limit) => Ok(u16::try_from(limit).unwrap_or(MOST).min(MOST)),
        }
    }

    fn end(&self) -> Result<(), String> {
        let word = match self.next() {
            None => return Ok(()),
            Some(Word::Sign(",")) => {
                return Err("Search in one kind of record at a time.".to_owned());
            }
            Some(Word::Name(name)) => name.to_ascii_uppercase(),
            Some(_) => return self.wrong("WHERE, ORDER BY, LIMIT or the end"),
        };
        let why = match word.as_str() {
            "FOR" | "UPDATE" => "A search locks and marks nothing",
            "OFFSET" => "Skipping records is not allowed: compare with the last one's Id instead",
            "GROUP" | "HAVING" => "Counting and grouping are not allowed",
            "ALL" | "USING" | "WITH" => "A search sees what the connected user sees",
            _ => return self.wrong("WHERE, ORDER BY, LIMIT or the end, in this order,"),
        };
        Err(format!("{why}. Leave out {}.", shown(&word)))
    }
}
