//! Evidence: kept encrypted on the device, attached to its action, sent when there is a network.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::picture;
use crate::store::Tx;
use crate::view::CommittedView;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorstep_domain::evidence::{Evidence, EvidenceKind};
use doorstep_domain::policy::RecordingRule;
use doorstep_domain::visit::{Visit, VisitState};
use doorstep_domain::{ActionId, Case, CaseId, Change, RuleId};
use sha2::{Digest, Sha256};

impl Device {
    /// Keeps a photo, after the person has agreed to it. `base64` is the file as the camera wrote it:
    /// what it says of place and time is removed.
    pub fn add_photo(&self, id: CaseId, base64: &str, has_consent: bool) -> Result<CommittedView> {
        if !has_consent {
            return Err(DeviceError::NotNow(RuleId::named("evidence.no_consent")));
        }
        let bytes = picture::photo(&decode(base64)?)?;
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let evidence = self.evidence(tx, &case, EvidenceKind::Photo, &bytes, None)?;
            self.save(tx, &case, Change::AddEvidence { evidence })
        })
    }

    /// Whether the conversation on this case is recorded.
    pub fn recording_rule(&self, id: CaseId) -> Result<RecordingRule> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            Ok(self.policies_in(tx)?.1.recording(&case))
        })
    }

    /// Whether a recording may begin: at the door, where the packs permit it, and the person agreed.
    pub fn may_record(&self, id: CaseId, has_consent: bool) -> Result<()> {
        if !has_consent {
            return Err(DeviceError::NotNow(RuleId::named("evidence.no_consent")));
        }
        if self.recording_rule(id)? == RecordingRule::Off {
            return Err(DeviceError::NotNow(RuleId::named(
                "recording.not_permitted",
            )));
        }
        let is_at_the_door = |visit: &Visit| visit.state == VisitState::OnScene;
        let case = self.read(|tx| self.case_in(tx, id))?;
        match case
            .last_visit_of(self.profile().user)
            .is_some_and(is_at_the_door)
        {
            true => Ok(()),
            false => Err(DeviceError::NotNow(RuleId::named("visit.not_there_yet"))),
        }
    }

    /// Keeps what has been heard since the last piece, while the recording runs.
    pub fn keep_recording_piece(&self, id: CaseId, bytes: &[u8]) -> Result<()> {
        self.write(|tx| Ok(tx.keep_recording_piece(id, bytes)?))
    }

    /// Keeps what is left of a recording that a crash ended: all but its last seconds.
    pub fn rescue_recording(&self) -> Result<Option<CommittedView>> {
        match self.read(|tx| tx.unfinished_recording())? {
            Some((case, bytes)) => self.add_recording(case, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Keeps a recording that they agreed to before it began; its pieces are needed no more.
    pub fn add_recording(&self, id: CaseId, bytes: &[u8]) -> Result<CommittedView> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            tx.drop_recording_pieces()?;
            let evidence = self.evidence(tx, &case, EvidenceKind::Recording, bytes, None)?;
            self.save(tx, &case, Change::AddEvidence { evidence })
        })
    }

    /// Keeps the signature under what `signs` recorded, in the same moment.
    pub(super) fn sign(
        &self,
        tx: &Tx<'_>,
        id: CaseId,
        bytes: &[u8],
        signs: ActionId,
    ) -> Result<()> {
        let case = self.case_in(tx, id)?;
        let evidence = self.evidence(tx, &case, EvidenceKind::Signature, bytes, Some(signs))?;
        self.save(tx, &case, Change::AddEvidence { evidence })?;
        Ok(())
    }

    fn evidence(
        &self,
        tx: &Tx<'_>,
        case: &Case,
        kind: EvidenceKind,
        bytes: &[u8],
        signs: Option<ActionId>,
    ) -> Result<Evidence> {
        let sha256 = hex::encode(Sha256::digest(bytes));
        tx.keep_evidence(&sha256, bytes)?;
        let visit = case.last_visit_of(self.profile().user);
        Ok(Evidence {
            kind,
            sha256,
            bytes: bytes.len() as u64,
            media: match kind {
                EvidenceKind::Photo => "image/jpeg".to_owned(),
                EvidenceKind::Signature => "image/png".to_owned(),
                EvidenceKind::Recording => "audio/ogg".to_owned(),
            },
            visit: visit.map(|visit| visit.id),
            signs,
            has_consent: true,
            taken_on: self.day(tx, case)?,
            deleted_on: None,
        })
    }
}

/// Bytes as the screen sends them.
pub(super) fn decode(base64: &str) -> Result<Vec<u8>> {
    // Four letters carry three bytes.
    if base64.len() / 4 * 3 > picture::PICTURE_BYTES_MAX {
        return Err(DeviceError::NotNow(RuleId::named("evidence.too_large")));
    }
    let decoded = STANDARD.decode(base64.trim());
    decoded.map_err(|_| DeviceError::NotNow(RuleId::named("evidence.not_readable")))
}
