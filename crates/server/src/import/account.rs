//! One row of a file as what a case is opened with.

use super::mapping::Mapping;
use super::table::Table;
use super::{RowError, amount, made_up};
use chrono::{Datelike, Months, NaiveDate};
use doorstep_domain::action::OpeningFacts;
use doorstep_domain::case::{Account, Balance, BalanceItem, BalanceLine, FactField, Person};
use doorstep_domain::place::{Address, Position};
use doorstep_domain::words::Language;
use doorstep_domain::{CaseId, HouseholdId, Money};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The cells of one row, by heading.
pub struct Cells<'a> {
    row: u32,
    cells: BTreeMap<&'a str, &'a str>,
}

impl<'a> Cells<'a> {
    /// The row beside the table's headings.
    pub fn of(table: &'a Table, row: u32, cells: &'a [String]) -> Self {
        let cells = table
            .headings
            .iter()
            .map(String::as_str)
            .zip(cells.iter().map(String::as_str));
        Self {
            row,
            cells: cells.collect(),
        }
    }

    fn text(&self, heading: &str) -> Result<&'a str, RowError> {
        match self.cells.get(heading).copied().unwrap_or_default() {
            "" => Err(self.wrong(heading, "cell.empty", "The cell is empty.")),
            text => Ok(text),
        }
    }

    fn optional(&self, heading: Option<&String>) -> Option<&'a str> {
        heading
            .and_then(|heading| self.cells.get(heading.as_str()).copied())
            .filter(|text| !text.is_empty())
    }

    fn wrong(&self, heading: &str, code: &str, message: &str) -> RowError {
        RowError::new(self.row, Some(heading), code, message)
    }

    fn amount(&self, heading: &str, mapping: &Mapping) -> Result<Money, RowError> {
        amount::read(self.text(heading)?, mapping.currency)
            .ok_or_else(|| self.wrong(heading, "cell.not_an_amount", "The cell is not an amount."))
    }

    fn whole(&self, heading: &str) -> Result<i64, RowError> {
        amount::read_whole(self.text(heading)?).ok_or_else(|| {
            self.wrong(
                heading,
                "cell.not_a_number",
                "The cell is not a whole number.",
            )
        })
    }

    fn count(&self, heading: &str, number: i64) -> Result<u16, RowError> {
        u16::try_from(number)
            .map_err(|_| self.wrong(heading, "cell.not_a_number", "The number is out of range."))
    }

    fn degrees(&self, heading: &str) -> Result<f64, RowError> {
        self.text(heading)?.parse().map_err(|_| {
            self.wrong(
                heading,
                "cell.not_a_position",
                "The cell is not a position in degrees.",
            )
        })
    }
}

/// Reads a row; `Ok(None)` where the mapping does not select it. Types are checked all the same.
pub fn read(
    cells: &Cells<'_>,
    mapping: &Mapping,
) -> Result<Option<(CaseId, OpeningFacts)>, RowError> {
    let columns = &mapping.columns;
    let reference = cells.text(&columns.reference)?;
    let months_overdue = cells.whole(&columns.months_overdue)?;
    let bills = amounts(cells, &columns.bills, mapping)?;
    let payments = amounts(cells, &columns.payments, mapping)?;
    if months_overdue < mapping.select.months_overdue_min {
        return Ok(None);
    }
    let newest = &columns.bills[0];
    if bills[0].minor < 0 {
        return Err(cells.wrong(
            newest,
            "balance.negative",
            "The balance is negative: nothing is owed.",
        ));
    }
    if let Some(at) = payments.iter().position(|payment| payment.minor < 0) {
        return Err(cells.wrong(
            &columns.payments[at],
            "payment.negative",
            "The payment is negative.",
        ));
    }
    let months_overdue = cells.count(&columns.months_overdue, months_overdue)?;
    let gentler_attempts = columns.gentler_attempts.as_ref();
    let gentler_attempts = gentler_attempts
        .filter(|heading| cells.optional(Some(*heading)).is_some())
        .map(|heading| cells.count(heading, cells.whole(heading)?))
        .transpose()?;
    let balance = itemise(mapping, &bills, &payments).ok_or_else(|| {
        cells.wrong(
            newest,
            "cell.not_an_amount",
            "The amounts are too large to add up.",
        )
    })?;
    let case = CaseId::of_account(&mapping.creditor, reference);
    let account = Account {
        creditor: mapping.creditor.clone(),
        reference: reference.to_owned(),
        product: mapping.product.clone(),
        months_overdue,
        gentler_attempts,
    };
    let household = cells
        .optional(columns.household.as_ref())
        .unwrap_or(reference);
    let household = HouseholdId(Uuid::new_v5(&case.0, household.as_bytes()));
    let (person, address, facts) = who_and_where(cells, mapping, reference)?;
    Ok(Some((
        case,
        OpeningFacts {
            account,
            person,
            household,
            address,
            facts,
            balance,
        },
    )))
}

