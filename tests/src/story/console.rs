//! What the lead and the back office do in a browser.

use super::truth::Entered;
use crate::screen::Screen;
use anyhow::{Result, ensure};

/// Signs in.
pub async fn sign_in(console: &mut Screen, name: &str, password: &str) -> Result<()> {
    console.write("name", name).await?;
    console.write("password", password).await?;
    console.picture(&format!("sign-in-{name}")).await?;
    console.tap("sign-in").await?;
    console.find("[data-act='nav-cases']").await?;
    Ok(())
}

/// Offers another plan than the one that was agreed, and records that they agreed to it by phone.
pub async fn offer_another_plan(console: &mut Screen, case: &str) -> Result<()> {
    console.go(&format!("#/console/case/{case}")).await?;
    console.tap("plan-counter").await?;
    console.write("counter-instalment", "9000").await?;
    console
        .write("plan-reason", "The payment of this week counts as well.")
        .await?;
    console.show("[data-act='plans']").await?;
    console.picture("counter-a-plan").await?;
    console.tap("plan-do").await?;
    console.find("[data-plan='countered']").await?;
    console.show("[data-act='plans']").await?;
    console.picture("plan-countered").await?;
    console.tap("accept-counter").await?;
    console.find("[data-plan='active']").await?;
    Ok(())
}

/// The complaint handler reads what nobody else does, and answers.
pub async fn answer_complaint(console: &mut Screen, password: &str) -> Result<()> {
    console.write("name", "complaints").await?;
    console.write("password", password).await?;
    console.tap("sign-in").await?;
    console.find("[data-act='complaint']").await?;
    console.find("[data-act='feedback']").await?;
    console.picture("complaints").await?;
    console
        .write(
            "answer-text",
            "We are sorry, and come no more at that hour.",
        )
        .await?;
    console.tap("answer").await?;
    console.wait_for_count("[data-act='answer']", 0).await?;
    console.tap("language-zh-CN").await?;
    console.picture("complaints-chinese").await?;
    console.tap("language-en").await?;
    sign_out(console).await
}

/// Where the back office posts a file of payments.
pub async fn see_payments(console: &mut Screen) -> Result<()> {
    console.tap("nav-payments").await?;
    console.find("[data-act='payments-file']").await?;
    console.picture("payments").await
}

/// Signs out.
pub async fn sign_out(console: &mut Screen) -> Result<()> {
    console.tap("sign-out").await?;
    console.find("[data-act='sign-in']").await?;
    Ok(())
}

/// Finds cases by words and adds one to the agent's route, at the front.
pub async fn plan_route(console: &mut Screen, entered: &mut Entered) -> Result<()> {
    console.go("#/console").await?;
    console.find("[data-act='found']").await?;
    console.picture("cases").await?;
    console.write("search", "sample").await?;
    console.find("tbody tr").await?;
    console.tap("nav-route").await?;
    console.find("[data-stop]").await?;
    let before = console.count("[data-stop]").await?;
    console
        .tap_css("[data-act^='add-']:not([disabled])")
        .await?;
    console.wait_for_count("[data-stop]", before + 1).await?;
    let added = console.attr("[data-stop]:last-child", "data-stop").await?;
    console.tap(&format!("up-{added}")).await?;
    console.tap("save-route").await?;
    console.find("[data-act='route-saved']").await?;
    console.picture("route").await?;
    entered.routed.push(added);
    Ok(())
}

/// Corrects the phone that the agent also corrects, and a fact that nobody else touches.
pub async fn correct_phone(console: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    for (field, value) in [("phone", "07700 900777"), ("email", "robin@sample.example")] {
        console.go(&format!("#/console/case/{case}")).await?;
        console.tap(&format!("edit-{field}")).await?;
        console.write("fact", value).await?;
        console.tap("save-fact").await?;
        console.find(&format!("[data-act='value-{field}']")).await?;
    }
    console.picture("case-corrected").await?;
    entered.fact(case, "email", "robin@sample.example");
    entered.conflicts_raised += 1;
    Ok(())
}

/// Posts a payment on the case for which the agent agrees a plan.
pub async fn post_payment(console: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    console.go(&format!("#/console/case/{case}")).await?;
    let before: i64 = console
        .attr("[data-act='total']", "data-minor")
        .await?
        .parse()?;
    console.write("payment-amount", "1000").await?;
    console.tap("post-payment").await?;
    let after = (before - 100_000).to_string();
    console
        .wait_for_attr("[data-act='total']", "data-minor", &after)
        .await?;
    console.picture("payment-posted").await?;
    entered.balances.insert(case.to_owned(), before - 100_000);
    entered.conflicts_raised += 1;
    Ok(())
}

