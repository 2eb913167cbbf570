//! People who do not exist, for demonstrations: the same reference gives the same person.
//!
//! Plainly fictitious: the Chinese family names are words for *sample* that nobody is called, the
//! telephone numbers are from ranges kept for fiction, and the town lies on a lake.

use super::mapping::MadeUp;
use doorstep_domain::place::Position;
use doorstep_domain::words::Language;
use sha2::{Digest, Sha256};

/// A made-up person at a made-up address.
pub struct MadeUpPerson {
    pub name: String,
    pub language: Language,
    pub phone: String,
    pub preferred_hours: String,
    pub street: String,
    pub town: String,
    pub position: Option<Position>,
}

const FAMILY_ZH: [&str; 8] = ["示", "例", "样", "虚", "拟", "测", "范", "假"];
const GIVEN_ZH: [&str; 16] = [
    "晓晴", "志远", "秋白", "若谷", "子衿", "文博", "雨桐", "海宁", "思源", "一帆", "嘉禾", "静姝",
    "沐阳", "知行", "清和", "云舒",
];
const FAMILY_EN: [&str; 8] = [
    "Sample",
    "Specimen",
    "Example",
    "Fiction",
    "Mockford",
    "Testwell",
    "Demoson",
    "Imaginary",
];
const GIVEN_EN: [&str; 16] = [
    "Avery", "Blake", "Casey", "Dana", "Emery", "Frankie", "Gale", "Harper", "Indigo", "Jamie",
    "Kerry", "Lane", "Morgan", "Noel", "Quinn", "Robin",
];
const STREET_ZH: [&str; 6] = ["虚构路", "示例街", "样板巷", "演示大道", "试用里", "范本弄"];
const STREET_EN: [&str; 6] = [
    "Sample Street",
    "Example Road",
    "Specimen Lane",
    "Fiction Avenue",
    "Trial Close",
    "Demo Walk",
];

/// A stream of small choices that the reference alone decides.
struct Choices {
    digest: [u8; 32],
    used: usize,
}

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        let pair = [
            self.digest[self.used % 32],
            self.digest[(self.used + 1) % 32],
        ];
        self.used += 2;
        usize::from(u16::from_be_bytes(pair)) % limit
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    /// Between -1 and 1.
    fn offset(&mut self) -> f64 {
        // At most 20,001 values: the cast is exact.
        self.below(20_001) as f64 / 10_000.0 - 1.0
    }
}

/// The person behind an account's reference.
pub fn person(reference: &str, place: &MadeUp) -> MadeUpPerson {
    let mut choose = Choices {
        digest: Sha256::digest(reference.as_bytes()).into(),
        used: 0,
    };
    let is_chinese = choose.below(2) == 0;
    let latitude = place.latitude + choose.offset() * place.spread_degrees;
    let longitude = place.longitude + choose.offset() * place.spread_degrees;
    let position = Position::from_degrees(latitude, longitude);
    let (number, unit, room) = (
        choose.below(180) + 1,
        choose.below(6) + 1,
        choose.below(900) + 101,
    );
    let line = choose.below(1000);
    match is_chinese {
        true => MadeUpPerson {
            name: format!("{}{}", choose.of(&FAMILY_ZH), choose.of(&GIVEN_ZH)),
            language: Language::Chinese,
            phone: format!("000-0000-{:04}", line),
            preferred_hours: choose
                .of(&["工作日晚上", "周末上午", "午后", "工作日上午"])
                .to_owned(),
            street: format!(
                "{} {number} 号 {unit} 单元 {room} 室",
                choose.of(&STREET_ZH)
            ),
            town: "湖心样例镇".to_owned(),
            position,
        },
        false => MadeUpPerson {
            name: format!("{} {}", choose.of(&GIVEN_EN), choose.of(&FAMILY_EN)),
            language: Language::English,
            phone: format!("07700 900{line:03}"),
            preferred_hours: choose
                .of(&[
                    "Weekday evenings",
                    "Saturday mornings",
                    "Early afternoons",
                    "Weekday mornings",
                ])
                .to_owned(),
            street: format!("{number} {}, flat {unit}", choose.of(&STREET_EN)),
            town: "Laketown-in-Sample".to_owned(),
            position,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_reference_gives_the_same_person() {
        let lake = MadeUp {
            latitude: 31.2,
            longitude: 120.15,
            spread_degrees: 0.05,
        };
        let (once, again) = (person("17", &lake), person("17", &lake));
        assert_eq!(
            (once.name, once.street, once.position),
            (again.name, again.street, again.position)
        );
    }
}
