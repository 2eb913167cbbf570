//! What becomes of messages on the way.

use crate::bug::Bug;
use crate::world::{Message, World};
use anyhow::Result;
use doorstep_device::record::{self, names};
use doorstep_protocol::exchange::{SyncRequest, SyncResponse};
use std::rc::Rc;

/// Any message of those under way arrives, or is lost, or comes twice.
pub fn a_message_arrives(world: &mut World) -> Result<()> {
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
