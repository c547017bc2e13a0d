//! From words to a query.

use super::{
    Bad, Condition, Item, Literal, Op, Order, Query,
    scan::{Token, scan},
};

/// Deeper conditions are refused.
const DEEPEST: usize = 20;

pub(crate) fn parse(text: &str) -> Result<Query, Bad> {
    let mut words = Words { tokens: scan(text)?, at: 0 };
    let query = words.query()?;
    match words.tokens.get(words.at) {
        None => Ok(query),
        Some(token) => Err(unexpected(Some(token))),
    }
}

struct Words {
    tokens: Vec<Token>,
    at: usize,
}

fn unexpected(token: Option<&Token>) -> Bad {
    Bad::malformed(match token {
        Some(Token::Name(name)) => format!("unexpected token: '{name}'"),
        Some(Token::Sign(sign)) => format!("unexpected token: '{sign}'"),
        Some(Token::Literal(_)) => "unexpected token: a literal".to_owned(),
        None => "unexpected token: '<EOF>'".to_owned(),
    })
}

fn path(name: &str) -> Vec<String> {
    name.split('.').map(ToOwned::to_owned).collect()
}

impl Words {
    fn fail<T>(&self) -> Result<T, Bad> {
        Err(unexpected(self.tokens.get(self.at)))
    }

