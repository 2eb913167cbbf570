//! One exchange as the device sees it: what it sends, and what an answer does to its books. The
//! cursor moves in the same transaction as the page that it covers.

use super::books::{Books, CaseHead, HandBack, cursor, incarnation, lineage, names, read, write};
use super::commit::{Author, begin_life};
use super::round::{Round, held};
use super::view;
use crate::store::{Result, ServerClock, StoreError};
use doorstep_domain::visit::Visit;
use doorstep_domain::{CaseId, Incarnation, Lineage, Revision, VisitId};
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::chain::Verify;
use doorstep_protocol::digest::{Digest, bucket_of};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::{
    CaseDocument, CustodyOrder, Halt, NewerCase, SyncRequest, SyncResponse,
};
use doorstep_protocol::policies::{PolicyDocument, PolicyRefusal};
use doorstep_protocol::verdict::{SignedVerdict, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// What the device sends: its place in the world, and the outbox from its first action on, at most
/// `count` actions and about `bytes`.
pub fn request(books: &impl Books, count: usize, bytes: usize) -> Result<SyncRequest> {
    let differs: bool = read(books, names::DIFFERS)?.unwrap_or_default();
    Ok(SyncRequest {
        protocol: PROTOCOL,
        incarnation: incarnation(books)?,
        cursor: cursor(books)?,
        policies: read(books, names::POLICIES_HASH)?,
        outbox: outbox(books, count, bytes)?,
        purged: books.purged()?,
        repair: match differs {
            true => Some(Digest::of(held(books)?).buckets()),
            false => None,
        },
        newer: read(books, names::NEWER)?.unwrap_or_default(),
    })
}

/// The outbox from its first action on, each with the verdict that a restored server needs back.
pub fn outbox(books: &impl Books, count: usize, bytes: usize) -> Result<Vec<Envelope>> {
    let mut envelopes = Vec::new();
    let mut size = 0;
    for entry in books.outbox(count)? {
        size += entry.envelope.payload.len() + 300;
        if size > bytes && !envelopes.is_empty() {
            break;
        }
        envelopes.push(Envelope {
            verdict: entry.verdict.map(Box::new),
            ..entry.envelope
        });
    }
    Ok(envelopes)
}

/// The server at the other end, and what this device needs to answer it.
pub struct Peer<'a> {
    pub author: Author<'a>,
    /// Verdicts must be signed with it; absent on a device that enrolled before servers signed.
    pub server_key: Option<&'a dyn Verify>,
    /// A new life, should this answer ask for one.
    pub fresh: Incarnation,
    pub salt: &'a mut dyn FnMut() -> Result<[u8; 16]>,
    /// How many judged actions stay for people to look back at, although a backup covers them.
    pub keep_judged: usize,
}

/// What an answer did.
#[derive(Debug, Default)]
pub struct Received {
    /// Ask again at once: there is more, or something must be handed in again.
    pub again: bool,
    /// Fetch the snapshot first.
    pub snapshot: bool,
    /// A new life has begun: what lies beside the database must follow.
    pub new_life: Option<Incarnation>,
    /// The server has another history line than before.
    pub new_epoch: bool,
    /// This device held another set than its scope; fetched again, and reported.
    pub repaired: usize,
    /// Verdicts that were not signed by the server, and so not believed.
    pub unsigned: usize,
    /// Why the policies that were sent are not used.
    pub policies_refused: Option<PolicyRefusal>,
    pub custody: CustodyOrder,
}

/// Takes an answer in: verdicts, documents, departures, policies and cursor, as one.
pub fn take_in(
    books: &impl Books,
    peer: &mut Peer<'_>,
    round: &Round<'_>,
    clock: &ServerClock,
) -> Result<Received> {
    let (sent, answer) = (round.sent, round.answer);
    let mut received = Received {
        custody: answer.custody,
        snapshot: answer.snapshot,
        again: answer.more || answer.snapshot,
        ..Received::default()
    };
    let lineage = learn(books, &answer.lineage)?;
    mind_the_epoch(books, answer.cursor, &mut received)?;
    // Documents first: their verdicts' signatures are looked at meanwhile.
    let mut changed = BTreeMap::new();
    for document in &answer.cases {
        if let Some((id, revision)) = put_case(books, document, answer.cursor, &lineage)? {
            changed.insert(id, Some(revision));
        }
    }
    for (verdict, hash) in answer.verdicts.iter().zip(&round.hashes) {
        note_verdict(books, peer, verdict, *hash, &mut received)?;
    }
    for id in &answer.left {
        books.mark_leaving(*id)?;
        changed.insert(*id, None);
    }
    if !answer.repaired.is_empty() {
        received.repaired = answer.repaired.len();
        drop_what_was_not_sent(books, answer)?;
    }
    purge_finished(books)?;
    books.forget_purged(&sent.purged)?;
    if !sent.newer.is_empty() {
        write(books, names::NEWER, &Vec::<NewerCase>::new())?;
    }
    if let Some(document) = &answer.policies {
        received.policies_refused = put_policies(books, document, peer.server_key)?;
    } else if read::<Option<String>>(books, names::POLICIES_REFUSED)?
        .flatten()
        .is_some()
    {
        // The server has the same ones as this device again.
        write(books, names::POLICIES_REFUSED, &None::<String>)?;
    }
    write(books, names::SERVER_CLOCK, clock)?;
    match answer.snapshot {
        // The snapshot may begin later than this answer: what leaves in between must not be missed.
        true => write(books, names::SNAPSHOT, &answer.cursor)?,
        false => write(books, names::CURSOR, &answer.cursor)?,
    }
    heed(books, peer, answer.halt, &mut received)?;
    books.trim(answer.cursor.epoch, answer.durable, peer.keep_judged)?;
    if !answer.more && !answer.snapshot {
        write(books, names::IS_READY, &true)?;
        compare(books, round, changed, &mut received)?;
    }
    Ok(received)
}

