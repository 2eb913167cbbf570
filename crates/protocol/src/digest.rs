//! A digest of a set of cases that does not depend on their order: 256 buckets of sums.
//!
//! Both ends add up what they hold; where a bucket differs, its cases are fetched again. A repaired
//! difference is a bug, and is reported as one.

use doorstep_domain::{CaseId, Revision};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const BUCKETS: usize = 256;

/// The digest of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    buckets: Vec<u128>,
}

/// A digest as it travels: the sums of all buckets, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Buckets(pub Vec<String>);

impl Default for Digest {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS],
        }
    }
}

/// The bucket of a case, from 0 to 255.
pub const fn bucket_of(case: CaseId) -> u8 {
    case.0.as_bytes()[15]
}

impl Digest {
    /// The digest of these cases.
    pub fn of(cases: impl IntoIterator<Item = (CaseId, Revision)>) -> Self {
        let mut digest = Self::default();
        for (case, revision) in cases {
            digest.add(case, revision);
        }
        digest
    }

    fn add(&mut self, case: CaseId, revision: Revision) {
        let mut hash = Sha256::new();
        hash.update(case.0.as_bytes());
        hash.update(revision.epoch.0.to_be_bytes());
        hash.update(revision.number.to_be_bytes());
        let mut first = [0; 16];
        for (to, from) in first.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        if let Some(sum) = self.buckets.get_mut(usize::from(bucket_of(case))) {
            *sum = sum.wrapping_add(u128::from_be_bytes(first));
        }
    }

    /// One word for the whole set.
    pub fn total(&self) -> String {
        let mut hash = Sha256::new();
        for sum in &self.buckets {
            hash.update(sum.to_be_bytes());
        }
        hex::encode(hash.finalize())
    }

    /// All sums, to find out where two sets differ.
    pub fn buckets(&self) -> Buckets {
        Buckets(self.buckets.iter().map(|sum| format!("{sum:x}")).collect())
    }

    /// The buckets in which `other` holds something else.
    pub fn differing(&self, other: &Buckets) -> Vec<u8> {
        let mine = self.buckets().0;
        (0..=u8::MAX)
            .filter(|bucket| {
                let index = usize::from(*bucket);
                mine.get(index) != other.0.get(index)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_domain::Epoch;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn set(numbers: &[(u64, u64)]) -> Vec<(CaseId, Revision)> {
        let revision = |number| Revision {
            epoch: Epoch(1),
            number,
        };
        numbers
            .iter()
            .map(|(id, number)| (CaseId(Uuid::from_u64_pair(7, *id)), revision(*number)))
            .collect()
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter_and_every_change_shows(
            numbers in prop::collection::btree_map(0_u64..5_000, 1_u64..100, 1..50),
            at in any::<prop::sample::Index>(),
        ) {
            let mut cases: Vec<_> = numbers.into_iter().collect();
            let digest = Digest::of(set(&cases));
            let at = at.index(cases.len());
            cases.reverse();
            prop_assert_eq!(&Digest::of(set(&cases)), &digest);
            cases[at].1 += 1;
            let changed = Digest::of(set(&cases));
            prop_assert_ne!(changed.total(), digest.total());
            let bucket = bucket_of(set(&cases)[at].0);
            prop_assert_eq!(changed.differing(&digest.buckets()), vec![bucket]);
        }
    }
}
