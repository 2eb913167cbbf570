//! The words of a copy, ready to be set: amounts and dates as the debtor's language writes them.

use chrono::{NaiveDate, NaiveDateTime};
use doorstep_domain::Money;
use doorstep_domain::case::BalanceItem;
use doorstep_domain::plan::{Consent, Frequency, PaymentMethod, PlanKind};
use doorstep_domain::words::Language;
use doorstep_view::copy::{CopyPlan, CopyRecord};
use serde_json::{Value, json};

/// Picks the words of a language.
struct Words(Language);

/// Everything that the template sets, as text.
pub fn of(record: &CopyRecord) -> Value {
    let w = Words(record.language);
    let mut who = vec![
        (w.t("For", "客户"), record.person.clone()),
        (
            w.t("Address", "地址"),
            format!("{}, {}", record.street, record.town),
        ),
        (w.t("We came for", "委托机构"), record.creditor.clone()),
        (
            w.t("Account", "账户"),
            format!("{} · {}", record.product, record.reference),
        ),
        (
            w.t("Who came", "上门人员"),
            format!("{}, {}", record.agent, record.organisation),
        ),
    ];
    if let Some(at) = record.visited_at {
        who.push((w.t("When", "上门时间"), w.moment(at)));
    }
    let items: Vec<_> = record
        .items
        .iter()
        .map(|line| [w.date(line.on), w.item(line.item), w.money(line.amount)])
        .collect();
    let parts = record.parts.map(|parts| {
        [
            (w.t("Costs", "费用"), parts.costs_minor),
            (w.t("Interest", "利息"), parts.interest_minor),
            (w.t("Principal", "本金"), parts.principal_minor),
        ]
        .map(|(name, minor)| [name, w.money(Money::new(minor, record.total.currency))])
    });
    json!({
        "lang": w.t("en", "zh"),
        "region": w.t("gb", "cn"),
        "title": w.t("Your copy of our visit", "上门记录（客户联）"),
        "subtitle": record.organisation,
        "who": who,
        "owed_title": w.t("What is owed", "欠款明细"),
        "owed_head": [w.t("Date", "日期"), w.t("What", "项目"), w.t("Amount", "金额")],
        "items": items,
        "total_label": w.as_of(record.as_of),
        "total": w.money(record.total),
        "parts": parts,
        "plan": record.plan.as_ref().map(|plan| w.plan(plan)),
        "rights_title": w.t("Your rights", "您的权利"),
        "rights": record.rights,
        "complaints_title": w.t("If something was not right", "如对本次上门不满"),
        "complaints": record.complaints,
        "advice_title": w.t("Free help with debt", "免费咨询"),
        "advice": record.advice,
        "check_title": w.t("Check this record", "核验本记录"),
        "check_text": w.t(
            "Point a telephone's camera at the square. The page says whether this record is known and what became of it; it shows nobody's name.",
            "用手机扫描二维码，可查询本记录是否存在及其处理结果；页面不显示任何人的姓名。",
        ),
        "check_short": record.check.as_ref().map(|check| check.short.clone()),
        "page": w.t("Page", "第"),
    })
}

impl Words {
    fn t(&self, english: &str, chinese: &str) -> String {
        match self.0 {
            Language::English => english.to_owned(),
            Language::Chinese => chinese.to_owned(),
        }
    }

    /// Grouped by thousands, with the currency's code: no sign that two countries share.
    fn money(&self, money: Money) -> String {
        let text = money.to_string();
        let (number, _) = text.split_once(' ').unwrap_or((&text, ""));
        let (sign, number) = match number.strip_prefix('-') {
            Some(number) => ("−", number),
            None => ("", number),
        };
        let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let code = format!("{:?}", money.currency).to_uppercase();
        let point = if rest.is_empty() { "" } else { "." };
        format!("{code} {sign}{grouped}{point}{rest}")
    }

    fn date(&self, day: NaiveDate) -> String {
        match self.0 {
            Language::English => day.format("%-d %b %Y").to_string(),
            Language::Chinese => day.format("%Y年%-m月%-d日").to_string(),
        }
    }

    fn moment(&self, at: NaiveDateTime) -> String {
        format!("{} {}", self.date(at.date()), at.format("%H:%M"))
    }

    fn as_of(&self, day: NaiveDate) -> String {
        match self.0 {
            Language::English => format!("Owed on {}", self.date(day)),
            Language::Chinese => format!("截至{}欠款合计", self.date(day)),
        }
    }

    fn item(&self, item: BalanceItem) -> String {
        match item {
            BalanceItem::Opening => self.t("Opening balance", "期初欠款"),
            BalanceItem::Charges => self.t("Purchases, interest and fees", "消费、利息及费用"),
            BalanceItem::Costs => self.t("Costs", "费用"),
            BalanceItem::Interest => self.t("Interest", "利息"),
            BalanceItem::Principal => self.t("Principal", "本金"),
            BalanceItem::Credit => self.t("Credit", "贷记"),
            BalanceItem::Payment => self.t("Payment received", "已还款"),
            BalanceItem::Discount => self.t("Let go", "减免"),
        }
    }

    fn frequency(&self, frequency: Frequency) -> String {
        match frequency {
            Frequency::Weekly => self.t("every week", "每周"),
            Frequency::Fortnightly => self.t("every two weeks", "每两周"),
            Frequency::Monthly => self.t("every month", "每月"),
            Frequency::PayDay => self.t("every month, on pay day", "每月发薪日"),
        }
    }

