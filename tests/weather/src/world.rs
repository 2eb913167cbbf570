//! The world of one seed: a server, some tablets, the network between them, and what really happened.

use crate::bug::Bug;
use crate::device::{Database, Image, Owner};
use crate::dice::Dice;
use crate::files;
use crate::seam::{Line, Seam};
use crate::server::{Backup, Server};
use crate::stamp::Stamp;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Duration, Utc};
use doorstep_device::record::{self, names};
use doorstep_domain::case::FactField;
use doorstep_domain::{
    ActionId, Case, CaseId, Change, DeviceId, HouseholdId, Incarnation, Role, UserId,
};
use doorstep_protocol::exchange::{SnapshotLine, SyncRequest, SyncResponse};
use doorstep_server::intake::Books as _;
use doorstep_server::policies::InForce;
use doorstep_testkit::build;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use tempfile::TempDir;
use uuid::Uuid;

/// What was recorded at a door, as the simulation knows it.
#[derive(Debug, Clone)]
pub struct Deed {
    pub tablet: usize,
    pub case: CaseId,
    pub change: Change,
    /// Every value of the fact that the author had seen or written.
    pub seen: BTreeSet<ActionId>,
    /// The values on the screen, whoever had set them: a restored server may have the same value by
    /// another hand.
    pub shown: BTreeSet<String>,
    /// Gone with a tablet that was set back to an image, and nowhere else.
    pub is_excused: bool,
}

/// A tablet, switched on or off.
pub struct Tablet {
    pub database: Database,
    pub owner: Owner,
    /// The request that it waits for; any other answer comes too late.
    pub waits_for: Option<u64>,
    /// The snapshot that must come before the next exchange.
    pub wants_snapshot: bool,
    pub images: Vec<(Image, BTreeSet<ActionId>)>,
    /// What it recorded and has not lost.
    pub deeds: BTreeSet<ActionId>,
    pub clock_ahead: Duration,
}

/// Something under way on the network.
pub enum Message {
    Push {
        tablet: usize,
        number: u64,
        request: Rc<SyncRequest>,
    },
    Fetch {
        tablet: usize,
        number: u64,
        after: Option<CaseId>,
    },
    Answer {
        tablet: usize,
        number: u64,
        request: Rc<SyncRequest>,
        answer: Rc<SyncResponse>,
    },
    Stream {
        tablet: usize,
        number: u64,
        lines: Vec<SnapshotLine>,
    },
}

/// What the desk did that a restore takes back.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    pub paid: BTreeMap<CaseId, i64>,
    pub cleared: BTreeSet<ActionId>,
    pub raised: BTreeSet<ActionId>,
}

/// A backup with the truth of its moment.
pub struct Kept {
    pub backup: Backup,
    pub line: Line,
    pub desk: Desk,
}

/// Everything.
pub struct World {
    pub dice: Dice,
    pub bug: Option<Bug>,
    pub server: Server,
    pub seam: Seam,
    pub tablets: Vec<Tablet>,
    pub network: Vec<Message>,
    pub deeds: BTreeMap<ActionId, Deed>,
    pub desk: Desk,
    pub backup: Option<Kept>,
    pub restores: u32,
    pub now: DateTime<Utc>,
    pub counted: BTreeMap<&'static str, u64>,
    pub numbers: u64,
    pub policies: Rc<InForce>,
    folder: Option<TempDir>,
    /// Tells what happens, for a person who looks into one seed.
    pub is_told: bool,
    /// What contradicts the promise.
    pub broken: Option<String>,
}

/// The fields that people edit here.
pub const FIELDS: [FactField; 3] = [FactField::Phone, FactField::Email, FactField::DoorNote];
const CASES: u128 = 5;

/// The agents; the second tablet of the first one comes last.
pub fn agent(number: usize) -> UserId {
    UserId(Uuid::from_u128(0xa9e0 + number as u128))
}

/// A case of the world.
pub fn case_id(number: usize) -> CaseId {
    CaseId(Uuid::from_u128(0xca5e_0000_0000 + (number as u128 % CASES)))
}

fn lead() -> UserId {
    build::lead()
}

/// What is to be simulated.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub bug: Option<Bug>,
    pub on_files: bool,
    /// Whether to tell what happens.
    pub is_told: bool,
}

impl World {
    /// A company with cases, agents and tablets, before anything happens.
    pub fn found(plan: Plan, policies: &Rc<InForce>) -> Result<Self> {
        let mut dice = Dice::of(plan.seed);
        let folder = match plan.on_files {
            true => Some(files::folder()?),
            false => None,
        };
        let server = match &folder {
            Some(folder) => Server::sqlite(folder.path())?,
            None => Server::model(),
        };
        let count = 2 + dice.below(3);
        let mut world = Self {
            dice,
            bug: plan.bug,
            server,
            seam: Seam::default(),
            tablets: Vec::new(),
            network: Vec::new(),
            deeds: BTreeMap::new(),
            desk: Desk::default(),
            backup: None,
            restores: 0,
            now: build::morning(),
            counted: BTreeMap::new(),
            numbers: 0,
            policies: Rc::clone(policies),
            folder,
            is_told: plan.is_told,
            broken: None,
        };
        for number in 0..count {
            // The last tablet of three or more is the first agent's second one.
            let user = agent(if number == 2 { 0 } else { number });
            world.add_tablet(user)?;
        }
        world.open_cases()?;
        Ok(world)
    }

