//! An export of the journal and the log, and its verification without any database.
//!
//! JSON lines: who signs, then every leaf with the action that it is about, then the published
//! heads. An erased payload is absent; everything else still verifies.

use crate::log::{Tree, is_signed_head, leaf_of, root_of};
use crate::store::{HeadRow, Result, StoreError, Tx};
use doorstep_domain::{ActionId, DeviceId, Epoch, Incarnation};
use doorstep_protocol::chain::{Commitment, Link, Verify as _, public_key};
use doorstep_protocol::verdict::is_signed_statement;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};

const ROWS_READ_AT_ONCE: u32 = 2_000;

/// One line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Export {
        version: u16,
        server_key: String,
    },
    Device {
        device: DeviceId,
        public_key: String,
    },
    Leaf {
        epoch: Epoch,
        leaf: u64,
        statement: String,
        signature: String,
    },
    Action(Box<ActionLine>),
    Head(HeadRow),
    End {
        leaves: u64,
        actions: u64,
    },
}

/// An action in the journal of its device.
#[derive(Debug, Serialize, Deserialize)]
struct ActionLine {
    device: DeviceId,
    incarnation: Incarnation,
    n: u64,
    action: ActionId,
    schema: u16,
    commitment: Commitment,
    /// Absent where it was erased.
    payload: Option<String>,
    salt: String,
    link: Link,
    signature: String,
}

/// The tree hash over the log of an epoch, in hex.
pub fn root_of_log(tx: &Tx<'_>, epoch: Epoch) -> Result<String> {
    let mut tree = Tree::default();
    loop {
        let leaves = tx.leaves(epoch, tree.len(), ROWS_READ_AT_ONCE)?;
        if leaves.is_empty() {
            return Ok(root_of(&tree));
        }
        for leaf in leaves {
            tree.push(leaf_of(&leaf.statement));
        }
    }
}

/// Writes the journal and the log, all of one moment.
pub fn export(tx: &Tx<'_>, out: &mut dyn Write) -> Result<()> {
    let origin = tx.origin()?;
    let own_key = hex::encode(origin.key.verifying_key().to_bytes());
    put(
        out,
        &Line::Export {
            version: 1,
            server_key: own_key.clone(),
        },
    )?;
    put(
        out,
        &Line::Device {
            device: origin.device,
            public_key: own_key,
        },
    )?;
    for device in tx.devices()? {
        put(
            out,
            &Line::Device {
                device: device.id,
                public_key: device.public_key,
            },
        )?;
    }
    let (mut leaves, mut actions) = (0, 0);
    for epoch in tx.epochs()? {
        leaves += export_leaves(tx, epoch, out)?;
        actions += export_actions(tx, epoch, out)?;
        for head in tx.log_heads(epoch)? {
            put(out, &Line::Head(head))?;
        }
    }
    put(out, &Line::End { leaves, actions })
}

fn export_leaves(tx: &Tx<'_>, epoch: Epoch, out: &mut dyn Write) -> Result<u64> {
    let mut next = 0;
    loop {
        let rows = tx.leaves(epoch, next, ROWS_READ_AT_ONCE)?;
        if rows.is_empty() {
            return Ok(next);
        }
        for row in rows {
            next = row.leaf + 1;
            put(
                out,
                &Line::Leaf {
                    epoch,
                    leaf: row.leaf,
                    statement: row.statement,
                    signature: row.signature,
                },
            )?;
        }
    }
}

fn export_actions(tx: &Tx<'_>, epoch: Epoch, out: &mut dyn Write) -> Result<u64> {
    let (mut after, mut count) = (None, 0);
    loop {
        let rows = tx.journal_of_epoch(epoch, after, ROWS_READ_AT_ONCE)?;
        if rows.is_empty() {
            return Ok(count);
        }
        for (taken, commitment) in rows {
            after = Some(taken.verdict.leaf);
            count += 1;
            let envelope = taken.envelope;
            let is_erased = envelope.payload.is_empty();
            put(
                out,
                &Line::Action(Box::new(ActionLine {
                    device: taken.device,
                    incarnation: envelope.incarnation,
                    n: envelope.n,
                    action: envelope.id,
                    schema: envelope.schema,
                    commitment: Commitment::try_from(commitment)
                        .map_err(|_| StoreError::Value("commitment"))?,
                    payload: (!is_erased).then_some(envelope.payload),
                    salt: envelope.salt,
                    link: envelope.link,
                    signature: envelope.signature,
                })),
            )?;
        }
    }
}

fn put(out: &mut dyn Write, line: &Line) -> Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    Ok(out.write_all(b"\n")?)
}

/// What a verification found.
#[derive(Debug, Default, Serialize)]
pub struct VerifyReport {
    pub leaves: u64,
    pub actions: u64,
    pub heads: u64,
    pub epochs: u64,
    pub erased: u64,
    /// Numbers that are missing from a device's journal, covered by a backup or lost.
    pub gaps: u64,
}

