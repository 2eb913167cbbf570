//! What somebody can afford: income less outgoings, in the Standard Financial Statement's
//! categories. Priority costs come first; a plan only ever takes from what is left.
//! Source: `reference` section 7, point 7 (Business Debtline's statement of the SFS).

use crate::money::{Currency, Money};
use crate::payment::share;
use crate::plan::Frequency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A line of the monthly budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BudgetLine {
    Wages,
    /// What somebody else of the household earns towards the same month.
    PartnersWages,
    Benefits,
    Pension,
    OtherIncome,
    /// The quick form: all that comes in.
    AllIncome,
    Housing,
    Utilities,
    Travel,
    CareAndHealth,
    School,
    InsuranceAndPension,
    /// Fees and dues of a profession, tools, workwear.
    Professional,
    OtherEssential,
    /// The quick form: rent, energy, travel, care, school, insurance.
    AllFixedCosts,
    FoodAndHousekeeping,
    PhoneAndLeisure,
    Personal,
    /// The quick form: food, telephone, what is personal.
    AllFlexibleCosts,
    Savings,
    /// Arrears that put home, energy or liberty at risk: paid first.
    PriorityDebts,
    OtherDebts,
}

/// A group of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BudgetGroup {
    Income,
    FixedCosts,
    FlexibleCosts,
    Savings,
    Debts,
}

impl BudgetLine {
    /// Money coming in.
    pub const fn is_income(self) -> bool {
        matches!(self.group(), BudgetGroup::Income)
    }

    /// Where the Standard Financial Statement puts it (reference section 7, point 7).
    pub const fn group(self) -> BudgetGroup {
        match self {
            Self::Wages
            | Self::PartnersWages
            | Self::Benefits
            | Self::Pension
            | Self::OtherIncome
            | Self::AllIncome => BudgetGroup::Income,
            Self::Housing
            | Self::Utilities
            | Self::Travel
            | Self::CareAndHealth
            | Self::School
            | Self::InsuranceAndPension
            | Self::Professional
            | Self::OtherEssential
            | Self::AllFixedCosts => BudgetGroup::FixedCosts,
            Self::FoodAndHousekeeping
            | Self::PhoneAndLeisure
            | Self::Personal
            | Self::AllFlexibleCosts => BudgetGroup::FlexibleCosts,
            Self::Savings => BudgetGroup::Savings,
            Self::PriorityDebts | Self::OtherDebts => BudgetGroup::Debts,
        }
    }
}

/// Who lives on the budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Household {
    pub adults: u8,
    pub children: u8,
}

/// A household's month, as told at the door. No proof is asked there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Budget {
    pub currency: Currency,
    /// Monthly amounts in minor units; a line left out counts as nothing.
    pub monthly_minor: BTreeMap<BudgetLine, i64>,
    /// Absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub household: Option<Household>,
    /// What is owed to others whose debts come no sooner than this one: they share what is left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(optional, as = "Option<Vec<f64>>"))]
    pub other_debts_minor: Vec<i64>,
}

/// Why a budget can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    #[error("a budget line is negative")]
    NegativeLine,
    #[error("a budget line is too large to be a month's amount")]
    LineTooLarge,
    #[error("the budget has no income")]
    NoIncome,
}

/// A month's line above this (in major units) is a slip of the finger.
const LINE_MAJOR_MAX: i64 = 100_000_000;

impl Budget {
    /// What is left in a month; negative when the outgoings are higher.
    pub fn surplus(&self) -> Result<Money, BudgetError> {
        let largest = LINE_MAJOR_MAX * self.currency.minor_per_major();
        let mut income = 0_i64;
        let mut left = 0_i64;
        // Some twenty bounded lines: the sums can't overflow.
        for (line, amount) in &self.monthly_minor {
            match *amount {
                amount if amount < 0 => return Err(BudgetError::NegativeLine),
                amount if amount > largest => return Err(BudgetError::LineTooLarge),
                amount if line.is_income() => {
                    income += amount;
                    left += amount;
                }
                amount => left -= amount,
            }
        }
        if income == 0 {
            return Err(BudgetError::NoIncome);
        }
        Ok(Money::new(left, self.currency))
    }

    /// This debt's fair part of what is left in a month, by its size beside the other debts (SFS); all
    /// of it where there are none.
    pub fn fair_share(&self, debt: Money) -> Result<Money, BudgetError> {
        let surplus = self.surplus()?;
        if self.other_debts_minor.iter().any(|other| *other < 0) {
            return Err(BudgetError::NegativeLine);
        }
        let debts: Vec<_> = std::iter::once(debt.minor)
            .chain(self.other_debts_minor.iter().copied())
            .collect();
        let minor = share(surplus, &debts).first().copied().unwrap_or_default();
        Ok(Money::new(minor, self.currency))
    }

    /// The most that one instalment may take, rounded in the person's favour.
    pub fn surplus_per(&self, frequency: Frequency) -> Result<Money, BudgetError> {
        let surplus = self.surplus()?;
        let minor = match frequency {
            Frequency::Monthly | Frequency::PayDay => surplus.minor,
            Frequency::Fortnightly => (surplus.minor * 12).div_euclid(26),
            Frequency::Weekly => (surplus.minor * 12).div_euclid(52),
        };
        Ok(Money::new(minor, self.currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn budget(lines: &[(BudgetLine, i64)]) -> Budget {
        Budget {
            currency: Currency::Gbp,
            monthly_minor: lines.iter().copied().collect(),
            household: None,
            other_debts_minor: Vec::new(),
        }
    }

    #[test]
    fn surplus_is_income_less_outgoings() {
        let month = budget(&[
            (BudgetLine::Wages, 180_000),
            (BudgetLine::Housing, 90_000),
            (BudgetLine::FoodAndHousekeeping, 60_000),
            (BudgetLine::Savings, 2_000),
        ]);
        assert_eq!(month.surplus(), Ok(Money::new(28_000, Currency::Gbp)));
        assert_eq!(
            month.surplus_per(Frequency::Weekly),
            Ok(Money::new(6_461, Currency::Gbp))
        );
    }

    #[test]
    fn debts_share_what_is_left_by_their_size() {
        let mut month = budget(&[(BudgetLine::AllIncome, 9_000)]);
        month.other_debts_minor = vec![60_000, 20_000];
        let share = month.fair_share(Money::new(120_000, Currency::Gbp));
        assert_eq!(share, Ok(Money::new(5_400, Currency::Gbp)));
    }

    #[test]
    fn impossible_budgets_are_named() {
        assert_eq!(budget(&[]).surplus(), Err(BudgetError::NoIncome));
        assert_eq!(
            budget(&[(BudgetLine::Wages, -1)]).surplus(),
            Err(BudgetError::NegativeLine)
        );
        assert_eq!(
            budget(&[(BudgetLine::Wages, i64::MAX)]).surplus(),
            Err(BudgetError::LineTooLarge)
        );
    }

    proptest! {
        #[test]
        fn a_year_of_instalments_never_exceeds_a_year_of_surplus(wages in 1_i64..10_000_000, rent in 0_i64..10_000_000) {
            let month = budget(&[(BudgetLine::Wages, wages), (BudgetLine::Housing, rent)]);
            let yearly = month.surplus().unwrap().minor * 12;
            prop_assert!(month.surplus_per(Frequency::Weekly).unwrap().minor * 52 <= yearly);
            prop_assert!(month.surplus_per(Frequency::Fortnightly).unwrap().minor * 26 <= yearly);
        }
    }
}
