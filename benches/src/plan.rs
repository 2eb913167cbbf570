//! Plans and the debtor's copy: how long a schedule takes, and how long and how large the PDF is.
//! `bench-plan [--json FILE]`

use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use clap::Parser;
use doorstep_copy::pdf;
use doorstep_domain::case::{BalanceItem, BalanceLine};
use doorstep_domain::plan::{
    Calendar, Consent, Frequency, Instalment, PaymentMethod, PlanKind, Relief, ScheduleOrder,
    schedule,
};
use doorstep_domain::words::Language;
use doorstep_domain::{Currency, Money};
use doorstep_server::policies;
use doorstep_testkit::build::case;
use doorstep_view::copy::{CopyCheck, CopyPlan, CopyRecord};
use serde_json::json;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

const SCHEDULES: u32 = 20_000;
const COPIES: i64 = 60;
/// A plan of three years: what a long copy holds.
const INSTALMENTS: i64 = 36;

/// Measures plans and copies.
#[derive(Parser)]
struct Cli {
    /// Where to write the figures.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let calendar = {
        let case = case().context("a case")?;
        policies::shipped()?.policies.calendar(&case)
    };
    let lines = schedule(&order(INSTALMENTS * 30_000, 0)?, &calendar)?;
    let began = Instant::now();
    pdf(&record(&lines, Language::English, 0)?)?;
    let first_ms = began.elapsed().as_secs_f64() * 1e3;
    let (english_ms, english_kb) = copies(&lines, Language::English)?;
    let (chinese_ms, chinese_kb) = copies(&lines, Language::Chinese)?;
    let figures = json!({
        "plan_us": schedules(0, &calendar)?,
        "plan_interest_us": schedules(1_200, &calendar)?,
        "pdf_ms": english_ms.max(chinese_ms),
        "pdf_kb": english_kb.max(chinese_kb),
        "pdf_first_ms": first_ms,
        "pdf_en_ms": english_ms,
        "pdf_zh_ms": chinese_ms,
        "pdf_en_kb": english_kb,
        "pdf_zh_kb": chinese_kb,
        "pdf_instalments": lines.len(),
    });
    let text = serde_json::to_string_pretty(&figures)?;
    println!("{text}");
    if let Some(path) = &cli.json {
        std::fs::write(path, text).with_context(|| format!("write `{}`", path.display()))?;
    }
    Ok(())
}

fn order(total: i64, interest_bp: u32) -> Result<ScheduleOrder> {
    Ok(ScheduleOrder {
        total: Money::new(total, Currency::Cny),
        instalment_max: Money::new(30_000, Currency::Cny),
        frequency: Frequency::Monthly,
        first_due: "2026-12-31".parse()?,
        months_max: 60,
        relief: Relief {
            interest_bp,
            ..Relief::default()
        },
    })
}

/// Microseconds a schedule: the mean over totals that need 1 to 50 lines.
fn schedules(interest_bp: u32, calendar: &Calendar) -> Result<f64> {
    let orders = (1..=500_i64)
        .map(|total| order(total * 2_997, interest_bp))
        .collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    let mut made = 0_u32;
    for order in orders.iter().cycle().take(SCHEDULES as usize) {
        made += u32::from(black_box(schedule(order, calendar)).is_ok());
    }
    ensure!(made > SCHEDULES / 2, "only {made} schedules could be made");
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(SCHEDULES))
}

/// The median milliseconds of a copy, each of another record, and the size in KiB of the largest.
fn copies(lines: &[Instalment], language: Language) -> Result<(f64, f64)> {
    let mut took = Vec::new();
    let mut largest = 0_usize;
    for number in 0..COPIES {
        let record = record(lines, language, number + 1)?;
        let began = Instant::now();
        let bytes = pdf(&record)?;
        took.push(began.elapsed().as_secs_f64() * 1e3);
        largest = largest.max(bytes.len());
    }
    took.sort_by(f64::total_cmp);
    let kb = f64::from(u32::try_from(largest)?) / 1024.0;
    Ok((took[took.len() / 2], kb))
}

fn record(lines: &[Instalment], language: Language, number: i64) -> Result<CopyRecord> {
    let day = |text: &str| text.parse::<NaiveDate>();
    let said = |en: &str, zh: &str| match language {
        Language::English => en.to_owned(),
        Language::Chinese => zh.to_owned(),
    };
    let total = Money::new(INSTALMENTS * 30_000 + number, Currency::Cny);
    let month = |index: i64| BalanceLine {
        item: BalanceItem::Charges,
        on: NaiveDate::MIN,
        amount: Money::new(index * 1_017, Currency::Cny),
    };
    let policies = policies::shipped()?.policies;
    let case = case().context("a case")?;
    let rights = policies.for_case(&case).flat_map(|pack| &pack.copy.rights);
    let mut items = (1..=6).map(month).collect::<Vec<_>>();
    for (index, item) in items.iter_mut().enumerate() {
        item.on = day("2026-05-31")? + chrono::Months::new(u32::try_from(index)?);
    }
    Ok(CopyRecord {
        language,
        organisation: "Sample Collections (demo)".into(),
        agent: "Ana Agent (demo)".into(),
        creditor: said("Sample Bank", "示例银行"),
        reference: format!("S-{number:04}"),
        product: said("Credit card", "信用卡"),
        person: said("Robin Sample", "样本·罗宾"),
        street: said("1 Sample Street", "样本路1号"),
        town: said("Laketown-in-Sample", "示例市"),
        visited_at: day("2026-11-22")?.and_hms_opt(10, 30, 0),
        items,
        parts: None,
        total,
        as_of: day("2026-11-20")?,
        plan: Some(CopyPlan {
            agreed_on: day("2026-11-22")?,
            kinds: vec![PlanKind::Instalments],
            frequency: Frequency::Monthly,
            lines: lines.to_vec(),
            total_before: total,
            total_after: total,
            relief: Relief::default(),
            method: Some(PaymentMethod::BankTransfer),
            no_new_credit: true,
            other: String::new(),
            consent: Consent::Signed,
            limitation_told: false,
            grace_days: 14,
            is_confirmed: false,
        }),
        rights: rights.map(|right| said(&right.en, &right.zh)).collect(),
        complaints: said(
            "Write to complaints@example.org.",
            "请致信 complaints@example.org。",
        ),
        advice: said(
            "Free debt advice: 0800 000 000.",
            "免费咨询电话：000-0000。",
        ),
        check: Some(CopyCheck {
            url: format!("https://doorstep.example.org/#/check/{number:0150}"),
            short: format!("{number:04} 91c0 22be"),
        }),
    })
}
