//! The promise, held against what really happened. Each of these has been seen to fail.

use crate::storm::waiting;
use crate::world::World;
use anyhow::Result;
use doorstep_device::record::Books as _;
use doorstep_domain::{ActionId, Case, Change, Ruling};
use doorstep_protocol::exchange::SyncResponse;
use doorstep_server::intake::Books as _;

/// I1: whatever was recorded is on its tablet, at the server, or kept aside there.
pub fn nothing_is_lost(world: &mut World) -> Result<()> {
    let ids: Vec<ActionId> = world.deeds.keys().copied().collect();
    for id in ids {
        let is_excused = world.deeds.get(&id).is_none_or(|deed| deed.is_excused);
        if is_excused || world.is_at_server(id)? {
            continue;
        }
        let mut is_on_a_tablet = false;
        for tablet in &mut world.tablets {
            is_on_a_tablet |= tablet
                .database
                .write(None, |books| books.entry(id))??
                .is_some();
        }
        if !is_on_a_tablet {
            world.breaks(|| format!("I1: {id} is lost"));
        }
    }
    Ok(())
}

/// I3: what is in scope and below the cursor is here, at that revision. I4: nothing else is.
pub fn everything_below_the_cursor_is_here(
    world: &mut World,
    tablet: usize,
    answer: &SyncResponse,
) -> Result<()> {
    let user = world.tablets[tablet].owner.user;
    let (head, scope) = world.server.write(None, &world.seam, |books| {
        Ok::<_, anyhow::Error>((books.head()?, books.scope(user)?))
    })??;
    if head.epoch != answer.cursor.epoch {
        return Ok(());
    }
    let held = world.tablets[tablet]
        .database
        .write(None, |books| books.held())??;
    for (id, revision) in &scope {
        let is_below =
            revision.epoch != answer.cursor.epoch || revision.number <= answer.cursor.number;
        let here = held.iter().find(|(held, _)| held == id);
        if is_below && here.is_none_or(|(_, here)| here != revision) {
            world.breaks(|| format!("I3: tablet {tablet} lacks {id}, which its cursor covers"));
        }
    }
    if head == answer.cursor {
        for (id, _) in &held {
            let is_in_scope = scope.iter().any(|(scoped, _)| scoped == id);
            if !is_in_scope {
                world.breaks(|| format!("I4: tablet {tablet} holds {id}, which has left"));
            }
        }
    }
    Ok(())
}

/// I5: nobody sees a field go behind their own edit that was applied. Left out: a copied tablet after
/// a restore of the server, whose twin hands the same work back before it; until its own turn comes
/// it may show the older of two edits of its own. Nothing is lost by it.
pub fn nobody_goes_behind_themselves(world: &mut World, tablet: usize) -> Result<()> {
    let device = world.tablets[tablet].owner.device;
    let twins = world.tablets.iter().filter(|t| t.owner.device == device);
    if world.restores > 0 && twins.count() > 1 {
        return Ok(());
    }
    let own: Vec<(
        ActionId,
        doorstep_domain::CaseId,
        doorstep_domain::case::FactField,
    )> = world
        .deeds
        .iter()
        .filter(|(id, deed)| deed.tablet == tablet && world.tablets[tablet].deeds.contains(id))
        .filter_map(|(id, deed)| match &deed.change {
            Change::SetFact { field, .. } => Some((*id, deed.case, *field)),
            _ => None,
        })
        .collect();
    for (id, case, field) in own {
        let is_applied = {
            let line = world.seam.line.borrow();
            line.rulings.get(&id) == Some(&Ruling::Applied)
                && line
                    .versions
                    .get(&(case, field))
                    .is_some_and(|versions| versions.contains(&id))
        };
        let knows = world.tablets[tablet]
            .database
            .write(None, |books| books.entry(id))??
            .and_then(|entry| entry.verdict)
            // A restored server judges anew what it has no verdict on, and may apply what was held.
            .is_some_and(|signed| signed.verdict.ruling == Ruling::Applied);
        if !is_applied || !knows {
            continue;
        }
        let Some(view) = world.seen(tablet, case)? else {
            continue;
        };
        let shown = view.facts.get(&field).map(|fact| fact.set_by);
        let is_behind = {
            let line = world.seam.line.borrow();
            let versions = line.versions.get(&(case, field));
            let at = |wanted: ActionId| {
                versions.and_then(|versions| versions.iter().rposition(|v| *v == wanted))
            };
            match shown {
                Some(shown) => at(shown).is_some() && at(shown) < at(id),
                None => true,
            }
        };
        if is_behind {
            world
                .breaks(|| format!("I5: tablet {tablet} shows {shown:?}, older than its own {id}"));
        }
    }
    Ok(())
}

