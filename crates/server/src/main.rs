//! `doorstep-server`: one binary, an embedded database, no set-up.

mod operate;
mod policy;

use anyhow::{Context, bail};
use chrono::{DateTime, Duration, FixedOffset};
use clap::{Parser, Subcommand};
use doorstep_domain::{Role, UserId};
use doorstep_server::api::{self, App};
use doorstep_server::attachments::Attachments;
use doorstep_server::import::{ImportOrder, Mapping, import, sample};
use doorstep_server::policies::InForce;
use doorstep_server::store::{PersonRow, Tx};
use doorstep_server::watch::Channel;
use doorstep_server::{Clock, Store, demo, policies, secrets, serve};
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use uuid::Uuid;

/// The central end of Doorstep: holds the truth, judges what devices did.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where everything is kept.
#[derive(clap::Args, Clone)]
struct Place {
    /// The folder of the database; made where it is missing.
    #[arg(long, global = true, default_value = "doorstep-data")]
    data: PathBuf,
    /// A PostgreSQL database in place of the embedded one, such as
    /// postgres://doorstep@db.example/doorstep.
    #[arg(long, global = true, env = "DOORSTEP_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Whose data it is, where one database serves several companies.
    #[arg(long, global = true, default_value = "main")]
    tenant: String,
    /// Where attachments are kept: a folder, or s3://BUCKET with AWS_* in the environment.
    /// A folder below --data where absent.
    #[arg(long, global = true)]
    attachments: Option<String>,
    /// Whoever signs policy packs: a public key, or the file with it; may be given several times.
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "DOORSTEP_POLICY_KEY",
        value_delimiter = ' '
    )]
    policy_key: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve devices and the console.
    Serve {
        #[arg(long, default_value = "127.0.0.1:8383")]
        listen: SocketAddr,
        #[command(flatten)]
        alarms: Alarms,
    },
    /// Set up a made-up company in a fresh database and serve it.
    Demo {
        #[arg(long, default_value = "127.0.0.1:8383")]
        listen: SocketAddr,
        /// A file of accounts in place of the sample; its first line must fit the mapping.
        #[arg(long)]
        input: Option<PathBuf>,
        /// How to read the file; the sample's mapping where absent.
        #[arg(long)]
        mapping: Option<PathBuf>,
        /// The moment at which the demo begins; the real one where absent.
        #[arg(long)]
        clock: Option<DateTime<FixedOffset>>,
        #[command(flatten)]
        alarms: Alarms,
    },
    /// Import a file of accounts (CSV or XLSX); the same file again changes nothing.
    Import {
        file: PathBuf,
        /// How to read the file; the sample's mapping where absent.
        #[arg(long)]
        mapping: Option<PathBuf>,
        /// Who imports: the name of a lead or the back office; the first of them where absent.
        #[arg(long)]
        user: Option<String>,
        /// Check and count, write nothing.
        #[arg(long)]
        dry_run: bool,
        /// Take the rows that are right although others are wrong.
        #[arg(long)]
        accept_good_rows: bool,
    },
    /// People who sign in.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Make a one-time code with which an agent's device enrols.
    EnrolCode { name: String },
    /// Print the fictitious sample of accounts.
    Sample {
        #[arg(long, default_value_t = 1200)]
        rows: u32,
        #[arg(long, default_value_t = 2026)]
        seed: u64,
    },
    /// Back the database up to a new file while the server runs, and verify the copy. Devices keep
    /// what no backup covers.
    Backup { file: PathBuf },
    /// Put a backup in the place of the database. Stop the server first. Devices hand back by
    /// themselves what the backup does not have.
    Restore { file: PathBuf },
    /// Begin a new history line after a PostgreSQL database was restored with its own tools.
    NewEpoch,
    /// Write the journal and the log of verdicts, for an auditor.
    Export { file: PathBuf },
    /// Verify an export: chains, signatures, log and heads. Needs no database.
    Verify { export: PathBuf },
    /// Print the OpenAPI document.
    Openapi,
    /// Policy packs: check, sign, publish, list.
    Policy {
        #[command(subcommand)]
        command: policy::PolicyCommand,
    },
}

/// Where alarms go, beside the console.
#[derive(clap::Args)]
struct Alarms {
    /// An address that gets each alarm as a POST with JSON; may be given several times.
    #[arg(
        long,
        value_name = "URL",
        env = "DOORSTEP_ALARM_WEBHOOK",
        value_delimiter = ' '
    )]
    alarm_webhook: Vec<String>,
    /// A mailbox that gets each alarm; may be given several times.
    #[arg(long, value_name = "ADDRESS", requires = "mail_server")]
    alarm_mail: Vec<String>,
    /// The mail server, such as smtps://user:password@mail.example.
    #[arg(
        long,
        value_name = "URL",
        env = "DOORSTEP_MAIL_SERVER",
        hide_env_values = true
    )]
    mail_server: Option<String>,
    /// The sender of these mails.
    #[arg(long, value_name = "ADDRESS", default_value = "doorstep@localhost")]
    mail_from: String,
}