/// Learns of restores; gives all that are known. Those of an epoch that the server itself forgot by a
/// second restore are kept: documents and verdicts of it may still be here.
fn learn(books: &impl Books, told: &Lineage) -> Result<Lineage> {
    let mut known = lineage(books)?;
    if known.learn(told) {
        write(books, names::LINEAGE, &known)?;
    }
    Ok(known)
}

/// A server that was restored needs back whatever its backup does not have.
fn mind_the_epoch(books: &impl Books, now: Revision, received: &mut Received) -> Result<()> {
    let before = cursor(books)?;
    let is_new = before.is_some_and(|before| before.epoch != now.epoch);
    if is_new {
        received.new_epoch = true;
        received.again |= books.hand_back(HandBack::All)?;
    }
    Ok(())
}

/// Notes a verdict that the server signed; `hash` is what it signs, where the action was just sent.
fn note_verdict(
    books: &impl Books,
    peer: &Peer<'_>,
    verdict: &SignedVerdict,
    hash: Option<[u8; 32]>,
    received: &mut Received,
) -> Result<()> {
    let hash = match hash {
        Some(hash) => hash,
        None => match books.entry(verdict.verdict.action)? {
            Some(entry) => verdict.hash(&Subject::of(peer.author.device, &entry.envelope)),
            // Trimmed long ago; the answer was late.
            None => return Ok(()),
        },
    };
    if let Some(key) = peer.server_key
        && !key.has_signed(&hash, &verdict.signature)
    {
        received.unsigned += 1;
        return Ok(());
    }
    books.set_verdict(verdict)
}

/// Puts a document in its place: only a newer one, but always the truth of a new epoch. What was
/// newer here than the restored server has is noted for a person. Gives what is held from now on,
/// where that changed.
fn put_case(
    books: &impl Books,
    document: &CaseDocument,
    now: Revision,
    lineage: &Lineage,
) -> Result<Option<(CaseId, Revision)>> {
    let head: CaseHead = serde_json::from_str(document.text())?;
    if let Some(known) = books.revision(head.id)? {
        let is_older = head.revision != known && head.revision.is_covered_by(known) == Some(true);
        if is_older && known.epoch == now.epoch {
            return Ok(None);
        }
        if !lineage.shows(now, known) && known.epoch != now.epoch {
            let mut newer: Vec<NewerCase> = read(books, names::NEWER)?.unwrap_or_default();
            newer.push(NewerCase {
                case: head.id,
                revision: known,
            });
            write(books, names::NEWER, &newer)?;
        }
    }
    books.put_case(&head, document.text())?;
    Ok(Some((head.id, head.revision)))
}

/// What the server did not send of a bucket that differed is not this person's.
fn drop_what_was_not_sent(books: &impl Books, answer: &SyncResponse) -> Result<()> {
    let mut sent = BTreeSet::new();
    for document in &answer.cases {
        let head: CaseHead = serde_json::from_str(document.text())?;
        sent.insert(head.id);
    }
    for (id, _) in books.held()? {
        if answer.repaired.contains(&bucket_of(id)) && !sent.contains(&id) {
            books.mark_leaving(id)?;
        }
    }
    Ok(())
}

/// Purges what has left, once no visit of one's own is under way there. The journal keeps what was done.
fn purge_finished(books: &impl Books) -> Result<()> {
    for id in books.leaving()? {
        let own: BTreeSet<VisitId> = books
            .entries(id)?
            .iter()
            .filter_map(|entry| entry.action().ok()?.change.visit())
            .collect();
        let is_own = |visit: &Visit| visit.is_under_way() && own.contains(&visit.id);
        let is_busy = view::case(books, id)?.is_some_and(|case| case.visits.iter().any(is_own));
        if !is_busy {
            books.purge_case(id)?;
        }
    }
    Ok(())
}

