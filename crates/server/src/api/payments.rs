//! Payments from the back office, many at once: matched by the creditor's number of the account, each
//! counted once however often it is sent.

use super::auth::SignedIn;
use super::{ApiError, App};
use crate::import::amount;
use crate::import::mapping::Encoding;
use crate::import::table::{self, Table};
use crate::intake::{Fresh, OwnAction, act_over};
use crate::secrets;
use crate::store::Tx;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use doorstep_domain::policy::Policies;
use doorstep_domain::{ActionId, CaseId, Change, Money, Ruling};
use doorstep_protocol::exchange::ErrorResponse;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

const ROWS_MAX: usize = 20_000;
/// Cases that are read at a time while accounts are matched.
const CASES_AT_ONCE: u32 = 500;
/// Payments that are posted in one transaction: between two of them, devices get their turn.
const PAYMENTS_AT_ONCE: usize = 100;
const COLUMNS: [&str; 4] = ["payment", "reference", "amount", "date"];

/// What became of the payments of a file.
#[derive(Debug, Default, Serialize, TS, ToSchema)]
pub struct PaymentsView {
    pub posted: u32,
    /// They were posted before: this file, or a line of it, was sent again.
    pub already: u32,
    /// Plans that were kept with this file.
    pub plans_kept: u32,
    pub problems: Vec<PaymentProblemView>,
}

/// A line that nobody's account took.
#[derive(Debug, Serialize, TS, ToSchema)]
pub struct PaymentProblemView {
    /// The line in the file, the heading being 1.
    pub row: u32,
    /// `payment.unmatched`, `payment.ambiguous`, or why the line or the rules refuse it.
    pub code: String,
}

struct Payment {
    row: u32,
    id: String,
    reference: String,
    amount: String,
    on: NaiveDate,
}

/// Posts the payments of a file: CSV or XLSX with the columns `payment` (the bank's own number of it),
/// `reference`, `amount` and `date` (such as 2026-11-22). A line that can't be posted stops no other, and
/// a file that was cut off half-way is simply sent again.
#[utoipa::path(post, path = "/v1/payments", request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = OK, body = PaymentsView), (status = UNPROCESSABLE_ENTITY, description = "`import.file`, `payments.columns`, `payments.too_many`", body = ErrorResponse)
))]
pub async fn post_payments(
    State(app): State<App>,
    person: SignedIn,
    bytes: Bytes,
) -> Result<Json<PaymentsView>, ApiError> {
    person.require(&[doorstep_domain::Role::BackOffice])?;
    let table = table::read(&bytes, Encoding::Utf8)
        .map_err(|error| wrong("import.file", &error.to_string()))?;
    let mut view = PaymentsView::default();
    let payments = read_rows(&table, &mut view)?;
    let (actor, role) = (person.0.id, person.0.role);
    let wanted: BTreeSet<_> = payments
        .iter()
        .map(|payment| payment.reference.clone())
        .collect();
    let cases = app.read(move |tx| references(tx, &wanted)).await?;
    let cases = Arc::new(cases);
    let mut payments = payments.into_iter().peekable();
    while payments.peek().is_some() {
        let some: Vec<_> = payments.by_ref().take(PAYMENTS_AT_ONCE).collect();
        let cases = Arc::clone(&cases);
        let (now, policies) = (app.clock.now(), app.policies());
        view = app
            .write(move |tx| {
                // Before anything is looked up: somebody else may be sending the same file.
                tx.enter()?;
                for payment in &some {
                    let own = |case, change| OwnAction {
                        actor,
                        role,
                        case,
                        change,
                        seen: None,
                    };
                    let posted = post(tx, payment, &cases, own, &policies.policies, now)?;
                    view.count(payment.row, posted);
                }
                Ok(view)
            })
            .await?;
    }
    Ok(Json(view))
}

impl PaymentsView {
    fn count(&mut self, row: u32, posted: Posted) {
        match posted {
            Posted::New { is_kept } => {
                self.posted += 1;
                self.plans_kept += u32::from(is_kept);
            }
            Posted::Already => self.already += 1,
            Posted::Not(code) => self.problems.push(PaymentProblemView { row, code }),
        }
    }
}

