//! Money as integer minor units with its currency. Deliberately absent: floating point.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A currency by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Aud,
    Cny,
    Eur,
    Gbp,
    Inr,
    Jpy,
    Kwd,
    Twd,
    Usd,
}

impl Currency {
    /// How many decimal digits the minor unit has (ISO 4217).
    pub const fn digits(self) -> u32 {
        match self {
            Self::Jpy => 0,
            Self::Kwd => 3,
            _ => 2,
        }
    }

    /// Minor units in one major unit.
    pub const fn minor_per_major(self) -> i64 {
        10_i64.pow(self.digits())
    }
}

/// An amount in minor units of one currency; negative for a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Money {
    /// Minor units: cents, pence, 分.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    /// An amount of `minor` units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in this currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Adds two amounts; `None` when the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))
            .flatten()
            .map(|minor| Self::new(minor, self.currency))
    }

    /// Subtracts; `None` when the currencies differ or the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        other
            .minor
            .checked_neg()
            .and_then(|minor| self.checked_add(Self::new(minor, other.currency)))
    }

    /// The sum of `amounts` in `currency`; `None` on a foreign amount or an overflow.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts
            .into_iter()
            .try_fold(Self::zero(currency), Self::checked_add)
    }

    /// More than nothing.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.digits() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let size = self.minor.unsigned_abs();
        let unit = self.currency.minor_per_major().unsigned_abs();
        match digits {
            0 => write!(f, "{sign}{size} {:?}", self.currency),
            _ => write!(
                f,
                "{sign}{}.{:0digits$} {:?}",
                size / unit,
                size % unit,
                self.currency
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_show_the_digits_of_their_currency() {
        assert_eq!(
            Money::new(-123_456, Currency::Usd).to_string(),
            "-1234.56 Usd"
        );
        assert_eq!(Money::new(500, Currency::Jpy).to_string(), "500 Jpy");
        assert_eq!(Money::new(1_005, Currency::Kwd).to_string(), "1.005 Kwd");
    }

    #[test]
    fn different_currencies_never_add_up() {
        let sum = Money::new(1, Currency::Usd).checked_add(Money::new(1, Currency::Eur));
        assert_eq!(sum, None);
    }

    #[test]
    fn an_overflow_is_a_value() {
        let most = Money::new(i64::MAX, Currency::Cny);
        assert_eq!(most.checked_add(Money::new(1, Currency::Cny)), None);
        assert_eq!(
            Money::zero(Currency::Cny).checked_sub(Money::new(i64::MIN, Currency::Cny)),
            None
        );
    }
}
