//! Tells the story of a day on the real screens and prints its figures as JSON.

use anyhow::{Context, Result};
use doorstep_tests::story::{Day, live};
use std::path::PathBuf;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| {
        arguments
            .next()
            .map(PathBuf::from)
            .with_context(|| format!("name {what}"))
    };
    let (server, app, out) = (next("the server")?, next("the app")?, next("the folder")?);
    let input = match (next("a file"), next("a mapping")) {
        (Ok(file), Ok(mapping)) => Some((file, mapping)),
        _ => None,
    };
    let summary = live(&Day {
        server: &server,
        app: &app,
        input: input
            .as_ref()
            .map(|(file, mapping)| (file.as_path(), mapping.as_path())),
        work: out.join("data"),
        pictures: out.clone(),
        say: |what| eprintln!("   story: {what}"),
    })
    .await?;
    let text = serde_json::to_string_pretty(&summary)?;
    std::fs::write(out.join("summary.json"), &text)?;
    println!("{text}");
    std::process::exit(i32::from(!summary.is_good()));
}
