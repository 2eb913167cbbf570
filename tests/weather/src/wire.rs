//! What passes between a tablet and the server.

use crate::device::Owner;
use crate::world::{Message, World};
use anyhow::Result;
use doorstep_device::record::{self, Author, Meanwhile, Peer, Round};
use doorstep_device::store::ServerClock;
use doorstep_domain::{CaseId, Incarnation, Role};
use doorstep_protocol::chain::Link;
use doorstep_protocol::exchange::{SnapshotLine, SyncRequest, SyncResponse};
use doorstep_server::feed::{self, Reader, Scope};
use doorstep_server::intake::{Books as _, Sender, receive};
use doorstep_server::store::DeviceState;
use std::rc::Rc;

impl World {
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
            let before = Scope::read(books, owner.user)?;
            let taken_in = receive(books, &sender, request, &policies, now)
                .map_err(|error| anyhow::anyhow!("intake: {error}"))?;
            let answer = feed::answer(
                books,
                reader,
                Some(&before),
                request,
                taken_in,
                &policies,
                now,
            )?;
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
                policies: Box::new(policies.document(books.key()?)?),
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
            let meanwhile = Meanwhile::of(owner.device, request, record::held(books)?);
            let round = Round::of(request, &meanwhile, answer);
            record::take_in(books, &mut peer, &round, &clock)
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
            boot: None,
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
                    record::begin_snapshot(books, *cursor, lineage, policies, None, &clock)
                        .map(|_| ())
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
}

pub fn author(owner: &Owner) -> Author<'_> {
    Author {
        device: owner.device,
        user: owner.user,
        key: &owner.key,
    }
}
