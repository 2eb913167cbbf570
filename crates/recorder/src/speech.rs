//! Speech as Opus in Ogg (RFC 6716, RFC 7845): small enough for a bad network, and every browser plays it.

use crate::RecordError;
use ogg::writing::{PacketWriteEndInfo, PacketWriter};
use opus::{Application, Bitrate, Channels, Encoder};

/// Samples a second, at which Opus counts.
pub(crate) const RATE: u32 = 48_000;
/// Bits a second: clear speech, 180 KB a minute.
pub const BITRATE: i32 = 24_000;
/// A recording ends by itself after two hours: 21 MB.
pub const SECONDS_MAX: u64 = 2 * 60 * 60;
/// What the file is.
pub const MEDIA: &str = "audio/ogg";

/// Twenty milliseconds.
const FRAME: usize = 960;
const PACKET_BYTES_MAX: usize = 1_275;
/// A page a second, so that a cut file loses little.
const FRAMES_A_PAGE: u64 = 50;
/// One recording a file: any number will do.
const SERIAL: u32 = 1;

/// Sound that is being compressed.
pub(crate) struct Speech {
    encoder: Encoder,
    writer: PacketWriter<'static, Vec<u8>>,
    /// Samples that do not fill a frame yet.
    rest: Vec<i16>,
    /// The last packet: only the end of the recording tells whether it is the last one.
    held: Option<Vec<u8>>,
    samples: u64,
    frames: u64,
    pre_skip: u16,
}

fn codec(error: impl std::fmt::Display) -> RecordError {
    RecordError::Codec(error.to_string())
}

impl Speech {
    pub fn begin() -> Result<Self, RecordError> {
        let mut encoder = Encoder::new(RATE, Channels::Mono, Application::Voip).map_err(codec)?;
        encoder.set_bitrate(Bitrate::Bits(BITRATE)).map_err(codec)?;
        let pre_skip = u16::try_from(encoder.get_lookahead().map_err(codec)?).unwrap_or(312);
        let mut writer = PacketWriter::new(Vec::new());
        let end_page = PacketWriteEndInfo::EndPage;
        writer
            .write_packet(head(pre_skip), SERIAL, end_page, 0)
            .map_err(codec)?;
        writer
            .write_packet(tags(), SERIAL, end_page, 0)
            .map_err(codec)?;
        Ok(Self {
            encoder,
            writer,
            rest: Vec::with_capacity(FRAME),
            held: None,
            samples: 0,
            frames: 0,
            pre_skip,
        })
    }

    /// Samples so far.
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// What the file has so far: whole pages, playable as they are.
    pub fn so_far(&self) -> &[u8] {
        self.writer.inner()
    }

    pub const fn is_full(&self) -> bool {
        self.samples >= SECONDS_MAX * RATE as u64
    }

    /// Adds samples of one channel at [`RATE`].
    pub fn add(&mut self, samples: &[i16]) -> Result<(), RecordError> {
        self.samples += samples.len() as u64;
        self.rest.extend_from_slice(samples);
        while self.rest.len() >= FRAME {
            let frame: Vec<i16> = self.rest.drain(..FRAME).collect();
            self.encode(&frame)?;
        }
        Ok(())
    }

    fn encode(&mut self, frame: &[i16]) -> Result<(), RecordError> {
        let packet = self
            .encoder
            .encode_vec(frame, PACKET_BYTES_MAX)
            .map_err(codec)?;
        if let Some(before) = self.held.replace(packet) {
            self.frames += 1;
            let ends_page = self.frames.is_multiple_of(FRAMES_A_PAGE);
            let info = match ends_page {
                true => PacketWriteEndInfo::EndPage,
                false => PacketWriteEndInfo::NormalPacket,
            };
            let position = self.frames * FRAME as u64;
            self.writer
                .write_packet(before, SERIAL, info, position)
                .map_err(codec)?;
        }
        Ok(())
    }