    fn is(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name.eq_ignore_ascii_case(word))
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.is(word);
        self.at += usize::from(is);
        is
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Sign(sign)) if *sign == wanted);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, taken: bool) -> Result<(), Bad> {
        if taken { Ok(()) } else { self.fail() }
    }

    fn name(&mut self) -> Result<String, Bad> {
        let Some(Token::Name(name)) = self.tokens.get(self.at) else { return self.fail() };
        let name = name.clone();
        self.at += 1;
        Ok(name)
    }

    fn query(&mut self) -> Result<Query, Bad> {
        let select = self.take("select");
        self.expect(select)?;
        let mut items = vec![self.item()?];
        while self.sign(",") {
            items.push(self.item()?);
        }
        let from = self.take("from");
        self.expect(from)?;
        let from = self.name()?;
        let filter = if self.take("where") { Some(self.conditions(0)?) } else { None };
        let mut order = Vec::new();
        if self.take("order") {
            let by = self.take("by");
            self.expect(by)?;
            order.push(self.order()?);
            while self.sign(",") {
                order.push(self.order()?);
            }
        }
        let limit = if self.take("limit") { Some(self.count()?) } else { None };
        let offset = if self.take("offset") { self.count()? } else { 0 };
        if offset > 2_000 {
            let words = "Maximum SOQL offset allowed is 2000".to_owned();
            return Err(Bad { code: "NUMBER_OUTSIDE_VALID_RANGE", words });
        }
        Ok(Query { select: items, from, filter, order, limit, offset })
    }

    fn item(&mut self) -> Result<Item, Bad> {
        if self.sign("(") {
            let children = self.query()?;
            let closed = self.sign(")");
            self.expect(closed)?;
            return Ok(Item::Children(Box::new(children)));
        }
        let name = self.name()?;
        if name.eq_ignore_ascii_case("count") && self.sign("(") {
            let closed = self.sign(")");
            self.expect(closed)?;
            return Ok(Item::Count);
        }
        Ok(Item::Field(path(&name)))
    }

    fn order(&mut self) -> Result<Order, Bad> {
        let path = path(&self.name()?);
        let descending = self.take("desc");
        if !descending {
            self.take("asc");
        }
        let mut nulls_last = false;
        if self.take("nulls") {
            nulls_last = self.take("last");
            let said = nulls_last || self.take("first");
            self.expect(said)?;
        }
        Ok(Order { path, descending, nulls_last })
    }

    fn count(&mut self) -> Result<usize, Bad> {
        let Some(Token::Literal(Literal::Number(number))) = self.tokens.get(self.at) else {
            return self.fail();
        };
        let count = format!("{number}").parse().map_err(|_| Bad::malformed("not a count"))?;
        self.at += 1;
        Ok(count)
    }

    /// `a and b and c`, or `a or b or c`; to mix them takes parentheses.
    fn conditions(&mut self, depth: usize) -> Result<Condition, Bad> {
        if depth > DEEPEST {
            return Err(Bad::malformed("too many levels of conditions"));
        }
        let mut all = vec![self.condition(depth)?];
        let word = if self.is("and") {
            "and"
        } else if self.is("or") {
            "or"
        } else {
            return Ok(all.remove(0));
        };
        while self.take(word) {
            all.push(self.condition(depth)?);
        }
        if self.is("and") || self.is("or") {
            return self.fail();
        }
        Ok(if word == "and" { Condition::All(all) } else { Condition::Any(all) })
    }

    fn condition(&mut self, depth: usize) -> Result<Condition, Bad> {
        if self.take("not") {
            return Ok(Condition::Not(Box::new(self.condition(depth + 1)?)));
        }
        if self.sign("(") {
            let inner = self.conditions(depth + 1)?;
            let closed = self.sign(")");
            self.expect(closed)?;
            return Ok(inner);
        }
        let path = path(&self.name()?);
        if self.take("not") {
            let is = self.take("in");
            self.expect(is)?;
            return Ok(Condition::Test { path, op: Op::NotIn, against: self.list()? });
        }
        if self.take("in") {
            return Ok(Condition::Test { path, op: Op::In, against: self.list()? });
        }
        if self.take("like") {
            return Ok(Condition::Test { path, op: Op::Like, against: vec![self.literal()?] });
        }
        let ops = [
            ("=", Op::Equal),
            ("!=", Op::Different),
            ("<>", Op::Different),
            ("<=", Op::AtMost),
            (">=", Op::AtLeast),
            ("<", Op::Less),
            (">", Op::More),
        ];
        for (sign, op) in ops {
            if self.sign(sign) {
                return Ok(Condition::Test { path, op, against: vec![self.literal()?] });
            }
        }
        self.fail()
    }

    fn literal(&mut self) -> Result<Literal, Bad> {
        let Some(Token::Literal(literal)) = self.tokens.get(self.at) else { return self.fail() };
        let literal = literal.clone();
        self.at += 1;
        Ok(literal)
    }

    fn list(&mut self) -> Result<Vec<Literal>, Bad> {
        let opened = self.sign("(");
        self.expect(opened)?;
        let mut all = vec![self.literal()?];
        while self.sign(",") {
            all.push(self.literal()?);
        }
        let closed = self.sign(")");
        self.expect(closed)?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_reads() {
        for text in [
            "SELECT Id FROM Contact",
            "select Id, Account.Name, (SELECT ContactId FROM OpportunityContactRoles LIMIT 1) \
             FROM Opportunity WHERE SystemModstamp > 2026-01-01T00:00:00.000Z OR (SystemModstamp = \
             2026-01-01T00:00:00.000+00:00 AND Id > '006000000000001') ORDER BY SystemModstamp ASC, \
             Id LIMIT 2000",
            "SELECT count() FROM Contact WHERE NOT Name LIKE 'O\\'B%' AND Id NOT IN ('a', 'b')",
            "SELECT Id FROM Task WHERE IsClosed = true AND ActivityDate >= 2026-01-01 OFFSET 3",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text).err());
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "SELECT FROM Contact",
            "SELECT Id FROM Contact WHERE Email = 'it's'",
            "SELECT Id FROM Contact WHERE Email = 'a\nb'",
            "SELECT Id FROM Contact WHERE Email = 'a\\x'",
            "SELECT Id FROM Contact WHERE a = 1 AND b = 2 OR c = 3",
            "SELECT Id FROM Contact; DROP",
            "SELECT Id FROM Contact LIMIT -1",
            "SELECT Id FROM Contact WHERE Email = 'open",
            "DELETE FROM Contact",
            &format!("SELECT Id FROM C WHERE {}a = 1{}", "(".repeat(50), ")".repeat(50)),
        ] {
            assert_eq!(parse(text).unwrap_err().code, "MALFORMED_QUERY", "{text}");
        }
    }
}
