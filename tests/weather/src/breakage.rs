//! Tablets and the server break.

use crate::bug::Bug;
use crate::device::Database;
use crate::storm::any_tablet;
use crate::world::{Tablet, World, agent, case_id};
use anyhow::Result;
use chrono::Duration;
use doorstep_device::record;
use doorstep_domain::{ActionId, Incarnation};
use std::collections::BTreeSet;

/// A tablet is killed, set back, copied, or its clock jumps.
pub fn a_tablet_breaks(world: &mut World) -> Result<()> {
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

/// The server is backed up or restored, or killed.
pub fn the_server_breaks(world: &mut World) -> Result<()> {
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
