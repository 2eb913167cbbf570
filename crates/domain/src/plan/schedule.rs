//! The schedule of a plan, in whole minor units.
//!
//! One rounding rule: the level instalment is the whole amount that leaves the last line nearest to
//! the others (without interest that is the total divided, rounded half up), and the last line absorbs
//! the rest. Interest of a period is rounded half up. Reference section 7, points 1 to 4.

use super::{Calendar, Instalment, PlanError, Relief};
use crate::money::Money;
use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// How often an instalment falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    Weekly,
    Fortnightly,
    Monthly,
    /// Monthly on the day that pay arrives: on the working day before, where that day is none.
    PayDay,
}

/// What a schedule is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleOrder {
    /// What is to be paid, before interest and before a discount.
    pub total: Money,
    /// No instalment may be above this.
    pub instalment_max: Money,
    pub frequency: Frequency,
    pub first_due: NaiveDate,
    pub months_max: u16,
    pub relief: Relief,
}

impl Frequency {
    /// How many instalments fit into `months`.
    pub(super) fn instalments_in(self, months: u16) -> i64 {
        let months = i64::from(months);
        match self {
            Self::Monthly | Self::PayDay => months,
            Self::Fortnightly => months * 26 / 12,
            Self::Weekly => months * 52 / 12,
        }
    }

    /// Periods of a year.
    pub(super) const fn in_a_year(self) -> i64 {
        match self {
            Self::Monthly | Self::PayDay => 12,
            Self::Fortnightly => 26,
            Self::Weekly => 52,
        }
    }

    /// The day of period `index`, counted from the first, before weekends and holidays are looked at.
    /// Months keep the first one's day (民法典 Art. 202).
    fn anchor(self, first: NaiveDate, index: u32) -> Option<NaiveDate> {
        match self {
            Self::Monthly | Self::PayDay => first.checked_add_months(Months::new(index)),
            Self::Fortnightly => first.checked_add_days(Days::new(u64::from(index) * 14)),
            Self::Weekly => first.checked_add_days(Days::new(u64::from(index) * 7)),
        }
    }
}

/// The due dates of `count` instalments: a payment holiday is left out, and what would fall on a
/// weekend or a public holiday moves to the next working day; to the one before, where the next
/// instalment is due by then. Nothing moves into the payment holiday. Pay days move the other way round.
pub fn due_dates(
    order: &ScheduleOrder,
    calendar: &Calendar,
    count: usize,
) -> Result<Vec<NaiveDate>, PlanError> {
    let mut dates = Vec::with_capacity(count);
    let mut index = 0;
    while dates.len() < count {
        let anchor = |index| {
            let anchor = order.frequency.anchor(order.first_due, index);
            anchor.ok_or(PlanError::ImpossibleDate)
        };
        let day = anchor(index)?;
        index += 1;
        if order.relief.is_holiday(day) {
            continue;
        }
        let is_open = |day: NaiveDate| !order.relief.is_holiday(day);
        let (before, after) = (
            calendar.on_or_before(day, is_open),
            calendar.on_or_after(day, is_open),
        );
        let wanted = match (order.frequency, dates.last()) {
            (Frequency::PayDay, Some(_)) => [before, after],
            _ => [after, before],
        };
        let next = anchor(index)?;
        let is_free = |moved: &NaiveDate| {
            let is_between = *moved < next && dates.last().is_none_or(|last| last < moved);
            is_between && *moved >= order.first_due
        };
        dates.push(wanted.into_iter().flatten().find(is_free).unwrap_or(day));
    }
    Ok(dates)
}

/// The shortest schedule of level instalments that stays within `instalment_max`.
pub fn schedule(order: &ScheduleOrder, calendar: &Calendar) -> Result<Vec<Instalment>, PlanError> {
    let debt = debt(order)?;
    if !order.instalment_max.is_positive() {
        return Err(PlanError::InstalmentTooSmall);
    }
    let most = order.instalment_max.minor;
    let longest = order.frequency.instalments_in(order.months_max);
    // Without interest this many are needed; with it, at least as many. The rest falls on the last
    // line and may lift it over the limit: then one line more.
    let fewest = debt.div_euclid(most).max(1);
    if fewest > longest {
        return Err(PlanError::TooLong);
    }
    let dates = due_dates(
        order,
        calendar,
        usize::try_from(longest).map_err(|_| PlanError::TooLong)?,
    )?;
    (fewest..=longest)
        .find_map(|count| {
            let dates = dates.get(..usize::try_from(count).ok()?)?;
            let paid = Periods::of(order, debt, dates);
            // Whoever pays the most they can and is not done needs one line more.
            (paid.rest_after(most)? <= 0).then_some(())?;
            let lines = paid.level()?;
            let fits = lines.iter().all(|line| line.amount.minor <= most);
            fits.then_some(lines)
        })
        .ok_or(PlanError::TooLong)
}

