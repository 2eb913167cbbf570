//! May I go? What the agent answers before a door, and asks of the lead.

use super::truth::Entered;
use crate::screen::Screen;
use anyhow::Result;

/// A case with a weapon flag: the checklist says no, whatever is answered.
pub async fn be_told_no(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='flag-weapon_in_home']").await?;
    app.picture("case-with-a-flag").await?;
    app.tap("to-checklist").await?;
    app.find("[data-question='Q03']").await?;
    app.wait_for_attr("[data-act='clearance']", "data-tone", "stop")
        .await?;
    app.find("[data-rule='Q03']").await?;
    app.picture("checklist-says-no").await?;
    app.tap("save-checklist").await?;
    app.find("[data-act='may-i-go']").await?;
    app.picture("do-not-go").await?;
    entered.action(case, "check_visit");
    Ok(())
}

/// Answers every question safely, but for those in `otherwise`.
pub async fn answer(app: &mut Screen, otherwise: &[(u8, &str)]) -> Result<()> {
    app.tap("to-checklist").await?;
    app.find("[data-question='Q01']").await?;
    for number in 1..=40 {
        let other = otherwise.iter().find(|(question, _)| *question == number);
        let answer = match number {
            // The rules say these by themselves.
            31 | 37 => continue,
            _ if other.is_some() => other.map_or("", |(_, answer)| *answer),
            15 | 27 | 28 | 29 | 34 | 35 | 36 | 38 | 39 | 40 => "yes",
            _ => "no",
        };
        app.tap(&format!("Q{number:02}-{answer}")).await?;
    }
    Ok(())
}

/// Nobody told the person that we come: the lead is asked. Gives the account's number and the question,
/// which are read out.
pub async fn ask_lead(app: &mut Screen, case: &str) -> Result<(String, String)> {
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='total']").await?;
    answer(app, &[(29, "no")]).await?;
    app.wait_for_attr("[data-act='clearance']", "data-tone", "ask")
        .await?;
    app.tap("partner-ask").await?;
    app.find("[data-act='partner-question']").await?;
    app.picture("ask-a-colleague").await?;
    app.tap("lift-ask").await?;
    app.find("[data-act='lift-question']").await?;
    let question = app.text("[data-act='lift-question']").await?;
    let account = app.text("[data-act='lift-account']").await?;
    let account = account.rsplit(' ').next().unwrap_or_default().to_owned();
    app.picture("ask-your-lead").await?;
    Ok((account, question))
}

/// Types the code that the lead read back, and is cleared.
pub async fn use_code(
    app: &mut Screen,
    case: &str,
    code: &str,
    entered: &mut Entered,
) -> Result<()> {
    app.write("lift-by", "Lin").await?;
    app.write("lift-reason", "They phoned back").await?;
    app.write("lift-code", code).await?;
    app.tap("lift-answer").await?;
    app.wait_for_attr("[data-act='clearance']", "data-tone", "conditions")
        .await?;
    app.picture("lifted-by-your-lead").await?;
    app.tap("save-checklist").await?;
    app.find("[data-act='set-off']").await?;
    entered.action(case, "check_visit");
    Ok(())
}

/// Answers everything safely, and is cleared: so many of us as the rules ask for.
pub async fn pass(app: &mut Screen, case: &str) -> Result<()> {
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='total']").await?;
    answer(app, &[]).await?;
    app.wait_for_attr("[data-act='clearance']", "data-tone", "conditions")
        .await?;
    app.tap("save-checklist").await?;
    app.find("[data-act='set-off']").await?;
    Ok(())
}

/// Answers so that they may go by day, and records it.
pub async fn check(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    // The way to the door is dark: only by day.
    answer(app, &[(20, "yes")]).await?;
    app.wait_for_attr("[data-act='clearance']", "data-tone", "conditions")
        .await?;
    app.picture("checklist-go-in-daylight").await?;
    app.tap("save-checklist").await?;
    app.find("[data-act='set-off']").await?;
    app.picture("cleared").await?;
    entered.action(case, "check_visit");
    Ok(())
}
