//! What a lead's device has of the team, so that the lead can approve by telephone while neither side
//! has a network; and what the lead approved, handed in afterwards.

use crate::lift::LeadKey;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::{DeviceId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The devices whose agents may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamKeys {
    pub devices: Vec<TeamDevice>,
}

/// A device in use, and the key with which its questions are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamDevice {
    #[schema(value_type = String)]
    pub device: DeviceId,
    #[schema(value_type = String)]
    pub agent: UserId,
    pub name: String,
    #[schema(value_type = String)]
    pub key: LeadKey,
}

/// An approval that a lead gave without a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GivenLift {
    pub id: Uuid,
    #[schema(value_type = String)]
    pub agent: UserId,
    /// The account's number, as the agent read it out.
    pub reference: String,
    pub question: String,
    /// The day it is for.
    pub day: NaiveDate,
    pub rules: Vec<String>,
    pub reason: String,
    pub at: DateTime<Utc>,
}