/// `count` level instalments, whatever their size: the arithmetic alone.
pub fn lines(
    order: &ScheduleOrder,
    calendar: &Calendar,
    count: usize,
) -> Result<Vec<Instalment>, PlanError> {
    let debt = debt(order)?;
    let dates = due_dates(order, calendar, count)?;
    let level = Periods::of(order, debt, &dates).level();
    level.ok_or(PlanError::InstalmentTooSmall)
}

fn debt(order: &ScheduleOrder) -> Result<i64, PlanError> {
    let left = order.total.minor.checked_sub(order.relief.discount_minor);
    let left = left.filter(|left| *left > 0 && order.relief.discount_minor >= 0);
    left.ok_or(PlanError::NothingOwed)
}

/// A debt and the periods in which it is paid.
struct Periods<'a> {
    order: &'a ScheduleOrder,
    debt: i64,
    dates: &'a [NaiveDate],
}

impl<'a> Periods<'a> {
    const fn of(order: &'a ScheduleOrder, debt: i64, dates: &'a [NaiveDate]) -> Self {
        Self { order, debt, dates }
    }

    fn interest(&self, left: i64, due: NaiveDate) -> Option<i64> {
        let bp = self.order.relief.interest_bp_on(due);
        period_interest(left, bp, self.order.frequency)
    }

    /// What is left after every period, where each takes `part`; below nothing where it is too much.
    fn rest_after(&self, part: i64) -> Option<i64> {
        if self.order.relief.interest_bp == 0 {
            let count = i64::try_from(self.dates.len()).ok()?;
            return self.debt.checked_sub(part.checked_mul(count)?);
        }
        self.dates.iter().try_fold(self.debt, |left, due| {
            if left <= 0 {
                return left.checked_sub(part);
            }
            left.checked_add(self.interest(left, *due)?)?
                .checked_sub(part)
        })
    }

    /// The whole amount that leaves the last line nearest to the others; the larger of two.
    fn level(&self) -> Option<Vec<Instalment>> {
        let count = i64::try_from(self.dates.len())
            .ok()
            .filter(|count| *count > 0)?;
        let part = match self.order.relief.interest_bp {
            0 => self.debt.div_euclid(count) + i64::from(self.debt.rem_euclid(count) * 2 >= count),
            _ => {
                let enough = self.least_enough(count)?;
                let less = enough - 1;
                let short = self.rest_after(less)?.unsigned_abs();
                let over = self.rest_after(enough)?.unsigned_abs();
                if less > 0 && short < over {
                    less
                } else {
                    enough
                }
            }
        };
        self.lines(part)
    }

    /// The smallest part that pays everything.
    fn least_enough(&self, count: i64) -> Option<i64> {
        let (mut short, mut enough) = (self.debt / count, self.debt / count + 1);
        while self.rest_after(enough)? > 0 {
            short = enough;
            enough = enough.checked_mul(2)?;
        }
        while enough - short > 1 {
            let middle = short + (enough - short) / 2;
            match self.rest_after(middle)? > 0 {
                true => short = middle,
                false => enough = middle,
            }
        }
        Some(enough)
    }

    /// Every line takes `part`, the last what is left; `None` where that would be nothing or less.
    fn lines(&self, part: i64) -> Option<Vec<Instalment>> {
        let currency = self.order.total.currency;
        let mut left = self.debt;
        let mut lines = Vec::with_capacity(self.dates.len());
        for (index, due) in self.dates.iter().enumerate() {
            let interest = self.interest(left, *due)?;
            let owed = left.checked_add(interest)?;
            let amount = if index + 1 == self.dates.len() {
                owed
            } else {
                part
            };
            left = owed - amount;
            let is_sound = amount > 0 && amount >= interest && left >= 0;
            is_sound.then_some(())?;
            lines.push(Instalment {
                due: *due,
                amount: Money::new(amount, currency),
                interest_minor: interest,
            });
        }
        Some(lines)
    }
}