    /// The file.
    pub fn end(mut self) -> Result<Vec<u8>, RecordError> {
        if self.samples == 0 {
            return Err(RecordError::Empty);
        }
        let total = self.samples + u64::from(self.pre_skip);
        // The decoder is as far behind as `pre_skip`: silence brings the last words out.
        while (self.frames + u64::from(self.held.is_some())) * (FRAME as u64) < total {
            self.rest.resize(FRAME, 0);
            let frame = std::mem::take(&mut self.rest);
            self.encode(&frame)?;
        }
        let last = self.held.take().ok_or(RecordError::Empty)?;
        let end = PacketWriteEndInfo::EndStream;
        self.writer
            .write_packet(last, SERIAL, end, total)
            .map_err(codec)?;
        Ok(self.writer.into_inner())
    }
}

/// RFC 7845, section 5.1.
fn head(pre_skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(pre_skip.to_le_bytes());
    head.extend(RATE.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

/// RFC 7845, section 5.2. Names the program and nobody.
fn tags() -> Vec<u8> {
    let vendor = b"Doorstep";
    let mut tags = b"OpusTags".to_vec();
    tags.extend((vendor.len() as u32).to_le_bytes());
    tags.extend(vendor);
    tags.extend(0_u32.to_le_bytes());
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use ogg::PacketReader;
    use std::io::Cursor;

    /// So many samples of a tone, as loud as speech.
    fn tone(samples: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * 440.0 / f64::from(RATE);
        (0..samples)
            .map(|at| ((at as f64 * step).sin() * 8_000.0) as i16)
            .collect()
    }

    #[test]
    fn what_goes_in_comes_out_as_long_and_as_loud() {
        let samples = tone(RATE as usize * 3 + 123);
        let mut speech = Speech::begin().unwrap();
        for piece in samples.chunks(441) {
            speech.add(piece).unwrap();
        }
        let file = speech.end().unwrap();
        assert!(
            file.len() < 3 * BITRATE as usize / 8 * 2,
            "{} bytes",
            file.len()
        );
        let mut reader = PacketReader::new(Cursor::new(file));
        let head = reader.read_packet().unwrap().unwrap().data;
        assert!(head.starts_with(b"OpusHead"));
        let pre_skip = u64::from(u16::from_le_bytes([head[10], head[11]]));
        assert!(
            reader
                .read_packet()
                .unwrap()
                .unwrap()
                .data
                .starts_with(b"OpusTags")
        );
        let mut decoder = opus::Decoder::new(RATE, Channels::Mono).unwrap();
        let (mut heard, mut last) = (Vec::new(), 0);
        while let Some(packet) = reader.read_packet().unwrap() {
            let mut sound = vec![0; FRAME];
            let got = decoder.decode(&packet.data, &mut sound, false).unwrap();
            heard.extend_from_slice(&sound[..got]);
            last = packet.absgp_page();
        }
        assert_eq!(last - pre_skip, samples.len() as u64);
        let loud = |sound: &[i16]| {
            let squares: f64 = sound.iter().map(|s| f64::from(*s).powi(2)).sum();
            (squares / sound.len() as f64).sqrt()
        };
        let middle = RATE as usize;
        let (wanted, got) = (loud(&samples[..middle]), loud(&heard[middle..middle * 2]));
        assert!((got / wanted - 1.0).abs() < 0.2, "{got} of {wanted}");
    }

    #[test]
    fn what_there_is_so_far_begins_the_file_and_plays() {
        let mut speech = Speech::begin().unwrap();
        speech.add(&tone(RATE as usize * 4 + 99)).unwrap();
        let cut = speech.so_far().to_vec();
        assert!(speech.end().unwrap().starts_with(&cut));
        let mut reader = PacketReader::new(Cursor::new(cut));
        let mut last = 0;
        while let Ok(Some(packet)) = reader.read_packet() {
            last = packet.absgp_page();
        }
        assert!(
            last >= u64::from(RATE) * 3,
            "{last} samples survive a crash"
        );
    }

    #[test]
    fn nothing_heard_is_said_to_be_nothing() {
        let speech = Speech::begin().unwrap();
        assert!(matches!(speech.end(), Err(RecordError::Empty)));
    }
}
