//! The mapping: which column of a file means what. A TOML file beside the accounts.

use chrono::NaiveDate;
use chrono_tz::Tz;
use doorstep_domain::Currency;
use serde::Deserialize;

/// How to read one kind of file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub creditor: String,
    pub product: String,
    pub currency: Currency,
    /// The day of the newest statement.
    pub statement_on: NaiveDate,
    #[serde(default)]
    pub encoding: Encoding,
    /// What the coordinates of the file are.
    #[serde(default)]
    pub datum: Datum,
    /// Where the households' hours count.
    pub zone: Tz,
    pub columns: Columns,
    /// Columns that the file has and that are not read.
    #[serde(default)]
    pub ignored: Vec<String>,
    #[serde(default)]
    pub select: Select,
    /// People and addresses for a file that has none; for demonstrations.
    pub made_up: Option<MadeUp>,
}

/// The character encoding of a CSV file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    #[default]
    Utf8,
    Gbk,
}

/// What coordinates mean. Chinese map services give shifted ones, by 114 to 674 m.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Datum {
    #[default]
    #[serde(rename = "wgs-84")]
    Wgs84,
    /// AMap, Tencent.
    #[serde(rename = "gcj-02")]
    Gcj02,
    /// Baidu.
    #[serde(rename = "bd-09")]
    Bd09,
}

impl Datum {
    /// The same place in WGS 84: longitude, latitude, as they come in.
    pub fn to_wgs84(self, longitude: f64, latitude: f64) -> (f64, f64) {
        match self {
            Self::Wgs84 => (longitude, latitude),
            Self::Gcj02 => coordtransform::gcj02_to_wgs84(longitude, latitude),
            Self::Bd09 => coordtransform::bd09_to_wgs84(longitude, latitude),
        }
    }
}

/// Column headings by meaning.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    pub reference: String,
    pub months_overdue: String,
    /// Monthly bills, the newest first. The newest is what is owed.
    pub bills: Vec<String>,
    /// Payments in the same months, the newest first.
    #[serde(default)]
    pub payments: Vec<String>,
    pub name: Option<String>,
    pub language: Option<String>,
    pub phone: Option<String>,
    pub street: Option<String>,
    pub town: Option<String>,
    pub latitude: Option<String>,
    pub longitude: Option<String>,
    pub household: Option<String>,
    /// How often gentler ways were tried; an empty cell says nothing of it.
    pub gentler_attempts: Option<String>,
}

/// Which rows become cases.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Select {
    #[serde(default)]
    pub months_overdue_min: i64,
}

/// Where made-up people live: around a point at which nobody does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeUp {
    pub latitude: f64,
    pub longitude: f64,
    pub spread_degrees: f64,
}

/// Why a mapping can't be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    #[error("the mapping is not valid: {0}")]
    Toml(#[from] toml::de::Error),
    #[error("the mapping names no column for the bills")]
    NoBills,
    #[error("the mapping has more payment columns than bill columns")]
    TooManyPayments,
    #[error("the mapping has neither columns for name, street and town nor a [made_up] section")]
    NoPeople,
}

impl Mapping {
    /// Reads a mapping and checks that it can work.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mapping: Self = crate::toml_text::read(text)?;
        let columns = &mapping.columns;
        if columns.bills.is_empty() {
            return Err(MappingError::NoBills);
        }
        if columns.payments.len() > columns.bills.len() {
            return Err(MappingError::TooManyPayments);
        }
        let has_people =
            columns.name.is_some() && columns.street.is_some() && columns.town.is_some();
        match has_people || mapping.made_up.is_some() {
            true => Ok(mapping),
            false => Err(MappingError::NoPeople),
        }
    }

    /// Every heading that the mapping reads.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        let columns = &self.columns;
        let optional = [
            &columns.name,
            &columns.language,
            &columns.phone,
            &columns.street,
            &columns.town,
            &columns.latitude,
            &columns.longitude,
            &columns.household,
            &columns.gentler_attempts,
        ];
        [&columns.reference, &columns.months_overdue]
            .into_iter()
            .chain(&columns.bills)
            .chain(&columns.payments)
            .chain(optional.into_iter().flatten())
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifted_coordinates_come_in_as_they_are_on_the_globe() {
        let gate = (116.397_5, 39.908_7);
        let (east, north) = coordtransform::wgs84_to_gcj02(gate.0, gate.1);
        assert!(
            (east - gate.0).abs() > 0.005,
            "the shift is hundreds of metres"
        );
        let (east, north) = Datum::Gcj02.to_wgs84(east, north);
        assert!((east - gate.0).abs() < 1e-6 && (north - gate.1).abs() < 1e-6);
        // Outside China nothing is shifted.
        assert_eq!(Datum::Gcj02.to_wgs84(-0.12, 51.5), (-0.12, 51.5));
        assert_eq!(Datum::Wgs84.to_wgs84(gate.0, gate.1), gate);
    }
}
