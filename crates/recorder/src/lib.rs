//! Records a conversation with the microphone: speech in one channel, compressed as it comes. Who may be
//! recorded, and that they agreed, is for the caller to know; nothing here starts by itself.
//!
//! The sound is held in memory until the recording is stopped, and handed out in pieces meanwhile; nothing
//! here writes it to a file.

mod microphone;
mod speech;

pub use speech::{BITRATE, MEDIA, SECONDS_MAX};

use speech::Speech;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Why nothing is recorded, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("there is no microphone")]
    NoMicrophone,
    #[error("the microphone can't be used: {0}")]
    Microphone(String),
    #[error("the sound could not be compressed: {0}")]
    Codec(String),
    #[error("nothing was heard")]
    Empty,
}

impl RecordError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoMicrophone => "recording.no_microphone",
            Self::Microphone(_) | Self::Codec(_) => "recording.not_possible",
            Self::Empty => "recording.empty",
        }
    }
}

/// A recording that is being made.
pub struct Recording {
    stop: Arc<AtomicBool>,
    samples: Arc<AtomicU64>,
    maker: JoinHandle<Result<Vec<u8>, RecordError>>,
}

/// How often the maker looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How much is heard before the next piece is handed out: so much a crash may lose.
const PIECE_SECONDS: u64 = 5;

/// Takes what was heard since the last piece; says whether it is kept. What is not comes again with the
/// next one. The pieces in their order are the beginning of the file.
pub type KeepPiece = Box<dyn FnMut(&[u8]) -> bool + Send>;

/// Begins to record with the system's microphone; `keep` is called every few seconds.
///
/// # Errors
/// Where there is none, or it can't be opened; nothing was recorded then.
pub fn start(keep: KeepPiece) -> Result<Recording, RecordError> {
    let (stop, samples) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let (told, said) = sync_channel(1);
    let (stopped, heard) = (Arc::clone(&stop), Arc::clone(&samples));
    let maker = std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || {
            // The microphone stays on the thread that opened it: some systems want that.
            let (open, sound) = match microphone::open() {
                Ok(opened) => opened,
                Err(error) => {
                    let _ = told.send(Err(error));
                    return Err(RecordError::Empty);
                }
            };
            let _ = told.send(Ok(()));
            let made = make(&sound, &stopped, &heard, keep);
            drop(open);
            made
        })
        .map_err(|error| RecordError::Microphone(error.to_string()))?;
    match said.recv() {
        Ok(Ok(())) => Ok(Recording {
            stop,
            samples,
            maker,
        }),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(RecordError::NoMicrophone),
    }
}

fn make(
    sound: &Receiver<Vec<i16>>,
    stop: &AtomicBool,
    heard: &AtomicU64,
    mut keep: KeepPiece,
) -> Result<Vec<u8>, RecordError> {
    let mut speech = Speech::begin()?;
    let (mut kept, mut next) = (0, PIECE_SECONDS);
    while !stop.load(Ordering::Relaxed) && !speech.is_full() {
        match sound.recv_timeout(LOOK_EVERY) {
            Ok(samples) => {
                speech.add(&samples)?;
                heard.store(speech.samples(), Ordering::Relaxed);
                if speech.samples() >= next * u64::from(speech::RATE) {
                    next += PIECE_SECONDS;
                    let so_far = speech.so_far();
                    if so_far.get(kept..).is_some_and(&mut keep) {
                        kept = so_far.len();
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            // The microphone was pulled out: what was said until then is kept.
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    speech.end()
}

impl Recording {
    /// How much was heard so far.
    pub fn seconds(&self) -> u64 {
        self.samples.load(Ordering::Relaxed) / u64::from(speech::RATE)
    }

    /// Stops, and gives the file.
    ///
    /// # Errors
    /// Where nothing was heard, or the sound could not be compressed.
    pub fn stop(self) -> Result<Vec<u8>, RecordError> {
        self.stop.store(true, Ordering::Relaxed);
        let made = self.maker.join();
        made.map_err(|_| RecordError::Codec("the recorder stopped half-way".to_owned()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn the_pieces_are_the_beginning_of_the_file_also_where_one_was_not_kept() {
        let (sound, heard) = sync_channel(64);
        for _ in 0..24 {
            sound.send(vec![900; speech::RATE as usize]).unwrap();
        }
        drop(sound);
        let (pieces, calls) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicU64::new(0)),
        );
        let (into, called) = (Arc::clone(&pieces), Arc::clone(&calls));
        let keep: KeepPiece = Box::new(move |piece| {
            let is_kept = called.fetch_add(1, Ordering::Relaxed) != 1;
            if is_kept {
                into.lock().unwrap().extend_from_slice(piece);
            }
            is_kept
        });
        let file = make(&heard, &AtomicBool::new(false), &AtomicU64::new(0), keep).unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 4);
        let pieces = pieces.lock().unwrap();
        assert!(file.starts_with(&pieces) && pieces.len() > file.len() / 2);
    }
}
