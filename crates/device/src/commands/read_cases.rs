//! Looking: today's route, the list of cases, one case.

use crate::device::Device;
use crate::error::Result;
use crate::record;
use crate::view::{TodayView, UnderWayView};
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::visit::VisitState;
use doorstep_domain::{Case, CaseId, Role, VisitId};
use doorstep_view::case::Viewer;
use doorstep_view::{CaseSummaryView, CaseView, ConflictView};

impl Device {
    /// Today's stops in order, and what is still open of earlier days.
    pub fn today(&self) -> Result<TodayView> {
        let sync = self.sync_status()?;
        self.read(|tx| {
            let moment = self.moment(tx)?;
            let (now, device_day) = (moment.instant(), moment.day());
            // A household may be a day ahead of the device.
            let latest = device_day + chrono::Days::new(1);
            let mut cases = tx.cases_until(&latest.to_string())?;
            cases.retain(|case| {
                case.assignment
                    .as_ref()
                    .is_some_and(|a| a.day <= local_day(case, now))
            });
            Ok(TodayView {
                day: device_day,
                under_way: self.visit_under_way(&tx.busy_cases()?),
                stops: cases
                    .iter()
                    .map(|case| CaseSummaryView::of(case, now))
                    .collect(),
                sync,
            })
        })
    }

    /// The cases on the device that match every word, by name; the first five hundred.
    pub fn cases(&self, search: &str) -> Result<Vec<CaseSummaryView>> {
        self.read(|tx| {
            let now = self.instant(tx)?;
            let found = tx.find_cases(search, CASES_LISTED_MAX)?;
            Ok(found
                .iter()
                .map(|case| CaseSummaryView::of(case, now))
                .collect())
        })
    }

    /// One case, opened.
    pub fn case(&self, id: CaseId) -> Result<CaseView> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            let viewer = Viewer {
                user: self.profile().user,
                role: Role::Agent,
                now: self.instant(tx)?,
            };
            let grace_days = self.policies_in(tx)?.1.plan_policy(&case).grace_days;
            let mut view = CaseView::of(&case, viewer, grace_days);
            // The watch runs from what the server has: what waits here it does not know.
            let waiting = record::pending(tx, id, case.revision)?;
            let has_news = |visit: VisitId| {
                let mut unjudged = waiting.iter().filter(|waits| waits.verdict.is_none());
                unjudged.any(|waits| waits.action.change.visit() == Some(visit))
            };
            for visit in &mut view.visits {
                visit.is_watched = !has_news(visit.id);
            }
            Ok(view)
        })
    }

    /// The conflicts of the cases on this device: open ones first.
    pub fn inbox(&self) -> Result<Vec<ConflictView>> {
        self.read(|tx| {
            let viewer = Viewer {
                user: self.profile().user,
                role: Role::Agent,
                now: self.instant(tx)?,
            };
            let cases = tx.cases_with_conflicts()?;
            let mut conflicts: Vec<_> = cases
                .iter()
                .flat_map(|case| case.conflicts.iter().map(move |conflict| (case, conflict)))
                .map(|(case, conflict)| ConflictView::of(case, conflict, viewer))
                .collect();
            conflicts.sort_by_key(|conflict| (conflict.settlement.is_some(), !conflict.may_settle));
            Ok(conflicts)
        })
    }

    /// The visit of this person that is going on, on any case.
    pub(crate) fn visit_under_way(&self, cases: &[Case]) -> Option<UnderWayView> {
        cases.iter().find_map(|case| under_way(case, self))
    }
}

const CASES_LISTED_MAX: u32 = 500;

/// The day where the household lives; a route is planned in it.
fn local_day(case: &Case, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&case.address.zone).date_naive()
}

fn under_way(case: &Case, device: &Device) -> Option<UnderWayView> {
    let visit = case.visits.iter().rev().find(|visit| {
        visit.agent == device.profile().user
            && matches!(visit.state, VisitState::Travelling | VisitState::OnScene)
    })?;
    Some(UnderWayView {
        case: case.id,
        visit: visit.id,
        name: case.person.name.clone(),
    })
}
