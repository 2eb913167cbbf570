//! Working days, for due dates: banks pay on them.

use chrono::{Datelike, NaiveDate, Weekday};
use std::collections::BTreeSet;

/// No run of days off is longer.
const DAYS_OFF_MAX: usize = 30;

/// Which days are working days: all but weekends and public holidays, and the weekends that are worked
/// in exchange (调休).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    holidays: BTreeSet<NaiveDate>,
    worked: BTreeSet<NaiveDate>,
    is_every_day: bool,
}

impl Calendar {
    /// Weekends and `holidays` are off, except for what is `worked`.
    pub fn new(
        holidays: impl IntoIterator<Item = NaiveDate>,
        worked: impl IntoIterator<Item = NaiveDate>,
    ) -> Self {
        Self {
            holidays: holidays.into_iter().collect(),
            worked: worked.into_iter().collect(),
            is_every_day: false,
        }
    }

    /// Every day is as good as another: the arithmetic alone.
    pub fn every_day() -> Self {
        Self {
            is_every_day: true,
            ..Self::default()
        }
    }

    /// Whether banks are open.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        self.is_every_day
            || self.worked.contains(&day)
            || !(is_weekend || self.holidays.contains(&day))
    }

    /// `day`, or the first working day after it that is open otherwise too; none within a month.
    pub fn on_or_after(
        &self,
        day: NaiveDate,
        is_open: impl Fn(NaiveDate) -> bool,
    ) -> Option<NaiveDate> {
        let mut days = day.iter_days().take(DAYS_OFF_MAX);
        days.find(|day| self.is_working_day(*day) && is_open(*day))
    }

    /// `day`, or the last working day before it that is open otherwise too; none within a month.
    pub fn on_or_before(
        &self,
        day: NaiveDate,
        is_open: impl Fn(NaiveDate) -> bool,
    ) -> Option<NaiveDate> {
        let mut days = std::iter::successors(Some(day), NaiveDate::pred_opt).take(DAYS_OFF_MAX);
        days.find(|day| self.is_working_day(*day) && is_open(*day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekend_that_is_worked_in_exchange_is_a_working_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let calendar = Calendar::new([day("2026-10-01")], [day("2026-10-10")]);
        assert!(!calendar.is_working_day(day("2026-10-01")));
        assert!(calendar.is_working_day(day("2026-10-10")), "a Saturday");
        let (after, before) = (
            calendar.on_or_after(day("2026-10-03"), |_| true),
            calendar.on_or_before(day("2026-10-04"), |_| true),
        );
        assert_eq!(after, Some(day("2026-10-05")));
        assert_eq!(before, Some(day("2026-10-02")));
        let not_then = |closed: NaiveDate| closed != day("2026-10-05");
        let later = calendar.on_or_after(day("2026-10-03"), not_then);
        assert_eq!(later, Some(day("2026-10-06")));
    }
}
