//! The system's microphone, by cpal: whatever it gives, as one channel at the rate that speech is kept in.

use crate::RecordError;
use crate::speech::RATE;
use cpal::traits::{DeviceTrait as _, HostTrait as _, StreamTrait as _};
use cpal::{Sample as _, SampleFormat, SizedSample, Stream, StreamConfig};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Pieces of sound between the microphone and whoever compresses it, some seconds of them: compressing is
/// a hundred times as fast as speaking, and the microphone must never wait.
const PIECES_AHEAD: usize = 512;

/// Opens it. The sound comes as long as the stream lives.
pub(crate) fn open() -> Result<(Stream, Receiver<Vec<i16>>), RecordError> {
    let device = cpal::default_host()
        .default_input_device()
        .ok_or(RecordError::NoMicrophone)?;
    let found = |error: cpal::Error| match error.kind() {
        cpal::ErrorKind::DeviceNotAvailable => RecordError::NoMicrophone,
        _ => RecordError::Microphone(error.to_string()),
    };
    let usual = device.default_input_config().map_err(found)?;
    // The rate that needs no change where the microphone has it.
    let fitting = device
        .supported_input_configs()
        .map_err(found)?
        .filter(|range| range.sample_format() == usual.sample_format())
        .filter(|range| range.channels() == usual.channels())
        .find_map(|range| range.try_with_sample_rate(RATE));
    let chosen = fitting.unwrap_or(usual);
    let (sender, sound) = sync_channel(PIECES_AHEAD);
    let format = chosen.sample_format();
    let config: StreamConfig = chosen.into();
    let stream = match format {
        SampleFormat::I16 => listen::<i16>(&device, config, sender),
        SampleFormat::I32 => listen::<i32>(&device, config, sender),
        SampleFormat::F32 => listen::<f32>(&device, config, sender),
        SampleFormat::U8 => listen::<u8>(&device, config, sender),
        SampleFormat::U16 => listen::<u16>(&device, config, sender),
        other => {
            return Err(RecordError::Microphone(format!(
                "it gives {other}, which is not understood"
            )));
        }
    };
    let stream = stream.map_err(found)?;
    stream.play().map_err(found)?;
    Ok((stream, sound))
}

fn listen<T>(
    device: &cpal::Device,
    config: StreamConfig,
    sender: SyncSender<Vec<i16>>,
) -> Result<Stream, cpal::Error>
where
    T: SizedSample,
    i16: cpal::FromSample<T>,
{
    let channels = usize::from(config.channels.max(1));
    let mut rate = Rate::from(config.sample_rate);
    device.build_input_stream(
        config,
        move |samples: &[T], _: &_| {
            let frames = samples.chunks_exact(channels);
            let mono = frames.map(|frame| {
                let sum: i32 = frame.iter().map(|s| i32::from(i16::from_sample(*s))).sum();
                // The mean of 16-bit samples is one.
                (sum / channels as i32) as i16
            });
            // Nobody listens any more once the recording has stopped.
            let _ = sender.try_send(rate.changed(mono));
        },
        // Where it is gone, no more sound comes, and what was heard is kept.
        |_| {},
        None,
    )
}

/// Another rate than [`RATE`], by straight lines between samples: enough for speech.
struct Rate {
    /// How far one sample here is in samples there.
    step: f64,
    at: f64,
    before: i16,
}

impl Rate {
    fn from(rate: u32) -> Self {
        Self {
            step: f64::from(rate.max(1)) / f64::from(RATE),
            at: 0.0,
            before: 0,
        }
    }

    fn changed(&mut self, samples: impl Iterator<Item = i16>) -> Vec<i16> {
        let mut changed = Vec::new();
        for sample in samples {
            while self.at < 1.0 {
                let (from, to) = (f64::from(self.before), f64::from(sample));
                changed.push((from + (to - from) * self.at) as i16);
                self.at += self.step;
            }
            self.at -= 1.0;
            self.before = sample;
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_rate_keeps_the_length_and_the_shape() {
        for rate in [8_000, 16_000, 44_100, 48_000, 96_000] {
            let mut change = Rate::from(rate);
            let second: Vec<i16> = (0..rate).map(|at| (at % 100) as i16 * 10).collect();
            let mut changed = Vec::new();
            for piece in second.chunks(333) {
                changed.extend(change.changed(piece.iter().copied()));
            }
            let off = changed.len().abs_diff(RATE as usize);
            assert!(off <= 2, "{rate}: {}", changed.len());
            assert!(changed.iter().all(|sample| (0..=990).contains(sample)));
        }
    }
}
