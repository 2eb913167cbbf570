//! What people do, at the desk and at doors, and what they had seen when they did it.

use crate::bug::Bug;
use crate::wire::author;
use crate::world::{Deed, FIELDS, World};
use anyhow::Result;
use doorstep_device::record::{self, NewAction};
use doorstep_domain::moment::Moment;
use doorstep_domain::{ActionId, Case, CaseId, Change, Role, UserId};
use doorstep_protocol::chain::Link;
use doorstep_server::intake::{Fresh, OwnAction, act_over};
use std::collections::BTreeSet;
use std::rc::Rc;

impl World {
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
                Change::ClearFlag { raise, .. } => {
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

    /// Something done at a door; recorded unless the disk is full.
    pub fn door_does(&mut self, tablet: usize, case: CaseId, change: Change) -> Result<()> {
        let Some(view) = self.seen(tablet, case)? else {
            return Ok(());
        };
        let id = ActionId(self.dice.id());
        let salt = self.dice.salt();
        let (bug, now) = (self.bug, self.now);
        let seen = self.what_was_seen(tablet, &view, &change);
        let shown = view.facts.values().map(|fact| fact.value.clone()).collect();
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
                shown,
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
            let same = replaced.lost_value.as_ref();
            let saw_value = same.is_some_and(|value| deed.shown.contains(value));
            let had_seen = decides || is_echo || saw_value || replaced.lost.iter().any(saw);
            if !had_seen {
                let (writer, lost) = (replaced.writer, replaced.lost);
                self.breaks(|| {
                    format!("I6: {writer} overwrote {lost:?}, which its author never saw")
                });
            }
        }
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
            if let Some(shown) = books.revision(action.case)? {
                action.base.case = shown;
            }
        }
        _ => {}
    }
    Ok(())
}
