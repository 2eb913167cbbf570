//! The world of one seed: a server, some tablets, the network between them, and what really happened.

use crate::bug::Bug;
use crate::device::{Database, Image, Owner};
use crate::dice::Dice;
use crate::seam::{Line, Seam};
use crate::server::{Backup, Server};
use crate::stamp::Stamp;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Duration, Utc};
use doorstep_device::record::{self, Author, NewAction, Peer, names};
use doorstep_device::store::ServerClock;
use doorstep_domain::case::FactField;
use doorstep_domain::moment::Moment;
use doorstep_domain::{
    ActionId, Case, CaseId, Change, DeviceId, HouseholdId, Incarnation, Role, UserId,
};
use doorstep_protocol::chain::Link;
use doorstep_protocol::exchange::{PolicyDocument, SnapshotLine, SyncRequest, SyncResponse};
use doorstep_server::feed::{self, Reader};
use doorstep_server::intake::{Books as _, Fresh, OwnAction, Sender, act_over, receive};
use doorstep_server::store::DeviceState;
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
    policies: Rc<PolicyDocument>,
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
    pub fn found(plan: Plan, policies: &Rc<PolicyDocument>) -> Result<Self> {
        let mut dice = Dice::of(plan.seed);
        let folder = match plan.on_files {
            true => Some(folder()?),
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

    /// Something done in the console.
    pub fn desk_does(
        &mut self,
        actor: UserId,
        role: Role,
        case: CaseId,
        change: Change,
        seen: Option<doorstep_domain::Revision>,
    ) -> Result<()> {
        let id = ActionId(self.dice.id());
        let fresh = Fresh {
            id,
            salt: self.dice.salt(),
        };
        let own = OwnAction {
            actor,
            role,
            case,
            change: change.clone(),
            seen,
        };
        self.seam.arrives(&[]);
        let (now, policies) = (self.now, Rc::clone(&self.policies));
        let verdict = self.server.write(self.bug, &self.seam, |books| {
            act_over(books, own, &policies.policies, now, &fresh)
        })??;
        self.tell(|| format!("desk {id} on {case}: {change:?} -> {:?}", verdict.ruling));
        if verdict.ruling == doorstep_domain::Ruling::Applied {
            match change {
                Change::PostPayment { amount, .. } => {
                    *self.desk.paid.entry(case).or_default() += amount.minor;
                }
                Change::ClearFlag { raise } => {
                    self.desk.cleared.insert(raise);
                }
                Change::RaiseFlag { .. } => {
                    self.desk.raised.insert(id);
                }
                _ => {}
            }
        }
        self.mind_the_replaced();
        Ok(())
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

    /// Something done at a door; recorded unless the disk is full.
    pub fn door_does(&mut self, tablet: usize, case: CaseId, change: Change) -> Result<()> {
        let Some(view) = self.seen(tablet, case)? else {
            return Ok(());
        };
        let id = ActionId(self.dice.id());
        let salt = self.dice.salt();
        let (bug, now) = (self.bug, self.now);
        let seen = self.what_was_seen(tablet, &view, &change);
        let at = &mut self.tablets[tablet];
        let wall = (now + at.clock_ahead).fixed_offset();
        let recorded = Moment::read(wall, None, Some(now));
        let new = NewAction {
            id,
            change: change.clone(),
            recorded,
            policies: Some(self.policies.hash.clone()),
        };
        let owner = at.owner;
        let drafted = at.database.write(bug, |books| {
            let author = author(&owner);
            let mut action = record::draft(books, &author, &view, new)?;
            plant(bug, &mut action, books)?;
            let before = record::journal_head(books)?.link;
            record::append(books, &author, &action, "", salt)?;
            Ok(before)
        })?;
        let before: Link = drafted?;
        self.seam.chained(id, before);
        self.tell(|| format!("tablet {tablet} records {id} on {case}: {change:?}"));
        let at = &mut self.tablets[tablet];
        at.deeds.insert(id);
        self.deeds.insert(
            id,
            Deed {
                tablet,
                case,
                change,
                seen,
                is_excused: false,
            },
        );
        Ok(())
    }

    /// Every value of the fact that somebody who sees this has seen or written.
    fn what_was_seen(&self, tablet: usize, view: &Case, change: &Change) -> BTreeSet<ActionId> {
        let fields = match change {
            Change::SetFact { field, .. } => std::slice::from_ref(field),
            // Whoever decides has the whole case before them; a decision may be about another one.
            Change::Decide { .. } => &FIELDS,
            _ => return BTreeSet::new(),
        };
        let mut seen = BTreeSet::new();
        let shown = fields.iter().filter_map(|field| view.facts.get(field));
        for shown in shown.map(|fact| fact.set_by) {
            seen.insert(shown);
            if let Some(own) = self.deeds.get(&shown) {
                seen.extend(own.seen.iter().copied());
            }
            seen.extend(self.seam.before(shown));
        }
        // Whoever wrote something knows of it, whatever the screen shows by now, and also where it
        // shows nothing.
        let own = &self.tablets[tablet].deeds;
        seen.extend(own.iter().filter(|id| {
            let deed = self.deeds.get(id);
            deed.is_some_and(|deed| deed.case == view.id)
        }));
        seen
    }

    /// I6: nobody overwrites what they had not seen.
    pub fn mind_the_replaced(&mut self) {
        for replaced in self.seam.take_replaced() {
            let Some(deed) = self.deeds.get(&replaced.writer) else {
                continue;
            };
            // A decision is by somebody who had both sides before them.
            let decides = !matches!(deed.change, Change::SetFact { .. });
            let saw = |lost: &ActionId| deed.seen.contains(lost);
            // What was applied for being the same value once is replayed as it was.
            let is_echo = self.seam.echoes.borrow().contains(&replaced.writer);
            let had_seen = decides || is_echo || replaced.lost.iter().any(saw);
            if !had_seen {
                let (writer, lost) = (replaced.writer, replaced.lost);
                self.breaks(|| {
                    format!("I6: {writer} overwrote {lost:?}, which its author never saw")
                });
            }
        }
    }

    /// The next request of a tablet goes out.
    pub fn send(&mut self, tablet: usize) -> Result<()> {
        self.numbers += 1;
        let number = self.numbers;
        let at = &mut self.tablets[tablet];
        let has_cursor = at
            .database
            .write(None, |books| record::cursor(books))??
            .is_some();
        if !has_cursor || at.wants_snapshot {
            let after = at
                .database
                .write(None, |books| record::snapshot_after(books))??;
            at.waits_for = Some(number);
            self.network.push(Message::Fetch {
                tablet,
                number,
                after,
            });
            return Ok(());
        }
        let some = 1 + self.dice.below(6);
        let at = &mut self.tablets[tablet];
        let request = at
            .database
            .write(self.bug, |books| record::request(books, some, usize::MAX))??;
        at.waits_for = Some(number);
        self.network.push(Message::Push {
            tablet,
            number,
            request: Rc::new(request),
        });
        Ok(())
    }

    /// The server answers an exchange. Signatures hold here, or the seed is wrong.
    pub fn serve(&mut self, tablet: usize, request: &SyncRequest) -> Result<SyncResponse> {
        let owner = self.tablets[tablet].owner;
        self.seam.arrives(&request.outbox);
        let sender = Sender {
            device: owner.device,
            person: owner.user,
            role: Role::Agent,
            key: &owner.key,
            is_lost: false,
        };
        let reader = Reader {
            device: owner.device,
            person: owner.user,
            state: DeviceState::Active,
            // Small pages: most answers have a next one.
            page_cases: 2,
        };
        let (now, policies) = (self.now, Rc::clone(&self.policies));
        let answer = self.server.write(self.bug, &self.seam, |books| {
            let taken_in = receive(books, &sender, request, &policies, now)
                .map_err(|error| anyhow::anyhow!("intake: {error}"))?;
            let answer = feed::answer(books, reader, request, taken_in, &policies, now)?;
            Ok::<_, anyhow::Error>(answer.response)
        })??;
        self.tell(|| {
            let verdicts: Vec<_> = answer
                .verdicts
                .iter()
                .map(|signed| format!("{} {:?}", signed.verdict.action, signed.verdict.ruling))
                .collect();
            format!(
                "server answers tablet {tablet}: {verdicts:?} {:?} cursor {:?} {} cases, left {:?}",
                answer.halt,
                answer.cursor,
                answer.cases.len(),
                answer.left
            )
        });
        self.mind_the_replaced();
        Ok(answer)
    }

    /// The server streams what a tablet's agent has.
    pub fn stream(&mut self, tablet: usize, after: Option<CaseId>) -> Result<Vec<SnapshotLine>> {
        let person = self.tablets[tablet].owner.user;
        let (now, policies) = (self.now, Rc::clone(&self.policies));
        let mut lines = self.server.write(self.bug, &self.seam, |books| {
            let begin = SnapshotLine::Begin {
                cursor: books.head()?,
                lineage: books.line()?.lineage,
                cases: 0,
                policies: Box::new((*policies).clone()),
                server_time: now,
            };
            let mut lines = vec![begin];
            let mut after = after;
            while let Some(frame) = feed::frame(books, person, after)? {
                after = Some(frame.last);
                // One case a line, so that a stream can be cut between two.
                for (document, id) in frame.cases.into_iter().zip(frame.ids) {
                    lines.push(SnapshotLine::Frame {
                        cases: vec![document],
                        last: id,
                    });
                }
            }
            Ok::<_, anyhow::Error>(lines)
        })??;
        lines.push(SnapshotLine::End);
        Ok(lines)
    }

    /// A tablet takes an answer in.
    pub fn take(
        &mut self,
        tablet: usize,
        request: &SyncRequest,
        answer: &SyncResponse,
    ) -> Result<record::Received> {
        let clock = self.clock_of(tablet);
        let fresh = Incarnation(self.dice.id());
        let mut dice = self.dice.clone();
        let bug = self.bug;
        let at = &mut self.tablets[tablet];
        let owner = at.owner;
        let received = at.database.write(bug, |books| {
            let mut salt = || Ok(dice.salt());
            let mut peer = Peer {
                author: author(&owner),
                server_key: None,
                fresh,
                salt: &mut salt,
                keep_judged: 0,
            };
            record::take_in(books, &mut peer, request, answer, &clock)
        })??;
        self.dice.any();
        self.tell(|| format!("tablet {tablet} takes in: {received:?}"));
        let at = &mut self.tablets[tablet];
        at.wants_snapshot = received.snapshot;
        if received.new_life.is_some() {
            self.count("a new life began");
            self.chain_again(tablet)?;
        }
        if received.new_epoch {
            self.count("a tablet met a new epoch");
        }
        if received.repaired > 0 {
            self.count("a set was repaired");
            if self.restores == 0 {
                self.breaks(|| format!("I10: tablet {tablet} held another set than its scope"));
            }
        }
        Ok(received)
    }

    /// What a new life chained anew.
    fn chain_again(&mut self, tablet: usize) -> Result<()> {
        let waiting = self.tablets[tablet].database.write(None, |books| {
            record::outbox(books, usize::MAX >> 1, usize::MAX)
        })??;
        let mut before = Link::START;
        for envelope in waiting {
            self.seam.chained(envelope.id, before);
            before = envelope.link;
        }
        Ok(())
    }

    fn clock_of(&self, tablet: usize) -> ServerClock {
        let ahead = self.tablets[tablet].clock_ahead;
        ServerClock {
            heard_at: self.now,
            ahead_ms: -ahead.num_milliseconds(),
        }
    }

    /// A tablet takes a stream in, as far as it came; says whether its end came.
    pub fn take_stream(&mut self, tablet: usize, lines: &[SnapshotLine]) -> Result<bool> {
        let clock = self.clock_of(tablet);
        let mut is_whole = false;
        for line in lines {
            let at = &mut self.tablets[tablet];
            match line {
                SnapshotLine::Begin {
                    cursor,
                    lineage,
                    policies,
                    ..
                } => at.database.write(None, |books| {
                    record::begin_snapshot(books, *cursor, lineage, policies, &clock)
                })??,
                SnapshotLine::Frame { cases, last } => at
                    .database
                    .write(None, |books| record::take_frame(books, cases, *last))??,
                SnapshotLine::End => {
                    at.database
                        .write(None, |books| record::end_snapshot(books))??;
                    at.wants_snapshot = false;
                    is_whole = true;
                }
            }
        }
        Ok(is_whole)
    }

    /// One whole sync on a quiet network; says whether everything is up and down.
    pub fn sync(&mut self, tablet: usize) -> Result<bool> {
        for _ in 0..40 {
            self.send(tablet)?;
            let Some(message) = self.network.pop() else {
                return Ok(true);
            };
            self.tablets[tablet].waits_for = None;
            match message {
                Message::Fetch { after, .. } => {
                    let lines = self.stream(tablet, after)?;
                    self.take_stream(tablet, &lines)?;
                }
                Message::Push { request, .. } => {
                    let answer = self.serve(tablet, &request)?;
                    let received = self.take(tablet, &request, &answer)?;
                    let waiting = self.tablets[tablet]
                        .database
                        .write(None, |books| record::outbox(books, 1, usize::MAX))??;
                    if !received.again && waiting.is_empty() {
                        return Ok(true);
                    }
                }
                Message::Answer { .. } | Message::Stream { .. } => {}
            }
        }
        Ok(false)
    }

    /// Whether a tablet's first sync has ended.
    pub fn is_ready(&mut self, tablet: usize) -> Result<bool> {
        let ready = self.tablets[tablet]
            .database
            .write(None, |books| record::read::<bool>(books, names::IS_READY))??;
        Ok(ready.unwrap_or_default())
    }

    /// Backs the server up.
    pub fn back_up(&mut self) -> Result<()> {
        let backup = self.server.back_up(self.now)?;
        self.backup = Some(Kept {
            backup,
            line: self.seam.line.borrow().clone(),
            desk: self.desk.clone(),
        });
        Ok(())
    }

    /// Restores the server's last backup; what the desk did since is gone, as it would be.
    pub fn restore(&mut self) -> Result<bool> {
        let Some(kept) = self.backup.take() else {
            return Ok(false);
        };
        self.restores += 1;
        self.server
            .restore(&kept.backup, self.now, 1 + self.restores)?;
        *self.seam.line.borrow_mut() = kept.line.clone();
        self.desk = kept.desk.clone();
        self.backup = Some(kept);
        self.excuse_what_nobody_has()?;
        Ok(true)
    }

    /// What a tablet had lost already and the server loses now is nobody's any more.
    fn excuse_what_nobody_has(&mut self) -> Result<()> {
        let ids: Vec<ActionId> = self.deeds.keys().copied().collect();
        for id in ids {
            let is_on_a_tablet = self.tablets.iter().any(|tablet| tablet.deeds.contains(&id));
            if !is_on_a_tablet && !self.is_at_server(id)? {
                self.excuse(id);
            }
        }
        Ok(())
    }

    /// Nobody can bring an action back.
    pub fn excuse(&mut self, id: ActionId) {
        if let Some(deed) = self.deeds.get_mut(&id) {
            deed.is_excused = true;
        }
    }

    /// Whether the server has an action in its journal.
    pub fn is_at_server(&self, id: ActionId) -> Result<bool> {
        let taken = self
            .server
            .write(None, &self.seam, |books| books.taken_action(id))??;
        Ok(taken.is_some())
    }

    /// The documents on a tablet and at the server, for everybody's scope.
    pub fn documents(&mut self, tablet: usize) -> Result<Documents> {
        use doorstep_device::record::Books as _;
        let user = self.tablets[tablet].owner.user;
        let here = self.tablets[tablet].database.write(None, |books| {
            let held = books.held()?;
            held.into_iter()
                .map(|(id, _)| {
                    let row = books.case_row(id)?;
                    Ok((id, row.map(|row| row.doc).unwrap_or_default()))
                })
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

fn author(owner: &Owner) -> Author<'_> {
    Author {
        device: owner.device,
        user: owner.user,
        key: &owner.key,
    }
}

/// Bugs between drafting and recording.
fn plant(
    bug: Option<Bug>,
    action: &mut doorstep_domain::Action,
    books: &crate::device::DeviceBooks<'_>,
) -> doorstep_device::store::Result<()> {
    use doorstep_device::record::Books as _;
    if action.prev.is_none() {
        return Ok(());
    }
    match bug {
        // Whatever came meanwhile counts as seen.
        Some(Bug::ChainedWithoutBase) => action.base.case.number = u64::MAX >> 1,
        // What arrived under the unjudged edit counts as seen.
        Some(Bug::HiddenBase) => {
            if let Some(row) = books.case_row(action.case)? {
                action.base.case = row.revision;
            }
        }
        _ => {}
    }
    Ok(())
}

/// A folder for the files of one seed; in memory where the system has a place for that.
fn folder() -> Result<TempDir> {
    let memory = std::path::Path::new("/dev/shm");
    Ok(match memory.is_dir() {
        true => tempfile::tempdir_in(memory)?,
        false => tempfile::tempdir()?,
    })
}
