//! Packs that the organisation publishes: signed by somebody whose key the operator named when the
//! server was started, checked, kept in the database word for word, and verified again at each start.
//! Signatures are those of minisign, so that a pack can be signed on a machine without this software.

use super::{InForce, Lines, PolicyError, Wrong, read_pack};
use crate::store::{PackRow, Store, StoreError, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::policy::{Pack, Policies};
use minisign::{KeyPair, PublicKey, PublicKeyBox, SecretKeyBox, SignatureBox};
use std::io::Cursor;

/// Why a pack is not published. The ones that are in force stay.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(
        "`{0}` is no key: name a file that `policy keygen` or minisign wrote, or the line in it"
    )]
    Key(String),
    #[error("pack.unsigned: the signature can't be read: sign the file with `policy sign`")]
    Unsigned,
    #[error(
        "pack.signature: signed with none of the keys that are trusted, or changed afterwards; \
         trusted keys are named with --policy-key"
    )]
    NotTrusted,
    #[error(transparent)]
    Pack(#[from] PolicyError),
    #[error(
        "pack.shipped: `{0}` comes with the software; write a pack beside it, the strictest word wins"
    )]
    Shipped(String),
    #[error("pack.older: version {offered} of `{id}` is no newer than {known}, which is in force")]
    Older {
        id: String,
        offered: u32,
        known: u32,
    },
    #[error("the published pack `{id}`, version {version}: {source}")]
    Kept {
        id: String,
        version: u32,
        source: Box<Self>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whose signatures are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedKeys(Vec<PublicKey>);

impl TrustedKeys {
    /// Reads keys: each the line of one, or the text of a file that has it.
    ///
    /// # Errors
    /// Names the first that is none.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, PublishError> {
        texts
            .into_iter()
            .map(|text| {
                let line = PublicKey::from_base64(text.trim());
                line.or_else(|_| PublicKeyBox::from_string(text)?.into_public_key())
                    .map_err(|_| PublishError::Key(text.trim().to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Who signed the text, as the short id that minisign prints.
    fn signer(&self, text: &str, signature: &str) -> Result<String, PublishError> {
        let signature = SignatureBox::from_string(signature).map_err(|_| PublishError::Unsigned)?;
        let has_signed = |key: &&PublicKey| {
            let bytes = Cursor::new(text.as_bytes());
            minisign::verify(key, &signature, bytes, true, false, false).is_ok()
        };
        let key = self.0.iter().find(has_signed);
        key.map(|key| key_id(key.keynum()))
            .ok_or(PublishError::NotTrusted)
    }
}

fn key_id(number: &[u8]) -> String {
    hex::encode_upper(number.iter().rev().copied().collect::<Vec<_>>())
}

/// A pair of keys for whoever answers for the packs.
pub struct Signer(SecretKeyBox);

impl Signer {
    /// A new pair: the secret half as a file, and the public half as another.
    pub fn generate() -> minisign::Result<(String, String)> {
        let pair = KeyPair::generate_unencrypted_keypair()?;
        let comment = "Doorstep: signs policy packs; keep it secret";
        Ok((
            pair.sk.to_box(Some(comment))?.into_string(),
            pair.pk.to_box()?.into_string(),
        ))
    }

    /// The secret half from its file, as `generate` or minisign wrote it.
    pub fn read(text: &str) -> minisign::Result<Self> {
        SecretKeyBox::from_string(text).map(Self)
    }

    /// The signature over a pack, as a file. A key that has a password asks for it.
    pub fn sign(self, text: &str) -> minisign::Result<String> {
        let again = SecretKeyBox::from_string(&self.0.clone().into_string())?;
        let key = match self.0.into_unencrypted_secret_key() {
            Ok(key) => key,
            Err(_) => again.into_secret_key(None)?,
        };
        let bytes = Cursor::new(text.as_bytes());
        Ok(minisign::sign(None, &key, bytes, None, None)?.into_string())
    }
}

/// A pack that was published.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Published {
    pub id: String,
    pub version: u32,
    pub signer: String,
    pub at: DateTime<Utc>,
}

/// Publishes packs beside the shipped ones.
#[derive(Debug)]
pub struct Publisher {
    pub shipped: InForce,
    pub trusted: TrustedKeys,
}

impl Publisher {
    /// Publishes a pack: it is in force from now on, and devices get it with their next sync.
    ///
    /// # Errors
    /// Why not; nothing has changed then.
    pub fn publish(
        &self,
        tx: &Tx<'_>,
        text: &str,
        signature: &str,
        now: DateTime<Utc>,
    ) -> Result<Published, PublishError> {
        let signer = self.trusted.signer(text, signature)?;
        let checklist = &self.shipped.policies.checklist;
        let pack = read_pack(text, checklist, now.date_naive())?;
        // Others only narrow what is shipped: nobody publishes a legal stop away.
        let mut shipped = self.shipped.policies.packs.iter();
        if shipped.any(|shipped| shipped.id == pack.id) {
            return Err(PublishError::Shipped(pack.id));
        }
        tx.enter()?;
        let known = tx.published_packs()?;
        if let Some(newest) = known.iter().find(|row| row.id == pack.id)
            && newest.version >= pack.version
        {
            return Err(PublishError::Older {
                id: pack.id,
                offered: pack.version,
                known: newest.version,
            });
        }
        let others = self.beside(&known, &pack.id)?;
        self.mind_names_of(&others, &pack, text)?;
        tx.publish_pack(&PackRow {
            id: pack.id.clone(),
            version: pack.version,
            text: text.to_owned(),
            signature: signature.to_owned(),
            at: now,
        })?;
        Ok(Published {
            id: pack.id,
            version: pack.version,
            signer,
            at: now,
        })
    }

    /// Everything that is in force but one pack.
    fn beside(&self, known: &[PackRow], id: &str) -> Result<Vec<Pack>, PublishError> {
        let known = known.iter().filter(|row| row.id != id);
        let mut packs = known
            .map(|row| self.open(row))
            .collect::<Result<Vec<_>, _>>()?;
        let is_new = |shipped: &&Pack| shipped.id != id && packs.iter().all(|p| p.id != shipped.id);
        let shipped: Vec<_> = self
            .shipped
            .policies
            .packs
            .iter()
            .filter(is_new)
            .cloned()
            .collect();
        packs.extend(shipped);
        Ok(packs)
    }

    /// A rule's name is its own: what a lead may lift goes by it.
    fn mind_names_of(&self, others: &[Pack], pack: &Pack, text: &str) -> Result<(), PublishError> {
        let questions = self.shipped.policies.checklist.questions.iter();
        let taken: Vec<&str> = questions
            .map(|question| question.id.as_str())
            .chain(
                others
                    .iter()
                    .flat_map(|pack| pack.rules.iter().map(|rule| rule.id.as_str())),
            )
            .collect();
        let twice = pack
            .rules
            .iter()
            .filter(|rule| taken.contains(&rule.id.as_str()));
        let lines = Lines::of(text);
        let wrong: Vec<_> = twice
            .map(|rule| Wrong {
                line: lines.of_key(Some(&rule.id), "id"),
                rule: Some(rule.id.clone()),
                code: "rule.taken".to_owned(),
                what: "another pack or the checklist has this name".to_owned(),
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(PolicyError::Pack(wrong).into()),
        }
    }

    fn open(&self, row: &PackRow) -> Result<Pack, PublishError> {
        let read = || {
            self.trusted.signer(&row.text, &row.signature)?;
            // It was refused for its age, or not, when it was published.
            let checklist = &self.shipped.policies.checklist;
            Ok(read_pack(&row.text, checklist, NaiveDate::MIN)?)
        };
        read().map_err(|source: PublishError| PublishError::Kept {
            id: row.id.clone(),
            version: row.version,
            source: Box::new(source),
        })
    }

    /// What is in force, and how often something was published so far.
    ///
    /// # Errors
    /// Where a published pack can't be trusted any more: to go on without it would loosen the rules.
    pub fn in_force(&self, tx: &Tx<'_>) -> Result<(InForce, u32), PublishError> {
        let count = tx.count_published_packs()?;
        if count == 0 {
            return Ok((self.shipped.clone(), 0));
        }
        let policies = Policies {
            packs: self.beside(&tx.published_packs()?, "")?,
            checklist: self.shipped.policies.checklist.clone(),
        };
        Ok((InForce::of(policies)?, count))
    }

    /// The published packs, the newest version of each.
    pub fn published(&self, tx: &Tx<'_>) -> Result<Vec<Published>, PublishError> {
        let rows = tx.published_packs()?;
        rows.into_iter()
            .map(|row| {
                Ok(Published {
                    signer: self.trusted.signer(&row.text, &row.signature)?,
                    id: row.id,
                    version: row.version,
                    at: row.at,
                })
            })
            .collect()
    }
}

/// What is in force in a store.
///
/// # Errors
/// As [`Publisher::in_force`].
pub fn current(store: &Store, publisher: &Publisher) -> Result<InForce, PublishError> {
    store.read(|tx| publisher.in_force(tx).map(|(policies, _)| policies))
}
