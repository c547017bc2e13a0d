//! Chance that is the same every time: a stream of numbers from a seed and an id.

/// splitmix64's finisher: every bit of the input moves every bit of the output.
pub(crate) const fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The draws that belong to one record and one purpose.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64, purpose: u64, id: u64) -> Self {
        Self(mix(mix(seed ^ purpose.wrapping_mul(0xA24B_AED4_963E_E407)) ^ id))
    }

    pub(crate) const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `bound`, or 0 when there is none.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.draw() % bound }
    }

    /// True that many times in a thousand.
    pub(crate) const fn permille(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let length = u64::try_from(from.len()).unwrap_or(1);
        &from[usize::try_from(self.below(length)).unwrap_or(0)]
    }
}

/// A reshuffling of `0..n` that can be asked in both directions without a table.
#[derive(Debug, Clone)]
pub(crate) struct Shuffle {
    n: u64,
    factor: u64,
    inverse: u64,
    offset: u64,
}

impl Shuffle {
    pub(crate) fn new(n: u64, seed: u64) -> Self {
        let n = n.max(1);
        // Near the golden ratio, so that neighbours land far apart; then coprime to n.
        let mut factor = (n / 1000 * 618 + n % 1000 * 618 / 1000).max(1);
        while gcd(factor, n) != 1 {
            factor += 1;
        }
        Self { n, factor, inverse: invert(factor, n), offset: mix(seed) % n }
    }

    pub(crate) const fn forth(&self, i: u64) -> u64 {
        (mul(i % self.n, self.factor, self.n) + self.offset) % self.n
    }

    pub(crate) const fn back(&self, j: u64) -> u64 {
        mul((j % self.n + self.n - self.offset) % self.n, self.inverse, self.n)
    }
}

/// Sizes stay below 2^32, so a product fits.
const fn mul(a: u64, b: u64, n: u64) -> u64 {
    a * b % n
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The inverse of `a` modulo `n`, by Euclid; both are below 2^32.
fn invert(a: u64, n: u64) -> u64 {
    let (mut r0, mut r1) = (i128::from(n), i128::from(a));
    let (mut t0, mut t1) = (0_i128, 1_i128);
    while r1 != 0 {
        let q = r0 / r1;
        (r0, r1) = (r1, r0 - q * r1);
        (t0, t1) = (t1, t0 - q * t1);
    }
    u64::try_from(t0.rem_euclid(i128::from(n))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_names_each_number_once_and_finds_its_way_back() {
        for n in [1, 2, 7, 100, 999, 4_000, 20_000] {
            let shuffle = Shuffle::new(n, 5);
            let mut seen = vec![false; usize::try_from(n).unwrap()];
            for i in 0..n {
                let j = shuffle.forth(i);
                assert_eq!(shuffle.back(j), i, "n = {n}");
                assert!(!std::mem::replace(&mut seen[usize::try_from(j).unwrap()], true));
            }
        }
    }
}
