//! Rows of one kind, found by id and in the order of their changes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{ids, schema::Object};

#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// In the order of the object's fields; shorter than those when fields were added since.
    pub(crate) values: Vec<Value>,
    pub(crate) made: i64,
    pub(crate) stamp: i64,
    pub(crate) deleted: bool,
    /// Into which record it was merged.
    pub(crate) master: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) object: Object,
    instance: &'static str,
    rows: BTreeMap<u64, Row>,
    by_stamp: BTreeSet<(i64, u64)>,
    last: u64,
}

impl Table {
    pub(crate) const fn new(object: Object, instance: &'static str) -> Self {
        Self { object, instance, rows: BTreeMap::new(), by_stamp: BTreeSet::new(), last: 0 }
    }

    pub(crate) fn id(&self, number: u64) -> String {
        ids::id(self.object.prefix, self.instance, number)
    }

    /// The number behind an id of this kind and org, whether or not there is such a row.
    pub(crate) fn number(&self, id: &str) -> Option<u64> {
        let parts = ids::parse(id)?;
        (parts.prefix == self.object.prefix && parts.instance == self.instance)
            .then_some(parts.number)
    }

    pub(crate) fn put(&mut self, number: u64, row: Row) {
        self.last = self.last.max(number);
        let stamp = row.stamp;
        if let Some(old) = self.rows.insert(number, row) {
            self.by_stamp.remove(&(old.stamp, number));
        }
        self.by_stamp.insert((stamp, number));
    }

    /// Puts a row back as it was, or takes it out again.
    pub(crate) fn restore(&mut self, number: u64, row: Option<Row>) {
        if let Some(row) = row {
            self.put(number, row);
        } else if let Some(old) = self.rows.remove(&number) {
            self.by_stamp.remove(&(old.stamp, number));
        }
    }

    pub(crate) const fn next(&self) -> u64 {
        self.last + 1
    }

    /// Deleted ones too.
    pub(crate) fn row(&self, number: u64) -> Option<&Row> {
        self.rows.get(&number)
    }

    pub(crate) fn living(&self, number: u64) -> Option<&Row> {
        self.row(number).filter(|row| !row.deleted)
    }

    /// In the order of their ids, from one on.
    pub(crate) fn since_id(&self, number: u64) -> impl Iterator<Item = (u64, &Row)> {
        self.rows.range(number..).map(|(number, row)| (*number, row))
    }

    /// In the order of their last change, from one on.
    pub(crate) fn since_stamp(&self, stamp: i64) -> impl Iterator<Item = (u64, &Row)> {
        self.by_stamp
            .range((stamp, 0)..)
            .filter_map(|(_, number)| self.rows.get(number).map(|row| (*number, row)))
    }

    pub(crate) fn value<'a>(&self, row: &'a Row, name: &str) -> &'a Value {
        let place = self.object.place(name);
        place.and_then(|place| row.values.get(place)).unwrap_or(&Value::Null)
    }

    pub(crate) fn set(&self, row: &mut Row, name: &str, value: Value) {
        let Some(place) = self.object.place(name) else { return };
        if row.values.len() <= place {
            row.values.resize(place + 1, Value::Null);
        }
        row.values[place] = value;
    }

    /// Marks a row deleted, or merged into another.
    pub(crate) fn delete(&mut self, number: u64, into: Option<u64>, now: i64) {
        if let Some(mut row) = self.rows.get(&number).cloned() {
            row.deleted = true;
            row.master = into;
            row.stamp = now;
            self.put(number, row);
        }
    }
}
