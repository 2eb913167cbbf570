//! One readable action: judged, or replayed as it was judged before; folded; recorded.

use super::{Books, JournalRow};
use crate::store::{Advance, StoreError, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::judge::{Context, judge, remarks, replay};
use doorstep_domain::policy::Policies;
use doorstep_domain::verdict::{Ruling, Verdict};
use doorstep_domain::{Action, Case, Change, Lineage, Revision, Role, UserId};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::verdict::{SignedVerdict, Subject};

/// How the ruling comes about.
pub(super) enum Rule<'a> {
    Judge,
    /// Held, whatever it says.
    Hold(&'static str),
    /// As an earlier epoch of this server ruled.
    Replay(&'a Verdict),
}

/// An action on its way into the journal.
pub(super) struct Recorded<'a> {
    pub subject: Subject,
    pub envelope: &'a Envelope,
    pub action: Option<&'a Action>,
    pub actor: UserId,
    pub role: Role,
}

impl Recorded<'_> {
    /// Records the action with its verdict, signed for its place in the log.
    pub fn append<B: Books>(
        &self,
        books: &B,
        verdict: Verdict,
        at: Advance,
    ) -> Result<SignedVerdict, StoreError> {
        let (signed, statement) = self.sign(books, verdict, at)?;
        books.append(&self.row(&signed, &statement))?;
        Ok(signed)
    }

    fn sign<B: Books>(
        &self,
        books: &B,
        verdict: Verdict,
        at: Advance,
    ) -> Result<(SignedVerdict, String), StoreError> {
        Ok(SignedVerdict::sign(
            &self.subject,
            verdict,
            at.epoch,
            at.leaf,
            books.key()?,
        ))
    }

    fn row<'a>(&'a self, verdict: &'a SignedVerdict, statement: &'a str) -> JournalRow<'a> {
        JournalRow {
            device: self.subject.device,
            envelope: self.envelope,
            commitment: self.subject.commitment,
            case: self.action.map(|action| action.case),
            actor: self.actor,
            kind: self.action.map(|action| action.change.kind()),
            verdict,
            statement,
        }
    }
}

/// Judges one readable action, folds it, and records both.
pub(super) fn settle<B: Books>(
    books: &B,
    recorded: &Recorded<'_>,
    action: &Action,
    rule: Rule<'_>,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<SignedVerdict, StoreError> {
    let (verdict, at) = rule_and_fold(books, recorded.role, action, rule, policies, now)?;
    recorded.append(books, verdict, at)
}

/// Judges an action whose journal row exists already, and replaces its verdict.
pub(super) fn settle_late(
    tx: &Tx<'_>,
    recorded: &Recorded<'_>,
    action: &Action,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (verdict, at) = rule_and_fold(tx, recorded.role, action, Rule::Judge, policies, now)?;
    let (signed, statement) = recorded.sign(tx, verdict, at)?;
    tx.judge_again(&recorded.row(&signed, &statement))
}

fn rule_and_fold<B: Books>(
    books: &B,
    role: Role,
    action: &Action,
    rule: Rule<'_>,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<(Verdict, Advance), StoreError> {
    let case = books.case(action.case)?;
    let head = books.head()?;
    let after = action
        .after
        .iter()
        .map(|id| {
            let known = books.taken_action(*id)?;
            Ok((*id, known.map(|known| known.verdict.verdict.ruling)))
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let plan_policy = case
        .as_ref()
        .map(|case| policies.plan_policy(case))
        .unwrap_or_default();
    let context = Context {
        role,
        plan_policy: &plan_policy,
        not_before: not_before(books, action)?,
        arrival: now,
        epoch: head.epoch,
        after: &after,
        household_visits: household_visits(books, case.as_ref(), action)?,
    };
    let first = match &rule {
        Rule::Replay(verdict) => verdict.first.or(verdict.revision),
        _ => None,
    };
    let lineage = match &rule {
        Rule::Replay(_) => books.line()?.lineage,
        _ => Lineage::default(),
    };
    let judged = |rule: Rule<'_>| match (rule, &case) {
        (Rule::Hold(rule), Some(_)) => Ruling::held(rule),
        (Rule::Replay(verdict), _) => {
            replay(case.as_ref(), action, &verdict.ruling, first, &lineage)
        }
        _ => judge(case.as_ref(), action, &context),
    };
    let ruling = judged(rule);
    let labels = match (&ruling, &case) {
        (Ruling::Applied, Some(case)) => remarks(case, action, &context),
        _ => Vec::new(),
    };
    let at = books.advance(leaves_trace(&ruling, case.as_ref(), action))?;
    let place = Revision {
        epoch: at.epoch,
        number: at.number,
    };
    let mut revision = None;
    if at.number > head.number {
        let standing = Standing::of(&ruling, &labels, place);
        let standing = match first {
            Some(first) => standing.replayed(first),
            None => standing,
        };
        let agent_before = case
            .as_ref()
            .and_then(|case| case.assignment.as_ref())
            .map(|assignment| assignment.agent);
        if let Some(case) = fold(case, action, &standing) {
            books.put_case(&case, agent_before)?;
            note_contact(books, &case, action)?;
            revision = Some(place);
        }
    }
    let verdict = Verdict {
        action: action.id,
        ruling,
        revision,
        first,
        remarks: labels,
        judged_at: now,
    };
    Ok((verdict, at))
}

/// Whether the case changes: what is refused leaves a trace only where somebody must see it.
fn leaves_trace(ruling: &Ruling, case: Option<&Case>, action: &Action) -> bool {
    match ruling {
        Ruling::Applied => true,
        Ruling::Held { .. } => case.is_some(),
        Ruling::Refused { .. } => {
            case.is_some() && matches!(action.change, Change::AgreePlan { .. })
        }
    }
}

/// The server's time at the author's cursor; asked only where a rule needs a *when*.
fn not_before<B: Books>(books: &B, action: &Action) -> Result<Option<DateTime<Utc>>, StoreError> {
    match action.change {
        Change::AgreePlan { .. } | Change::Arrive { .. } => books.time_of(action.base.cursor),
        _ => Ok(None),
    }
}

fn household_visits<B: Books>(
    books: &B,
    case: Option<&Case>,
    action: &Action,
) -> Result<u32, StoreError> {
    match (case, &action.change) {
        (Some(case), Change::Arrive { visit, .. }) => {
            books.household_visits(case.household, local_day(case, action), *visit)
        }
        (Some(case), Change::Assign { agent, day, .. }) => {
            books.permits_of_others(case.household, *day, *agent)
        }
        _ => Ok(0),
    }
}

fn note_contact<B: Books>(books: &B, case: &Case, action: &Action) -> Result<(), StoreError> {
    match &action.change {
        Change::Arrive { visit, .. } => {
            books.note_visit(case.household, local_day(case, action), *visit, case.id)
        }
        Change::Assign { agent, day, .. } => {
            let has_permit = case.assignment.as_ref().is_some_and(|held| held.has_permit);
            match has_permit {
                true => books.reserve(case, *day, *agent),
                false => books.release(case.id),
            }
        }
        Change::Unassign | Change::CloseCase { .. } => books.release(case.id),
        _ => Ok(()),
    }
}

/// The day of the action where the household lives.
fn local_day(case: &Case, action: &Action) -> chrono::NaiveDate {
    let there = action.recorded.instant().with_timezone(&case.address.zone);
    there.date_naive()
}
