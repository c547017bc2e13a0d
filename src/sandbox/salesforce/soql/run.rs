//! Running a query over the tables of an org.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::{
    super::records::{
        describe, ids,
        population::Tables,
        schema::Kind,
        table::{Row, Table},
        time,
    },
    Bad, Condition, Item, Literal, Op, Query,
    compare::{bound, natural, same_text, test},
};

/// Whose tables, and whether the deleted count (`queryAll`).
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) deleted: bool,
    /// `/services/data/v66.0`
    pub(crate) base: &'a str,
}

/// What can stand at the end of a path.
enum Leaf {
    Id,
    Made,
    Stamp,
    Deleted,
    Master,
    Place(usize),
    /// The place of a reference, and the rest of the path in what it refers to.
    Through(usize, Vec<String>),
}

fn no_field(name: &str, of: &str) -> Bad {
    let words = format!("No such column '{name}' on entity '{of}'.");
    Bad { code: "INVALID_FIELD", words }
}

impl<'a> Run<'a> {
    pub(crate) fn table(&self, name: &str) -> Result<&'a Table, Bad> {
        let found = self.tables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, table)| table).ok_or_else(|| Bad {
            code: "INVALID_TYPE",
            words: format!("sObject type '{name}' is not supported."),
        })
    }

    /// The numbers of the rows that fit, in order.
    pub(crate) fn rows(&self, query: &Query) -> Result<Vec<u64>, Bad> {
        let table = self.table(&query.from)?;
        self.check(table, query)?;
        let first = query.order.first().map(|order| order.path.join(".").to_ascii_lowercase());
        let straight = query.order.iter().all(|order| !order.descending) && query.order.len() < 3;
        let fits = |row: &(u64, &Row)| {
            (self.deleted || !row.1.deleted)
                && query
                    .filter
                    .as_ref()
                    .is_none_or(|filter| self.holds(table, row.0, row.1, filter))
        };
        let most = query.limit.unwrap_or(usize::MAX).saturating_add(query.offset);
        let low = |name: &str| query.filter.as_ref().and_then(|filter| bound(filter, name));
        let mut found: Vec<u64> = match first.as_deref() {
            None | Some("id") if straight => {
                let from = match low("id") {
                    Some(Literal::Text(id)) => table.number(&id).unwrap_or(0),
                    _ => 0,
                };
                table.since_id(from).filter(fits).map(|(number, _)| number).take(most).collect()
            }
            Some("systemmodstamp") if straight => {
                let from = match low("systemmodstamp") {
                    Some(Literal::Time(at)) => at,
                    _ => 0,
                };
                table.since_stamp(from).filter(fits).map(|(number, _)| number).take(most).collect()
            }
            _ => {
                let mut all: Vec<_> = table.since_id(0).filter(fits).collect();
                all.sort_by(|a, b| self.compare(table, query, *a, *b));
                all.into_iter().map(|(number, _)| number).take(most).collect()
            }
        };
        found.drain(..query.offset.min(found.len()));
        Ok(found)
    }

    fn compare(&self, table: &Table, query: &Query, a: (u64, &Row), b: (u64, &Row)) -> Ordering {
        for order in &query.order {
            let value = |row: (u64, &Row)| self.value(table, row.0, row.1, &order.path);
            let (left, right) = (value(a), value(b));
            let nulls = |value: &Value| value.is_null() != order.nulls_last;
            let ordering = match (left.is_null(), right.is_null()) {
                (true, true) => Ordering::Equal,
                (false, false) => {
                    let natural = natural(&left, &right).unwrap_or(Ordering::Equal);
                    if order.descending { natural.reverse() } else { natural }
                }
                _ => nulls(&right).cmp(&nulls(&left)),
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        a.0.cmp(&b.0)
    }

    /// Refuses names that do not exist, and ids that are none.
    fn check(&self, table: &Table, query: &Query) -> Result<(), Bad> {
        for item in &query.select {
            match item {
                Item::Field(path) => self.leaf(table, path).map(drop)?,
                Item::Count => {}
                Item::Children(children) => {
                    let child = self.table(children_of(&children.from)?)?;
                    let mut inner = (**children).clone();
                    child.object.name.clone_into(&mut inner.from);
                    self.check(child, &inner)?;
                }
            }
        }
        for order in &query.order {
            self.leaf(table, &order.path)?;
        }
        query.filter.as_ref().map_or(Ok(()), |filter| self.check_filter(table, filter))
    }

    fn check_filter(&self, table: &Table, filter: &Condition) -> Result<(), Bad> {
        match filter {
            Condition::All(inner) | Condition::Any(inner) => {
                inner.iter().try_for_each(|inner| self.check_filter(table, inner))
            }
            Condition::Not(inner) => self.check_filter(table, inner),
            Condition::Test { path, against, .. } => {
                let leaf = self.leaf(table, path)?;
                let place = match &leaf {
                    Leaf::Place(place) => Some(&table.object.fields[*place].kind),
                    _ => None,
                };
                let bad = |code, words: String| Err(Bad { code, words });
                let (name, op) = (path.join("."), "INVALID_QUERY_FILTER_OPERATOR");
                let is_id = matches!(leaf, Leaf::Id | Leaf::Master)
                    || matches!(place, Some(Kind::Reference(_)));
                let is_time = matches!(leaf, Leaf::Made | Leaf::Stamp)
                    || matches!(place, Some(Kind::DateTime));
                let is_long = matches!(place, Some(Kind::Area(_)));
                for literal in against {
                    match literal {
                        Literal::Text(id) if is_id && ids::parse(id).is_none() => {
                            return bad(op, format!("invalid ID field: {id}"));
                        }
                        Literal::Time(_) | Literal::Null if is_time => {}
                        _ if is_time => {
                            return bad(
                                "INVALID_FIELD",
                                format!(
                                    "value of filter criterion for field '{name}' must be of \
                                         type dateTime and should not be enclosed in quotes"
                                ),
                            );
                        }
                        _ if is_long => {
                            return bad(
                                "INVALID_FIELD",
                                format!("field '{name}' can not be filtered in a query call"),
                            );
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
        }
    }

    fn leaf(&self, table: &Table, path: &[String]) -> Result<Leaf, Bad> {
        let (first, rest) = path.split_first().ok_or_else(|| Bad::malformed("no field"))?;
        if !rest.is_empty() {
            let place = table.object.place(&format!("{first}Id"));
            let target = place.and_then(|place| match table.object.fields[place].kind {
                Kind::Reference(prefixes) => describe::named(prefixes[0]),
                _ => None,
            });
            let (Some(place), Some(target)) = (place, target) else {
                let words = format!("Didn't understand relationship '{first}' in field path.");
                return Err(Bad { code: "INVALID_FIELD", words });
            };
            self.leaf(self.table(target)?, rest)?;
            return Ok(Leaf::Through(place, rest.to_vec()));
        }
        let lower = first.to_ascii_lowercase();
        Ok(match lower.as_str() {
            "id" => Leaf::Id,
            "createddate" => Leaf::Made,
            "systemmodstamp" | "lastmodifieddate" => Leaf::Stamp,
            "isdeleted" => Leaf::Deleted,
            "masterrecordid" => Leaf::Master,
            _ => Leaf::Place(
                table.object.place(first).ok_or_else(|| no_field(first, table.object.name))?,
            ),
        })
    }

    fn value(&self, table: &Table, number: u64, row: &Row, path: &[String]) -> Value {
        match self.leaf(table, path) {
            Err(_) => Value::Null,
            Ok(Leaf::Id) => json!(table.id(number)),
            Ok(Leaf::Made) => json!(time::written(row.made)),
            Ok(Leaf::Stamp) => json!(time::written(row.stamp)),
            Ok(Leaf::Deleted) => json!(row.deleted),
            Ok(Leaf::Master) => json!(row.master.map(|number| table.id(number))),
            Ok(Leaf::Place(place)) => row.values.get(place).cloned().unwrap_or_default(),
            Ok(Leaf::Through(place, rest)) => {
                let id = row.values.get(place).and_then(Value::as_str).unwrap_or_default();
                let target = ids::parse(id)
                    .and_then(|parts| describe::named(parts.prefix))
                    .and_then(|name| self.tables.get(name));
                let Some(target) = target else { return Value::Null };
                let found =
                    target.number(id).and_then(|number| Some((number, target.row(number)?)));
                found.map_or(Value::Null, |(number, row)| self.value(target, number, row, &rest))
            }
        }
    }

    fn holds(&self, table: &Table, number: u64, row: &Row, filter: &Condition) -> bool {
        match filter {
            Condition::All(inner) => {
                inner.iter().all(|inner| self.holds(table, number, row, inner))
            }
            Condition::Any(inner) => {
                inner.iter().any(|inner| self.holds(table, number, row, inner))
            }
            Condition::Not(inner) => !self.holds(table, number, row, inner),
            Condition::Test { path, op, against } => {
                // The one test that a scan of everything is made of, without making strings.
                if let ([name], Op::Equal, [Literal::Text(text)]) = (&path[..], op, &against[..])
                    && let Some(place) = table.object.place(name)
                {
                    let value = row.values.get(place).and_then(Value::as_str);
                    return value.is_some_and(|value| same_text(value, text));
                }
                let value = self.value(table, number, row, path);
                test(&value, *op, against)
            }
        }
    }

    /// A row as the query wants it.
    pub(crate) fn shown(&self, query: &Query, number: u64) -> Value {
        let Ok(table) = self.table(&query.from) else { return Value::Null };
        let Some(row) = table.row(number) else { return Value::Null };
        let mut shown = Map::new();
        shown.insert("attributes".into(), self.attributes(table, number));
        for item in &query.select {
            match item {
                Item::Count => {}
                Item::Children(children) => {
                    let (key, value) = self.children(table, number, children);
                    shown.insert(key, value);
                }
                Item::Field(path) => self.show(&mut shown, table, number, row, path),
            }
        }
        Value::Object(shown)
    }

    pub(crate) fn attributes(&self, table: &Table, number: u64) -> Value {
        let name = table.object.name;
        let url = format!("{}/sobjects/{name}/{}", self.base, table.id(number));
        json!({ "type": name, "url": url })
    }

    fn show(
        &self,
        shown: &mut Map<String, Value>,
        table: &Table,
        number: u64,
        row: &Row,
        path: &[String],
    ) {
        if let [name] = path {
            let field = table.object.field(name).map(|field| field.name.clone());
            shown.insert(
                field.unwrap_or_else(|| canonical(name)),
                self.value(table, number, row, path),
            );
            return;
        }
        let id = table.value(row, &format!("{}Id", path[0])).as_str().unwrap_or_default();
        let target = ids::parse(id)
            .and_then(|parts| describe::named(parts.prefix))
            .and_then(|name| self.tables.get(name));
        let found = target.and_then(|target| {
            let number = target.number(id)?;
            Some((target, number, target.row(number)?))
        });
        let Some((target, number, row)) = found else {
            shown.insert(path[0].clone(), Value::Null);
            return;
        };
        let mut inner = match shown.remove(&path[0]) {
            Some(Value::Object(inner)) => inner,
            _ => [("attributes".to_owned(), self.attributes(target, number))].into_iter().collect(),
        };
        self.show(&mut inner, target, number, row, &path[1..]);
        shown.insert(path[0].clone(), Value::Object(inner));
    }

    /// Rows that refer to this one; the reference is named after its kind.
    fn children(&self, table: &Table, number: u64, children: &Query) -> (String, Value) {
        let id = table.id(number);
        let mut query = children.clone();
        let child = children_of(&children.from).unwrap_or("");
        child.clone_into(&mut query.from);
        let parent = Condition::Test {
            path: vec![format!("{}Id", table.object.name)],
            op: Op::Equal,
            against: vec![Literal::Text(id)],
        };
        query.filter = Some(match query.filter.take() {
            Some(filter) => Condition::All(vec![parent, filter]),
            None => parent,
        });
        let found = self.rows(&query).unwrap_or_default();
        let records: Vec<Value> = found.iter().map(|number| self.shown(&query, *number)).collect();
        let value = if records.is_empty() {
            Value::Null
        } else {
            json!({ "totalSize": records.len(), "done": true, "records": records })
        };
        (children.from.clone(), value)
    }
}

/// The kind behind the name of a list of children.
fn children_of(name: &str) -> Result<&'static str, Bad> {
    if name.eq_ignore_ascii_case("OpportunityContactRoles") {
        return Ok("OpportunityContactRole");
    }
    let words = format!("Didn't understand relationship '{name}' in FROM part of query call.");
    Err(Bad { code: "INVALID_TYPE", words })
}

pub(crate) fn canonical(name: &str) -> String {
    let known =
        ["Id", "CreatedDate", "SystemModstamp", "LastModifiedDate", "IsDeleted", "MasterRecordId"];
    let known = known.into_iter().find(|known| known.eq_ignore_ascii_case(name));
    known.unwrap_or(name).to_owned()
}
