//! Records for some seconds into a file, to try a microphone: `cargo run -p doorstep-recorder --example
//! record -- 5 speech.ogg`.

use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let seconds: u64 = words.next().unwrap_or("5".into()).parse()?;
    let file = words.next().unwrap_or("speech.ogg".into());
    let recording = doorstep_recorder::start(Box::new(|_| true))?;
    std::thread::sleep(Duration::from_secs(seconds));
    println!("{} s heard", recording.seconds());
    std::fs::write(&file, recording.stop()?)?;
    Ok(())
}
