//! Raising an alarm: one tap, no typing. It goes beside the queue, and the journal records it too.

use crate::device::Device;
use crate::error::Result;
use doorstep_domain::CaseId;
use doorstep_protocol::alarm::{Alarm, AlarmKind};
use uuid::Uuid;

impl Device {
    /// Raises an alarm: kept at once, and sent with every means there is.
    pub fn raise_alarm(&self, kind: AlarmKind, case: Option<CaseId>) -> Result<Uuid> {
        let alarm = Alarm {
            id: Uuid::now_v7(),
            kind,
            case,
            recorded_at: self.clock().wall(),
        };
        self.write(|tx| tx.keep_alarm(&alarm))?;
        self.alarm_bell().notify_one();
        Ok(alarm.id)
    }

    /// Somebody was forced to unlock: help is called for, at the door where they are, and nothing shows.
    pub(crate) fn call_under_force(&self) -> Result<()> {
        let busy = self.read(|tx| Ok::<_, crate::error::DeviceError>(tx.busy_cases()?))?;
        let case = self.visit_under_way(&busy).map(|under_way| under_way.case);
        self.raise_alarm(AlarmKind::Duress, case).map(drop)
    }

    /// The panic button: help, now, at this door.
    pub fn call_for_help(&self, case: CaseId) -> Result<()> {
        self.raise_alarm(AlarmKind::Panic, Some(case)).map(drop)
    }
}
