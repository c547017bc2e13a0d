//! Generated records under a layer of changes, read in any of the API's orders.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::{ids::Slot, population::Roll};

/// What a book needs to know of a record.
pub(crate) trait Record: Clone {
    fn id(&self) -> u64;
    fn add_time(&self) -> u64;
    fn update_time(&self) -> u64;
    fn is_deleted(&self) -> bool;
}

/// The orders a list may be asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Id,
    AddTime,
    UpdateTime,
}

/// A place in an order: the sorted value (an id or a time), then the id.
pub(crate) type Mark = (u64, u64);

/// Changed and added records over the generated ones.
#[derive(Debug)]
pub(crate) struct Book<R> {
    changed: BTreeMap<u64, R>,
    by_add: BTreeSet<Mark>,
    by_update: BTreeSet<Mark>,
    /// When each was written.
    written: BTreeMap<u64, Instant>,
    last_id: u64,
    /// The last that was there from the beginning.
    last_generated: u64,
    /// What happened since somebody asked.
    news: Vec<(u64, What)>,
}

/// What happens to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Created,
    Changed,
    Deleted,
}

/// One step of a walk: a generated record by position, or a changed one by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Generated { index: u64, id: u64 },
    Changed { id: u64 },
}

impl<R: Record> Book<R> {
    pub(crate) const fn new(last_id: u64) -> Self {
        Self {
            changed: BTreeMap::new(),
            by_add: BTreeSet::new(),
            by_update: BTreeSet::new(),
            written: BTreeMap::new(),
            last_id,
            last_generated: last_id,
            news: Vec::new(),
        }
    }

    /// Writes a record, new or changed.
    pub(crate) fn put(&mut self, record: R) {
        let (id, added, updated) = (record.id(), record.add_time(), record.update_time());
        self.last_id = self.last_id.max(id);
        self.written.insert(id, Instant::now());
        let old = self.changed.get(&id);
        let was_gone = old.is_some_and(Record::is_deleted);
        let is_new = old.is_none() && id > self.last_generated;
        match (record.is_deleted(), was_gone) {
            (true, true) => {}
            (true, false) => self.news.push((id, What::Deleted)),
            (false, _) => {
                self.news.push((id, if is_new { What::Created } else { What::Changed }));
            }
        }
        if let Some(old) = self.changed.insert(id, record) {
            self.by_add.remove(&(old.add_time(), id));
            self.by_update.remove(&(old.update_time(), id));
        }
        self.by_add.insert((added, id));
        self.by_update.insert((updated, id));
    }

    /// What happened since this was last asked.
    pub(crate) fn news(&mut self) -> Vec<(u64, What)> {
        std::mem::take(&mut self.news)
    }

    /// Whether a record was left alone for that long.
    pub(crate) fn is_settled(&self, id: u64, since: Duration) -> bool {
        self.written.get(&id).is_none_or(|written| written.elapsed() >= since)
    }

    pub(crate) const fn next_id(&self) -> u64 {
        self.last_id + 1
    }

    /// A record whether deleted or not; `None` when it was purged or never was.
    pub(crate) fn get(&self, roll: &Roll, id: u64, make: impl Fn(u64) -> R) -> Option<R> {
        if let Some(record) = self.changed.get(&id) {
            return Some(record.clone());
        }
        match roll.ids.slot(id) {
            Slot::Living(index) => Some(make(index)),
            Slot::Gone | Slot::Unused => None,
        }
    }

    pub(crate) fn change(&self, id: u64) -> Option<&R> {
        self.changed.get(&id)
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = &R> {
        self.changed.values()
    }

    /// Everything after a mark in the given order, generated and changed, deleted included.
    pub(crate) fn walk<'a>(
        &'a self,
        roll: &'a Roll,
        sort: Sort,
        descending: bool,
        after: Option<Mark>,
    ) -> impl Iterator<Item = (Mark, Step)> + 'a {
        let generated = generated(roll, sort, descending, after)
            .filter(|(mark, _)| !self.changed.contains_key(&mark.1));
        let changed = self.changed_after(sort, descending, after);
        Merge { left: generated.peekable(), right: changed.peekable(), descending }
    }

    fn changed_after(
        &self,
        sort: Sort,
        descending: bool,
        after: Option<Mark>,
    ) -> Box<dyn Iterator<Item = (Mark, Step)> + '_> {
        use std::ops::Bound::{Excluded, Unbounded};
        let range = match (after, descending) {
            (None, _) => (Unbounded, Unbounded),
            (Some(mark), false) => (Excluded(mark), Unbounded),
            (Some(mark), true) => (Unbounded, Excluded(mark)),
        };
        let step = |mark: Mark| (mark, Step::Changed { id: mark.1 });
        match sort {
            Sort::Id => {
                let range = (range.0.map(|(id, _)| id), range.1.map(|(id, _)| id));
                let ids = self.changed.range(range).map(|(&id, _)| (id, id));
                if descending { Box::new(ids.rev().map(step)) } else { Box::new(ids.map(step)) }
            }
            Sort::AddTime | Sort::UpdateTime => {
                let index = if sort == Sort::AddTime { &self.by_add } else { &self.by_update };
                let marks = index.range(range).copied();
                if descending { Box::new(marks.rev().map(step)) } else { Box::new(marks.map(step)) }
            }
        }
    }
}

/// The generated records after a mark, found by arithmetic.
fn generated(
    roll: &Roll,
    sort: Sort,
    descending: bool,
    after: Option<Mark>,
) -> Box<dyn Iterator<Item = (Mark, Step)> + '_> {
    let place = move |rank: u64| {
        let index = if sort == Sort::UpdateTime { roll.by_update.back(rank) } else { rank };
        let id = roll.ids.id(index);
        let key = match sort {
            Sort::Id => id,
            Sort::AddTime => roll.added.time(rank),
            Sort::UpdateTime => roll.updated.time(rank),
        };
        ((key, id), Step::Generated { index, id })
    };
    let size = roll.ids.living();
    // Marks are unique and ascend with the rank, so the place of one splits the ranks in two.
    let split = |mark: Mark| {
        let near = match sort {
            Sort::Id => roll.ids.from(mark.0),
            Sort::AddTime => roll.added.rank(mark.0),
            Sort::UpdateTime => roll.updated.rank(mark.0),
        };
        near.min(size)
    };
    match (after, descending) {
        (None, false) => Box::new((0..size).map(place)),
        (None, true) => Box::new((0..size).rev().map(place)),
        (Some(mark), false) => {
            Box::new((split(mark)..size).map(place).skip_while(move |(place, _)| *place <= mark))
        }
        (Some(mark), true) => {
            let end = (split(mark) + 1).min(size);
            Box::new((0..end).rev().map(place).skip_while(move |(place, _)| *place >= mark))
        }
    }
}

/// Two walks in one order.
struct Merge<L: Iterator, R: Iterator> {
    left: std::iter::Peekable<L>,
    right: std::iter::Peekable<R>,
    descending: bool,
}

impl<L, R> Iterator for Merge<L, R>
where
    L: Iterator<Item = (Mark, Step)>,
    R: Iterator<Item = (Mark, Step)>,
{
    type Item = (Mark, Step);

    fn next(&mut self) -> Option<Self::Item> {
        let left_first = match (self.left.peek(), self.right.peek()) {
            (Some(left), Some(right)) => (left.0 < right.0) != self.descending,
            (left, _) => left.is_some(),
        };
        if left_first { self.left.next() } else { self.right.next() }
    }
}