    /// Tells what happens.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.is_told {
            eprintln!("{}", what());
        }
    }

    /// Whether it has real files.
    pub const fn is_on_files(&self) -> bool {
        self.folder.is_some()
    }

    /// Counts that something happened.
    pub fn count(&mut self, what: &'static str) {
        self.tell(|| format!("-- {what}"));
        *self.counted.entry(what).or_default() += 1;
    }

    /// Notes the first thing that contradicts the promise.
    pub fn breaks(&mut self, what: impl FnOnce() -> String) {
        if self.broken.is_none() {
            self.broken = Some(what());
        }
    }

    /// A place for files, where this world has any.
    pub fn place(&mut self, name: &str) -> PathBuf {
        self.numbers += 1;
        let number = self.numbers;
        self.folder
            .as_ref()
            .map(|folder| folder.path().join(format!("{name}-{number}")))
            .unwrap_or_default()
    }

    fn add_tablet(&mut self, user: UserId) -> Result<()> {
        let number = self.tablets.len();
        let life = Incarnation(self.dice.id());
        let database = match self.folder.is_some() {
            true => Database::sqlite(self.place("tablet"), life)?,
            false => Database::model(life)?,
        };
        let device = DeviceId(Uuid::from_u128(0xd0 + number as u128));
        self.tablets.push(Tablet {
            database,
            owner: Owner {
                device,
                user,
                key: Stamp(0x7ab1e7 + number as u64),
            },
            waits_for: None,
            wants_snapshot: true,
            images: Vec::new(),
            deeds: BTreeSet::new(),
            clock_ahead: Duration::zero(),
        });
        Ok(())
    }

    fn open_cases(&mut self) -> Result<()> {
        for number in 0..CASES as usize {
            let mut facts = build::opening();
            // Two cases share a household.
            facts.household = HouseholdId(Uuid::from_u128(0x40ce + (number / 2) as u128));
            let open = Change::OpenCase {
                facts: Box::new(facts),
            };
            self.desk_does(lead(), Role::Lead, case_id(number), open, None)?;
            let owner = agent(self.dice.below(2));
            self.assign(case_id(number), owner)?;
        }
        Ok(())
    }

    /// Gives a case to an agent.
    pub fn assign(&mut self, case: CaseId, agent: UserId) -> Result<()> {
        let change = Change::Assign {
            agent,
            day: self.now.date_naive(),
            position: 1,
        };
        self.desk_does(lead(), Role::Lead, case, change, None)
    }

    /// The server's document of a case.
    pub fn at_server(&self, case: CaseId) -> Result<Case> {
        self.server
            .write(None, &self.seam, |books| books.case(case))??
            .context("the server has the case")
    }

    /// A case as the person with a tablet sees it.
    pub fn seen(&mut self, tablet: usize, case: CaseId) -> Result<Option<Case>> {
        let bug = self.bug;
        Ok(self.tablets[tablet]
            .database
            .write(bug, |books| record::case(books, case))??)
    }

    /// The cases on a tablet.
    pub fn held(&mut self, tablet: usize) -> Result<Vec<CaseId>> {
        use doorstep_device::record::Books as _;
        let held = self.tablets[tablet]
            .database
            .write(None, |books| books.held())??;
        Ok(held.into_iter().map(|(id, _)| id).collect())
    }

    /// Whether a tablet's first sync has ended.
    pub fn is_ready(&mut self, tablet: usize) -> Result<bool> {
        let ready = self.tablets[tablet]
            .database
            .write(None, |books| record::read::<bool>(books, names::IS_READY))??;
        Ok(ready.unwrap_or_default())
    }

    /// The documents on a tablet and at the server, for everybody's scope.
    pub fn documents(&mut self, tablet: usize) -> Result<Documents> {
        use doorstep_device::record::Books as _;
        let user = self.tablets[tablet].owner.user;
        let here = self.tablets[tablet].database.write(None, |books| {
            let held = books.held()?;
            held.into_iter()
                .map(|(id, _)| Ok((id, books.document(id)?.unwrap_or_default())))
                .collect::<Result<BTreeMap<_, _>, _>>()
        })??;
        let there = self.server.write(None, &self.seam, |books| {
            let rows = books.cases_in_scope(user, None, usize::MAX >> 1)?;
            Ok::<_, doorstep_server::store::StoreError>(
                rows.into_iter()
                    .map(|row| (row.id, row.doc))
                    .collect::<BTreeMap<_, _>>(),
            )
        })??;
        Ok(Documents { here, there })
    }
}

/// What a tablet and the server hold of one scope.
pub struct Documents {
    pub here: BTreeMap<CaseId, String>,
    pub there: BTreeMap<CaseId, String>,
}