/// Sees the visit and the plan arrive.
pub async fn see_activity(console: &mut Screen) -> Result<()> {
    console.tap("nav-activity").await?;
    for kind in ["end_visit", "agree_plan", "check_visit"] {
        console.find(&format!("[data-activity='{kind}']")).await?;
    }
    console.picture("activity").await
}

/// Confirms the plan that was held because the balance moved.
pub async fn settle_plan(console: &mut Screen, entered: &mut Entered) -> Result<()> {
    console.tap("nav-inbox").await?;
    console.wait_for_count("[data-conflict]", 2).await?;
    let text = console.text("[data-conflict='fact']").await?;
    ensure!(
        text.contains("07700 900555") && text.contains("07700 900777"),
        "one side is missing: {text}"
    );
    console.picture("inbox").await?;
    console
        .tap_css("[data-conflict='plan'] [data-act='take-held']")
        .await?;
    console.find("[data-act='settle-yes']").await?;
    console.picture("inbox-confirm").await?;
    console.tap("settle-yes").await?;
    console.wait_for_count("[data-conflict='plan']", 0).await?;
    entered.conflicts_settled += 1;
    Ok(())
}

/// Lifts a question for one visit, and gives the code to read back.
pub async fn lift(console: &mut Screen, case: &str, question: &str) -> Result<String> {
    console.go(&format!("#/console/case/{case}")).await?;
    console.find("[data-act='lift'] details").await?;
    console.tap_css("[data-act='lift'] summary").await?;
    console.tap("lift-Q29").await?;
    console.write("lift-question", question).await?;
    console.write("lift-reason", "They phoned back").await?;
    console.tap("lift-make").await?;
    console.find("[data-act='lift-code']").await?;
    let code = console.text("[data-act='lift-code']").await?;
    console.picture("code-for-the-agent").await?;
    Ok(code)
}

/// A code with which somebody enrols a device of their own.
pub async fn code_for(console: &mut Screen, name: &str) -> Result<String> {
    console.tap("nav-team").await?;
    console.tap(&format!("make-code-{name}")).await?;
    let code = format!("[data-act='code-{name}']");
    console.find(&code).await?;
    console.text(&code).await
}

/// Sees the call for help, and closes it after having spoken to them.
pub async fn close_alarm(console: &mut Screen) -> Result<()> {
    console.tap("nav-alarms").await?;
    console
        .find("[data-act='alarm'][data-kind='panic']")
        .await?;
    console.tap_css("[data-act='alarm'] summary").await?;
    console.picture("alarms").await?;
    console
        .write("alarm-note", "Called Ana: all is well")
        .await?;
    console.tap("close-alarm").await?;
    console
        .wait_for_count("[data-act='close-alarm']", 0)
        .await?;
    console.picture("alarm-closed").await
}

/// The console in Chinese.
pub async fn in_chinese(console: &mut Screen, case: &str) -> Result<()> {
    console.tap("nav-team").await?;
    console.tap("language-zh-CN").await?;
    console.picture("team-chinese").await?;
    console.tap("nav-rules").await?;
    console.tap_css("[data-act='pack-cn'] summary").await?;
    console.picture("rules-chinese").await?;
    console.go(&format!("#/console/case/{case}")).await?;
    console.tap_css("[data-act='known'] summary").await?;
    console.find("[data-act='not-known']").await?;
    console.show("[data-act='known']").await?;
    console.picture("what-they-knew-chinese").await?;
    console.go("#/console").await?;
    console.find("tbody tr").await?;
    console.picture("cases-chinese").await?;
    console.go(&format!("#/console/case/{case}")).await?;
    console.find("[data-act='total']").await?;
    console.picture("case-chinese").await?;
    console.tap("to-stop").await?;
    console.show("[data-act='to-stop']").await?;
    console.picture("protect-chinese").await?;
    console.tap("nav-alarms").await?;
    console.find("[data-act='past-alarms']").await?;
    console.picture("alarms-chinese").await?;
    console.tap("nav-import").await?;
    console.find("[data-act='import-file']").await?;
    console.picture("import-chinese").await
}
