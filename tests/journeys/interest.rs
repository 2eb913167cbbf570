//! Interest-bearing schedules against an independent calculator, numpy-financial.

use doorstep_domain::plan::{Calendar, Frequency, Relief, ScheduleOrder, lines};
use doorstep_domain::{Currency, Money};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const PEER: &str = r"
import json, sys
import numpy_financial as npf
for line in sys.stdin:
    case = json.loads(line)
    rate = case['bp'] / 10000 / 12
    n, total = case['count'], case['total']
    pay = -npf.pmt(rate, n, total)
    first = -npf.ipmt(rate, 1, n, total)
    last = -npf.ipmt(rate, n, n, total)
    print(json.dumps({'pay': float(pay), 'first': float(first), 'last': float(last)}))
";

/// Totals, yearly rates and counts, spread over what plans are like.
fn cases() -> Vec<(i64, u32, usize)> {
    let totals = [10_000_i64, 546_567, 12_345_678, 999_999_999];
    let rates = [100_u32, 365, 1_200, 1_825, 2_400, 3_600];
    let counts = [2_usize, 3, 12, 36, 60];
    let mut all = Vec::new();
    for total in totals {
        for rate in rates {
            all.extend(counts.map(|count| (total, rate, count)));
        }
    }
    all
}

#[test]
fn interest_agrees_with_a_peer_to_what_rounding_explains() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut peer = Command::new(root.join("target/python/bin/python"))
        .args(["-c", PEER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut asked = peer.stdin.take().unwrap();
    for (total, bp, count) in cases() {
        writeln!(
            asked,
            "{}",
            json!({ "total": total, "bp": bp, "count": count })
        )
        .unwrap();
    }
    drop(asked);
    let output = peer.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(said.len(), cases().len(), "the peer answers every case");
    for ((total, bp, count), said) in cases().into_iter().zip(said) {
        let order = ScheduleOrder {
            total: Money::new(total, Currency::Gbp),
            instalment_max: Money::zero(Currency::Gbp),
            frequency: Frequency::Monthly,
            first_due: "2027-01-31".parse().unwrap(),
            months_max: 60,
            relief: Relief {
                interest_bp: bp,
                ..Relief::default()
            },
        };
        let made = lines(&order, &Calendar::every_day(), count).unwrap();
        let near = |ours: i64, theirs: &Value, most: f64| {
            let theirs = theirs.as_f64().unwrap();
            #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
            let apart = (ours as f64 - theirs).abs();
            assert!(apart <= most, "{total} {bp} {count}: {ours} and {theirs}");
        };
        // The level line is the peer's, rounded: half a unit, and what the rounding of each period's
        // interest adds up to, spread over the lines.
        near(made[0].amount.minor, &said["pay"], 1.0);
        // Nothing was rounded before the first interest.
        near(made[0].interest_minor, &said["first"], 0.5 + 1e-6);
        // Before the last one, up to half a unit a line, and the level line's own part, with growth.
        let spread = f64::from(u32::try_from(count).unwrap());
        near(
            made[count - 1].interest_minor,
            &said["last"],
            0.5 + 1.5 * spread * 0.03 + 0.5,
        );
        // And the last line is off by no more than a unit for each line.
        let last = made[count - 1].amount.minor - made[0].amount.minor;
        assert!(
            last.unsigned_abs() <= u64::try_from(count).unwrap(),
            "{last}"
        );
    }
}
