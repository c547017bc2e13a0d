//! Which ids are alive, and who belongs to whom, as arithmetic instead of tables.

use super::dice::Shuffle;

/// The ids of one kind of object: of every hundred, some are gone for good.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    living: u64,
    /// Positions within each hundred, ascending.
    gone: &'static [u64],
}

/// What an id stands for before anybody changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The n-th living object.
    Living(u64),
    /// Deleted or merged long ago.
    Gone,
    /// Never given out.
    Unused,
}

impl Ids {
    pub(crate) const fn new(living: u64, gone: &'static [u64]) -> Self {
        Self { living, gone }
    }

    pub(crate) const fn living(&self) -> u64 {
        self.living
    }

    const fn per_hundred(&self) -> u64 {
        100 - self.gone.len() as u64
    }

    /// The id of the n-th living object.
    pub(crate) fn id(&self, index: u64) -> u64 {
        let mut position = index % self.per_hundred();
        for &gone in self.gone {
            if position >= gone {
                position += 1;
            }
        }
        index / self.per_hundred() * 100 + position + 1
    }

    pub(crate) fn slot(&self, id: u64) -> Slot {
        if id == 0 || id > self.last() {
            return Slot::Unused;
        }
        let (hundred, position) = ((id - 1) / 100, (id - 1) % 100);
        if self.gone.contains(&position) {
            return Slot::Gone;
        }
        let before = self.gone.iter().filter(|&&gone| gone < position).count() as u64;
        Slot::Living(hundred * self.per_hundred() + position - before)
    }

    /// The index of the first living object whose id is at least `id`.
    pub(crate) fn from(&self, id: u64) -> u64 {
        if id <= 1 {
            return 0;
        }
        let (hundred, position) = ((id - 1) / 100, (id - 1) % 100);
        let before = self.gone.iter().filter(|&&gone| gone < position).count() as u64;
        (hundred * self.per_hundred() + position - before).min(self.living)
    }

    /// The highest id given out.
    pub(crate) fn last(&self) -> u64 {
        if self.living == 0 { 0 } else { self.id(self.living - 1) }
    }

    /// How many ids below the last are gone.
    pub(crate) fn gone(&self) -> u64 {
        self.last() - self.living
    }
}

/// Many objects spread unevenly over few (deals over persons, persons over organizations),
/// so that both directions are arithmetic.
///
/// Members come in blocks; a block is cut into groups of the given sizes, and each group
/// goes to one target.
#[derive(Debug, Clone)]
pub(crate) struct Spread {
    members: u64,
    targets: u64,
    sizes: &'static [u64],
    shuffle: Shuffle,
}

impl Spread {
    pub(crate) fn new(members: u64, targets: u64, sizes: &'static [u64], seed: u64) -> Self {
        Self { members, targets, sizes, shuffle: Shuffle::new(targets, seed) }
    }

    fn block(&self) -> u64 {
        self.sizes.iter().sum()
    }

    /// To which target a member belongs.
    pub(crate) fn target(&self, member: u64) -> Option<u64> {
        if self.targets == 0 {
            return None;
        }
        let mut within = member % self.block();
        let mut group = member / self.block() * self.sizes.len() as u64;
        for &size in self.sizes {
            if within < size {
                break;
            }
            within -= size;
            group += 1;
        }
        Some(self.shuffle.forth(group % self.targets))
    }

    /// The members of a target, ascending.
    pub(crate) fn members(&self, target: u64) -> impl Iterator<Item = u64> {
        let first = self.shuffle.back(target);
        let groups = self.members.div_ceil(self.block()) * self.sizes.len() as u64;
        let step = usize::try_from(self.targets.max(1)).unwrap_or(usize::MAX);
        (first..groups).step_by(step).flat_map(move |group| {
            let per_block = self.sizes.len() as u64;
            let nth = usize::try_from(group % per_block).unwrap_or(0);
            let start = group / per_block * self.block() + self.sizes[..nth].iter().sum::<u64>();
            start..(start + self.sizes[nth]).min(self.members)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_positions_are_each_others_inverse() {
        let ids = Ids::new(500, &[3, 40, 99]);
        for index in 0..500 {
            assert_eq!(ids.slot(ids.id(index)), Slot::Living(index));
            assert_eq!(ids.from(ids.id(index)), index);
        }
        assert_eq!(ids.slot(4), Slot::Gone);
        assert_eq!(ids.slot(ids.last() + 1), Slot::Unused);
    }

    #[test]
    fn each_member_is_found_at_its_target_and_nowhere_else() {
        let spread = Spread::new(1_000, 130, &[1, 1, 1, 2, 2, 3], 9);
        let mut found = 0;
        for target in 0..130 {
            for member in spread.members(target) {
                assert_eq!(spread.target(member), Some(target));
                found += 1;
            }
        }
        assert_eq!(found, 1_000);
    }
}