impl Alarms {
    fn channels(&self) -> anyhow::Result<Vec<Channel>> {
        let mut channels = Vec::new();
        for (place, url) in (1..).zip(&self.alarm_webhook) {
            channels.push(Channel::webhook(place, url)?);
        }
        let server = self.mail_server.as_deref().unwrap_or_default();
        for (place, to) in (1..).zip(&self.alarm_mail) {
            channels.push(Channel::mail(place, server, &self.mail_from, to)?);
        }
        Ok(channels)
    }
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add somebody; the password is read from the first line of standard input.
    Add {
        name: String,
        #[arg(long, value_parser = role)]
        role: Role,
        #[arg(long)]
        display_name: Option<String>,
    },
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "agent" => Ok(Role::Agent),
        "lead" => Ok(Role::Lead),
        "back-office" => Ok(Role::BackOffice),
        "complaint-handler" => Ok(Role::ComplaintHandler),
        _ => Err("one of: agent, lead, back-office, complaint-handler".into()),
    }
}

const PASSWORD_LENGTH_MIN: usize = 10;
const ENROL_CODE_HOURS: i64 = 24;

fn main() -> ExitCode {
    match obey(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // What went wrong and why, for whoever operates it: never a trace of the stack.
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(cli: Cli) -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "info,tower_http=warn".into()),
        )
        .init();
    let policies = policies::shipped()?;
    let place = &cli.place;
    match cli.command {
        Command::Serve { listen, alarms } => {
            let clock = Clock::default();
            run(place, (policies, clock, alarms.channels()?), listen, |_| {
                Ok(())
            })
        }
        Command::Demo {
            listen,
            input,
            mapping,
            clock,
            alarms,
        } => {
            let clock =
                clock.map_or_else(Clock::default, |moment| Clock::starting_at(moment.to_utc()));
            let demo = set_up_demo(
                place,
                input.as_deref(),
                mapping.as_deref(),
                &policies,
                clock,
            )?;
            let channels = alarms.channels()?;
            run(place, (policies, clock, channels), listen, |address| {
                let mut said = serde_json::to_value(&demo)?;
                said["address"] = format!("http://{address}").into();
                println!("{said}");
                Ok(())
            })
        }
        Command::Import {
            file,
            mapping,
            user,
            dry_run,
            accept_good_rows,
        } => {
            let bytes = read_file(&file)?;
            let mapping = mapping_or_sample(mapping.as_deref())?;
            let store = open(place)?;
            let policies = policy::in_force(&store, place, policies)?;
            import_file(
                &store,
                &policies,
                &bytes,
                &mapping,
                user.as_deref(),
                (dry_run, accept_good_rows),
            )
        }
        Command::User {
            command:
                UserCommand::Add {
                    name,
                    role,
                    display_name,
                },
        } => add_user(&open(place)?, name, role, display_name),
        Command::EnrolCode { name } => make_enrol_code(&open(place)?, &name),
        Command::Sample { rows, seed } => {
            print!("{}", sample::accounts_csv(rows, seed));
            Ok(())
        }
        Command::Backup { file } => operate::back_up(place, &file),
        Command::Restore { file } => operate::restore(place, &file),
        Command::NewEpoch => operate::new_epoch(place),
        Command::Export { file } => operate::export(place, &file),
        Command::Verify { export } => operate::verify(&export),
        Command::Openapi => {
            println!("{}", api::openapi_json()?);
            Ok(())
        }
        Command::Policy { command } => policy::run(command, place, policies),
    }
}

fn open(place: &Place) -> anyhow::Result<Store> {
    let tenant = operate::tenant(place)?;
    if let Some(url) = &place.database {
        return Store::connect(url, tenant).context("connect to the PostgreSQL database");
    }
    std::fs::create_dir_all(&place.data)
        .with_context(|| format!("make the data folder `{}`", place.data.display()))?;
    let file = operate::file(place);
    Store::open(&file, tenant).with_context(|| format!("open the database `{}`", file.display()))
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("read `{}`", path.display()))
}

fn read_mapping(path: &Path) -> anyhow::Result<Mapping> {
    let text = String::from_utf8(read_file(path)?)
        .with_context(|| format!("read `{}` as UTF-8", path.display()))?;
    Mapping::parse(&text).with_context(|| format!("read the mapping `{}`", path.display()))
}

fn mapping_or_sample(path: Option<&Path>) -> anyhow::Result<Mapping> {
    path.map_or_else(|| Ok(Mapping::parse(demo::SAMPLE_MAPPING)?), read_mapping)
}

