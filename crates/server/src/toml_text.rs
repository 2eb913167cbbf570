//! Reads TOML that somebody sent. The parser stops at eighty levels, but may need more stack on the way
//! than a thread of the runtime has, and a stack that overflows ends the whole process.

use serde::de::DeserializeOwned;
use std::thread;

/// Enough for the deepest text that the parser follows, also in a build without optimisation.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Reads a text.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read<T: DeserializeOwned + Send>(text: &str) -> Result<T, toml::de::Error> {
    thread::scope(|scope| {
        let roomy = thread::Builder::new().stack_size(STACK_BYTES);
        match roomy.spawn_scoped(scope, || toml::from_str(text)) {
            Ok(reader) => match reader.join() {
                Ok(read) => read,
                Err(panic) => std::panic::resume_unwind(panic),
            },
            // Without another thread, there is the one that asks.
            Err(_) => toml::from_str(text),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_nesting_is_refused_on_the_smallest_stack() {
        let tables = "check = {\"\n".repeat(4_000);
        let arrays = format!("x = {}", "[{a=".repeat(4_000));
        let asks = thread::Builder::new()
            .stack_size(256 * 1024)
            .spawn(move || {
                for text in [tables, arrays] {
                    assert!(read::<toml::Table>(&text).is_err());
                }
            });
        asks.unwrap().join().unwrap();
    }
}
