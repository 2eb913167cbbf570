//! Fuzzing on the stable toolchain: samples that are right, twisted at random.
//!
//! Pure noise is refused by the first byte. A sample with one number turned, one bracket lost or one
//! part repeated goes further in, and that is where mistakes are.

use bolero::TypeGenerator;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long each target runs, in seconds; `cargo xtask fuzz` sets it.
const SECONDS: &str = "DOORSTEP_FUZZ_SECONDS";
const SECONDS_IN_TESTS: u64 = 2;
/// A file that gets each sample before it is decoded: what ends the whole process prints none.
const KEEP: &str = "DOORSTEP_FUZZ_KEEP";

/// One way to spoil a sample. Places are taken modulo its length.
#[derive(Debug, Clone, TypeGenerator)]
pub enum Twist {
    Flip {
        at: u32,
        bit: u8,
    },
    Cut {
        at: u32,
    },
    Remove {
        at: u32,
        len: u8,
    },
    Insert {
        at: u32,
        bytes: [u8; 4],
    },
    /// Brackets, quotes, escapes and numbers are what a grammar turns on.
    Token {
        at: u32,
        which: u8,
    },
    Repeat {
        at: u32,
        len: u8,
        times: u8,
    },
    /// Deeply nested.
    Nest {
        at: u32,
        depth: u16,
    },
    /// A digit for a digit, a letter for a letter: the shape stays, the value changes.
    Turn {
        at: u32,
        by: u8,
    },
}

/// More only make noise of a sample.
const TWISTS_MAX: usize = 5;

const TOKENS: [&[u8]; 16] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\u0000",
    b"null",
    b"-1",
    b"18446744073709551616",
    b"1e999",
    b",",
    b":",
    b"\xff\xfe",
    b"\n",
    b"\"\\ud800\"",
    b"{\"a\":1,\"a\":2}",
];

/// Twists a sample, one after the other.
pub fn twisted(sample: &[u8], twists: &[Twist]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for twist in twists {
        apply(&mut bytes, twist);
    }
    bytes
}

fn apply(bytes: &mut Vec<u8>, twist: &Twist) {
    let len = bytes.len();
    let place = |at: u32| at as usize % (len + 1);
    let span = |at: u32, wanted: u8| place(at)..len.min(place(at) + usize::from(wanted));
    match twist {
        Twist::Flip { at, bit } => change(bytes, *at, |byte| byte ^ (1 << (bit % 8))),
        Twist::Cut { at } => bytes.truncate(place(*at)),
        Twist::Remove { at, len } => drop(bytes.drain(span(*at, *len))),
        Twist::Insert { at, bytes: new } => insert(bytes, place(*at), new),
        Twist::Token { at, which } => {
            let token = TOKENS.get(usize::from(*which) % TOKENS.len());
            insert(bytes, place(*at), token.copied().unwrap_or_default());
        }
        Twist::Repeat { at, len, times } => {
            let part = bytes.get(span(*at, *len)).unwrap_or_default();
            insert(bytes, place(*at), &part.repeat(usize::from(*times)));
        }
        Twist::Nest { at, depth } => insert(bytes, place(*at), &b"[".repeat(usize::from(*depth))),
        Twist::Turn { at, by } => change(bytes, *at, |byte| match byte {
            b'0'..=b'9' => b'0' + (byte - b'0' + by % 10) % 10,
            b'a'..=b'z' => b'a' + (byte - b'a' + by % 26) % 26,
            other => other,
        }),
    }
}

fn change(bytes: &mut [u8], at: u32, to: impl Fn(u8) -> u8) {
    let len = bytes.len().max(1);
    if let Some(byte) = bytes.get_mut(at as usize % len) {
        *byte = to(*byte);
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    bytes.splice(at..at, new.iter().copied());
}

/// Runs `decode` on samples that are twisted anew each time, for as long as was asked.
pub fn fuzz(samples: &[Vec<u8>], decode: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    assert!(!samples.is_empty(), "nothing to begin with");
    for sample in samples {
        decode(sample);
    }
    let seconds = std::env::var(SECONDS)
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(SECONDS_IN_TESTS);
    let keep = std::env::var_os(KEEP);
    let decoded = AtomicU64::new(0);
    bolero::check!()
        .with_type::<(u16, u8, [Twist; TWISTS_MAX])>()
        .with_iterations(usize::MAX)
        .with_test_time(Duration::from_secs(seconds))
        .for_each(|(which, count, twists)| {
            let sample = samples.get(usize::from(*which) % samples.len());
            let twists = twists.get(usize::from(*count) % TWISTS_MAX..);
            let sample = sample.map_or(&[][..], Vec::as_slice);
            let bytes = twisted(sample, twists.unwrap_or_default());
            if let Some(file) = &keep {
                // Without the file the hunt is in vain, and says so by an empty hand.
                let _ = std::fs::write(file, &bytes);
            }
            decode(&bytes);
            decoded.fetch_add(1, Ordering::Relaxed);
        });
    println!("{} samples decoded", decoded.into_inner());
}