/// Why an export does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("line {0}: {1}")]
    Line(u64, &'static str),
    #[error("the export was cut: its end is missing")]
    Cut,
    #[error("read the export")]
    File(#[from] std::io::Error),
}

#[derive(Default)]
struct Verifier {
    server_key: Option<ed25519_dalek::VerifyingKey>,
    devices: BTreeMap<DeviceId, String>,
    trees: BTreeMap<Epoch, Tree>,
    /// Beginnings of those trees, grown from one published head to the next.
    walked: BTreeMap<Epoch, Tree>,
    statements: BTreeMap<(DeviceId, Incarnation, u64), u64>,
    chains: BTreeMap<(DeviceId, Incarnation), BTreeMap<u64, (u64, ActionLine)>>,
    report: VerifyReport,
    is_ended: bool,
}

/// Verifies an export: every leaf, every head, every chain, every signature. No database is needed.
pub fn verify(input: impl BufRead) -> std::result::Result<VerifyReport, VerifyError> {
    let mut verifier = Verifier::default();
    for (number, line) in (1..).zip(input.lines()) {
        let line = line?;
        let line: Line = serde_json::from_str(&line)
            .map_err(|_| VerifyError::Line(number, "it is not a line of an export"))?;
        verifier
            .line(number, line)
            .map_err(|why| VerifyError::Line(number, why))?;
    }
    verifier.chains()?;
    match verifier.is_ended {
        true => Ok(verifier.report),
        false => Err(VerifyError::Cut),
    }
}

impl Verifier {
    fn line(&mut self, number: u64, line: Line) -> std::result::Result<(), &'static str> {
        match line {
            Line::Export {
                version: 1,
                server_key,
            } => {
                let key = public_key(&server_key).ok_or("the server's key is none")?;
                self.server_key = Some(key);
            }
            Line::Export { .. } => return Err("the export is of a newer version"),
            Line::Device { device, public_key } => {
                self.devices.insert(device, public_key);
            }
            Line::Leaf {
                epoch,
                leaf,
                statement,
                signature,
            } => self.leaf(number, epoch, leaf, &statement, &signature)?,
            Line::Action(action) => self.action(number, *action)?,
            Line::Head(head) => self.head(&head)?,
            Line::End { leaves, actions } => {
                if (leaves, actions) != (self.report.leaves, self.report.actions) {
                    return Err("lines are missing");
                }
                self.is_ended = true;
            }
        }
        Ok(())
    }

    fn leaf(
        &mut self,
        number: u64,
        epoch: Epoch,
        leaf: u64,
        statement: &str,
        signature: &str,
    ) -> std::result::Result<(), &'static str> {
        #[derive(Deserialize)]
        struct About {
            device: DeviceId,
            incarnation: Incarnation,
            n: u64,
        }
        let key = self
            .server_key
            .as_ref()
            .ok_or("the server's key is missing")?;
        let tree = self.trees.entry(epoch).or_default();
        if leaf != tree.len() {
            return Err("a leaf is missing");
        }
        if !is_signed_statement(statement, signature, key) {
            return Err("the leaf is not signed by the server");
        }
        tree.push(leaf_of(statement));
        if let Ok(about) = serde_json::from_str::<About>(statement) {
            let subject = (about.device, about.incarnation, about.n);
            self.statements.insert(subject, number);
        }
        self.report.leaves += 1;
        self.report.epochs = self.trees.len() as u64;
        Ok(())
    }

    fn action(&mut self, number: u64, line: ActionLine) -> std::result::Result<(), &'static str> {
        match &line.payload {
            Some(payload) if Commitment::to(&line.salt, payload) != line.commitment => {
                return Err("the payload is not the one that was committed to");
            }
            Some(_) => {}
            None => self.report.erased += 1,
        }
        let key = self
            .devices
            .get(&line.device)
            .and_then(|key| public_key(key))
            .ok_or("the action is of an unknown device")?;
        if !key.has_signed(&line.link.0, &line.signature) {
            return Err("the action is not signed by its device");
        }
        let subject = (line.device, line.incarnation, line.n);
        if !self.statements.contains_key(&subject) {
            return Err("no verdict on the action is in the log");
        }
        let chain = self
            .chains
            .entry((line.device, line.incarnation))
            .or_default();
        chain.insert(line.n, (number, line));
        self.report.actions += 1;
        Ok(())
    }

    fn head(&mut self, head: &HeadRow) -> std::result::Result<(), &'static str> {
        let key = self
            .server_key
            .as_ref()
            .ok_or("the server's key is missing")?;
        if !is_signed_head(head, key) {
            return Err("the head is not signed by the server");
        }
        let tree = self.trees.get(&head.epoch).ok_or("the head has no log")?;
        let then = self.walked.entry(head.epoch).or_default();
        if then.len() > head.size {
            *then = Tree::default();
        }
        let range = |number: u64| usize::try_from(number).map_err(|_| "the head is too large");
        let (from, to) = (range(then.len())?, range(head.size)?);
        for leaf in tree.items().get(from..to).unwrap_or_default() {
            then.push(*leaf);
        }
        if then.len() != head.size || root_of(then) != head.root {
            return Err("the log is not the one whose head was published");
        }
        self.report.heads += 1;
        Ok(())
    }

    /// Every journal is an unbroken chain, but for what a restored server never got back.
    fn chains(&mut self) -> std::result::Result<(), VerifyError> {
        for chain in self.chains.values() {
            let (mut last, mut link) = (0, Link::START);
            for (n, (number, line)) in chain {
                let follows = match (line.schema, &line.payload) {
                    (0 | 1, Some(payload)) => link.follow_payload(payload) == line.link,
                    (0 | 1, None) => true,
                    _ => link.follow(line.commitment) == line.link,
                };
                match (*n == last + 1, follows) {
                    (true, true) => {}
                    (true, false) => {
                        return Err(VerifyError::Line(*number, "the chain is broken"));
                    }
                    (false, _) => self.report.gaps += n - last - 1,
                }
                (last, link) = (*n, line.link);
            }
        }
        Ok(())
    }
}
