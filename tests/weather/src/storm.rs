//! What happens in the world, step by step: people work, messages travel, things break.

use crate::breakage::{a_tablet_breaks, the_server_breaks};
use crate::network::a_message_arrives;
use crate::world::{FIELDS, World, agent, case_id};
use anyhow::Result;
use chrono::Duration;
use doorstep_device::record::Books as _;
use doorstep_domain::conflict::Choice;
use doorstep_domain::safety::{FlagKind, StopKind};
use doorstep_domain::{ActionId, CaseId, Change, Currency, Money, Role};
use doorstep_testkit::build;

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

pub fn any_tablet(world: &mut World) -> usize {
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
    let flags: Vec<ActionId> = now
        .flags
        .iter()
        .filter(|flag| flag.is_open())
        .map(|flag| flag.id)
        .collect();
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
            // Whoever looks at it approves it, or clears it.
            Some(raise) if world.dice.below(2) == 0 => {
                let review_on = world.now.date_naive() + Duration::days(90);
                let raise = *raise;
                (Role::BackOffice, Change::ReviewFlag { raise, review_on })
            }
            Some(raise) => (
                Role::Lead,
                Change::ClearFlag {
                    raise: *raise,
                    reason: String::new(),
                },
            ),
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
