//! The project's own commands: `cargo xtask demo`, `test`, `weather`, `crash`, `fuzz`, `bench`, `layers`.

mod bench;
mod demo;
mod hard;
mod layers;
mod machine;
mod rules;
mod steps;
mod test;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Everything that is done to this project by command.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up, build and show the main job: in a window, or headless on the real screens.
    Demo {
        /// Drive the real window and a real browser without a display, and print the figures.
        #[arg(long)]
        headless: bool,
        /// A file of accounts in place of the sample.
        #[arg(long)]
        input: Option<PathBuf>,
        /// How to read the file; the sample's mapping where absent.
        #[arg(long)]
        mapping: Option<PathBuf>,
    },
    /// Set up and run everything: format, layers, lint, types, unit, journeys, window, console.
    Test,
    /// Devices and a server in bad weather: seeded, with every fault; a failing seed replays.
    Weather {
        /// `--seeds N --from S [--sqlite] [--planted] [--tell] [--json FILE]`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill a real server and a real device at random moments, and compare.
    Crash {
        #[arg(long, default_value_t = 50)]
        rounds: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Twist what strangers send, for every decoder, this long each.
    Fuzz {
        #[arg(long, default_value_t = 10)]
        minutes: u64,
    },
    /// Measure, against floors and peers in the same run.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// List every rule of the policy packs: held by the software, attested by a person, or why not.
    Rules {
        /// Also write the list here.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Check who depends on whom.
    Layers,
    /// Write the generated types of the interface anew.
    Bindings,
}

#[derive(Subcommand)]
enum Bench {
    /// The exchange: first sync, a day, saving, a thousand devices, scope, bytes.
    Sync {
        /// `[--json FILE] [--only NAME] [--rounds N]`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The safety gate: a clearance with all packs, and the watch over 100,000 visits.
    Gate {
        /// `[--json FILE]`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Plans and the debtor's copy: a schedule, and the PDF's time and size.
    Plan {
        /// `[--json FILE]`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Demo {
            headless,
            input,
            mapping,
        } => demo::demo(headless, input, mapping),
        Command::Test => test::test(),
        Command::Weather { arguments } => hard::weather(&arguments),
        Command::Crash { rounds, seed } => hard::crash(rounds, seed),
        Command::Fuzz { minutes } => hard::fuzz(minutes),
        Command::Bench {
            what: Bench::Sync { arguments },
        } => bench::sync(&arguments),
        Command::Bench {
            what: Bench::Gate { arguments },
        } => bench::alone("bench-gate", &arguments),
        Command::Bench {
            what: Bench::Plan { arguments },
        } => bench::alone("bench-plan", &arguments),
        Command::Rules { json } => rules::list(json.as_deref()),
        Command::Layers => layers::check(),
        Command::Bindings => steps::cargo(&[
            "run",
            "--quiet",
            "--package",
            "doorstep-tests",
            "--bin",
            "bindings",
        ]),
    }
}
