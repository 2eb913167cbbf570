//! Seeds that once broke the promise, each with what it taught. A change of the storm moves them;
//! then they are as good as any other seed, and cost as little.

#![allow(clippy::unwrap_used, reason = "a test may")]

use doorstep_weather::run::run_many;

#[test]
fn seeds_that_failed_once_hold_now() {
    for (seed, taught) in [
        (
            211_664,
            "a verdict stays on the screen while its action is numbered anew",
        ),
        (224_867, "the same, on another road"),
        (
            236_232,
            "what has just come back is shown as what follows it expects",
        ),
        (
            224_454,
            "one's own work is known also where a field is empty",
        ),
        (
            236_206,
            "whoever decides on a decision has seen the fact below it",
        ),
        (
            246_221,
            "held before a restore may be applied after it, and is shown as its tablet knows it",
        ),
        (
            246_402,
            "a second restore does not bring back what the first one lost",
        ),
        (
            361_098,
            "the same value by another hand is what somebody had seen",
        ),
        (
            1_099_200,
            "what a lost value had covered is not overwritten unseen",
        ),
    ] {
        let report = run_many(seed, 1, None, false, false).unwrap();
        assert_eq!(report.failed, 0, "{seed}, {taught}: {:?}", report.failures);
    }
}
