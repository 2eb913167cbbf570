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

/// What a case adds to its bucket.
fn summand(case: CaseId, revision: Revision) -> u128 {
    let mut hash = Sha256::new();
    hash.update(case.0.as_bytes());
    hash.update(revision.epoch.0.to_be_bytes());
    hash.update(revision.number.to_be_bytes());
    let mut first = [0; 16];
    for (to, from) in first.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    u128::from_be_bytes(first)
}

/// A set with its digest, to which few changes are to be made.
#[derive(Debug, Clone)]
pub struct Tally {
    /// By id.
    cases: Vec<(CaseId, Revision)>,
    digest: Digest,
}

impl Tally {
    /// The tally of these cases, each in it once.
    pub fn of(mut cases: Vec<(CaseId, Revision)>) -> Self {
        cases.sort_unstable_by_key(|(case, _)| *case);
        let digest = Digest::of(cases.iter().copied());
        Self { cases, digest }
    }

    /// The digest of the set with these changes: a case has another revision, or is none of the set.
    pub fn after(&self, changes: impl IntoIterator<Item = (CaseId, Option<Revision>)>) -> Digest {
        let mut digest = self.digest.clone();
        for (case, now) in changes {
            let known = self.cases.binary_search_by_key(&case, |(case, _)| *case);
            if let Some((_, before)) = known.ok().and_then(|place| self.cases.get(place)) {
                digest.take_away(case, *before);
            }
            if let Some(now) = now {
                digest.add(case, now);
            }
        }
        digest
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
        if let Some(sum) = self.buckets.get_mut(usize::from(bucket_of(case))) {
            *sum = sum.wrapping_add(summand(case, revision));
        }
    }

    fn take_away(&mut self, case: CaseId, revision: Revision) {
        if let Some(sum) = self.buckets.get_mut(usize::from(bucket_of(case))) {
            *sum = sum.wrapping_sub(summand(case, revision));
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
    use std::collections::BTreeMap;
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

        #[test]
        fn a_tally_follows_whatever_changes(
            before in prop::collection::btree_map(0_u64..50, 1_u64..100, 0..30),
            changes in prop::collection::btree_map(0_u64..50, prop::option::of(1_u64..100), 0..30),
        ) {
            let mut after = before.clone();
            for (case, now) in &changes {
                match now {
                    Some(now) => after.insert(*case, *now),
                    None => after.remove(case),
                };
            }
            let pairs = |map: BTreeMap<u64, u64>| set(&map.into_iter().collect::<Vec<_>>());
            let mut known = pairs(before);
            known.reverse();
            let changes = changes.into_iter().map(|(case, now)| {
                let revision = |now| set(&[(case, now)])[0].1;
                (set(&[(case, 1)])[0].0, now.map(revision))
            });
            prop_assert_eq!(Tally::of(known).after(changes), Digest::of(pairs(after)));
        }
    }
}
