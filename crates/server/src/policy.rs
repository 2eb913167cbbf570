//! What an operator does with policy packs: check, sign, publish, list.

use crate::{Place, open, read_file};
use anyhow::{Context, bail};
use clap::Subcommand;
use doorstep_server::policies::{self, InForce, Publisher, Signer, TrustedKeys};
use doorstep_server::{Clock, Store};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What to do with a pack.
#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Check a pack that somebody wrote; says what is wrong, by line.
    Check { file: PathBuf },
    /// Make a pair of keys: FILE.key stays with who answers for the packs, FILE.pub goes to the server.
    Keygen { file: PathBuf },
    /// Sign a pack that was checked; the signature lies beside it as FILE.minisig.
    Sign {
        file: PathBuf,
        /// The secret key, as `keygen` or minisign wrote it; one with a password asks for it.
        #[arg(long)]
        key: PathBuf,
    },
    /// Publish a signed pack: a running server takes it over within seconds, devices with their next
    /// sync. Needs the signer's --policy-key.
    Publish {
        file: PathBuf,
        /// Where absent: FILE.minisig.
        #[arg(long)]
        signature: Option<PathBuf>,
    },
    /// List the published packs as JSON: version, who signed, when.
    Published,
    /// List every rule as JSON: whether the software holds it, and where. The shipped packs; with
    /// --policy-key also those that were published.
    Rules,
    /// Print the JSON Schema of a pack.
    Schema,
}

/// Does it.
pub fn run(command: PolicyCommand, place: &Place, shipped: InForce) -> anyhow::Result<()> {
    match command {
        PolicyCommand::Check { file } => {
            let pack = checked(&read_text(&file)?, &shipped)?;
            let counted = pack.rules.len();
            println!(
                "{} {}: {counted} rules, nothing wrong",
                pack.id, pack.version
            );
        }
        PolicyCommand::Keygen { file } => make_keys(&file)?,
        PolicyCommand::Sign { file, key } => {
            let text = read_text(&file)?;
            checked(&text, &shipped)?;
            let signer = Signer::read(&read_text(&key)?)
                .with_context(|| format!("read the key `{}`", key.display()))?;
            let signature = signer.sign(&text).context("sign the pack")?;
            let beside = signature_of(&file);
            std::fs::write(&beside, signature)
                .with_context(|| format!("write `{}`", beside.display()))?;
            println!("{}", beside.display());
        }
        PolicyCommand::Publish { file, signature } => {
            let signature = signature.unwrap_or_else(|| signature_of(&file));
            if !signature.exists() {
                bail!(
                    "pack.unsigned: `{}` is missing; sign the pack with `policy sign`",
                    signature.display()
                );
            }
            let (text, signature) = (read_text(&file)?, read_text(&signature)?);
            let publisher = publisher(place, shipped)?;
            let now = Clock::default().now();
            let done = open(place)?.write(|tx| publisher.publish(tx, &text, &signature, now))?;
            println!(
                "{} {}: published, signed by {}",
                done.id, done.version, done.signer
            );
        }
        PolicyCommand::Published => {
            let publisher = publisher(place, shipped)?;
            let published = open(place)?.read(|tx| publisher.published(tx))?;
            println!("{}", serde_json::to_string_pretty(&published)?);
        }
        PolicyCommand::Rules => {
            let policies = match place.policy_key.is_empty() {
                true => shipped,
                false => in_force(&open(place)?, place, shipped)?,
            };
            let rules = policies::list_rules(&policies.policies);
            println!("{}", serde_json::to_string_pretty(&rules)?);
        }
        PolicyCommand::Schema => println!("{}", policies::schema_json()?),
    }
    Ok(())
}

/// The keys that the operator named: each a file, or the line in it.
pub fn trusted(place: &Place) -> anyhow::Result<TrustedKeys> {
    let texts = place
        .policy_key
        .iter()
        .map(|key| match Path::new(key).is_file() {
            true => read_text(Path::new(key)),
            false => Ok(key.clone()),
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(TrustedKeys::read(texts.iter().map(String::as_str))?)
}

/// The policies of a store, with what was published there.
pub fn in_force(store: &Store, place: &Place, shipped: InForce) -> anyhow::Result<InForce> {
    Ok(policies::current(store, &publisher(place, shipped)?)?)
}

fn publisher(place: &Place, shipped: InForce) -> anyhow::Result<Publisher> {
    Ok(Publisher {
        shipped,
        trusted: trusted(place)?,
    })
}

fn checked(text: &str, shipped: &InForce) -> anyhow::Result<doorstep_domain::policy::Pack> {
    let today = Clock::default().now().date_naive();
    Ok(policies::read_pack(
        text,
        &shipped.policies.checklist,
        today,
    )?)
}

fn make_keys(file: &Path) -> anyhow::Result<()> {
    let (secret, public) = Signer::generate().context("make the keys")?;
    let (key, public_file) = (with_ending(file, "key"), with_ending(file, "pub"));
    let mut options = std::fs::OpenOptions::new();
    // Never over a key that somebody still needs.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&key)
        .and_then(|mut open| open.write_all(secret.as_bytes()));
    written.with_context(|| format!("write the secret key `{}`", key.display()))?;
    std::fs::write(&public_file, public)
        .with_context(|| format!("write the public key `{}`", public_file.display()))?;
    println!("{}\n{}", key.display(), public_file.display());
    Ok(())
}

fn signature_of(file: &Path) -> PathBuf {
    with_ending(file, "minisig")
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn read_text(file: &Path) -> anyhow::Result<String> {
    String::from_utf8(read_file(file)?)
        .with_context(|| format!("read `{}` as UTF-8", file.display()))
}
