//! What the simulation sees at the seam between the real code and its books: its own truth, never
//! what the system says of itself.

use doorstep_domain::case::FactField;
use doorstep_domain::{ActionId, Case, CaseId, Ruling};
use doorstep_protocol::chain::Link;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::verdict::SignedVerdict;
use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// What one edit replaced.
#[derive(Debug, Clone)]
pub struct Replaced {
    pub case: CaseId,
    pub field: FactField,
    pub writer: ActionId,
    /// Who had set the value that was replaced: several where they wrote the same.
    pub lost: Vec<ActionId>,
    /// The value that was replaced.
    pub lost_value: Option<String>,
    pub same_value: bool,
}

/// What the server's side of a history line looks like, as it was seen to happen.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// How often a case changed because of an action.
    pub effects: BTreeMap<ActionId, u32>,
    /// The values that each fact had, in their order, by the action that set them.
    pub versions: BTreeMap<(CaseId, FactField), Vec<ActionId>>,
    values: BTreeMap<(CaseId, FactField), String>,
    /// Who set the value that each fact has now.
    setters: BTreeMap<(CaseId, FactField), Vec<ActionId>>,
    pub rulings: BTreeMap<ActionId, Ruling>,
}

/// The seam.
#[derive(Debug, Default)]
pub struct Seam {
    arriving: RefCell<Vec<Envelope>>,
    /// The link before each action, as its device chained it.
    links: RefCell<BTreeMap<ActionId, Link>>,
    put: RefCell<Option<Case>>,
    pub line: RefCell<Line>,
    replaced: RefCell<Vec<Replaced>>,
    hidden: RefCell<BTreeMap<u64, u32>>,
    /// The values that came before each one, in whatever line; a restore does not undo what
    /// somebody has seen.
    before: RefCell<BTreeMap<ActionId, BTreeSet<ActionId>>>,
    /// Actions that arrived under a number which another one had.
    pub aside: RefCell<BTreeSet<ActionId>>,
    /// Edits that wrote what was there already, in whatever line.
    pub echoes: RefCell<BTreeSet<ActionId>>,
    /// How often each rule was seen.
    pub rules: RefCell<BTreeMap<String, u64>>,
}

impl Seam {
    /// A push is about to be taken in.
    pub fn arrives(&self, envelopes: &[Envelope]) {
        *self.arriving.borrow_mut() = envelopes.to_vec();
    }

    /// The push that is being taken in.
    pub fn arriving(&self) -> Ref<'_, Vec<Envelope>> {
        self.arriving.borrow()
    }

    /// Whether an action is in the push that is being taken in.
    pub fn is_arriving(&self, action: ActionId) -> bool {
        self.arriving.borrow().iter().any(|e| e.id == action)
    }

    /// A device chained an action after this link.
    pub fn chained(&self, action: ActionId, before: Link) {
        self.links.borrow_mut().insert(action, before);
    }

    /// The link before an arriving action, as its device has it.
    pub fn link_before(&self, envelope: &Envelope) -> Option<Link> {
        self.links.borrow().get(&envelope.id).copied()
    }

    /// Whether an action has a verdict in this line.
    pub fn was_judged(&self, action: ActionId) -> bool {
        self.line.borrow().rulings.contains_key(&action)
    }

    /// A case was written.
    pub fn saw_case(&self, case: &Case) {
        *self.put.borrow_mut() = Some(case.clone());
    }

    /// An action was kept aside.
    pub fn put_aside(&self, action: ActionId) {
        self.aside.borrow_mut().insert(action);
    }

    /// A verdict was recorded; the case that was written just before is its doing.
    pub fn saw_verdict(&self, action: ActionId, signed: &SignedVerdict) {
        let ruling = &signed.verdict.ruling;
        let rule = ruling.rule().map_or("applied", |rule| rule.as_str());
        *self.rules.borrow_mut().entry(rule.to_owned()).or_default() += 1;
        for remark in &signed.verdict.remarks {
            let mut rules = self.rules.borrow_mut();
            *rules.entry(remark.as_str().to_owned()).or_default() += 1;
        }
        let mut line = self.line.borrow_mut();
        line.rulings.entry(action).or_insert_with(|| ruling.clone());
        let Some(case) = self.put.borrow_mut().take() else {
            return;
        };
        *line.effects.entry(action).or_default() += 1;
        for (field, fact) in &case.facts {
            let key = (case.id, *field);
            let versions = line.versions.entry(key).or_default();
            let last = versions.last().copied();
            if last == Some(fact.set_by) {
                continue;
            }
            let mut all_before = self.before.borrow_mut();
            let earlier = all_before.entry(fact.set_by).or_default();
            earlier.extend(versions.iter().copied());
            versions.push(fact.set_by);
            let before = line.values.insert(key, fact.value.clone());
            let same_value = before.as_ref() == Some(&fact.value);
            if same_value {
                self.echoes.borrow_mut().insert(fact.set_by);
            }
            let setters = line.setters.entry(key).or_default();
            if last.is_some() {
                self.replaced.borrow_mut().push(Replaced {
                    case: case.id,
                    field: *field,
                    writer: fact.set_by,
                    lost: setters.clone(),
                    lost_value: before.clone(),
                    same_value,
                });
            }
            if !same_value {
                setters.clear();
            }
            setters.push(fact.set_by);
        }
    }

    /// The values that came before one.
    pub fn before(&self, value: ActionId) -> BTreeSet<ActionId> {
        self.before
            .borrow()
            .get(&value)
            .cloned()
            .unwrap_or_default()
    }

    /// What was replaced since this was asked last.
    pub fn take_replaced(&self) -> Vec<Replaced> {
        std::mem::take(&mut self.replaced.borrow_mut())
    }

    /// Makes a row invisible for a while, as an open transaction would.
    pub fn hide_some(&self, number: u64) {
        if number.is_multiple_of(3) {
            self.hidden.borrow_mut().insert(number, 2);
        }
    }

    /// Whether a row is invisible still; each look brings its commit nearer.
    pub fn is_hidden(&self, number: u64) -> bool {
        match self.hidden.borrow_mut().get_mut(&number) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}
