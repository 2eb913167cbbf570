//! A microphone for a machine that has none: ALSA's own file device, which plays a tone into whoever
//! listens.

use anyhow::Result;
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

const RATE: u32 = 48_000;
const SECONDS: u32 = 30;
const TONE_HZ: f64 = 440.0;

/// Writes the tone and the configuration below `folder`; the configuration is for `ALSA_CONFIG_PATH`.
pub fn microphone(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let tone = folder.join("tone.raw");
    let sample = |at: u32| {
        let loud = (f64::from(at) * TAU * TONE_HZ / f64::from(RATE)).sin() * 8_000.0;
        (loud as i16).to_le_bytes()
    };
    let samples: Vec<u8> = (0..RATE * SECONDS).flat_map(sample).collect();
    std::fs::write(&tone, samples)?;
    let configuration = folder.join("asound.conf");
    std::fs::write(
        &configuration,
        format!(
            "pcm.!default {{ type plug slave.pcm \"microphone\" }}\n\
             pcm.microphone {{ type file slave.pcm \"nothing\" file \"/dev/null\" infile \"{}\" format \"raw\" }}\n\
             pcm.nothing {{ type null }}\n",
            tone.display()
        ),
    )?;
    Ok(configuration)
}
