//! What a screen sees. Views are made from the domain, typed for TypeScript (the interface) and
//! OpenAPI (the console's API); nothing here is stored or sent between versions.
//!
//! Field app and console show the same case, so its view lives here and not in either of them.

pub mod balance;
pub mod case;
pub mod checklist;
pub mod conflict;
pub mod copy;
pub mod plan;
pub mod visit;

pub use balance::BalanceView;
pub use case::{CaseSummaryView, CaseView};
pub use checklist::{ChecklistView, ClearanceView};
pub use conflict::ConflictView;
pub use copy::CopyRecord;
pub use plan::PlanView;
pub use visit::VisitView;
