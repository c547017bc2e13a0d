//! Everything a portal holds, with the few orders that answers need.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use super::{
    super::events::differences,
    kind::{Kind, tie},
    record::{Millis, Record},
};

/// Records made through the API begin beyond 2^53, where numbers of JavaScript lose their units.
const FIRST_MADE: u64 = 9_007_199_254_740_993;

/// One end of an association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) to: u64,
    pub(crate) types: Vec<u16>,
}

/// What happens to a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    Created(u64),
    Deleted(u64),
    Merged { from: u64, into: u64 },
    Property { id: u64, name: String, value: String },
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    records: [BTreeMap<u64, Record>; 8],
    by_modified: [BTreeSet<(Millis, u64)>; 8],
    /// Living contacts by the values that only one may have.
    unique: HashMap<(String, String), u64>,
    links: HashMap<(Kind, u64, Kind), Vec<Link>>,
    /// What happened to contacts since somebody asked.
    news: Vec<News>,
    /// Made through the API since the start, in order.
    pub(crate) made: Vec<(Kind, u64)>,
}

impl Book {
    pub(crate) fn get(&self, kind: Kind, id: u64) -> Option<&Record> {
        self.records[kind as usize].get(&id)
    }

    pub(crate) fn living(&self, kind: Kind, id: u64) -> Option<&Record> {
        self.get(kind, id).filter(|record| record.is_living())
    }

