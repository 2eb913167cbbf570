//! The debtor's copy: in both languages, the same bytes twice, and no name too odd for it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use chrono::NaiveDate;
use doorstep_copy::pdf;
use doorstep_domain::case::{BalanceItem, BalanceLine};
use doorstep_domain::plan::{Consent, Frequency, Instalment, PaymentMethod, PlanKind, Relief};
use doorstep_domain::words::Language;
use doorstep_domain::{Currency, Money};
use doorstep_view::copy::{CopyCheck, CopyPlan, CopyRecord};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn money(minor: i64) -> Money {
    Money::new(minor, Currency::Cny)
}

fn record(language: Language) -> CopyRecord {
    let said = |en: &str, zh: &str| match language {
        Language::English => en.to_owned(),
        Language::Chinese => zh.to_owned(),
    };
    let lines: Vec<_> = (0..12)
        .map(|month| Instalment {
            due: day("2026-12-31") + chrono::Months::new(month),
            amount: money(if month == 11 { 45_550 } else { 45_547 }),
            interest_minor: 0,
        })
        .collect();
    CopyRecord {
        language,
        organisation: "Sample Collections (demo)".into(),
        agent: "Ana Agent (demo)".into(),
        creditor: said("Sample Bank", "示例银行"),
        reference: "S-0001".into(),
        product: said("Credit card", "信用卡"),
        person: said("Robin Sample", "样本·罗宾"),
        street: said("1 Sample Street", "样本路1号"),
        town: said("Laketown-in-Sample", "示例市"),
        visited_at: day("2026-11-22").and_hms_opt(10, 30, 0),
        items: vec![
            BalanceLine {
                item: BalanceItem::Opening,
                on: day("2026-06-30"),
                amount: money(600_000),
            },
            BalanceLine {
                item: BalanceItem::Payment,
                on: day("2026-08-15"),
                amount: money(-53_433),
            },
        ],
        parts: None,
        total: money(546_567),
        as_of: day("2026-11-20"),
        plan: Some(CopyPlan {
            agreed_on: day("2026-11-22"),
            kinds: vec![PlanKind::Instalments],
            frequency: Frequency::Monthly,
            lines,
            total_before: money(546_567),
            total_after: money(546_567),
            relief: Relief::default(),
            method: Some(PaymentMethod::BankTransfer),
            no_new_credit: true,
            other: String::new(),
            consent: Consent::Signed,
            limitation_told: false,
            grace_days: 14,
            is_confirmed: false,
        }),
        rights: vec![
            said(
                "You need not let anybody in, and may ask them to leave.",
                "您有权拒绝来访人员进入住所，并可要求其离开。",
            ),
            said(
                "You may ask that nobody visits any more.",
                "您可以要求不再上门。",
            ),
        ],
        complaints: said(
            "Write to complaints@example.org.",
            "请致信 complaints@example.org。",
        ),
        advice: said(
            "Free debt advice: 0800 000 000.",
            "免费咨询电话：000-0000。",
        ),
        check: Some(CopyCheck {
            url: format!("https://doorstep.example.org/#/check/{}", "A".repeat(150)),
            short: "7f3a 91c0 22be".into(),
        }),
    }
}

/// Where a person finds the pages to look at.
fn keep(name: &str, bytes: &[u8]) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("copies");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
}

#[test]
fn the_same_record_gives_the_same_bytes_in_both_languages() {
    for (language, name) in [(Language::English, "en.pdf"), (Language::Chinese, "zh.pdf")] {
        let record = record(language);
        let bytes = pdf(&record).unwrap();
        assert!(bytes.starts_with(b"%PDF-"));
        assert_eq!(bytes, pdf(&record).unwrap(), "{name}");
        assert!(bytes.len() < 400 * 1024, "{} bytes", bytes.len());
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("/StructTreeRoot"), "tagged");
        keep(name, &bytes);
    }
}

#[test]
fn no_name_is_too_odd_and_none_is_markup() {
    for (number, name) in [
        "مريم بنت أحمد עברית 😀",
        "#set text(red) *bold* $x^2$ @ref <label> \\ \"quoted\"",
        &"长".repeat(200),
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let mut record = record(Language::English);
        record.person = name.to_owned();
        keep(&format!("odd-{number}.pdf"), &pdf(&record).unwrap());
    }
}

#[test]
fn five_years_of_weeks_fit_on_their_pages() {
    let mut record = record(Language::English);
    let plan = record.plan.as_mut().unwrap();
    plan.lines = (0..260)
        .map(|week| Instalment {
            due: day("2026-12-04") + chrono::Days::new(7 * week),
            amount: money(2_000),
            interest_minor: 0,
        })
        .collect();
    let bytes = pdf(&record).unwrap();
    assert!(bytes.len() < 400 * 1024, "{} bytes", bytes.len());
    keep("long.pdf", &bytes);
}

#[test]
fn a_visit_without_a_plan_has_a_copy_too() {
    for (currency, name) in [(Currency::Jpy, "jpy.pdf"), (Currency::Kwd, "kwd.pdf")] {
        let mut record = record(Language::English);
        record.plan = None;
        record.check = None;
        record.total = Money::new(1_234_567, currency);
        keep(name, &pdf(&record).unwrap());
    }
}
