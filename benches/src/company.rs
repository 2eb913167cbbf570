//! A made-up company in a fresh database: people, cases of about 2 KB, devices.

use anyhow::Result;
use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use doorstep_domain::action::OpeningFacts;
use doorstep_domain::case::{Account, Balance, BalanceItem, BalanceLine, FactField, Person};
use doorstep_domain::place::{Address, Position};
use doorstep_domain::words::Language;
use doorstep_domain::{CaseId, Change, Currency, HouseholdId, Money, Role, UserId};
use doorstep_server::intake::{OwnAction, act};
use doorstep_server::policies::InForce;
use doorstep_server::store::PersonRow;
use doorstep_server::{Store, policies, secrets};
use doorstep_tests::simulated::Simulated;
use uuid::Uuid;

/// Cases that are written in one transaction.
const CASES_A_COMMIT: usize = 500;
const CODE_HOURS: i64 = 24;

/// A company whose server may run beside.
pub struct Company {
    pub store: Store,
    policies: InForce,
    lead: UserId,
    dice: Dice,
    now: DateTime<Utc>,
}

impl Company {
    /// Founds the company with its lead.
    pub fn found(store: Store) -> Result<Self> {
        let mut company = Self {
            store,
            policies: policies::shipped()?,
            lead: UserId(Uuid::nil()),
            dice: Dice(2026),
            now: Utc::now(),
        };
        company.lead = company.hire("lead", Role::Lead)?;
        Ok(company)
    }

    /// Hires somebody. Nobody signs in here, so nobody has a password.
    pub fn hire(&self, name: &str, role: Role) -> Result<UserId> {
        let id = UserId(Uuid::now_v7());
        let person = PersonRow {
            id,
            name: name.to_owned(),
            display_name: format!("Sample {name}"),
            role,
            password_hash: String::new(),
        };
        self.store.write(|tx| tx.add_person(&person))?;
        Ok(id)
    }

    /// Opens cases and assigns them; each has two notes.
    pub fn open_cases(&mut self, agent: UserId, count: usize) -> Result<Vec<CaseId>> {
        let mut opened = Vec::with_capacity(count);
        while opened.len() < count {
            let some = CASES_A_COMMIT.min(count - opened.len());
            let cases: Vec<_> = (0..some)
                .map(|_| (CaseId(Uuid::now_v7()), self.changes(agent)))
                .collect();
            opened.extend(cases.iter().map(|(case, _)| *case));
            self.act(cases)?;
        }
        Ok(opened)
    }

    /// Adds a note by the lead to each of these cases: they change for their devices.
    pub fn change_cases(&mut self, cases: &[CaseId]) -> Result<()> {
        let changes = cases
            .iter()
            .map(|case| {
                let text = self.dice.words(8);
                (*case, vec![Change::AddNote { text }])
            })
            .collect();
        self.act(changes)
    }

    fn act(&self, cases: Vec<(CaseId, Vec<Change>)>) -> Result<()> {
        let (actor, now) = (self.lead, self.now);
        self.store.write(|tx| {
            for (case, changes) in cases {
                for change in changes {
                    let own = OwnAction {
                        actor,
                        role: Role::Lead,
                        case,
                        change,
                        seen: None,
                    };
                    act(tx, own, &self.policies.policies, now)?;
                }
            }
            anyhow::Ok(())
        })
    }

    fn changes(&mut self, agent: UserId) -> Vec<Change> {
        let day = self.now.date_naive();
        let position = u16::try_from(self.dice.below(60)).unwrap_or(1);
        let note = |dice: &mut Dice| Change::AddNote {
            text: dice.words(34),
        };
        vec![
            Change::OpenCase {
                facts: Box::new(opening(&mut self.dice, day)),
            },
            Change::Assign {
                agent,
                day: day + Days::new(self.dice.below(20)),
                position: position + 1,
            },
            note(&mut self.dice),
            note(&mut self.dice),
        ]
    }

    /// Enrols a simulated device beside the server, which admits only a few by HTTP in a minute.
    pub fn simulate(&self, agent: UserId, cases: Vec<CaseId>) -> Result<Simulated> {
        Simulated::enrol(&self.store, &self.policies.hash, agent, cases)
    }

    /// A one-time code for a device.
    pub fn enrol_code(&self, agent: UserId) -> Result<String> {
        let code = secrets::enrol_code()?;
        let hash = secrets::hash_token(&secrets::normal_code(&code));
        let until = Utc::now() + Duration::hours(CODE_HOURS);
        self.store
            .write(|tx| tx.add_enrol_code(&hash, agent, until))?;
        Ok(code)
    }
}

fn opening(dice: &mut Dice, day: NaiveDate) -> OpeningFacts {
    let total = Money::new(
        50_000 + i64::try_from(dice.below(900_000)).unwrap_or(0),
        Currency::Cny,
    );
    let digits = |dice: &mut Dice| format!("{:06}", dice.below(1_000_000));
    OpeningFacts {
        account: Account {
            creditor: format!("Sample {}", dice.word()),
            reference: format!("S-{}-{}", digits(dice), digits(dice)),
            product: "Credit card".into(),
            months_overdue: 2 + u16::try_from(dice.below(8)).unwrap_or(0),
            gentler_attempts: None,
        },
        person: Person {
            name: format!("{} {} Sample", dice.word(), dice.word()),
            language: Language::English,
        },
        household: HouseholdId(Uuid::now_v7()),
        address: Address {
            street: format!("{} {} Street", dice.below(400), dice.word()),
            town: format!("{}-in-Sample", dice.word()),
            position: Position::from_degrees(31.2, 120.15),
            zone: chrono_tz::Asia::Shanghai,
        },
        facts: [
            (FactField::Phone, format!("07700 {}", digits(dice))),
            (
                FactField::Email,
                format!("{}.{}@example.org", dice.word(), digits(dice)),
            ),
            (FactField::DoorNote, dice.words(5)),
        ]
        .into(),
        balance: Balance {
            lines: vec![BalanceLine {
                item: BalanceItem::Opening,
                on: day,
                amount: total,
            }],
            total,
            as_of: day,
        },
    }
}

/// The same company in every run: numbers and words from a seed (SplitMix64).
struct Dice(u64);

const SYLLABLES: [&str; 24] = [
    "ba", "der", "kel", "mo", "rin", "sta", "lo", "ven", "ti", "gar", "hul", "pe", "wick", "no",
    "fa", "dran", "lis", "cor", "um", "bray", "tho", "ne", "cal", "sig",
];

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn word(&mut self) -> String {
        let count = 1 + self.below(3);
        (0..count)
            .map(|_| {
                let which = usize::try_from(self.below(SYLLABLES.len() as u64)).unwrap_or(0);
                SYLLABLES.get(which).copied().unwrap_or_default()
            })
            .collect()
    }

    fn words(&mut self, count: usize) -> String {
        let words: Vec<_> = (0..count).map(|_| self.word()).collect();
        words.join(" ")
    }
}
