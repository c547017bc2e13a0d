//! A query that was read, and how it is written. Everything in it is ours, quoted or checked.

use std::collections::HashMap;

use super::{
    kinds::{Holds, Kind, holds},
    scan::{Literal, shown},
};
use crate::connectors::salesforce::{
    soql::{instant, is_id, is_name, quoted},
    wire,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Known(&'static str, Holds),
    /// One of the org's own. Until [`Query::settle`] nobody knows what it holds.
    Custom(String, Option<Holds>),
}

impl Field {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Known(name, _) => name,
            Self::Custom(name, _) => name,
        }
    }

    const fn holds(&self) -> Option<Holds> {
        match self {
            Self::Known(_, holds) => Some(*holds),
            Self::Custom(_, holds) => *holds,
        }
    }
}

#[derive(Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test(Field, Test),
}

#[derive(Debug)]
pub(super) enum Test {
    Is(&'static str, Literal),
    Like(String),
    In { not: bool, list: Vec<Literal> },
}

#[derive(Debug)]
pub(super) struct Query {
    pub(super) kind: &'static Kind,
    pub(super) select: Vec<Field>,
    pub(super) filter: Option<Condition>,
    /// With whether it descends.
    pub(super) order: Vec<(Field, bool)>,
    pub(super) limit: u16,
}

impl Query {
    pub(super) fn has_custom(&self) -> bool {
        let mut found = false;
        self.fields(&mut |field| found |= matches!(field, Field::Custom(..)));
        found
    }

    fn fields(&self, see: &mut impl FnMut(&Field)) {
        fn of(condition: &Condition, see: &mut impl FnMut(&Field)) {
            match condition {
                Condition::All(inner) | Condition::Any(inner) => {
                    for inner in inner {
                        of(inner, see);
                    }
                }
                Condition::Test(field, _) => see(field),
            }
        }
        self.select.iter().chain(self.order.iter().map(|(field, _)| field)).for_each(&mut *see);
        if let Some(filter) = &self.filter {
            of(filter, see);
        }
    }

    /// Takes the org's word for its own fields: that they are there, how they are spelled, and what
    /// they hold.
    pub(super) fn settle(&mut self, described: wire::Description) -> Result<(), String> {
        let named = described.fields.0.into_iter().filter_map(|row| {
            let field = row.0?;
            let name = field.name.0.filter(|name| is_name(name))?;
            let holds = holds(field.kind.0.as_deref()?)?;
            Some((name.to_ascii_lowercase(), (name, holds)))
        });
        let known: HashMap<String, (String, Holds)> = named.collect();
        let kind = self.kind.name;
        let settle = |field: &mut Field| {
            let Field::Custom(name, holds) = field else { return Ok(()) };
            let Some(found) = known.get(&name.to_ascii_lowercase()) else {
                return Err(format!(
                    "{kind} has no field {}, or the connected user may not see it.",
                    shown(name)
                ));
            };
            name.clone_from(&found.0);
            *holds = Some(found.1);
            Ok(())
        };
        self.select.iter_mut().try_for_each(settle)?;
        self.order.iter_mut().try_for_each(|(field, _)| settle(field))?;
        if let Some(filter) = &mut self.filter {
            filter.settle(&settle)?;
        }
        self.judge()
    }

    /// Whether each field is compared with something that it can hold. What nobody knows yet is
    /// judged again when it is known.
    pub(super) fn judge(&self) -> Result<(), String> {
        if let Some((field, _)) =
            self.order.iter().find(|(field, _)| field.holds() == Some(Holds::Long))
        {
            return Err(format!("Records cannot be sorted by {}.", shown(field.name())));
        }
        self.filter.as_ref().map_or(Ok(()), Condition::judge)
    }

