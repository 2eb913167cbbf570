//! The rules of the work, pure: what a case is, what a person may do to it, what follows.
//!
//! Everything that happens is an [`Action`]. [`judge`](judge::judge) holds the rules and answers
//! with a ruling; [`fold`](fold::fold) changes the case and holds no rule. Device and server run
//! both from this crate, so what an agent saw offline is what the server will do.
//!
//! Deliberately absent: files, network, database, clock, randomness, environment. `now` and new
//! ids come in as arguments.

pub mod action;
pub mod affordability;
pub mod arrival;
pub mod case;
pub mod checklist;
pub mod clearance;
pub mod complaint;
pub mod conflict;
pub mod daylight;
pub mod evidence;
pub mod fold;
pub mod hours;
pub mod ids;
pub mod judge;
pub mod limitation;
pub mod moment;
pub mod money;
pub mod outcome;
pub mod payment;
pub mod place;
pub mod plan;
pub mod policy;
pub mod revision;
pub mod role;
pub mod safety;
pub mod verdict;
pub mod visit;
pub mod watch;
pub mod words;

pub use action::{Action, Base, Change};
pub use case::Case;
pub use ids::{ActionId, CaseId, DeviceId, HouseholdId, Incarnation, PlanId, UserId, VisitId};
pub use money::{Currency, Money};
pub use revision::{Epoch, Lineage, Origin, Revision};
pub use role::Role;
pub use verdict::{RuleId, Ruling, Verdict};
