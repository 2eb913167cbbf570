//! The agent's day in the window, but for what happens before and at a door.

use super::checklist;
use super::truth::Entered;
use crate::screen::Screen;
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;

/// Sets the device up with the code.
pub async fn enrol(app: &mut Screen, server: &str, code: &str, passphrase: &str) -> Result<()> {
    app.write("server", server).await?;
    app.write("code", "WRONG-CODE2").await?;
    app.write("passphrase", passphrase).await?;
    app.write("repeat", passphrase).await?;
    app.tap("enrol").await?;
    app.find("[data-code='enrol.code_unknown']").await?;
    app.picture("enrol-wrong-code").await?;
    app.write("code", code).await?;
    app.tap("enrol").await?;
    app.find("[data-act='next-stop']").await?;
    Ok(())
}

/// Enrols a lead's own device.
pub async fn enrol_lead(
    app: &mut Screen,
    server: &str,
    code: &str,
    passphrase: &str,
) -> Result<()> {
    enrol_other(app, server, code, passphrase).await?;
    app.find("[data-act='give-lift'] [data-act='lift-question']")
        .await?;
    Ok(())
}

/// Enrols somebody else's device.
pub async fn enrol_other(
    app: &mut Screen,
    server: &str,
    code: &str,
    passphrase: &str,
) -> Result<()> {
    app.write("server", server).await?;
    app.write("code", code).await?;
    app.write("passphrase", passphrase).await?;
    app.write("repeat", passphrase).await?;
    app.tap("enrol").await?;
    app.find("[data-act='nav-today']").await?;
    Ok(())
}

/// A lead answers a question from their own device.
pub async fn give_lift(app: &mut Screen, (account, question): (&str, &str)) -> Result<String> {
    app.write("lift-account", account).await?;
    app.write("lift-question", question).await?;
    app.tap("lift-rules").await?;
    app.tap("lift-Q29").await?;
    app.write("lift-reason", "They phoned back").await?;
    app.tap("lift-make").await?;
    app.find("[data-act='lift-code']").await?;
    app.picture("lead-without-network").await?;
    let code = app.text("[data-act='lift-code']").await?;
    app.tap("nav-more").await?;
    app.tap("language-zh-CN").await?;
    app.client().set_window_size(800, 1000).await?;
    app.tap("nav-today").await?;
    app.find("[data-act='lift-account']").await?;
    app.picture("lead-without-network-chinese-upright").await?;
    Ok(code)
}

/// Unlocks after a wrong try.
pub async fn unlock(app: &mut Screen, passphrase: &str) -> Result<()> {
    app.write("passphrase", "not the passphrase").await?;
    app.tap("unlock").await?;
    app.find("[data-code='unlock.wrong_passphrase']").await?;
    app.picture("unlock").await?;
    // Without a network nothing can be handed in; nothing is lost by trying.
    app.tap("unlock-other").await?;
    app.tap("hand-over").await?;
    app.find("[data-act='not-handed-over']").await?;
    app.picture("without-the-passphrase").await?;
    app.tap("newcomer").await?;
    app.find("[data-act='enrol']").await?;
    app.tap("to-unlock").await?;
    app.write("passphrase", passphrase).await?;
    app.tap("unlock").await?;
    app.find("[data-act='nav-today']").await?;
    Ok(())
}

/// Looks at the day; says how many cases are on the device.
pub async fn look_at_today(app: &mut Screen) -> Result<usize> {
    app.picture("today").await?;
    app.tap("nav-cases").await?;
    app.find("[data-act='search']").await?;
    app.find("[data-case]").await?;
    let cached = app.count("[data-case]").await?;
    app.picture("cases").await?;
    app.tap("nav-today").await?;
    app.find("[data-act='open-next']").await?;
    Ok(cached)
}

/// The cases of today's route, by id, in order.
pub async fn stops(app: &Screen) -> Result<Vec<String>> {
    let next = app.attr("[data-act='open-next']", "href").await?;
    // Some drivers give the whole address of a link.
    let mut stops = vec![next.rsplit('/').next().unwrap_or_default().to_owned()];
    for line in app.client().find_all(Locator::Css("[data-case]")).await? {
        stops.push(
            line.attr("data-case")
                .await?
                .context("a line without its case")?,
        );
    }
    ensure!(stops.len() >= 5, "the route has only {} stops", stops.len());
    Ok(stops)
}