fn run(
    place: &Place,
    (policies, clock, channels): (InForce, Clock, Vec<Channel>),
    listen: SocketAddr,
    say: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let store = open(place)?;
    operate::mind_the_epoch(place, &store, clock.now())?;
    let app = App::new(Arc::new(store), policies, clock, attachments(place)?)
        .with_channels(channels)
        .with_policy_keys(policy::trusted(place)?);
    tokio::runtime::Runtime::new()
        .context("start the async runtime")?
        .block_on(async {
            let listener = serve::bind(listen).await?;
            let address = listener.local_addr()?;
            say(address)?;
            tracing::info!(%address, "listening");
            let publishing = tokio::spawn(operate::keep_publishing(app.clone(), place.clone()));
            serve::serve(listener, app, serve::stop_signal()).await?;
            publishing.abort();
            tracing::info!("stopped");
            Ok(())
        })
}

fn attachments(place: &Place) -> anyhow::Result<Attachments> {
    let folder = place.data.join("attachments");
    let at = match &place.attachments {
        Some(at) => at.clone(),
        None => folder.to_string_lossy().into_owned(),
    };
    Attachments::at(&at).with_context(|| format!("open the attachments at `{at}`"))
}

fn set_up_demo(
    place: &Place,
    input: Option<&Path>,
    mapping: Option<&Path>,
    policies: &InForce,
    clock: Clock,
) -> anyhow::Result<demo::Demo> {
    if place.database.is_none() && operate::file(place).exists() {
        bail!(
            "`{}` already holds a database; name a fresh folder with --data",
            place.data.display()
        );
    }
    let accounts = input.map_or_else(|| Ok(demo::SAMPLE_CSV.as_bytes().to_vec()), read_file)?;
    let mapping = mapping_or_sample(mapping)?;
    let store = open(place)?;
    Ok(demo::set_up(
        &store,
        &accounts,
        &mapping,
        &policies.policies,
        clock.now(),
    )?)
}

fn import_file(
    store: &Store,
    policies: &InForce,
    bytes: &[u8],
    mapping: &Mapping,
    user: Option<&str>,
    (dry_run, accept_good_rows): (bool, bool),
) -> anyhow::Result<()> {
    let report = store.write(|tx| {
        let person = importer(tx, user)?;
        let order = ImportOrder {
            bytes,
            mapping,
            dry_run,
            accept_good_rows,
            actor: person.id,
            role: person.role,
        };
        anyhow::Ok(import(
            tx,
            &order,
            &policies.policies,
            Clock::default().now(),
        )?)
    })?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    match report.written || (dry_run && report.wrong == 0) {
        true => Ok(()),
        false if dry_run => bail!(
            "{} rows are wrong; nothing was written (dry run)",
            report.wrong
        ),
        false => bail!(
            "{} rows are wrong, so nothing was imported; mend them, or take the right ones with --accept-good-rows",
            report.wrong
        ),
    }
}

/// Who imports: the one named, or the first who may.
fn importer(tx: &Tx<'_>, name: Option<&str>) -> anyhow::Result<PersonRow> {
    let may_import = |person: &PersonRow| person.role != Role::Agent;
    let Some(name) = name else {
        return tx.people()?.into_iter().find(may_import).context(
            "there is no lead yet; add one first: doorstep-server user add NAME --role lead",
        );
    };
    let person = tx
        .person_by_name(name)?
        .with_context(|| format!("nobody is called `{name}`"))?;
    match may_import(&person) {
        true => Ok(person),
        false => bail!("`{name}` is an agent; imports are made by a lead or the back office"),
    }
}

fn add_user(
    store: &Store,
    name: String,
    role: Role,
    display_name: Option<String>,
) -> anyhow::Result<()> {
    eprintln!("password (the first line of standard input):");
    let mut typed = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut typed)
        .context("read the password from standard input")?;
    let password = typed.lines().next().unwrap_or_default();
    if password.chars().count() < PASSWORD_LENGTH_MIN {
        bail!("a password needs at least {PASSWORD_LENGTH_MIN} characters");
    }
    let person = PersonRow {
        id: UserId(Uuid::now_v7()),
        display_name: display_name.unwrap_or_else(|| name.clone()),
        name: name.trim().to_lowercase(),
        role,
        password_hash: secrets::hash_password(password)?,
    };
    match store.write(|tx| tx.add_person(&person))? {
        true => println!("added `{}`", person.name),
        false => bail!("the name `{}` is taken", person.name),
    }
    Ok(())
}

fn make_enrol_code(store: &Store, name: &str) -> anyhow::Result<()> {
    let code = secrets::enrol_code()?;
    let hash = secrets::hash_token(&secrets::normal_code(&code));
    let expires_at = Clock::default().now() + Duration::hours(ENROL_CODE_HOURS);
    store.write(|tx| {
        let person = tx
            .person_by_name(name)?
            .with_context(|| format!("nobody is called `{name}`"))?;
        anyhow::Ok(tx.add_enrol_code(&hash, person.id, expires_at)?)
    })?;
    println!("{code}");
    println!("for one device of `{name}`, within {ENROL_CODE_HOURS} hours");
    Ok(())
}
