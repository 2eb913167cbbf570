//! A quiet world in which one thing happens.

use doorstep_domain::case::FactField;
use doorstep_domain::safety::FlagKind;
use doorstep_domain::{ActionId, Case, CaseId, Change, Currency, Money, Role, Ruling};
use doorstep_testkit::build;
use doorstep_weather::check;
use doorstep_weather::storm;
use doorstep_weather::world::{Plan, World, agent, case_id};
use std::rc::Rc;

pub struct Calm(pub World);

impl Calm {
    pub fn new() -> Self {
        let policies = Rc::new(doorstep_server::policies::shipped().unwrap());
        let seed = (1..)
            .find(|seed| World::found(plan(*seed), &policies).unwrap().tablets.len() >= 3)
            .unwrap();
        let mut world = World::found(plan(seed), &policies).unwrap();
        for number in 0..5 {
            world.assign(case_id(number), agent(0)).unwrap();
        }
        for tablet in 0..world.tablets.len() {
            assert!(world.sync(tablet).unwrap());
        }
        Self(world)
    }

    pub fn sync(&mut self, tablet: usize) {
        assert!(self.0.sync(tablet).unwrap());
    }

    pub fn door(&mut self, tablet: usize, change: Change) -> ActionId {
        let before: Vec<_> = self.0.deeds.keys().copied().collect();
        self.0.door_does(tablet, the_case(), change).unwrap();
        let mut fresh = self.0.deeds.keys().filter(|id| !before.contains(id));
        *fresh.next().unwrap()
    }

    pub fn desk(&mut self, role: Role, change: Change) {
        self.0
            .desk_does(build::lead(), role, the_case(), change, None)
            .unwrap();
    }

    pub fn server(&self) -> Case {
        self.0.at_server(the_case()).unwrap()
    }

    pub fn ruling(&self, id: ActionId) -> Ruling {
        self.0.seam.line.borrow().rulings[&id].clone()
    }

    /// Everything comes to rest, and the promise holds.
    pub fn rest(mut self) {
        storm::clear_up(&mut self.0).unwrap();
        check::at_rest(&mut self.0).unwrap();
        assert_eq!(self.0.broken, None);
    }
}

pub fn plan(seed: u64) -> Plan {
    Plan {
        seed,
        bug: None,
        on_files: false,
        is_told: false,
    }
}

/// The one case of these scenarios.
pub fn the_case() -> CaseId {
    case_id(0)
}

pub fn set(field: FactField, value: &str) -> Change {
    Change::SetFact {
        field,
        old: None,
        new: value.into(),
    }
}

pub fn phone(value: &str) -> Change {
    set(FactField::Phone, value)
}

pub fn agree(number: u128, total: i64) -> Change {
    let total = Money::new(total, Currency::Cny);
    Change::AgreePlan {
        terms: Box::new(build::plan(number, total).unwrap()),
    }
}

pub fn raise() -> Change {
    Change::RaiseFlag {
        flag: FlagKind::DangerousAnimal,
        incident: "a dog".into(),
        review_on: build::morning().date_naive(),
    }
}
