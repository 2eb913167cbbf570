//! What the agent does in the window.

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

/// A whole visit with the network off: checklist, door, plan, outcome.
pub async fn visit(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='total']").await?;
    app.picture("case").await?;
    check(app, case, entered).await?;
    app.tap("set-off").await?;
    entered.action(case, "start_travel");
    arrive(app).await?;
    entered.action(case, "arrive");
    app.find("[data-act='timer']").await?;
    app.picture("at-the-door").await?;
    app.tap("help").await?;
    app.find("[data-act='help-called']").await?;
    app.picture("help-called").await?;
    app.tap("check-in").await?;
    entered.action(case, "check_in");
    correct(app, case, "phone", "07700 900555", entered).await?;
    correct(
        app,
        case,
        "preferred_hours",
        "Weekdays after 18:00",
        entered,
    )
    .await?;
    record(app, case, entered).await?;
    keep_photo(app, case, entered).await?;
    agree_plan(app, case, entered).await?;
    end(app, case, entered).await
}

/// Goes to a door to which somebody is cleared.
pub async fn be_at_the_door(app: &mut Screen, case: &str) -> Result<()> {
    app.go(&format!("#/case/{case}/visit")).await?;
    app.tap("set-off").await?;
    arrive(app).await?;
    app.find("[data-act='timer']").await?;
    Ok(())
}

/// Two of us, and a window without a sensor: nobody is kept from going on.
pub async fn arrive(app: &mut Screen) -> Result<()> {
    app.find("[data-act='here-alone']").await?;
    app.picture("how-many-are-here").await?;
    app.tap("here-alone").await?;
    app.find("[data-act='partner-missing']").await?;
    app.tap("here-two").await?;
    app.tap("arrive").await?;
    app.find("[data-act='located']").await?;
    app.picture("no-position-here").await?;
    app.tap("arrive-anyway").await
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

async fn check(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
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

async fn correct(
    app: &mut Screen,
    case: &str,
    field: &str,
    value: &str,
    entered: &mut Entered,
) -> Result<()> {
    app.go(&format!("#/case/{case}")).await?;
    app.tap(&format!("edit-{field}")).await?;
    app.write("fact", value).await?;
    app.tap("save-fact").await?;
    app.find(&format!("[data-act='value-{field}']")).await?;
    entered.action(case, "set_fact");
    entered.fact(case, field, value);
    Ok(())
}

/// Records what is said, after they agreed; every screen shows that it runs.
async fn record(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    app.go(&format!("#/case/{case}/visit")).await?;
    app.tap("recording").await?;
    app.tap("recording-consent").await?;
    app.tap("start-recording").await?;
    app.find("[data-act='recording-runs']").await?;
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='recording-runs']:not([data-seconds='0'])")
        .await?;
    app.picture("recording-runs").await?;
    app.go(&format!("#/case/{case}/visit")).await?;
    app.tap("recording").await?;
    app.tap("stop-recording").await?;
    app.find("[data-act='recording-kept']").await?;
    entered.action(case, "add_evidence");
    Ok(())
}

/// A photo of a paper that they hand out; here of a picture of the screen.
async fn keep_photo(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    app.go(&format!("#/case/{case}/visit")).await?;
    app.tap("photo").await?;
    app.tap("photo-consent").await?;
    app.picture("a-photo-of-papers").await?;
    let paper = app.newest_picture()?;
    app.choose("photo-file", &paper).await?;
    app.tap("keep-photo").await?;
    app.find("[data-act='photo-kept']").await?;
    entered.action(case, "add_evidence");
    Ok(())
}

pub async fn agree_plan(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    app.go(&format!("#/case/{case}/visit")).await?;
    app.tap("to-plan").await?;
    for (line, amount) in [
        ("wages", "42000"),
        ("housing", "15000"),
        ("food_and_housekeeping", "9000.50"),
        ("utilities", "2500"),
    ] {
        app.write(&format!("line-{line}"), amount).await?;
    }
    app.tap("calculate").await?;
    app.find("[data-act='surplus']").await?;
    let surplus = app
        .attr("[data-act='surplus'] [data-minor]", "data-minor")
        .await?;
    ensure!(surplus == "1549950", "the surplus is shown as {surplus}");
    app.find("[data-act='proposal-fastest'], [data-act='proposal-gentle']")
        .await?;
    app.show("[data-act='surplus']").await?;
    app.picture("plan-proposals").await?;
    // The sample's statement is of 2005: nobody agrees to so old a claim without a warning.
    app.tap("limitation-told").await?;
    app.tap_css("[data-act^='choose-']").await?;
    app.tap("no-new-credit").await?;
    app.tap("consent-signed").await?;
    app.draw("signature").await?;
    app.picture("signed").await?;
    app.tap("agree").await?;
    app.find("[data-act='agree-yes']").await?;
    app.picture("plan-confirm").await?;
    app.tap("agree-yes").await?;
    app.find("[data-act='plan-agreed']").await?;
    app.picture("plan-agreed").await?;
    entered.action(case, "agree_plan");
    entered.action(case, "add_evidence");
    entered.plans += 1;
    app.tap("to-copy").await?;
    app.find("[data-act='copy-pages'] img").await?;
    app.picture("their-copy").await?;
    app.show("[data-act='copy-pages'] img").await?;
    app.picture("their-copy-page").await?;
    app.go(&format!("#/case/{case}/visit")).await?;
    Ok(())
}

/// Fills in how it ended, but for the note.
pub async fn outcome(app: &mut Screen) -> Result<()> {
    app.tap("to-outcome").await?;
    app.tap("kind-met").await?;
    app.tap("cause-less_income").await?;
    app.tap("next-plan_agreed").await?;
    for conduct in ["conduct-1", "conduct-2", "conduct-3"] {
        app.tap(conduct).await?;
    }
    Ok(())
}

async fn end(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    outcome(app).await?;
    let note = "Works late shifts now; asked for messages in the evening.";
    app.write("outcome-note", note).await?;
    app.picture("outcome").await?;
    app.tap("end-visit").await?;
    app.find("[data-act='ended']").await?;
    entered.action(case, "end_visit");
    entered.outcome(case, "met", note);
    entered.visits += 1;
    complain(app, case, entered).await?;
    app.tap("nav-sync").await?;
    app.find("[data-act='saved']").await?;
    app.picture("saved-offline").await?;
    Ok(())
}

/// They complain, and say on the screen that is turned round how it was.
async fn complain(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    app.tap("to-complaint").await?;
    app.tap("about-conduct").await?;
    app.write("complaint-text", "You came at dinner time.")
        .await?;
    app.picture("complaint").await?;
    app.tap("send-complaint").await?;
    app.find("[data-act='complaint-taken']").await?;
    entered.action(case, "raise_complaint");
    app.go(&format!("#/case/{case}/feedback")).await?;
    app.tap("respect-4").await?;
    app.tap("clarity-5").await?;
    app.picture("feedback-turned-round").await?;
    app.tap("send-feedback").await?;
    app.find("[data-act='feedback-thanks']").await?;
    app.tap("after-feedback").await?;
    entered.action(case, "give_feedback");
    Ok(())
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
    app.wait_for_count("[data-act='inbox'] [data-conflict][data-settled='']", count)
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
    app.wait_for_count("[data-act='inbox'] [data-conflict][data-settled='']", 0)
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
    answer(app, &[(29, "no")]).await?;
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
