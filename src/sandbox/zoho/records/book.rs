//! Records of one module: generated ones under a layer of changes, in any of the API's orders.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::{
    super::super::stage::{
        clock::{ADDED_FROM, ADDED_UNTIL, UPDATED_FROM, UPDATED_UNTIL},
        dice::{Shuffle, mix},
    },
    Record,
};

/// Ids of generated records are so far apart at most; what lies between was deleted long ago.
const STRIDE: u64 = 7;

/// The orders a list may be asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Id,
    Created,
    Modified,
}

/// A place in an order: the sorted value (an id or a time), then the id.
pub(crate) type Mark = (u64, u64);

/// Ids and times of generated records.
#[derive(Debug, Clone)]
pub(crate) struct Roll {
    first: u64,
    pub(crate) living: u64,
    seed: u64,
    by_modified: Shuffle,
}

impl Roll {
    pub(crate) fn new(first: u64, living: u32, seed: u64) -> Self {
        let living = u64::from(living);
        Self { first, living, seed, by_modified: Shuffle::new(living, seed) }
    }

    pub(crate) fn id(&self, index: u64) -> u64 {
        self.first + index * STRIDE + mix(self.seed ^ index) % (STRIDE - 1)
    }

    pub(crate) fn index(&self, id: u64) -> Option<u64> {
        let index = id.checked_sub(self.first)? / STRIDE;
        (index < self.living && self.id(index) == id).then_some(index)
    }

    fn next_id(&self) -> u64 {
        self.first + self.living * STRIDE
    }

    const fn step(&self, from: u64, until: u64) -> u64 {
        let of = if self.living == 0 { 1 } else { self.living };
        (until - from) / of
    }

    pub(crate) const fn created(&self, index: u64) -> u64 {
        ADDED_FROM + index * self.step(ADDED_FROM, ADDED_UNTIL)
    }

    pub(crate) const fn modified(&self, index: u64) -> u64 {
        // Pairs share a second: an import that goes by time alone would lose one at a page's end.
        UPDATED_FROM
            + self.by_modified.forth(index) / 2 * 2 * self.step(UPDATED_FROM, UPDATED_UNTIL)
    }

    /// The first position whose mark is after `mark`, in an ascending order of positions.
    fn after(&self, sort: Sort, mark: Mark) -> u64 {
        let (mut low, mut high) = (0, self.living);
        // Marks of one second are not in the order of their ids, so the search ends a pair early.
        while low < high {
            let middle = u64::midpoint(low, high);
            if self.mark(sort, middle).0 < mark.0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn at(&self, sort: Sort, position: u64) -> u64 {
        if sort == Sort::Modified { self.by_modified.back(position) } else { position }
    }

    fn mark(&self, sort: Sort, position: u64) -> Mark {
        let index = self.at(sort, position);
        let id = self.id(index);
        match sort {
            Sort::Id => (id, id),
            Sort::Created => (self.created(index), id),
            Sort::Modified => (self.modified(index), id),
        }
    }
}

/// One step of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Generated(u64),
    Changed(u64),
}

#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) roll: Roll,
    changed: BTreeMap<u64, Record>,
    by_created: BTreeSet<Mark>,
    by_modified: BTreeSet<Mark>,
    /// When each was written.
    written: BTreeMap<u64, Instant>,
    last: u64,
}

