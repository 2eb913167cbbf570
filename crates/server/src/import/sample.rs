//! The fictitious accounts of `examples/`: made by arithmetic, the same each time.
//!
//! The columns are those of a public data set of card accounts; no row of it is copied.

use std::fmt::Write as _;

const HEADINGS: &str = "ID,LIMIT_BAL,SEX,EDUCATION,MARRIAGE,AGE,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,BILL_AMT1,BILL_AMT2,BILL_AMT3,BILL_AMT4,BILL_AMT5,BILL_AMT6,PAY_AMT1,PAY_AMT2,PAY_AMT3,PAY_AMT4,PAY_AMT5,PAY_AMT6,default.payment.next.month";
const MONTHS: usize = 6;

/// Steele, Lea & Flood's SplitMix64: a few lines that give the same numbers everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A CSV file of `rows` accounts; about a quarter of them two months overdue or more.
pub fn accounts_csv(rows: u32, seed: u64) -> String {
    let mut random = SplitMix(seed);
    let mut csv = String::from(HEADINGS);
    csv.push('\n');
    for id in 1..=rows {
        let limit = (random.below(40) + 1) * 10_000;
        let is_overdue = random.below(4) == 0;
        let status = if is_overdue {
            2 + random.below(4)
        } else {
            random.below(2)
        };
        // From the oldest month to the newest: a bill, less what was paid, plus what was charged.
        let mut bills = vec![random.below(limit / 2) + 500];
        let mut payments = vec![random.below(2_000)];
        for _ in 1..MONTHS {
            let owed = bills[bills.len() - 1];
            let paid = if is_overdue {
                random.below(owed / 20 + 1)
            } else {
                random.below(owed / 2 + 1)
            };
            bills.push(owed - paid + random.below(limit / 30 + 1) + 1);
            payments.push(paid);
        }
        let newest_first = |amounts: &[u64]| {
            amounts
                .iter()
                .rev()
                .map(u64::to_string)
                .collect::<Vec<_>>()
                .join(",")
        };
        let statuses = vec![status.to_string(); MONTHS].join(",");
        // Writing to a String can't fail.
        let _ = writeln!(
            csv,
            "{id},{limit},{},{},{},{},{statuses},{},{},{}",
            random.below(2) + 1,
            random.below(4) + 1,
            random.below(3) + 1,
            random.below(50) + 21,
            newest_first(&bills),
            newest_first(&payments),
            u64::from(is_overdue && random.below(2) == 0),
        );
    }
    csv
}
