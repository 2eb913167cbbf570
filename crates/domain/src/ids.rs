//! Names for things: every id is its own type, so that none can stand for another.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// One debtor's account with one creditor. Made from the account's reference, so that a
    /// second import of the same file finds the same case.
    CaseId
}
id! {
    /// One thing a person did. A UUIDv7, for locality in an index; **never ordered by**.
    ActionId
}
id! {
    /// An enrolled device, or the server itself as the origin of what happens in the console.
    DeviceId
}
id! {
    /// One life of a device's database; a restored backup takes a new one before it pushes.
    Incarnation
}
id! {
    /// Somebody who signs in.
    UserId
}
id! {
    /// One planned going-to-the-door.
    VisitId
}
id! {
    /// One repayment plan.
    PlanId
}
id! {
    /// People who live together; set by import or a lead, never guessed.
    HouseholdId
}

/// Namespace of the ids that are derived from an account's reference.
const CASE_NAMESPACE: Uuid = Uuid::from_u128(0x6f0d_5a0c_31f4_4f2e_9a57_0d2c_77c1_e0a4);

impl CaseId {
    /// The case of one account of one creditor: the same two words give the same id everywhere.
    pub fn of_account(creditor: &str, reference: &str) -> Self {
        let name = format!("{}\u{1f}{}", creditor.trim(), reference.trim());
        Self(Uuid::new_v5(&CASE_NAMESPACE, name.as_bytes()))
    }
}
