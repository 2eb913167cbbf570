//! Seeded dice: the only source of chance in a simulation. The same seed throws the same dice.

use uuid::Uuid;

/// SplitMix64, spelled out so that no library's new version changes what a seed means.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub const fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    /// Any number.
    pub const fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`.
    pub const fn below(&mut self, count: usize) -> usize {
        (self.any() % (count as u64)) as usize
    }

    /// True so many times in a hundred.
    pub const fn percent(&mut self, percent: u64) -> bool {
        self.any() % 100 < percent
    }

    /// One of these; none of none.
    pub fn one_of<'a, T>(&mut self, things: &'a [T]) -> Option<&'a T> {
        match things.is_empty() {
            true => None,
            false => things.get(self.below(things.len())),
        }
    }

    /// An id.
    pub const fn id(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.any(), self.any())
    }

    /// A salt.
    pub fn salt(&mut self) -> [u8; 16] {
        *self.id().as_bytes()
    }
}