    fn kind(&self, kind: PlanKind) -> String {
        match kind {
            PlanKind::Instalments => self.t("Instalments", "分期还款"),
            PlanKind::Extension => self.t("In place of an earlier plan", "替代原方案"),
            PlanKind::Deferral => self.t("Later start", "延期开始"),
            PlanKind::InterestFreeze => self.t("Interest frozen", "停息"),
            PlanKind::Settlement => self.t("Settlement", "减免结清"),
            PlanKind::PaymentHoliday => self.t("Payment holiday", "暂停还款期"),
        }
    }

    fn method(&self, method: PaymentMethod) -> String {
        match method {
            PaymentMethod::BankTransfer => self.t(
                "by bank transfer to the creditor's account",
                "银行转账至委托机构账户",
            ),
            PaymentMethod::DirectDebit => self.t("by direct debit", "委托扣款"),
            PaymentMethod::CreditorsApp => self.t(
                "in the creditor's own app or website",
                "通过委托机构官方应用或网站",
            ),
            PaymentMethod::Branch => self.t("at a branch of the creditor", "委托机构营业网点"),
        }
    }

    fn plan(&self, plan: &CopyPlan) -> Value {
        let mut left = plan.total_after.minor;
        let lines: Vec<_> = plan
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                left -= line.amount.minor;
                [
                    (index + 1).to_string(),
                    self.date(line.due),
                    self.money(line.amount),
                    self.money(Money::new(left, line.amount.currency)),
                ]
            })
            .collect();
        let kinds: Vec<_> = plan.kinds.iter().map(|kind| self.kind(*kind)).collect();
        json!({
            "title": self.t("What we agreed", "还款约定"),
            "state": match plan.is_confirmed {
                true => self.t("Confirmed.", "已确认。"),
                false => self.t(
                    "Collection has stopped from today. We confirm the plan within days; if anything about it can't stand, we tell you and ask you again.",
                    "自今日起停止催收。我方将在数日内确认本方案；如有变更，会告知您并重新征得您的同意。",
                ),
            },
            "facts": self.facts(plan, &kinds.join(&self.t(", ", "、"))),
            "head": [
                self.t("No.", "期数"),
                self.t("Due", "还款日"),
                self.t("Amount", "金额"),
                self.t("Left after it", "剩余"),
            ],
            "lines": lines,
            "duties_title": self.t("What each of us undertakes", "双方权利义务"),
            "duties": self.duties(plan),
        })
    }

    fn facts(&self, plan: &CopyPlan, kinds: &str) -> Vec<(String, String)> {
        let mut facts = vec![
            (self.t("Agreed on", "约定日期"), self.date(plan.agreed_on)),
            (self.t("Kind", "方式"), kinds.to_owned()),
            (self.t("You pay", "还款"), self.frequency(plan.frequency)),
            (
                self.t("Without the plan", "原欠款"),
                self.money(plan.total_before),
            ),
            (
                self.t("With the plan, in all", "本方案合计"),
                self.money(plan.total_after),
            ),
            (
                self.t("Interest and fees", "利息及费用"),
                match plan.relief.interest_bp {
                    0 => self.t("none on this plan", "本方案不另计"),
                    bp => self.rate(bp),
                },
            ),
        ];
        if let Some(method) = plan.method {
            facts.push((self.t("How", "还款途径"), self.method(method)));
        }
        if let Some(until) = plan.relief.frozen_until {
            facts.push((self.t("Interest frozen until", "停息至"), self.date(until)));
        }
        if let Some(pause) = plan.relief.holiday {
            facts.push((
                self.t("Nothing is due", "暂停还款期"),
                format!("{} – {}", self.date(pause.from), self.date(pause.to)),
            ));
        }
        facts.push((
            self.t("You agreed", "同意方式"),
            match plan.consent {
                Consent::Spoken => self.t("by word", "口头同意"),
                Consent::Signed => self.t("by signature", "签名同意"),
            },
        ));
        if !plan.other.is_empty() {
            facts.push((self.t("Also", "其他约定"), plan.other.clone()));
        }
        facts
    }

    fn rate(&self, bp: u32) -> String {
        let percent = format!("{}.{:02} %", bp / 100, bp % 100);
        match self.0 {
            Language::English => format!("{percent} a year, in the amounts below"),
            Language::Chinese => format!("年利率 {percent}，已含于下列金额"),
        }
    }

    fn duties(&self, plan: &CopyPlan) -> Vec<String> {
        let mut duties = vec![
            self.t(
                "While you keep to the plan, nobody visits, calls or writes to collect this debt.",
                "您按约还款期间，任何人不得就本欠款上门、致电或发函催收。",
            ),
            match self.0 {
                Language::English => format!(
                    "If a payment is late, talk to us: for {} days after the due date nothing happens, and then a person looks at why before anything is decided.",
                    plan.grace_days
                ),
                Language::Chinese => format!(
                    "如不能按期还款，请与我们联系：到期后{}天内不作处理，之后由专人了解原因后再作决定。",
                    plan.grace_days
                ),
            },
            self.t(
                "Pay the creditor only. Never give money to the person who came.",
                "请直接向委托机构还款，切勿将款项交给上门人员。",
            ),
        ];
        if plan.relief.discount_minor > 0 {
            duties.push(self.t(
                "Once the amounts below are paid, the rest is let go for good.",
                "按下表付清后，余款永久免除。",
            ));
        }
        if plan.no_new_credit {
            duties.push(self.t(
                "You take no new credit card while the plan runs.",
                "还款期间您承诺不再申请新的信用卡。",
            ));
        }
        if plan.limitation_told {
            duties.push(self.t(
                "You were told that this claim may be too old to be enforced in court, and that agreeing may revive it.",
                "您已被告知：本债权可能已过诉讼时效，同意还款可能使其重新可以主张。",
            ));
        }
        duties
    }
}
