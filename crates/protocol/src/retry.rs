//! When to try again: exponential backoff with full jitter, one second to fifteen minutes.

const FIRST_MS: u64 = 1_000;
const LONGEST_MS: u64 = 15 * 60 * 1_000;

/// The wait before attempt number `failures` + 1, with `random` drawn from 0 to `u32::MAX`.
///
/// Full jitter: anywhere from nothing to the limit, so that ten thousand tablets that lost the
/// same network do not come back in the same second.
pub fn wait_ms(failures: u32, random: u32) -> u64 {
    let limit = FIRST_MS
        .checked_shl(failures.saturating_sub(1).min(30))
        .map_or(LONGEST_MS, |ms| ms.min(LONGEST_MS));
    (limit * u64::from(random)) / u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_wait_never_leaves_its_bounds(failures in 0_u32.., random in 0_u32..) {
            prop_assert!(wait_ms(failures, random) <= LONGEST_MS);
        }
    }

    #[test]
    fn the_limit_doubles() {
        assert_eq!(wait_ms(1, u32::MAX), 1_000);
        assert_eq!(wait_ms(4, u32::MAX), 8_000);
        assert_eq!(wait_ms(40, u32::MAX), 900_000);
    }
}