/// How many actions the app says it saved.
pub async fn saved(app: &Screen) -> Result<usize> {
    app.tap("nav-sync").await?;
    app.find("[data-saved]").await?;
    app.count("[data-saved]").await
}

/// Sends everything, and waits until nothing is left to send.
pub async fn sync(app: &mut Screen) -> Result<()> {
    app.tap("nav-sync").await?;
    app.tap("sync-now").await?;
    app.wait_for_attr("[data-act='status']", "data-waiting", "0")
        .await?;
    app.wait_for_count("[data-saved][data-ruling='waiting']", 0)
        .await
}

/// Both held items are in the inbox, with both sides.
pub async fn see_conflicts(app: &mut Screen, count: usize) -> Result<()> {
    app.wait_for_count("[data-act='inbox'] [data-conflict]", count)
        .await?;
    let phone = app.text("[data-conflict='fact']").await?;
    ensure!(
        phone.contains("07700 900555") && phone.contains("07700 900777"),
        "one side is missing: {phone}"
    );
    app.picture("inbox-two-conflicts").await
}

/// The agent wrote the phone at the door, so it is theirs to settle.
pub async fn settle_phone(app: &mut Screen, entered: &mut Entered) -> Result<()> {
    app.tap("nav-sync").await?;
    let case = app.attr("[data-conflict='fact']", "data-case-id").await?;
    app.tap_css("[data-conflict='fact'] [data-act='take-held']")
        .await?;
    app.tap("settle-yes").await?;
    entered.action(&case, "decide");
    entered.conflicts_settled += 1;
    sync(app).await
}

/// The decisions reached the device: nothing is open, the plan is active.
pub async fn see_decisions(app: &mut Screen, case: &str) -> Result<()> {
    app.find("[data-act='decided'] [data-conflict]").await?;
    app.wait_for_count("[data-act='inbox'] [data-conflict]", 0)
        .await?;
    app.picture("inbox-settled").await?;
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-plan='active']").await?;
    let phone = app.text("[data-act='value-phone']").await?;
    ensure!(
        phone == "07700 900555",
        "the settled phone is shown as {phone}"
    );
    app.picture("case-after-the-decisions").await
}

/// The same screens in Chinese: by night, outdoors, and on a tablet held upright.
pub async fn in_chinese(app: &mut Screen, case: &str) -> Result<()> {
    app.tap("nav-more").await?;
    app.tap("language-zh-CN").await?;
    app.picture("more-chinese").await?;
    app.tap("nav-today").await?;
    app.find("[data-act='next-stop']").await?;
    app.picture("today-chinese").await?;
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='total']").await?;
    app.picture("case-chinese").await?;
    app.client().set_window_size(800, 1000).await?;
    app.tap("to-flag").await?;
    app.show("[data-act='to-flag']").await?;
    app.picture("warn-chinese-upright").await?;
    app.tap("nav-more").await?;
    app.tap("theme-dark").await?;
    let stops = {
        app.tap("nav-today").await?;
        stops(app).await?
    };
    app.picture("today-chinese-night-upright").await?;
    app.go(&format!("#/case/{}/checklist", stops[0])).await?;
    app.find("[data-question='Q01']").await?;
    app.picture("checklist-chinese-night-upright").await?;
    app.tap("nav-more").await?;
    app.tap("theme-outdoor").await?;
    app.tap("nav-sync").await?;
    app.find("[data-act='saved']").await?;
    app.picture("sync-chinese-outdoor-upright").await?;
    app.tap("nav-more").await?;
    app.tap("theme-light").await?;
    app.go(&format!("#/case/{}", stops[4])).await?;
    app.find("[data-act='total']").await?;
    checklist::answer(app, &[(29, "no")]).await?;
    app.tap("lift-ask").await?;
    app.show("[data-act='lift-question']").await?;
    app.picture("ask-the-lead-chinese-upright").await
}

/// What a locked app offers, in Chinese, and back to what is saved.
pub async fn lock_in_chinese(app: &mut Screen, passphrase: &str) -> Result<()> {
    app.tap("nav-more").await?;
    app.tap("lock").await?;
    app.tap("unlock-other").await?;
    app.picture("without-the-passphrase-chinese-upright")
        .await?;
    app.write("passphrase", passphrase).await?;
    app.tap("unlock").await?;
    app.find("[data-act='nav-today']").await?;
    Ok(())
}