    /// In the order of ids.
    pub(crate) fn after(&self, kind: Kind, id: u64) -> impl Iterator<Item = &Record> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.records[kind as usize].range((Excluded(id), Unbounded)).map(|(_, record)| record)
    }

    pub(crate) fn all(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        self.records[kind as usize].values()
    }

    /// In the order of changes, from a time on.
    pub(crate) fn changed_since(&self, kind: Kind, since: Millis) -> impl Iterator<Item = &Record> {
        let marks = self.by_modified[kind as usize].range((since, 0)..);
        marks.filter_map(move |(_, id)| self.get(kind, *id))
    }

    /// What happened to contacts since this was last asked.
    pub(crate) fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Whatever was there from the beginning is no news.
    fn happens(&self, record: &Record) -> Vec<News> {
        let id = record.id;
        if record.written.is_none() {
            return vec![];
        }
        match self.get(Kind::Contacts, id) {
            None => vec![News::Created(id)],
            Some(old) if old.is_living() && !record.is_living() => vec![match record.merged_into {
                Some(into) => News::Merged { from: id, into },
                None => News::Deleted(id),
            }],
            Some(old) => {
                let names = old.values.iter().chain(&record.values).map(|(name, _)| &**name);
                let changed = differences(|name| old.own(name), |name| record.own(name), names);
                let news = |(name, value)| News::Property { id, name, value };
                changed.into_iter().map(news).collect()
            }
        }
    }

    pub(crate) fn put(&mut self, kind: Kind, record: Record, unique: &[String]) {
        let id = record.id;
        if kind == Kind::Contacts {
            let news = self.happens(&record);
            self.news.extend(news);
        }
        if let Some(old) = self.records[kind as usize].get(&id).cloned() {
            self.by_modified[kind as usize].remove(&(old.modified, id));
            self.forget(kind, &old, unique);
        }
        self.by_modified[kind as usize].insert((record.modified, id));
        if kind == Kind::Contacts && record.is_living() {
            for key in keys(&record, unique) {
                self.unique.entry(key).or_insert(id);
            }
        }
        self.records[kind as usize].insert(id, record);
    }

    fn forget(&mut self, kind: Kind, old: &Record, unique: &[String]) {
        if kind == Kind::Contacts {
            for key in keys(old, unique) {
                if self.unique.get(&key) == Some(&old.id) {
                    self.unique.remove(&key);
                }
            }
        }
    }

    /// The living contact that has a value which only one may have.
    pub(crate) fn holder(&self, name: &str, value: &str) -> Option<u64> {
        let value = if name == "email" { value.trim().to_lowercase() } else { value.to_owned() };
        self.unique.get(&(name.to_owned(), value)).copied()
    }

    pub(crate) fn next_id(&self, kind: Kind) -> u64 {
        let last = self.records[kind as usize].last_key_value().map_or(0, |(id, _)| *id);
        last.max(FIRST_MADE - 1) + 1
    }

    pub(crate) fn links(&self, from: Kind, id: u64, to: Kind) -> &[Link] {
        self.links.get(&(from, id, to)).map_or(&[], Vec::as_slice)
    }

    /// Ties two records, both ways; `None` for a type that these kinds have not.
    pub(crate) fn link(
        &mut self,
        (from, id): (Kind, u64),
        (to, other): (Kind, u64),
        wanted: Option<u16>,
    ) -> Option<()> {
        let (there, back) = (tie(from, to)?, tie(to, from)?);
        let is_primary = wanted.is_some() && wanted == there.primary;
        if wanted.is_some_and(|wanted| wanted != there.plain) && !is_primary {
            return None;
        }
        // The first company of somebody is the primary one, as over there.
        let first = there.primary.is_some() && self.links(from, id, to).is_empty();
        let primary = is_primary || (first && to == Kind::Companies);
        let mut add = |from: Kind, id: u64, to: Kind, other: u64, tie: super::kind::Tie| {
            let links = self.links.entry((from, id, to)).or_default();
            if primary && to == Kind::Companies {
                for link in links.iter_mut() {
                    link.types.retain(|kind| Some(*kind) != tie.primary);
                }
            }
            let at = links.iter().position(|link| link.to == other).unwrap_or_else(|| {
                links.push(Link { to: other, types: vec![] });
                links.len() - 1
            });
            let types = [Some(tie.plain), tie.primary.filter(|_| primary)];
            for kind in types.into_iter().flatten() {
                if !links[at].types.contains(&kind) {
                    links[at].types.push(kind);
                }
            }
        };
        add(from, id, to, other, there);
        add(to, other, from, id, back);
        Some(())
    }

    pub(crate) fn unlink(&mut self, (from, id): (Kind, u64), (to, other): (Kind, u64)) {
        for (key, gone) in [((from, id, to), other), ((to, other, from), id)] {
            if let Some(links) = self.links.get_mut(&key) {
                links.retain(|link| link.to != gone);
            }
        }
    }

    /// What is archived keeps its ties, and they show again when it is restored.
    pub(crate) fn archive(&mut self, kind: Kind, id: u64, now: Millis, unique: &[String]) -> bool {
        let Some(mut record) = self.living(kind, id).cloned() else { return false };
        record.archived = Some(now);
        record.modified = now;
        record.written = Some(Instant::now());
        self.put(kind, record, unique);
        true
    }

    /// One goes into another, which keeps its own values and gets the rest.
    pub(crate) fn merge(&mut self, from: u64, into: u64, now: Millis, unique: &[String]) -> bool {
        let kind = Kind::Contacts;
        let (Some(gone), Some(stays)) = (self.living(kind, from), self.living(kind, into)) else {
            return false;
        };
        let (mut gone, mut stays) = (gone.clone(), stays.clone());
        if from == into {
            return false;
        }
        let mut more: Vec<String> = stays.addresses().map(ToOwned::to_owned).collect();
        more.extend(gone.addresses().map(ToOwned::to_owned));
        let first = more.first().cloned().unwrap_or_default();
        more.retain(|address| *address != first);
        for (name, value) in &gone.values {
            if stays.own(name).is_none() && !name.starts_with('~') {
                stays.set(name, value.clone());
            }
        }
        stays.set("email", first);
        stays.set("hs_additional_emails", more.join(";"));
        let merged = [stays.own("hs_merged_object_ids"), Some(&*from.to_string())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(";");
        stays.set("hs_merged_object_ids", merged);
        for to in Kind::ALL {
            for link in self.links(kind, from, to).to_vec() {
                self.unlink((kind, from), (to, link.to));
                self.link((kind, into), (to, link.to), None);
            }
        }
        gone.merged_into = Some(into);
        for record in [&mut gone, &mut stays] {
            record.modified = now;
            record.written = Some(Instant::now());
        }
        self.put(kind, gone, unique);
        self.put(kind, stays, unique);
        true
    }
}

impl Record {
    /// Whether it was left alone for that long, so that the search index knows it.
    pub(crate) fn is_settled(&self, lag: Duration) -> bool {
        self.written.is_none_or(|written| written.elapsed() >= lag)
    }
}

fn keys<'a>(
    record: &'a Record,
    unique: &'a [String],
) -> impl Iterator<Item = (String, String)> + 'a {
    let addresses = record.addresses().map(|own| ("email".to_owned(), own.trim().to_lowercase()));
    let own = unique.iter().filter_map(|name| Some((name.clone(), record.own(name)?.to_owned())));
    addresses.chain(own)
}
