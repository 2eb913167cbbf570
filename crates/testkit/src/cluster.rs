//! A throwaway PostgreSQL cluster: made in a temporary folder, gone with its value.

use anyhow::{Context, Result, bail};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The role of the server: no superuser, so that row-level security holds it too.
const ROLE: &str = "doorstep";

/// A cluster that does not end by itself so soon is killed.
const END_WITHIN: Duration = Duration::from_secs(5);

/// A running cluster.
pub struct Cluster {
    port: u16,
    server: Child,
    _folder: TempDir,
}

impl Cluster {
    /// Makes a cluster and starts it. It never waits for the disk, since nobody keeps what is in it.
    pub fn start() -> Result<Self> {
        Self::start_with("fsync=off")
    }

    /// The same as a company would run it: what it says is committed is on the disk.
    pub fn start_durable() -> Result<Self> {
        Self::start_with("fsync=on")
    }

    fn start_with(durability: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let programs = programs()?;
        let is_root = run_as(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
        if is_root {
            // PostgreSQL refuses to run as the administrator.
            run_as(Command::new("chown").arg("postgres:").arg(folder.path()))?;
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let data = folder.path().join("data");
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        run_as(
            as_postgres(is_root, &programs.join("initdb"))
                .arg("-D")
                .arg(&data)
                .args(["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"])
                .arg("--locale=C.UTF-8"),
        )?;
        let mut command = as_postgres(is_root, &programs.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c"])
            .arg(format!("port={port}"))
            .arg("-c")
            .arg(format!(
                "unix_socket_directories={}",
                folder.path().display()
            ))
            .args(["-c", durability, "-c", "max_connections=100"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = spawn_for_good(command)?;
        let cluster = Self {
            port,
            server,
            _folder: folder,
        };
        cluster.wait()?;
        cluster.sql("postgres", &format!("CREATE ROLE {ROLE} LOGIN"))?;
        Ok(cluster)
    }

    /// Makes a fresh database, and names it as the server does.
    pub fn database(&self, name: &str) -> Result<String> {
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER {ROLE}"))?;
        Ok(format!("postgres://{ROLE}@127.0.0.1:{}/{name}", self.port))
    }

    /// Runs SQL as the administrator.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        run_as(
            Command::new("psql")
                .args([
                    "-h",
                    "127.0.0.1",
                    "-U",
                    "postgres",
                    "-v",
                    "ON_ERROR_STOP=1",
                    "-qAt",
                ])
                .arg("-p")
                .arg(self.port.to_string())
                .args(["-d", database, "-c", sql]),
        )
    }

    fn wait(&self) -> Result<()> {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err()
            || self.sql("postgres", "SELECT 1").is_err()
        {
            if began.elapsed() > Duration::from_secs(30) {
                bail!("`postgres` did not answer within 30 seconds");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Asked to end at once, it takes what it shares in memory with it; killed, it would leave that
        // behind; and asked to end in order, it would first write what nobody keeps.
        let _ = run_as(Command::new("kill").args(["-QUIT", &self.server.id().to_string()]));
        let began = Instant::now();
        while matches!(self.server.try_wait(), Ok(None)) && began.elapsed() < END_WITHIN {
            std::thread::sleep(Duration::from_millis(10));
        }
        // It may have ended by itself; the folder goes either way.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Spawns a process that ends with this one: the system ties it to the thread that spawned it, so
/// that thread stays.
fn spawn_for_good(mut command: Command) -> Result<Child> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Nobody listens where the test has ended already.
        let _ = sender.send(command.spawn());
        loop {
            std::thread::park();
        }
    });
    receiver.recv()?.context("start `postgres`")
}

fn programs() -> Result<PathBuf> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .context("find PostgreSQL below /usr/lib/postgresql; is it installed?")?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().context("PostgreSQL has no `initdb`")
}

fn as_postgres(is_root: bool, program: &Path) -> Command {
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--init-groups"])
        // It ends with the test, however that ends.
        .args(["--pdeathsig", "INT"])
        .arg(program);
    command
}

fn run_as(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("start `{name}`; is it installed?"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => bail!("`{name}`: {}", String::from_utf8_lossy(&output.stderr)),
    }
}
