//! How a payment is spread: over the parts of one debt in a named order, and over several debts by
//! their size.

use crate::case::{Balance, BalanceItem, BalanceLine};
use crate::money::Money;
use serde::{Deserialize, Serialize};

/// A part of a debt that payments are counted towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DebtPart {
    Costs,
    Interest,
    Principal,
}

/// Costs, then interest, then principal (民法典 Art. 561); the order of every pack that names none.
pub const COSTS_FIRST: [DebtPart; 3] = [DebtPart::Costs, DebtPart::Interest, DebtPart::Principal];

/// What a debt consists of, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct DebtParts {
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub costs_minor: i64,
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub interest_minor: i64,
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub principal_minor: i64,
}

impl DebtParts {
    /// The amount of one part.
    pub const fn of(&self, part: DebtPart) -> i64 {
        match part {
            DebtPart::Costs => self.costs_minor,
            DebtPart::Interest => self.interest_minor,
            DebtPart::Principal => self.principal_minor,
        }
    }

    const fn of_mut(&mut self, part: DebtPart) -> &mut i64 {
        match part {
            DebtPart::Costs => &mut self.costs_minor,
            DebtPart::Interest => &mut self.interest_minor,
            DebtPart::Principal => &mut self.principal_minor,
        }
    }

    /// Takes `amount` off, part after part in `order`; says what each part got. What is paid beyond
    /// the debt stays with the principal, as a credit.
    pub fn pay(&mut self, amount: i64, order: &[DebtPart]) -> Self {
        let mut left = amount.max(0);
        let mut paid = Self::default();
        for part in order {
            let taken = left.min(self.of(*part).max(0));
            *self.of_mut(*part) -= taken;
            *paid.of_mut(*part) += taken;
            left -= taken;
        }
        self.principal_minor = self.principal_minor.saturating_sub(left);
        paid.principal_minor += left;
        paid
    }

    /// What is left of each part of `balance`, its payments counted in `order`. Lines that do not say
    /// what they are count as principal.
    pub fn left_of(balance: &Balance, order: &[DebtPart]) -> Self {
        let mut parts = Self::default();
        let part = |line: &BalanceLine| match line.item {
            BalanceItem::Costs => DebtPart::Costs,
            BalanceItem::Interest => DebtPart::Interest,
            _ => DebtPart::Principal,
        };
        let is_payment = |line: &&BalanceLine| line.item == BalanceItem::Payment;
        for line in balance.lines.iter().filter(|line| !is_payment(line)) {
            let sum = parts.of_mut(part(line));
            *sum = sum.saturating_add(line.amount.minor);
        }
        for line in balance.lines.iter().filter(is_payment) {
            parts.pay(line.amount.minor.saturating_neg(), order);
        }
        parts
    }
}

/// Shares `amount` over `debts` by their size, to the minor unit: largest remainder, the earlier debt
/// first (SFS; reference section 7, point 7). Nothing goes to a debt that is none.
pub fn share(amount: Money, debts: &[i64]) -> Vec<i64> {
    let size = |debt: &i64| i128::from((*debt).max(0));
    let whole: i128 = debts.iter().map(size).sum();
    let amount = i128::from(amount.minor.max(0));
    if whole == 0 {
        return vec![0; debts.len()];
    }
    let mut parts: Vec<_> = debts
        .iter()
        .map(|debt| amount * size(debt) / whole)
        .collect();
    let mut left = amount - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..debts.len()).collect();
    by_remainder.sort_by_key(|index| -(amount * size(&debts[*index]) % whole));
    for index in by_remainder {
        if left == 0 {
            break;
        }
        parts[index] += 1;
        left -= 1;
    }
    parts
        .into_iter()
        .map(|part| i64::try_from(part).unwrap_or(i64::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use proptest::prelude::*;

    fn gbp(minor: i64) -> Money {
        Money::new(minor, Currency::Gbp)
    }

    #[test]
    fn v2_costs_then_interest_then_principal() {
        let mut debt = DebtParts {
            costs_minor: 12_000,
            interest_minor: 34_567,
            principal_minor: 500_000,
        };
        let paid = debt.pay(40_000, &COSTS_FIRST);
        let parts = |parts: DebtParts| {
            (
                parts.costs_minor,
                parts.interest_minor,
                parts.principal_minor,
            )
        };
        assert_eq!(parts(paid), (12_000, 28_000, 0));
        assert_eq!(parts(debt), (0, 6_567, 500_000));
    }

    #[test]
    fn v3_shares_by_size_and_the_largest_remainder() {
        assert_eq!(
            share(gbp(9_000), &[120_000, 60_000, 20_000]),
            [5_400, 2_700, 900]
        );
        assert_eq!(share(gbp(10_000), &[1, 1, 1]), [3_334, 3_333, 3_333]);
        assert_eq!(share(gbp(10_000), &[0, -5]), [0, 0]);
        assert_eq!(share(gbp(i64::MAX), &[i64::MAX, 0]), [i64::MAX, 0]);
    }

    proptest! {
        #[test]
        fn the_shares_sum_to_the_whole(
            amount in 0_i64..i64::MAX, debts in prop::collection::vec(0_i64..i64::MAX, 1..8)
        ) {
            let shares = share(gbp(amount), &debts);
            let whole: i128 = shares.iter().map(|part| i128::from(*part)).sum();
            let owed: i128 = debts.iter().map(|debt| i128::from(*debt)).sum();
            prop_assert_eq!(whole, if owed == 0 { 0 } else { i128::from(amount) });
        }

        #[test]
        fn a_payment_is_counted_whole(
            costs in 0_i64..1_000_000, interest in 0_i64..1_000_000, principal in 0_i64..1_000_000,
            amount in 0_i64..4_000_000
        ) {
            let mut debt = DebtParts { costs_minor: costs, interest_minor: interest, principal_minor: principal };
            let paid = debt.pay(amount, &COSTS_FIRST);
            prop_assert_eq!(paid.costs_minor + paid.interest_minor + paid.principal_minor, amount);
            let left = debt.costs_minor + debt.interest_minor + debt.principal_minor;
            prop_assert_eq!(left, costs + interest + principal - amount);
        }
    }
}
