//! Runs seeds, on every core, and adds up what was seen.

use crate::bug::Bug;
use crate::world::{Plan, World};
use crate::{check, storm};
use anyhow::Result;
use doorstep_domain::policy::CopyWords;
use doorstep_server::policies::{InForce, shipped};
use serde::Serialize;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What became of one seed.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What contradicts the promise; none where it held.
    pub broken: Option<String>,
    pub counted: BTreeMap<&'static str, u64>,
    pub rules: BTreeMap<String, u64>,
}

/// The policies as they are shipped, less what is for a door: no verdict asks for a question or a word to
/// the customer, and they weigh more than all else that a seed sends.
pub fn judged_by() -> Result<InForce> {
    let mut policies = shipped()?.policies;
    policies.checklist.questions.clear();
    for pack in &mut policies.packs {
        pack.rules.clear();
        pack.copy = CopyWords::default();
    }
    Ok(InForce::of(policies)?)
}

/// Lets one seed happen.
pub fn run(plan: Plan, policies: &Rc<InForce>) -> Result<Outcome> {
    let mut world = World::found(plan, policies)?;
    storm::rage(&mut world)?;
    if world.broken.is_none() {
        storm::clear_up(&mut world)?;
    }
    if world.broken.is_none() {
        check::at_rest(&mut world)?;
    }
    let rules = world.seam.rules.borrow().clone();
    Ok(Outcome {
        broken: world.broken,
        counted: world.counted,
        rules,
    })
}

/// The same, where an error or a panic is a broken promise too.
pub fn run_guarded(plan: Plan, policies: &Rc<InForce>) -> Outcome {
    let ran = catch_unwind(AssertUnwindSafe(|| run(plan, policies)));
    let broken = match ran {
        Ok(Ok(outcome)) => return outcome,
        Ok(Err(error)) => format!("error: {error:#}"),
        Err(_) => "panic".to_owned(),
    };
    Outcome {
        broken: Some(broken),
        ..Outcome::default()
    }
}

/// What many seeds came to.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub seeds: u64,
    pub from: u64,
    pub store: &'static str,
    pub failed: u64,
    /// The first failing seeds with what they broke.
    pub failures: BTreeMap<u64, String>,
    pub seconds: f64,
    pub seeds_per_second: f64,
    /// How often each fault and each thing that people do happened.
    pub faults: BTreeMap<String, u64>,
    /// How often each rule of the merge table ruled.
    pub rules: BTreeMap<String, u64>,
}

const FAILURES_NAMED_MAX: usize = 20;

/// Runs `count` seeds from `from` on.
pub fn run_many(
    from: u64,
    count: u64,
    bug: Option<Bug>,
    on_files: bool,
    is_told: bool,
) -> Result<Report> {
    let began = Instant::now();
    let next = AtomicU64::new(from);
    let report = Mutex::new(Report {
        seeds: count,
        from,
        store: if on_files { "sqlite" } else { "model" },
        ..Report::default()
    });
    let document = judged_by()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let running = (0..threads).map(|_| {
            scope.spawn(|| {
                let policies = Rc::new(document.clone());
                let mut own = Report::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count {
                        break;
                    }
                    let plan = Plan {
                        seed,
                        bug,
                        on_files,
                        is_told,
                    };
                    own.add(seed, run_guarded(plan, &policies));
                }
                let mut report = report
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                report.merge(own);
            })
        });
        // Waited for one by one: the end of a scope does not wait for the files of its threads to go.
        for thread in running.collect::<Vec<_>>() {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let mut report = report
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    report.seconds = began.elapsed().as_secs_f64();
    report.seeds_per_second = count as f64 / report.seconds;
    Ok(report)
}

impl Report {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        for (what, times) in outcome.counted {
            *self.faults.entry(what.to_owned()).or_default() += times;
        }
        for (rule, times) in outcome.rules {
            *self.rules.entry(rule).or_default() += times;
        }
        if let Some(broken) = outcome.broken {
            self.failed += 1;
            if self.failures.len() < FAILURES_NAMED_MAX {
                self.failures.insert(seed, broken);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.failed += other.failed;
        self.failures.extend(other.failures);
        while self.failures.len() > FAILURES_NAMED_MAX {
            self.failures.pop_last();
        }
        for (what, times) in other.faults {
            *self.faults.entry(what).or_default() += times;
        }
        for (rule, times) in other.rules {
            *self.rules.entry(rule).or_default() += times;
        }
    }
}

/// The first seed that a planted bug breaks, with what it breaks; none within `most` seeds.
pub fn first_caught(bug: Bug, most: u64) -> Result<Option<(u64, String)>> {
    let policies = Rc::new(judged_by()?);
    for seed in 1..=most {
        let plan = Plan {
            seed,
            bug: Some(bug),
            on_files: false,
            is_told: false,
        };
        if let Some(broken) = run_guarded(plan, &policies).broken {
            return Ok(Some((seed, broken)));
        }
    }
    Ok(None)
}
