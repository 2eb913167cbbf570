//! The first sync: a stream of frames, taken in as they arrive. Dropped, it goes on after the last
//! case that was taken in; the device is ready only at the end.

use super::exchange::note_refused_policies;
use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::record;
use crate::store::StoreError;
use crate::view::ArrivedView;
use doorstep_domain::CaseId;
use doorstep_protocol::chain::Verify;
use doorstep_protocol::exchange::{CaseDocument, SnapshotLine};
use tokio::sync::mpsc;

/// Frames that are written in one transaction: each commit waits for the disk.
const FRAMES_A_COMMIT: usize = 16;
/// Pieces of the stream under way between the network and the disk.
const PIECES_AHEAD: usize = 16;
/// A line is longer than a frame by its last case at most.
const LINE_BYTES_MAX: usize = 8 * 1024 * 1024;

impl Device {
    /// Fetches everything in scope, from where the last try stopped.
    pub(super) async fn fetch_snapshot(&self) -> Result<()> {
        let after = self.read(|tx| record::snapshot_after(tx))?;
        let url = match after {
            Some(after) => format!("{}/v1/snapshot?after={after}", self.profile().server),
            None => format!("{}/v1/snapshot", self.profile().server),
        };
        let mut answer = self.ask(|http| http.get(&url)).await?;
        let (sender, receiver) = mpsc::channel::<Vec<u8>>(PIECES_AHEAD);
        let device = self.clone();
        let writing = tokio::task::spawn_blocking(move || device.take_stream(receiver));
        while let Ok(Some(piece)) = answer.chunk().await {
            if sender.send(piece.to_vec()).await.is_err() {
                break;
            }
        }
        drop(sender);
        match writing.await {
            Ok(done) => done,
            Err(_) => Err(StoreError::Value("first sync").into()),
        }
    }

    fn take_stream(&self, receiver: mpsc::Receiver<Vec<u8>>) -> Result<()> {
        let mut taking = Taking::new(self);
        let ended = taking.read(receiver);
        // What has arrived is kept, also where the stream was cut.
        taking.commit()?;
        match ended? {
            true => Ok(self.write(|tx| record::end_snapshot(tx))?),
            false => Err(DeviceError::NoConnection),
        }
    }
}

/// A stream on its way into the database.
struct Taking<'a> {
    device: &'a Device,
    frames: Vec<(Vec<CaseDocument>, CaseId)>,
    of: u64,
    arrived: u64,
    is_ended: bool,
}

impl<'a> Taking<'a> {
    const fn new(device: &'a Device) -> Self {
        Self {
            device,
            frames: Vec::new(),
            of: 0,
            arrived: 0,
            is_ended: false,
        }
    }

    /// Reads lines until the stream ends; says whether its own end was among them.
    fn read(&mut self, mut receiver: mpsc::Receiver<Vec<u8>>) -> Result<bool> {
        let mut lines = Lines::default();
        while let Some(piece) = receiver.blocking_recv() {
            lines.add(&piece);
            while let Some(line) = lines.next()? {
                let line: SnapshotLine =
                    serde_json::from_slice(line).map_err(|_| DeviceError::UnreadableAnswer)?;
                self.line(line)?;
            }
        }
        Ok(self.is_ended)
    }

    fn line(&mut self, line: SnapshotLine) -> Result<()> {
        match line {
            SnapshotLine::Begin {
                cursor,
                lineage,
                cases,
                policies,
                server_time,
            } => {
                self.of = cases;
                let clock = self.device.clock().read().heard(server_time);
                let key = self.device.server_key().map(|key| key as &dyn Verify);
                let refused = self.device.write(|tx| {
                    record::begin_snapshot(tx, cursor, &lineage, &policies, key, &clock)
                })?;
                note_refused_policies(refused);
                self.device.reload_policies()?;
            }
            SnapshotLine::Frame { cases, last } => {
                self.arrived += cases.len() as u64;
                self.frames.push((cases, last));
                if self.frames.len() >= FRAMES_A_COMMIT {
                    self.commit()?;
                }
            }
            SnapshotLine::End => self.is_ended = true,
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        let frames = std::mem::take(&mut self.frames);
        if frames.is_empty() {
            return Ok(());
        }
        self.device.write(|tx| {
            for (cases, last) in &frames {
                record::take_frame(tx, cases, *last)?;
            }
            Ok::<_, StoreError>(())
        })?;
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let arrived = ArrivedView {
            cases: count(self.arrived),
            of: count(self.of),
        };
        self.device.with_sync(|sync| sync.arrived = Some(arrived));
        Ok(())
    }
}

/// Lines out of pieces.
#[derive(Default)]
struct Lines {
    unpacked: Vec<u8>,
    /// Up to here lines were taken out.
    read: usize,
    /// Up to here there is no further end of a line.
    searched: usize,
}

impl Lines {
    fn add(&mut self, piece: &[u8]) {
        self.unpacked.drain(..self.read);
        self.searched -= self.read;
        self.read = 0;
        self.unpacked.extend_from_slice(piece);
    }

    fn next(&mut self) -> Result<Option<&[u8]>> {
        let fresh = self.unpacked.get(self.searched..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', fresh) else {
            self.searched = self.unpacked.len();
            return match self.searched - self.read > LINE_BYTES_MAX {
                true => Err(DeviceError::UnreadableAnswer),
                false => Ok(None),
            };
        };
        let (from, end) = (self.read, self.searched + end);
        (self.read, self.searched) = (end + 1, end + 1);
        Ok(self.unpacked.get(from..end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_the_pieces_are_cut() {
        let text = "first\n\nsecond line\nthe rest";
        for size in 1..text.len() {
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                lines.add(piece);
                while let Some(line) = lines.next().unwrap() {
                    found.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
            assert_eq!(found, ["first", "", "second line"], "pieces of {size}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_given_up() {
        let mut lines = Lines::default();
        let mut refused = false;
        for _ in 0..10 {
            lines.add(&vec![b'x'; LINE_BYTES_MAX / 8]);
            refused |= lines.next().is_err();
        }
        assert!(refused);
    }
}