/// Puts policies in the place of the last ones. Where they can't be trusted or read, those stay, and
/// are said to be old: they are asked for again each time.
fn put_policies(
    books: &impl Books,
    document: &PolicyDocument,
    server_key: Option<&dyn Verify>,
) -> Result<Option<PolicyRefusal>> {
    let refusal = document.open(server_key).err();
    write(
        books,
        names::POLICIES_REFUSED,
        &refusal.map(PolicyRefusal::code),
    )?;
    if refusal.is_none() {
        write(books, names::POLICIES_HASH, &document.hash)?;
        write(
            books,
            names::POLICIES,
            &(&document.hash, &document.policies),
        )?;
    }
    Ok(refusal)
}

/// Does what the server asks of this device's numbering.
fn heed(
    books: &impl Books,
    peer: &mut Peer<'_>,
    halt: Option<Halt>,
    received: &mut Received,
) -> Result<()> {
    let begins_again = match halt {
        None => return Ok(()),
        Some(Halt::Fork) => true,
        Some(Halt::Gap { expected }) => {
            let which = HandBack::From {
                incarnation: incarnation(books)?,
                n: expected,
            };
            // What the server misses is here no longer: number anew what is left.
            !books.hand_back(which)?
        }
    };
    received.again = true;
    if begins_again {
        begin_life(books, &peer.author, peer.fresh, peer.salt)?;
        received.new_life = Some(peer.fresh);
    }
    Ok(())
}

/// Holds the local set against the server's digest. A difference is asked for at once.
fn compare(
    books: &impl Books,
    round: &Round<'_>,
    changed: BTreeMap<CaseId, Option<Revision>>,
    received: &mut Received,
) -> Result<()> {
    let Some(theirs) = &round.answer.digest else {
        return Ok(());
    };
    let mine = match round.answer.repaired.is_empty() {
        true => round.meanwhile.held.after(changed),
        // Any case of these buckets may have gone.
        false => Digest::of(held(books)?),
    };
    debug_assert_eq!(mine, Digest::of(held(books)?), "all that changed is known");
    let differs = mine.total() != *theirs;
    let did: bool = read(books, names::DIFFERS)?.unwrap_or_default();
    if differs != did {
        write(books, names::DIFFERS, &differs)?;
    }
    // Once asked for and still different: a person must look, and not the network.
    received.again |= differs && !did;
    if received.repaired > 0 {
        let before: u64 = read(books, names::REPAIRS)?.unwrap_or_default();
        write(books, names::REPAIRS, &(before + 1))?;
    }
    Ok(())
}

/// Begins the first sync, or goes on with a dropped one; says after which case it goes on.
pub fn begin_snapshot(
    books: &impl Books,
    begin: Revision,
    told: &Lineage,
    policies: &PolicyDocument,
    server_key: Option<&dyn Verify>,
    clock: &ServerClock,
) -> Result<Option<PolicyRefusal>> {
    if going_on(books)?.is_none() {
        // An answer that asked for the snapshot has said already where to go on afterwards.
        let asked: Option<Option<Revision>> = read(books, names::SNAPSHOT)?;
        let cursor = asked
            .flatten()
            .filter(|asked| asked.epoch == begin.epoch)
            .unwrap_or(begin);
        write(
            books,
            names::SNAPSHOT_AFTER,
            &Some(Snapshot {
                cursor,
                after: None,
            }),
        )?;
    }
    learn(books, told)?;
    write(books, names::SERVER_CLOCK, clock)?;
    put_policies(books, policies, server_key)
}

#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Snapshot {
    cursor: Revision,
    after: Option<CaseId>,
}

/// The last case of a snapshot that was dropped; none at the beginning.
pub fn snapshot_after(books: &impl Books) -> Result<Option<CaseId>> {
    Ok(going_on(books)?.and_then(|snapshot| snapshot.after))
}

fn going_on(books: &impl Books) -> Result<Option<Snapshot>> {
    let snapshot: Option<Option<Snapshot>> = read(books, names::SNAPSHOT_AFTER)?;
    Ok(snapshot.flatten())
}

/// Takes some cases of the snapshot in.
pub fn take_frame(books: &impl Books, cases: &[CaseDocument], last: CaseId) -> Result<()> {
    let snapshot = going_on(books)?.ok_or(StoreError::Value("snapshot"))?;
    let lineage = lineage(books)?;
    for document in cases {
        put_case(books, document, snapshot.cursor, &lineage)?;
    }
    let snapshot = Snapshot {
        after: Some(last),
        ..snapshot
    };
    write(books, names::SNAPSHOT_AFTER, &Some(snapshot))
}

/// Ends the snapshot: from here on the device follows the feed.
pub fn end_snapshot(books: &impl Books) -> Result<()> {
    if let Some(snapshot) = going_on(books)? {
        write(books, names::CURSOR, &snapshot.cursor)?;
    }
    write(books, names::SNAPSHOT_AFTER, &None::<Snapshot>)?;
    write(books, names::SNAPSHOT, &None::<Revision>)
}
