//! Amounts as files write them, to whole minor units, exactly: `1234.5`, `-20`, `1e+05`.

use doorstep_domain::{Currency, Money};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Reads an amount in major units; `None` where it is no number, finer than the currency's
/// minor unit, or too large.
pub fn read(text: &str, currency: Currency) -> Option<Money> {
    let major = decimal(text)?;
    let minor = major.checked_mul(Decimal::from(currency.minor_per_major()))?;
    let is_whole = minor.fract().is_zero();
    is_whole
        .then(|| minor.to_i64())
        .flatten()
        .map(|minor| Money::new(minor, currency))
}

/// Reads a whole number, written any way a spreadsheet may write it.
pub fn read_whole(text: &str) -> Option<i64> {
    let value = decimal(text)?;
    value.fract().is_zero().then(|| value.to_i64()).flatten()
}

fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    match text.contains(['e', 'E']) {
        true => Decimal::from_scientific(text).ok(),
        false => Decimal::from_str_exact(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreadsheets_write_amounts_in_many_ways() {
        let minor = |text| read(text, Currency::Twd).map(|money| money.minor);
        assert_eq!(minor("3913"), Some(391_300));
        assert_eq!(minor(" -20.5 "), Some(-2_050));
        assert_eq!(minor("1e+05"), Some(10_000_000));
        assert_eq!(minor("1.005"), None);
        assert_eq!(minor("12 000"), None);
        assert_eq!(minor(""), None);
        assert_eq!(minor("99999999999999999999"), None);
        assert_eq!(read("7", Currency::Jpy).map(|money| money.minor), Some(7));
    }
}