    pub(super) fn text(&self) -> String {
        // The id leads to the record's own page.
        let id = (!self.select.iter().any(|field| field.name() == "Id")).then_some("Id");
        let names: Vec<&str> = id.into_iter().chain(self.select.iter().map(Field::name)).collect();
        let mut text = format!("SELECT {} FROM {}", names.join(", "), self.kind.name);
        if let Some(filter) = &self.filter {
            text.push_str(" WHERE ");
            text.push_str(&filter.whole());
        }
        if !self.order.is_empty() {
            let order = |(field, descends): &(Field, bool)| {
                let way = if *descends { "DESC" } else { "ASC" };
                format!("{} {way} NULLS LAST", field.name())
            };
            text.push_str(" ORDER BY ");
            text.push_str(&self.order.iter().map(order).collect::<Vec<_>>().join(", "));
        }
        format!("{text} LIMIT {}", self.limit)
    }
}

impl Condition {
    fn settle(&mut self, with: &impl Fn(&mut Field) -> Result<(), String>) -> Result<(), String> {
        match self {
            Self::All(inner) | Self::Any(inner) => {
                inner.iter_mut().try_for_each(|inner| inner.settle(with))
            }
            Self::Test(field, _) => with(field),
        }
    }

    fn judge(&self) -> Result<(), String> {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().try_for_each(Self::judge),
            Self::Test(field, test) => {
                field.holds().map_or(Ok(()), |holds| test.judge(field.name(), holds))
            }
        }
    }

    fn whole(&self) -> String {
        let joined = |inner: &[Self], word: &str| {
            inner.iter().map(Self::part).collect::<Vec<_>>().join(word)
        };
        match self {
            Self::All(inner) => joined(inner, " AND "),
            Self::Any(inner) => joined(inner, " OR "),
            Self::Test(field, test) => format!("{} {}", field.name(), test.text()),
        }
    }

    /// In parentheses where it is joined of several, so that nothing depends on who binds tighter.
    fn part(&self) -> String {
        match self {
            Self::Test(..) => self.whole(),
            Self::All(_) | Self::Any(_) => format!("({})", self.whole()),
        }
    }
}

impl Test {
    fn judge(&self, name: &str, holds: Holds) -> Result<(), String> {
        let name = shown(name);
        if holds == Holds::Long {
            return Err(format!("{name} can be shown, but nothing can be searched by it."));
        }
        let fits = |literal: &Literal| match (holds, literal) {
            (Holds::Id, Literal::Text(text)) => is_id(text),
            (Holds::Text, Literal::Text(_))
            | (Holds::Number, Literal::Number(_))
            | (Holds::Flag, Literal::Flag(_))
            | (Holds::Day, Literal::Day(_))
            | (Holds::Instant, Literal::Instant(_)) => true,
            (_, Literal::Null) => holds != Holds::Flag,
            _ => false,
        };
        let wanted = match holds {
            Holds::Id => "an id in quotes, of 15 or 18 letters and digits",
            Holds::Number => "a number such as 1200.50, without quotes",
            Holds::Flag => "true or false, without quotes",
            Holds::Day => "a day such as 2026-11-20, without quotes",
            Holds::Instant => "a time such as 2026-11-20T08:00:00Z, without quotes",
            Holds::Text | Holds::Long => "a text in quotes",
        };
        let literals = match self {
            Self::Is(sign, literal) => {
                let equals = matches!(*sign, "=" | "!=");
                if !equals && (holds == Holds::Flag || *literal == Literal::Null) {
                    return Err(format!("{name} is compared so with = and != only."));
                }
                std::slice::from_ref(literal)
            }
            Self::Like(_) if holds == Holds::Text => return Ok(()),
            Self::Like(_) => return Err(format!("LIKE is for texts, and {name} is none.")),
            Self::In { list, .. } => list,
        };
        if literals.iter().all(fits) {
            return Ok(());
        }
        Err(format!("{name} is compared with {wanted}."))
    }

    fn text(&self) -> String {
        match self {
            Self::Is(sign, literal) => format!("{sign} {}", literal.text()),
            Self::Like(pattern) => format!("LIKE {}", quoted(pattern)),
            Self::In { not, list } => {
                let list: Vec<String> = list.iter().map(Literal::text).collect();
                format!("{}IN ({})", if *not { "NOT " } else { "" }, list.join(", "))
            }
        }
    }
}

impl Literal {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Number(digits) => digits.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::Null => "null".to_owned(),
            Self::Day(day) => day.format("%Y-%m-%d").to_string(),
            Self::Instant(at) => instant(*at),
        }
    }
}