enum Posted {
    New { is_kept: bool },
    Already,
    Not(String),
}

fn post(
    tx: &Tx<'_>,
    payment: &Payment,
    cases: &BTreeMap<String, Vec<CaseId>>,
    own: impl FnOnce(CaseId, Change) -> OwnAction,
    policies: &Policies,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Posted, ApiError> {
    let not = |code: &str| Ok(Posted::Not(code.to_owned()));
    let id = match cases.get(&payment.reference).map(Vec::as_slice) {
        Some([one]) => *one,
        Some(_) => return not("payment.ambiguous"),
        None => return not("payment.unmatched"),
    };
    let Some(case) = tx.case(id)? else {
        return not("payment.unmatched");
    };
    let Some(amount) = amount::read(&payment.amount, case.balance.total.currency) else {
        return not("payment.amount");
    };
    // Named by the bank's own number: the same payment again is the same action.
    let name = format!("payment {}", payment.id);
    let fresh = Fresh {
        id: ActionId(Uuid::new_v5(&id.0, name.as_bytes())),
        salt: secrets::random()?,
    };
    if tx.taken_action(fresh.id)?.is_some() {
        return Ok(Posted::Already);
    }
    let on = payment.on;
    let stood = case.has_standing_plan();
    let change = Change::PostPayment {
        amount: Money::new(amount.minor, amount.currency),
        on,
    };
    let verdict = act_over(tx, own(id, change), policies, now, &fresh)?;
    match verdict.ruling {
        Ruling::Applied => {
            let stands = tx.case(id)?.is_some_and(|case| case.has_standing_plan());
            Ok(Posted::New {
                is_kept: stood && !stands,
            })
        }
        Ruling::Held { rule } | Ruling::Refused { rule } => Ok(Posted::Not(rule.as_str().into())),
    }
}

/// The cases with one of these numbers of the creditor; open and closed ones: money may arrive late.
fn references(
    tx: &Tx<'_>,
    wanted: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<CaseId>>, ApiError> {
    let mut found: BTreeMap<String, Vec<CaseId>> = BTreeMap::new();
    let mut after = None;
    loop {
        let cases = tx.cases_after(after, CASES_AT_ONCE)?;
        let Some(last) = cases.last() else {
            return Ok(found);
        };
        after = Some(last.id);
        for case in cases {
            if !wanted.contains(&case.account.reference) {
                continue;
            }
            found
                .entry(case.account.reference)
                .or_default()
                .push(case.id);
        }
    }
}

fn read_rows(table: &Table, view: &mut PaymentsView) -> Result<Vec<Payment>, ApiError> {
    let place = |name: &str| {
        let mut headings = table.headings.iter();
        headings.position(|heading| heading.trim().eq_ignore_ascii_case(name))
    };
    let columns = COLUMNS.map(place);
    let [Some(id), Some(reference), Some(amount), Some(date)] = columns else {
        return Err(wrong(
            "payments.columns",
            "the file needs the columns payment, reference, amount and date",
        ));
    };
    if table.rows.len() > ROWS_MAX {
        return Err(wrong("payments.too_many", "at most 20,000 payments a file"));
    }
    let mut payments = Vec::with_capacity(table.rows.len());
    let unreadable = table
        .errors
        .iter()
        .map(|error| (error.row, error.code.clone()));
    view.problems
        .extend(unreadable.map(|(row, code)| PaymentProblemView { row, code }));
    for (row, cells) in &table.rows {
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim()).to_owned();
        let problem = match (cell(date).parse::<NaiveDate>(), cell(id).is_empty()) {
            (_, true) => "payment.no_number",
            (Err(_), _) => "payment.date",
            (Ok(on), false) => {
                payments.push(Payment {
                    row: *row,
                    id: cell(id),
                    reference: cell(reference),
                    amount: cell(amount),
                    on,
                });
                continue;
            }
        };
        view.problems.push(PaymentProblemView {
            row: *row,
            code: problem.to_owned(),
        });
    }
    Ok(payments)
}

fn wrong(code: &str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}
