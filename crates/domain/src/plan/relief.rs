//! What a plan eases beside its instalments. Its parts combine: a deferral with interest frozen and a
//! discount is one plan.

use crate::money::Money;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What a plan eases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(default)]
pub struct Relief {
    /// A settlement: let go for good once the plan is kept, in minor units.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub discount_minor: i64,
    /// Interest that the plan itself bears, in hundredths of a percent a year. A hardship plan bears
    /// none (reference section 7, point 3).
    pub interest_bp: u32,
    /// No interest on what falls due until this day; it is not added later.
    pub frozen_until: Option<NaiveDate>,
    /// A payment holiday: nothing falls due and nothing accrues.
    pub holiday: Option<Pause>,
}

/// From a day to a day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Pause {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Relief {
    /// Nothing but instalments.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The yearly rate that counts for what falls due on `day`.
    pub fn interest_bp_on(&self, day: NaiveDate) -> u32 {
        match self.frozen_until {
            Some(until) if day <= until => 0,
            _ => self.interest_bp,
        }
    }

    /// Whether `day` lies in the payment holiday.
    pub fn is_holiday(&self, day: NaiveDate) -> bool {
        let pause = self.holiday.as_ref();
        pause.is_some_and(|pause| (pause.from..=pause.to).contains(&day))
    }

    /// A discount of `percent`, rounded in the person's favour; none where it can't be had.
    pub fn discount(total: Money, percent: u8) -> Option<i64> {
        let let_go = (i128::from(total.minor) * i128::from(percent) + 99) / 100;
        let let_go = i64::try_from(let_go).ok()?;
        (percent < 100 && total.is_positive() && let_go < total.minor).then_some(let_go)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn a_discount_rounds_in_the_persons_favour() {
        let owed = |minor| Money::new(minor, Currency::Gbp);
        assert_eq!(Relief::discount(owed(1_001), 50), Some(501));
        assert_eq!(Relief::discount(owed(1_000), 0), Some(0));
        assert_eq!(Relief::discount(owed(1), 10), None, "nothing would be left");
        assert_eq!(Relief::discount(owed(1_000), 100), None);
        assert_eq!(
            Relief::discount(owed(i64::MAX), 99),
            Some(9_131_138_316_486_228_049)
        );
    }
}
