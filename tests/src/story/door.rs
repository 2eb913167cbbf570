//! What the agent does at the door: arrive, correct, record, agree, end.

use super::checklist;
use super::truth::Entered;
use crate::screen::Screen;
use anyhow::{Result, ensure};

/// A whole visit with the network off: checklist, door, plan, outcome.
pub async fn visit(app: &mut Screen, case: &str, entered: &mut Entered) -> Result<()> {
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='total']").await?;
    app.picture("case").await?;
    checklist::check(app, case, entered).await?;
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
