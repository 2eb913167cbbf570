//! What happens in the world, step by step: people work, messages travel, things break.

use crate::bug::Bug;
use crate::device::Database;
use crate::world::{FIELDS, Message, Tablet, World, agent, case_id};
use anyhow::Result;
use chrono::Duration;
use doorstep_device::record::{self, Books as _, names};
use doorstep_domain::conflict::Choice;
use doorstep_domain::safety::{FlagKind, StopKind};
use doorstep_domain::{ActionId, CaseId, Change, Currency, Incarnation, Money, Role};
use doorstep_protocol::exchange::{SyncRequest, SyncResponse};
use doorstep_testkit::build;
use std::collections::BTreeSet;
use std::rc::Rc;

/// So many steps has a storm.
const STEPS: usize = 150;
/// Real files are slower: shorter storms, more of them.
const STEPS_ON_FILES: usize = 32;
/// More is never under way on such a network.
const UNDER_WAY_MAX: usize = 12;

/// Lets a storm happen.
pub fn rage(world: &mut World) -> Result<()> {
    // Most tablets have had their first sync before the weather turns.
    for tablet in 0..world.tablets.len() {
        if world.dice.percent(80) {
            world.sync(tablet)?;
        }
    }
    let steps = match world.is_on_files() {
        true => STEPS_ON_FILES,
        false => STEPS,
    };
    for step in 0..steps {
        world.now += Duration::seconds(20 + world.dice.below(200) as i64);
        match world.dice.below(100) {
            0..24 => somebody_at_a_door(world)?,
            24..36 => somebody_at_the_desk(world)?,
            36..54 => a_tablet_syncs(world)?,
            54..90 => a_message_arrives(world)?,
            90..96 => a_tablet_breaks(world)?,
            _ => the_server_breaks(world)?,
        }
        if step % 24 == 23 {
            crate::check::nothing_is_lost(world)?;
        }
        if world.broken.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

fn any_tablet(world: &mut World) -> usize {
    let count = world.tablets.len();
    world.dice.below(count)
}

fn somebody_at_a_door(world: &mut World) -> Result<()> {
    let tablet = any_tablet(world);
    if !world.is_ready(tablet)? {
        return Ok(());
    }
    let held = world.held(tablet)?;
    let Some(case) = world.dice.one_of(&held).copied() else {
        return Ok(());
    };
    if world.dice.percent(3) {
        world.count("disk full");
        return Ok(());
    }
    let what = world.dice.below(100);
    let change = match what {
        0..60 => edit(world),
        60..72 => Change::AddNote {
            text: format!("note {}", world.dice.any() % 1_000),
        },
        72..82 => raise_flag(world),
        82..90 => match agree(world, tablet, case)? {
            Some(change) => change,
            None => return Ok(()),
        },
        _ => match decide(world, tablet, case)? {
            Some(change) => change,
            None => edit(world),
        },
    };
    world.count("somebody recorded something");
    world.door_does(tablet, case, change)
}

fn edit(world: &mut World) -> Change {
    let field = FIELDS[world.dice.below(FIELDS.len())];
    // A few values come again: the same new value is applied once.
    let value = match world.dice.percent(10) {
        true => "the same".to_owned(),
        false => format!("value {}", world.dice.any() % 1_000_000),
    };
    Change::SetFact {
        field,
        old: None,
        new: value,
    }
}

fn raise_flag(world: &World) -> Change {
    Change::RaiseFlag {
        flag: FlagKind::DangerousAnimal,
        incident: "a dog".into(),
        review_on: world.now.date_naive(),
    }
}

fn agree(world: &mut World, tablet: usize, case: CaseId) -> Result<Option<Change>> {
    let Some(view) = world.seen(tablet, case)? else {
        return Ok(None);
    };
    let id = u128::from(world.dice.any());
    let terms = build::plan(id, view.balance.total);
    Ok(terms.map(|terms| Change::AgreePlan {
        terms: Box::new(terms),
    }))
}

fn decide(world: &mut World, tablet: usize, case: CaseId) -> Result<Option<Change>> {
    let Some(view) = world.seen(tablet, case)? else {
        return Ok(None);
    };
    let open: Vec<ActionId> = view
        .conflicts
        .iter()
        .filter(|conflict| conflict.is_open())
        .map(|conflict| conflict.id)
        .collect();
    let choice = choice(world);
    Ok(world.dice.one_of(&open).map(|conflict| Change::Decide {
        conflict: *conflict,
        choice,
    }))
}

fn choice(world: &mut World) -> Choice {
    match world.dice.below(3) {
        0 => Choice::KeepCurrent,
        1 => Choice::TakeHeld,
        _ => Choice::Write {
            value: format!("third {}", world.dice.any() % 1_000_000),
        },
    }
}

fn somebody_at_the_desk(world: &mut World) -> Result<()> {
    let case = case_id(world.dice.below(5));
    let now = world.at_server(case)?;
    let lead = build::lead();
    let flags: Vec<ActionId> = now.open_flags().map(|flag| flag.id).collect();
    let conflicts: Vec<ActionId> = now
        .conflicts
        .iter()
        .filter(|conflict| conflict.is_open())
        .map(|conflict| conflict.id)
        .collect();
    let (role, change) = match world.dice.below(100) {
        0..34 => {
            world.count("a case was given to somebody");
            let to = agent(world.dice.below(3));
            return world.assign(case, to);
        }
        34..39 => (Role::Lead, Change::Unassign),
        39..64 => (Role::Lead, edit(world)),
        64..70 => {
            let amount = Money::new(100 + (world.dice.any() % 9_000) as i64, Currency::Cny);
            let on = world.now.date_naive();
            (Role::BackOffice, Change::PostPayment { amount, on })
        }
        70..75 => (Role::Lead, raise_flag(world)),
        75..80 => match world.dice.one_of(&flags) {
            Some(raise) => (Role::Lead, Change::ClearFlag { raise: *raise }),
            None => return Ok(()),
        },
        80..83 => {
            let stop = Change::RaiseStop {
                stop: StopKind::Moratorium,
                effective: world.now - Duration::hours(1),
                until: None,
            };
            (Role::Lead, stop)
        }
        83..97 => {
            let choice = choice(world);
            match world.dice.one_of(&conflicts) {
                Some(conflict) => {
                    let conflict = *conflict;
                    (Role::Lead, Change::Decide { conflict, choice })
                }
                None => return Ok(()),
            }
        }
        _ => (
            Role::Lead,
            Change::CloseCase {
                reason: "closed".into(),
            },
        ),
    };
    // Sometimes on a screen that was opened before something else happened.
    let seen = world.dice.percent(20).then_some(now.revision);
    world.count("somebody worked at the desk");
    world.desk_does(lead, role, case, change, seen)
}

fn a_tablet_syncs(world: &mut World) -> Result<()> {
    let tablet = any_tablet(world);
    if world.tablets[tablet].waits_for.is_some() {
        // It has waited long enough.
        if world.dice.percent(12) {
            world.tablets[tablet].waits_for = None;
            world.count("a request was given up");
        }
        return Ok(());
    }
    if world.network.len() < UNDER_WAY_MAX {
        world.send(tablet)?;
    }
    Ok(())
}

fn a_message_arrives(world: &mut World) -> Result<()> {
    if world.network.is_empty() {
        return Ok(());
    }
    // Any of them: messages overtake each other.
    let at = world.dice.below(world.network.len());
    if at > 0 {
        world.count("a message was overtaken");
    }
    let message = world.network.remove(at);
    match message {
        Message::Push {
            tablet,
            number,
            request,
        } => push_arrives(world, tablet, number, request),
        Message::Fetch {
            tablet,
            number,
            after,
        } => {
            if world.dice.percent(15) {
                world.count("a request was lost");
                return Ok(());
            }
            let lines = world.stream(tablet, after)?;
            world.network.push(Message::Stream {
                tablet,
                number,
                lines,
            });
            Ok(())
        }
        Message::Answer {
            tablet,
            number,
            request,
            answer,
        } => answer_arrives(world, tablet, number, &request, &answer),
        Message::Stream {
            tablet,
            number,
            mut lines,
        } => {
            if world.tablets[tablet].waits_for != Some(number) {
                world.count("an answer came too late");
                return Ok(());
            }
            world.tablets[tablet].waits_for = None;
            if world.dice.percent(30) {
                world.count("a stream was cut");
                let left = world.dice.below(lines.len());
                lines.truncate(left);
            }
            world.take_stream(tablet, &lines)?;
            Ok(())
        }
    }
}

fn push_arrives(
    world: &mut World,
    tablet: usize,
    number: u64,
    request: Rc<SyncRequest>,
) -> Result<()> {
    match world.dice.below(100) {
        0..10 => {
            world.count("a request was lost");
            return Ok(());
        }
        10..13 => {
            world.count("a body was damaged");
            return Ok(());
        }
        13..23 => {
            world.count("a request was repeated");
            world.network.push(Message::Push {
                tablet,
                number,
                request: Rc::clone(&request),
            });
        }
        23..25 => {
            world.count("the server was killed before its commit");
            return Ok(());
        }
        _ => {}
    }
    let answer = world.serve(tablet, &request)?;
    if answer.halt.is_some() {
        world.count("a push was halted");
    }
    match world.dice.below(100) {
        0..12 => world.count("an answer was lost"),
        12..14 => world.count("the server was killed after its commit"),
        14..16 => world.count("a captive portal answered"),
        _ => {
            let answer = match world.dice.percent(5) {
                true => serde_json::from_str(&serde_json::to_string(&answer)?)?,
                false => answer,
            };
            world.network.push(Message::Answer {
                tablet,
                number,
                request,
                answer: Rc::new(answer),
            });
        }
    }
    Ok(())
}

fn answer_arrives(
    world: &mut World,
    tablet: usize,
    number: u64,
    request: &SyncRequest,
    answer: &SyncResponse,
) -> Result<()> {
    if world.tablets[tablet].waits_for != Some(number) {
        world.count("an answer came too late");
        return Ok(());
    }
    world.tablets[tablet].waits_for = None;
    if world.bug == Some(Bug::CursorBeforePage) {
        let cursor = answer.cursor;
        world.tablets[tablet]
            .database
            .write(None, |books| record::write(books, names::CURSOR, &cursor))??;
    }
    if world.dice.percent(6) {
        world.count("a tablet was killed before its commit");
        return Ok(());
    }
    let received = world.take(tablet, request, answer)?;
    crate::check::nobody_goes_behind_themselves(world, tablet)?;
    match received.again {
        // Not at its end yet.
        true => Ok(()),
        false => crate::check::everything_below_the_cursor_is_here(world, tablet, answer),
    }
}

fn a_tablet_breaks(world: &mut World) -> Result<()> {
    let number = any_tablet(world);
    match world.dice.below(100) {
        0..40 => {
            world.count("a tablet was killed");
            world.tablets[number].waits_for = None;
        }
        40..60 => {
            world.count("a clock jumped");
            let days = world.dice.below(7) as i64 - 3;
            world.tablets[number].clock_ahead = Duration::days(days);
        }
        60..74 => {
            world.count("a tablet was imaged");
            let to = world.place("image");
            let tablet = &mut world.tablets[number];
            let image = tablet.database.image(to)?;
            let deeds = tablet.deeds.clone();
            tablet.images.push((image, deeds));
        }
        74..90 => set_back(world, number)?,
        90..96 => copy_tablet(world, number)?,
        _ => {
            world.count("thirty days without a network");
            world.now += Duration::days(30);
        }
    }
    Ok(())
}

/// A tablet is set back to an image: what it recorded since is gone, where the server has it not.
fn set_back(world: &mut World, number: usize) -> Result<()> {
    let life = Incarnation(world.dice.id());
    // A whole folder put back has its old life beside it; a database alone has not.
    let is_whole = world.dice.percent(50);
    let keeps_life = is_whole || world.bug == Some(Bug::CounterReused);
    let tablet = &mut world.tablets[number];
    let Some((image, deeds)) = tablet.images.pop() else {
        return Ok(());
    };
    tablet.database.restore(&image)?;
    tablet.waits_for = None;
    let gone: BTreeSet<ActionId> = tablet.deeds.difference(&deeds).copied().collect();
    tablet.deeds = deeds;
    if !keeps_life {
        tablet.database.set_life(life)?;
    }
    let has_cursor = tablet
        .database
        .write(None, |books| record::cursor(books))??;
    tablet.wants_snapshot = has_cursor.is_none();
    world.count(match keeps_life {
        true => "a tablet was set back with its life",
        false => "a tablet was set back to another life",
    });
    for id in gone {
        let is_elsewhere = world
            .tablets
            .iter()
            .any(|tablet| tablet.deeds.contains(&id));
        if !is_elsewhere && !world.is_at_server(id)? {
            world.excuse(id);
        }
    }
    Ok(())
}

/// Two tablets where there was one.
fn copy_tablet(world: &mut World, number: usize) -> Result<()> {
    if world.tablets.len() > 4 {
        return Ok(());
    }
    let (to, folder) = (world.place("image"), world.place("copy"));
    let tablet = &mut world.tablets[number];
    let image = tablet.database.image(to)?;
    let copy = Tablet {
        database: Database::from_image(&image, folder)?,
        owner: tablet.owner,
        waits_for: None,
        wants_snapshot: tablet.wants_snapshot,
        images: Vec::new(),
        deeds: tablet.deeds.clone(),
        clock_ahead: tablet.clock_ahead,
    };
    world.tablets.push(copy);
    world.count("a tablet was copied");
    Ok(())
}

fn the_server_breaks(world: &mut World) -> Result<()> {
    match world.dice.below(100) {
        0..60 => {
            world.count("the server was backed up");
            world.back_up()
        }
        60..85 => {
            if world.restore()? {
                world.count("the server was restored");
            }
            Ok(())
        }
        _ => {
            world.count("a storm of reassignments");
            for number in 0..5 {
                let to = agent(world.dice.below(3));
                world.assign(case_id(number), to)?;
            }
            Ok(())
        }
    }
}

/// The weather clears: no more faults; everybody syncs until nothing moves any more.
pub fn clear_up(world: &mut World) -> Result<()> {
    world.network.clear();
    for _ in 0..4 {
        for tablet in 0..world.tablets.len() {
            world.tablets[tablet].waits_for = None;
            if !world.sync(tablet)? {
                world.breaks(|| format!("I11: tablet {tablet} does not come to rest"));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What waits on a tablet.
pub fn waiting(world: &mut World, tablet: usize) -> Result<usize> {
    Ok(world.tablets[tablet]
        .database
        .write(None, |books| books.outbox(usize::MAX >> 1))??
        .len())
}
