//! Builders: a case, actions on it, answers, budgets. Ids are counted, so that mixed-up ids show.

use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::action::OpeningFacts;
use doorstep_domain::affordability::{Budget, BudgetLine};
use doorstep_domain::case::{Account, Balance, BalanceItem, BalanceLine, FactField, Person};
use doorstep_domain::checklist::{Answer, Answers, Question};
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::moment::Moment;
use doorstep_domain::place::{Address, Position};
use doorstep_domain::plan::{
    Calendar, Consent, Frequency, PaymentMethod, PlanTerms, Relief, ScheduleOrder, schedule,
};
use doorstep_domain::policy::{Pack, PlanPolicy, Policies};
use doorstep_domain::words::Language;
use doorstep_domain::{
    Action, ActionId, Base, Case, CaseId, Change, Currency, DeviceId, Epoch, HouseholdId,
    Incarnation, Money, PlanId, Revision, UserId,
};
use std::path::Path;
use uuid::Uuid;

/// The epoch of all builders.
pub const EPOCH: Epoch = Epoch(7);

/// A morning on which visits are permitted: 10:00 where the sample lives.
pub fn morning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_226_400, 0).unwrap_or_default()
}

/// Revision `number` of the builders' epoch.
pub fn revision(number: u64) -> Revision {
    Revision {
        epoch: EPOCH,
        number,
    }
}

/// The agent of the builders.
pub fn agent() -> UserId {
    UserId(Uuid::from_u128(0xa9e0))
}

/// Another agent.
pub fn other_agent() -> UserId {
    UserId(Uuid::from_u128(0xa9e1))
}

/// The lead of the builders.
pub fn lead() -> UserId {
    UserId(Uuid::from_u128(0x1ead))
}

/// Somebody's actions, numbered from 1.
pub struct Actor {
    pub user: UserId,
    offset: u128,
    n: u64,
}

impl Actor {
    /// An actor whose ids begin at `offset`: every device of a test gets its own.
    pub fn new(user: UserId, offset: u128) -> Self {
        Self { user, offset, n: 0 }
    }

    /// The next action, by somebody who saw the case at `seen`.
    pub fn does(&mut self, change: Change, seen: Revision) -> Action {
        self.n += 1;
        Action {
            id: ActionId(Uuid::from_u128(self.offset + u128::from(self.n))),
            device: DeviceId(Uuid::from_u128(self.offset)),
            incarnation: Incarnation(Uuid::from_u128(self.offset + 1)),
            n: self.n,
            actor: self.user,
            case: case_id(),
            recorded: Moment::read(morning().fixed_offset(), None, Some(morning())),
            base: Base {
                cursor: seen,
                case: seen,
            },
            prev: None,
            after: Vec::new(),
            policies: None,
            change,
        }
    }
}

/// The one case of the builders.
pub fn case_id() -> CaseId {
    CaseId(Uuid::from_u128(0xca5e))
}

/// What the case opens with: 1,200.00 owed, a phone, a position on the lake.
pub fn opening() -> OpeningFacts {
    let as_of = NaiveDate::from_ymd_opt(2026, 10, 31).unwrap_or_default();
    let total = Money::new(120_000, Currency::Cny);
    OpeningFacts {
        account: Account {
            creditor: "Sample Card".into(),
            reference: "S-1".into(),
            product: "Credit card".into(),
            months_overdue: 3,
            gentler_attempts: None,
        },
        person: Person {
            name: "Robin Sample".into(),
            language: Language::English,
        },
        household: HouseholdId(Uuid::from_u128(0x40ce)),
        address: Address {
            street: "1 Sample Street".into(),
            town: "Laketown-in-Sample".into(),
            position: Position::from_degrees(31.2, 120.15),
            zone: chrono_tz::Asia::Shanghai,
        },
        facts: [(FactField::Phone, "07700 900001".to_owned())].into(),
        balance: Balance {
            lines: vec![BalanceLine {
                item: BalanceItem::Opening,
                on: as_of,
                amount: total,
            }],
            total,
            as_of,
        },
    }
}

/// The case at revision 2: opened at 1, assigned to [`agent`] at 2.
pub fn case() -> Option<Case> {
    let mut server = Actor::new(lead(), 0x5e0000);
    let opened = server.does(
        Change::OpenCase {
            facts: Box::new(opening()),
        },
        revision(0),
    );
    let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap_or_default();
    let assigned = server.does(
        Change::Assign {
            agent: agent(),
            day,
            position: 1,
        },
        revision(1),
    );
    let case = fold(None, &opened, &Standing::applied(revision(1)));
    fold(case, &assigned, &Standing::applied(revision(2)))
}

/// A month with 300.00 left over.
pub fn budget() -> Budget {
    Budget {
        currency: Currency::Cny,
        monthly_minor: [(BudgetLine::Wages, 400_000), (BudgetLine::Housing, 370_000)].into(),
        household: None,
        other_debts_minor: Vec::new(),
    }
}

/// A plan over `total` that fits [`budget`].
pub fn plan(id: u128, total: Money) -> Option<PlanTerms> {
    let agreed_on = NaiveDate::from_ymd_opt(2026, 11, 21)?;
    let order = ScheduleOrder {
        total,
        instalment_max: Money::new(30_000, total.currency),
        frequency: Frequency::Monthly,
        first_due: NaiveDate::from_ymd_opt(2026, 12, 31)?,
        months_max: 60,
        relief: Relief::default(),
    };
    let lines = schedule(&order, &Calendar::every_day()).ok()?;
    Some(PlanTerms {
        id: PlanId(Uuid::from_u128(id)),
        budget: budget(),
        balance_seen: total,
        frequency: Frequency::Monthly,
        lines,
        agreed_on,
        consent: Consent::Spoken,
        relief: Relief::default(),
        method: Some(PaymentMethod::BankTransfer),
        no_new_credit: Some(true),
        limitation_told: false,
        replaces: None,
        other: String::new(),
    })
}

/// Sixty months, and 50.00 of tolerance.
pub fn plan_policy() -> PlanPolicy {
    PlanPolicy {
        months_max: 60,
        balance_tolerance_minor: 5_000,
        deferral_months_max: 3,
        holiday_months_max: 3,
        interest_bp_max: 2_400,
        discount_percent_max: 10,
        grace_days: 14,
        needs_all_fields: true,
        limitation_years: Some(3),
    }
}

/// The packs and the checklist that are shipped, all of them, as they lie in their folder.
pub fn shipped_policies() -> Result<Policies, Box<dyn std::error::Error>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies"));
    let mut packs = Vec::new();
    for file in std::fs::read_dir(folder.join("packs"))? {
        packs.push(toml::from_str::<Pack>(&std::fs::read_to_string(
            file?.path(),
        )?)?);
    }
    packs.sort_by(|one, other| one.id.cmp(&other.id));
    let checklist = std::fs::read_to_string(folder.join("checklist.toml"))?;
    Ok(Policies {
        packs,
        checklist: toml::from_str(&checklist)?,
    })
}

/// An answer to every question that is asked, none of them adverse.
pub fn safe_answers(policies: &Policies) -> Answers {
    let safe = |question: &Question| match question.adverse {
        Answer::Yes => Answer::No,
        _ => Answer::Yes,
    };
    policies
        .checklist
        .questions
        .iter()
        .filter(|question| question.is_asked())
        .map(|question| (question.id.clone(), safe(question)))
        .collect()
}