/// Once the weather has cleared: everything is everywhere, once.
pub fn at_rest(world: &mut World) -> Result<()> {
    nothing_is_lost(world)?;
    once_each(world);
    for tablet in 0..world.tablets.len() {
        all_agree(world, tablet)?;
    }
    cautious_flags_stand(world)?;
    payments_add_up(world)?;
    everything_is_judged(world)
}

/// I2: no case changed twice because of one action.
fn once_each(world: &mut World) {
    let twice = {
        let line = world.seam.line.borrow();
        line.effects
            .iter()
            .find(|(_, times)| **times > 1)
            .map(|(id, times)| (*id, *times))
    };
    if let Some((id, times)) = twice {
        world.breaks(|| format!("I2: {id} had an effect {times} times"));
    }
}

/// Convergence: every device and the server agree, byte for byte; I11: nothing waits.
fn all_agree(world: &mut World, tablet: usize) -> Result<()> {
    let left = waiting(world, tablet)?;
    if left > 0 {
        world.breaks(|| format!("I11: {left} actions wait on tablet {tablet}"));
    }
    let documents = world.documents(tablet)?;
    if documents.here != documents.there {
        let differing: Vec<_> = documents
            .here
            .keys()
            .chain(documents.there.keys())
            .filter(|id| documents.here.get(id) != documents.there.get(id))
            .collect();
        world.breaks(|| format!("tablet {tablet} and the server differ over {differing:?}"));
    }
    for (id, doc) in &documents.here {
        let whole: Case = serde_json::from_str(doc)?;
        let view = world.seen(tablet, *id)?;
        if view.as_ref() != Some(&whole) {
            world.breaks(|| format!("tablet {tablet} shows {id} otherwise than the server"));
        }
    }
    Ok(())
}

/// I7: a flag that was raised stands, unless a lead cleared that very raise.
fn cautious_flags_stand(world: &mut World) -> Result<()> {
    let raised: Vec<(ActionId, doorstep_domain::CaseId)> = world
        .deeds
        .iter()
        .filter(|(_, deed)| !deed.is_excused && matches!(deed.change, Change::RaiseFlag { .. }))
        .map(|(id, deed)| (*id, deed.case))
        .collect();
    for (id, case) in raised {
        let is_applied = world.seam.line.borrow().rulings.get(&id) == Some(&Ruling::Applied);
        let server = world.at_server(case)?;
        let flag = server.flags.iter().find(|flag| flag.id == id);
        let was_cleared = world.desk.cleared.contains(&id);
        let stands = flag.is_some_and(|flag| flag.is_open());
        if is_applied && !stands && !was_cleared {
            world.breaks(|| format!("I7: the flag {id} vanished"));
        }
    }
    for id in world.desk.raised.clone() {
        let mut found = false;
        for number in 0..5 {
            let server = world.at_server(crate::world::case_id(number))?;
            found |= server.flags.iter().any(|flag| flag.id == id);
        }
        if !found {
            world.breaks(|| format!("I7: the flag {id} of the desk vanished"));
        }
    }
    Ok(())
}

/// I8: what was paid is what the balances went down by.
fn payments_add_up(world: &mut World) -> Result<()> {
    for number in 0..5 {
        let case = crate::world::case_id(number);
        let server = world.at_server(case)?;
        let paid = world.desk.paid.get(&case).copied().unwrap_or_default();
        let opened = doorstep_testkit::build::opening().balance.total.minor;
        if opened - server.balance.total.minor != paid {
            world.breaks(|| format!("I8: the payments on {case} do not add up"));
        }
    }
    Ok(())
}

/// Every verdict has reached the tablet that recorded the action; I9: its chain is the server's.
fn everything_is_judged(world: &mut World) -> Result<()> {
    let ids: Vec<(ActionId, usize)> = world
        .deeds
        .iter()
        .map(|(id, deed)| (*id, deed.tablet))
        .collect();
    for (id, tablet) in ids {
        let Some(entry) = world.tablets[tablet]
            .database
            .write(None, |books| books.entry(id))??
        else {
            continue;
        };
        let taken = world
            .server
            .write(None, &world.seam, |books| books.taken_action(id))??;
        let (Some(signed), Some(taken)) = (entry.verdict.clone(), taken) else {
            world.breaks(|| format!("no verdict on {id} has reached tablet {tablet}"));
            continue;
        };
        let (mine, theirs) = (&signed.verdict, &taken.verdict.verdict);
        if (&mine.ruling, mine.revision) != (&theirs.ruling, theirs.revision) {
            world.breaks(|| format!("tablet {tablet} has another verdict on {id}"));
        }
        if entry.envelope.payload.len() != taken.envelope.payload.len()
            && entry.envelope.incarnation == taken.envelope.incarnation
        {
            world.breaks(|| format!("I9: the server has other bytes of {id}"));
        }
    }
    Ok(())
}