impl Book {
    pub(crate) fn new(roll: Roll) -> Self {
        Self {
            last: roll.next_id(),
            roll,
            changed: BTreeMap::new(),
            by_created: BTreeSet::new(),
            by_modified: BTreeSet::new(),
            written: BTreeMap::new(),
        }
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(crate) fn put(&mut self, record: Record) {
        let (id, created, modified) = (record.id, record.created, record.modified);
        self.written.insert(id, Instant::now());
        if let Some(old) = self.changed.insert(id, record) {
            self.by_created.remove(&(old.created, id));
            self.by_modified.remove(&(old.modified, id));
        }
        self.by_created.insert((created, id));
        self.by_modified.insert((modified, id));
    }

    pub(crate) fn change(&self, id: u64) -> Option<&Record> {
        self.changed.get(&id)
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = &Record> {
        self.changed.values()
    }

    /// Whether a record was left alone for that long.
    pub(crate) fn is_settled(&self, id: u64, since: Duration) -> bool {
        self.written.get(&id).is_none_or(|written| written.elapsed() >= since)
    }

    /// Everything after a mark, ascending, deleted included.
    pub(crate) fn walk(
        &self,
        sort: Sort,
        after: Option<Mark>,
    ) -> impl Iterator<Item = (Mark, Step)> + '_ {
        use std::ops::Bound::{Excluded, Unbounded};
        let start = after.map_or(0, |mark| self.roll.after(sort, mark));
        let position = move |position: u64| {
            let index = self.roll.at(sort, position);
            (self.roll.mark(sort, position), Step::Generated(index))
        };
        // Two neighbours of one second may stand the wrong way round.
        let generated = pairs((start..self.roll.living).map(position))
            .filter(move |(mark, _)| after.is_none_or(|after| *mark > after))
            .filter(|(mark, _)| !self.changed.contains_key(&mark.1));
        let range = (after.map_or(Unbounded, Excluded), Unbounded);
        let changed: Box<dyn Iterator<Item = (Mark, Step)>> = match sort {
            Sort::Id => {
                let range = (range.0.map(|(id, _): Mark| id), Unbounded);
                Box::new(self.changed.range(range).map(|(&id, _)| ((id, id), Step::Changed(id))))
            }
            Sort::Created | Sort::Modified => {
                let of = if sort == Sort::Created { &self.by_created } else { &self.by_modified };
                Box::new(of.range(range).map(|&mark| (mark, Step::Changed(mark.1))))
            }
        };
        Merge { left: generated.peekable(), right: changed.peekable() }
    }
}

/// Puts neighbours of one sorted value into the order of their ids; there are never more than two.
fn pairs(walk: impl Iterator<Item = (Mark, Step)>) -> impl Iterator<Item = (Mark, Step)> {
    let mut walk = walk.peekable();
    let mut held: Option<(Mark, Step)> = None;
    std::iter::from_fn(move || {
        if let Some(held) = held.take() {
            return Some(held);
        }
        let first = walk.next()?;
        match walk.next_if(|next| next.0.0 == first.0.0 && next.0.1 < first.0.1) {
            Some(second) => {
                held = Some(first);
                Some(second)
            }
            None => Some(first),
        }
    })
}

/// Two walks in one order.
struct Merge<L: Iterator, R: Iterator> {
    left: std::iter::Peekable<L>,
    right: std::iter::Peekable<R>,
}

impl<L, R> Iterator for Merge<L, R>
where
    L: Iterator<Item = (Mark, Step)>,
    R: Iterator<Item = (Mark, Step)>,
{
    type Item = (Mark, Step);

    fn next(&mut self) -> Option<Self::Item> {
        let left_first = match (self.left.peek(), self.right.peek()) {
            (Some(left), Some(right)) => left.0 < right.0,
            (left, _) => left.is_some(),
        };
        if left_first { self.left.next() } else { self.right.next() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_names_each_record_once_and_goes_on_after_any_mark() {
        let book = Book::new(Roll::new(5_725_767_000_000_000_000, 501, 3));
        for sort in [Sort::Id, Sort::Created, Sort::Modified] {
            let all: Vec<Mark> = book.walk(sort, None).map(|(mark, _)| mark).collect();
            assert_eq!(all.len(), 501);
            assert!(all.is_sorted(), "{sort:?}");
            for nth in [0, 1, 2, 250, 251, 499, 500] {
                let rest: Vec<Mark> = book.walk(sort, Some(all[nth])).map(|(m, _)| m).collect();
                assert_eq!(rest, all[nth + 1..], "{sort:?} after {nth}");
            }
        }
    }

    #[test]
    fn an_id_leads_back_to_its_position_and_others_to_none() {
        let roll = Roll::new(1_000, 100, 9);
        let ids: Vec<u64> = (0..100).map(|index| roll.id(index)).collect();
        assert!(ids.is_sorted());
        let found = (0..2_000).filter_map(|id| roll.index(id)).collect::<Vec<_>>();
        assert_eq!(found, (0..100).collect::<Vec<_>>());
    }
}
