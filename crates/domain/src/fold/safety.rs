//! Flags and stops on a case: raised once, cleared by name.

use crate::ActionId;
use crate::action::{Action, Change};
use crate::case::Case;
use crate::safety::{Approval, Flag, Stop};
use chrono::NaiveDate;

pub(super) fn raise_flag(case: &mut Case, action: &Action) {
    let Change::RaiseFlag {
        flag,
        incident,
        review_on,
    } = &action.change
    else {
        return;
    };
    if case.flags.iter().any(|raised| raised.id == action.id) {
        return;
    }
    let raised_on = action.recorded.day();
    case.flags.push(Flag {
        id: action.id,
        kind: *flag,
        incident: incident.clone(),
        raised_by: action.actor,
        raised_on,
        // It is raised whatever day was typed: the cautious side wins, and nobody extends it alone.
        review_on: Flag::latest_review(raised_on).min(*review_on),
        approved: None,
        cleared: None,
    });
}

pub(super) fn review_flag(case: &mut Case, action: &Action, raise: ActionId, review_on: NaiveDate) {
    for flag in case.flags.iter_mut().filter(|flag| flag.id == raise) {
        flag.review_on = review_on;
        flag.approved = Some(Approval {
            by: action.actor,
            on: action.recorded.day(),
        });
    }
}

pub(super) fn raise_stop(case: &mut Case, stop: Stop) {
    match case.stops.iter_mut().find(|raised| raised.id == stop.id) {
        Some(raised) => raised.known_from = raised.known_from.or(stop.known_from),
        None => case.stops.push(stop),
    }
}

pub(super) fn restore_stop(case: &mut Case, raise: ActionId) {
    for stop in case.stops.iter_mut().filter(|stop| stop.id == raise) {
        stop.lifted = None;
    }
}

pub(super) fn lift_stop(case: &mut Case, raise: ActionId, by: ActionId) {
    for stop in case.stops.iter_mut().filter(|stop| stop.id == raise) {
        stop.lifted = Some(by);
    }
}