/// The interest of one period on `left`: equal periods, no count of days, rounded half up.
pub(super) fn period_interest(left: i64, yearly_bp: u32, frequency: Frequency) -> Option<i64> {
    let periods = i128::from(frequency.in_a_year()) * 10_000;
    let interest = (i128::from(left) * i128::from(yearly_bp) + periods / 2) / periods;
    i64::try_from(interest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::plan::Pause;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn order(total: i64, most: i64) -> ScheduleOrder {
        ScheduleOrder {
            total: Money::new(total, Currency::Cny),
            instalment_max: Money::new(most, Currency::Cny),
            frequency: Frequency::Monthly,
            first_due: day("2027-01-31"),
            months_max: 60,
            relief: Relief::default(),
        }
    }

    fn every_day() -> Calendar {
        Calendar::every_day()
    }

    fn amounts(lines: &[Instalment]) -> Vec<i64> {
        lines.iter().map(|line| line.amount.minor).collect()
    }

    fn dates(lines: &[Instalment]) -> Vec<String> {
        lines.iter().map(|line| line.due.to_string()).collect()
    }

    #[test]
    fn v1_the_last_line_absorbs_the_rest() {
        let twelve = lines(&order(546_567, 0), &every_day(), 12).unwrap();
        let mut wanted = vec![45_547; 11];
        wanted.push(45_550);
        assert_eq!(amounts(&twelve), wanted);
    }

    #[test]
    fn v4_months_keep_their_anchor_day() {
        let four = lines(&order(4_000, 0), &every_day(), 4).unwrap();
        assert_eq!(
            dates(&four),
            ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
        );
    }

    #[test]
    fn a_limit_that_the_last_line_would_break_takes_one_line_more() {
        // Three lines of 33.33 would leave 33.34.
        let plan = schedule(&order(10_000, 3_333), &every_day()).unwrap();
        assert_eq!(amounts(&plan), [2_500; 4]);
    }

    #[test]
    fn too_long_and_nothing_owed_are_named() {
        let made = |total, most| schedule(&order(total, most), &every_day());
        assert_eq!(made(1_000_000, 100), Err(PlanError::TooLong));
        assert_eq!(made(i64::MAX, 1), Err(PlanError::TooLong));
        assert_eq!(made(0, 100), Err(PlanError::NothingOwed));
        assert_eq!(made(-5, 100), Err(PlanError::NothingOwed));
        assert_eq!(made(100, 0), Err(PlanError::InstalmentTooSmall));
        assert_eq!(
            lines(&order(100, 0), &every_day(), 0),
            Err(PlanError::InstalmentTooSmall)
        );
    }

    #[test]
    fn a_debt_smaller_than_its_lines_has_no_such_schedule() {
        let many = lines(&order(3, 0), &every_day(), 12);
        assert_eq!(many, Err(PlanError::InstalmentTooSmall));
    }

    #[test]
    fn weekends_and_holidays_move_to_the_next_working_day() {
        let calendar = Calendar::new([day("2027-02-01")], []);
        let moved = lines(&order(3_000, 0), &calendar, 3).unwrap();
        // The 31st is a Sunday and the 1st a holiday; the 28th of February is a Sunday.
        assert_eq!(dates(&moved), ["2027-02-02", "2027-03-01", "2027-03-31"]);
    }

    #[test]
    fn pay_days_move_to_the_working_day_before() {
        let on_pay_day = ScheduleOrder {
            frequency: Frequency::PayDay,
            ..order(3_000, 0)
        };
        let moved = lines(&on_pay_day, &Calendar::new([], []), 3).unwrap();
        assert_eq!(dates(&moved), ["2027-02-01", "2027-02-26", "2027-03-31"]);
    }

    #[test]
    fn a_week_of_holidays_never_puts_two_instalments_on_one_day() {
        let golden = (1..=7).map(|d| NaiveDate::from_ymd_opt(2027, 10, d).unwrap());
        let weekly = ScheduleOrder {
            frequency: Frequency::Weekly,
            first_due: day("2027-10-01"),
            ..order(3_000, 0)
        };
        let made = lines(&weekly, &Calendar::new(golden, []), 3).unwrap();
        assert_eq!(dates(&made), ["2027-10-01", "2027-10-08", "2027-10-15"]);
    }

    #[test]
    fn a_payment_holiday_leaves_its_months_out() {
        let mut paused = order(4_000, 0);
        paused.relief.holiday = Some(Pause {
            from: day("2027-02-01"),
            to: day("2027-03-31"),
        });
        let made = lines(&paused, &every_day(), 3).unwrap();
        assert_eq!(dates(&made), ["2027-01-31", "2027-04-30", "2027-05-31"]);
    }

    #[test]
    fn interest_stops_while_it_is_frozen() {
        let mut frozen = order(120_000, 0);
        frozen.relief.interest_bp = 1_200;
        frozen.relief.frozen_until = Some(day("2027-02-28"));
        let made = lines(&frozen, &every_day(), 4).unwrap();
        let interest: Vec<_> = made.iter().map(|line| line.interest_minor).collect();
        assert_eq!(interest[..2], [0, 0]);
        assert!(interest[2] > 0);
    }

    #[test]
    fn a_settlement_leaves_the_discount_out() {
        let mut settled = order(100_000, 50_000);
        settled.relief.discount_minor = 30_001;
        let made = schedule(&settled, &every_day()).unwrap();
        assert_eq!(amounts(&made), [35_000, 34_999]);
        settled.relief.discount_minor = 100_000;
        assert_eq!(
            schedule(&settled, &every_day()),
            Err(PlanError::NothingOwed)
        );
    }

    fn frequencies() -> impl Strategy<Value = Frequency> {
        use Frequency::{Fortnightly, Monthly, PayDay, Weekly};
        prop::sample::select(vec![Weekly, Fortnightly, Monthly, PayDay])
    }

    proptest! {
        #[test]
        fn the_parts_sum_to_the_whole_and_none_is_above_the_limit(
            total in 1_i64..1_000_000_000,
            most in 1_i64..10_000_000,
            frequency in frequencies(),
            interest_bp in prop_oneof![Just(0_u32), 1..4_000_u32],
            discount in 0_i64..1_000,
            first in 0_u64..3_000,
            holidays in prop::collection::btree_set(0_u64..6_000, 0..40),
            pause in prop::option::of((0_u64..3_000, 0_u64..90)),
        ) {
            let begin = day("2026-11-21");
            let calendar = Calendar::new(holidays.iter().map(|d| begin + Days::new(*d)), []);
            let mut order = order(total, most);
            order.frequency = frequency;
            order.first_due = begin + Days::new(first);
            order.relief.interest_bp = interest_bp;
            order.relief.discount_minor = discount;
            order.relief.holiday = pause.map(|(from, days)| Pause {
                from: begin + Days::new(from),
                to: begin + Days::new(from + days),
            });
            if let Ok(plan) = schedule(&order, &calendar) {
                let interest: i64 = plan.iter().map(|line| line.interest_minor).sum();
                prop_assert_eq!(amounts(&plan).iter().sum::<i64>(), total - discount + interest);
                prop_assert!(plan.iter().all(|line| (1..=most).contains(&line.amount.minor)));
                prop_assert!(plan.is_sorted_by(|a, b| a.due < b.due));
                prop_assert!(plan[0].due >= order.first_due);
                // Only the day that the person named stays where every way off it is barred.
                let is_banked = |due| calendar.is_working_day(due) || due == order.first_due;
                prop_assert!(plan.iter().all(|line| is_banked(line.due)));
                prop_assert!(plan.iter().all(|line| !order.relief.is_holiday(line.due)));
                let count = i64::try_from(plan.len()).unwrap();
                let (last, level) = (plan[plan.len() - 1].amount.minor, plan[0].amount.minor);
                // Without interest, the rule of the reference.
                prop_assert!(interest_bp > 0 || (last - level).abs() <= count);
            }
        }

        #[test]
        fn without_interest_a_level_line_is_the_total_divided_and_rounded_half_up(
            total in 1_000_i64..1_000_000_000, count in 1_usize..120
        ) {
            let made = lines(&order(total, 0), &every_day(), count).unwrap();
            let exact = i64::try_from(count).unwrap();
            let half_up = (2 * total + exact) / (2 * exact);
            prop_assert!(count == 1 || made[0].amount.minor == half_up);
        }
    }
}
