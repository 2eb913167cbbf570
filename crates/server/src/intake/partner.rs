//! Who goes along: finds the colleague whose device gave the code of a visit, and records that they
//! accepted. A code that fits nobody leaves the visit without a confirmed partner; the lead sees that.

use super::own::{OwnAction, act};
use crate::store::{DeviceState, Result, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::{Change, Role, Ruling};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::lift::LiftKey;
use doorstep_protocol::partner::has_accepted;
use doorstep_protocol::verdict::SignedVerdict;

/// Confirms the partners of what was just taken in.
pub fn confirm_partners(
    tx: &Tx<'_>,
    envelopes: &[Envelope],
    verdicts: &[SignedVerdict],
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<()> {
    let is_fresh = |envelope: &&Envelope| {
        let mut verdicts = verdicts.iter().map(|signed| &signed.verdict);
        verdicts.any(|verdict| {
            verdict.action == envelope.id
                && verdict.judged_at == now
                && verdict.ruling == Ruling::Applied
        })
    };
    // Most actions name no partner; they need not be read once more.
    let named = envelopes
        .iter()
        .filter(|e| e.payload.contains("partner_code"));
    for envelope in named.filter(is_fresh) {
        let Ok(action) = envelope.open() else {
            continue;
        };
        let Change::CheckVisit { visit, intent, .. } = &action.change else {
            continue;
        };
        let Some(given) = &intent.partner_code else {
            continue;
        };
        let secret = tx.origin()?.key.to_bytes();
        let devices = tx.devices()?.into_iter();
        let mut colleagues = devices
            .filter(|device| device.state == DeviceState::Active && device.person != action.actor);
        let accepted = |key: LiftKey| has_accepted(&key, *visit, given);
        if let Some(device) = colleagues.find(|device| accepted(LiftKey::of(&secret, device.id))) {
            let own = OwnAction {
                actor: device.person,
                role: Role::Agent,
                case: action.case,
                change: Change::JoinVisit { visit: *visit },
                seen: None,
            };
            act(tx, own, policies, now)?;
        }
    }
    Ok(())
}