fn amounts(
    cells: &Cells<'_>,
    headings: &[String],
    mapping: &Mapping,
) -> Result<Vec<Money>, RowError> {
    headings
        .iter()
        .map(|heading| cells.amount(heading, mapping))
        .collect()
}

/// The month-end `back` months before the statement.
fn month_end(statement_on: NaiveDate, back: usize) -> Option<NaiveDate> {
    let month = statement_on
        .with_day(1)?
        .checked_sub_months(Months::new(u32::try_from(back).ok()?))?;
    month.checked_add_months(Months::new(1))?.pred_opt()
}

/// The oldest bill, then each month's payment and what was charged, up to the newest bill.
///
/// The source does not split charges into purchases, interest and fees; neither do we guess.
fn itemise(mapping: &Mapping, bills: &[Money], payments: &[Money]) -> Option<Balance> {
    let statement_on = mapping.statement_on;
    let oldest = bills.len() - 1;
    let mut lines = vec![BalanceLine {
        item: BalanceItem::Opening,
        on: month_end(statement_on, oldest)?,
        amount: bills[oldest],
    }];
    for month in (0..oldest).rev() {
        let on = month_end(statement_on, month)?;
        let zero = Money::zero(mapping.currency);
        let paid = payments.get(month).copied().unwrap_or(zero);
        let charged = bills[month]
            .checked_sub(bills[month + 1])?
            .checked_add(paid)?;
        let mut line = |item, amount: Money| {
            if amount.minor != 0 {
                lines.push(BalanceLine { item, on, amount });
            }
        };
        line(BalanceItem::Payment, zero.checked_sub(paid)?);
        match charged.minor < 0 {
            true => line(BalanceItem::Credit, charged),
            false => line(BalanceItem::Charges, charged),
        }
    }
    let total = Money::sum(mapping.currency, lines.iter().map(|line| line.amount))?;
    Some(Balance {
        lines,
        total,
        as_of: statement_on,
    })
}

type WhoAndWhere = (Person, Address, BTreeMap<FactField, String>);

fn who_and_where(
    cells: &Cells<'_>,
    mapping: &Mapping,
    reference: &str,
) -> Result<WhoAndWhere, RowError> {
    let columns = &mapping.columns;
    if let Some(place) = &mapping.made_up {
        let made_up = made_up::person(reference, place);
        let facts = [
            (FactField::Phone, made_up.phone),
            (FactField::PreferredHours, made_up.preferred_hours),
        ];
        return Ok((
            Person {
                name: made_up.name,
                language: made_up.language,
            },
            Address {
                street: made_up.street,
                town: made_up.town,
                position: made_up.position,
                zone: mapping.zone,
            },
            facts.into(),
        ));
    }
    let required = |heading: &Option<String>| match heading {
        Some(heading) => cells.text(heading).map(str::to_owned),
        None => Ok(String::new()),
    };
    let language = match cells.optional(columns.language.as_ref()) {
        Some(tag) if tag.starts_with("zh") => Language::Chinese,
        _ => Language::English,
    };
    let phone = cells.optional(columns.phone.as_ref());
    Ok((
        Person {
            name: required(&columns.name)?,
            language,
        },
        Address {
            street: required(&columns.street)?,
            town: required(&columns.town)?,
            position: position(cells, mapping)?,
            zone: mapping.zone,
        },
        phone
            .map(|phone| (FactField::Phone, phone.to_owned()))
            .into_iter()
            .collect(),
    ))
}

/// Nearer than this to 0, 0 nobody lives: a geocoder found nothing.
const NOWHERE_DEGREES: f64 = 0.01;

fn position(cells: &Cells<'_>, mapping: &Mapping) -> Result<Option<Position>, RowError> {
    let (Some(latitude), Some(longitude)) = (&mapping.columns.latitude, &mapping.columns.longitude)
    else {
        return Ok(None);
    };
    if cells.optional(Some(latitude)).is_none() && cells.optional(Some(longitude)).is_none() {
        return Ok(None);
    }
    let wrong = |what| Err(cells.wrong(latitude, "cell.not_a_position", what));
    let (north, east) = (cells.degrees(latitude)?, cells.degrees(longitude)?);
    if north.abs() < NOWHERE_DEGREES && east.abs() < NOWHERE_DEGREES {
        return wrong("The position is where a lost one lies: in the sea at 0, 0. Leave it empty.");
    }
    if Position::from_degrees(north, east).is_none() {
        return wrong("The position is not on the globe.");
    }
    let (east, north) = mapping.datum.to_wgs84(east, north);
    Ok(Position::from_degrees(north, east))
}
