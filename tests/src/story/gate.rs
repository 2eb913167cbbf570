//! A hard day on the real screens: every way in which the gate holds somebody back, calls for help or
//! looks back, in the language that the people of the day speak.

use super::truth::Entered;
use super::{CLOCK, Day, PASSPHRASE, Stage, checklist, console, door, field, open_app};
use crate::screen::Screen;
use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Duration};
use doorstep_server::watch::raise_overdue;
use doorstep_server::{Store, Tenant};
use doorstep_testkit::cable::Cable;
use std::path::Path;

const FORCED: &str = "rain under the step";

/// Lives through the hard day.
pub async fn live_through_hard_day(day: &Day<'_>, language: &str) -> Result<()> {
    let stage = Stage::set(day).await?;
    let (server, cable) = (&stage.server, &stage.cable);
    let (webkit, beside) = (stage.webkit()?, stage.webkit()?);

    (day.say)("everybody signs in");
    let (mut lead, mut app, stops) = stage.begin(day, &webkit, language).await?;
    set_forced_passphrase(&mut app).await?;

    (day.say)("a colleague goes along, and says so without a network");
    let code = console::code_for(&mut lead, "agent2").await?;
    let mut colleague = open_app(day, &beside, "colleague").await?;
    colleague.speak(language).await?;
    let other_cable = Cable::lay(server.address).await?;
    field::enrol_other(&mut colleague, &other_cable.url(), &code, PASSPHRASE).await?;
    cable.cut();
    other_cable.cut();
    go_in_a_pair(&mut app, &mut colleague, &stops[0]).await?;
    colleague.close().await?;
    drop(beside);

    (day.say)("red: one tap, and the lead is called");
    withdraw(&mut app).await?;
    cable.mend();
    field::sync(&mut app).await?;
    see_alarm(&mut lead, "red").await?;

    (day.say)("a plan is agreed where a moratorium was in force already");
    cable.cut();
    register_moratorium(&mut lead, &stops[1]).await?;
    agree_in_good_faith(&mut app, &stops[1]).await?;
    cable.mend();
    field::sync(&mut app).await?;
    be_blocked_by_law(&mut app, &stops[1]).await?;
    look_back(&mut lead, &stops[1]).await?;

    (day.say)("a question that only the lead lifts");
    let (_, question) = checklist::ask_lead(&mut app, &stops[5]).await?;
    let code = console::lift(&mut lead, &stops[5], &question).await?;
    checklist::use_code(&mut app, &stops[5], &code, &mut Entered::default()).await?;

    (day.say)("unlocked under force: nothing shows, and help is called");
    unlock_under_force(&mut app, &stops[1]).await?;
    field::sync(&mut app).await?;
    see_alarm(&mut lead, "duress").await?;

    (day.say)("the tablet is destroyed at a door: its silence is the alarm");
    door::be_at_the_door(&mut app, &stops[5]).await?;
    field::sync(&mut app).await?;
    app.close().await?;
    drop(webkit);
    std::fs::remove_dir_all(day.work.join("device"))?;
    two_hours_pass(&stage.database)?;
    see_alarm(&mut lead, "silent").await?;
    lead.close().await
}

/// The server's own watch, two hours later: the day does not wait for it.
fn two_hours_pass(database: &Path) -> Result<()> {
    let store = Store::open(database, Tenant::default())?;
    let late = DateTime::parse_from_rfc3339(CLOCK)?.to_utc() + Duration::hours(2);
    let raised = raise_overdue(&store, &[], late)?;
    ensure!(raised == 1, "{raised} alarms were raised by silence");
    Ok(())
}

async fn set_forced_passphrase(app: &mut Screen) -> Result<()> {
    app.tap("nav-more").await?;
    app.write("forced-own", PASSPHRASE).await?;
    app.write("forced-other", FORCED).await?;
    app.tap("set-forced").await?;
    app.find("[data-act='forced-set']").await?;
    app.show("[data-act='forced-own']").await?;
    app.picture("forced-passphrase").await
}

/// The colleague's own device answers the question with a code; neither has a network.
async fn go_in_a_pair(app: &mut Screen, colleague: &mut Screen, case: &str) -> Result<()> {
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='total']").await?;
    checklist::answer(app, &[]).await?;
    app.tap("partner-ask").await?;
    app.find("[data-act='partner-question']").await?;
    let question = app.text("[data-act='partner-question']").await?;
    colleague.tap("nav-more").await?;
    colleague.write("along-question", &question).await?;
    colleague.tap("along-accept").await?;
    colleague.find("[data-act='along-code']").await?;
    colleague.show("[data-act='along-question']").await?;
    colleague.picture("colleague-goes-along").await?;
    let code = colleague.text("[data-act='along-code']").await?;
    app.write("partner-code", &code).await?;
    app.tap("partner-note").await?;
    app.wait_for_attr("[data-act='partner']", "data-noted", "true")
        .await?;
    app.show("h1").await?;
    app.picture("a-pair").await?;
    app.wait_for_attr("[data-act='clearance']", "data-tone", "conditions")
        .await?;
    app.tap("save-checklist").await?;
    app.tap("set-off").await?;
    door::arrive(app).await?;
    app.find("[data-act='timer']").await?;
    Ok(())
}

async fn withdraw(app: &mut Screen) -> Result<()> {
    app.tap("leave").await?;
    app.find("[data-act='left']").await?;
    app.picture("left-at-once").await
}

/// The alarm is in the console, as it is there for whoever answers it.
async fn see_alarm(lead: &mut Screen, kind: &str) -> Result<()> {
    lead.tap("nav-alarms").await?;
    let alarm = format!("[data-act='alarm'][data-kind='{kind}']");
    lead.find(&alarm).await?;
    lead.tap_css(&format!("{alarm} summary")).await?;
    lead.show(&alarm).await?;
    lead.picture(&format!("alarm-{kind}")).await
}

async fn register_moratorium(lead: &mut Screen, case: &str) -> Result<()> {
    lead.go(&format!("#/console/case/{case}")).await?;
    lead.find("[data-act='total']").await?;
    let reference = lead.text("[data-act='reference']").await?;
    let reference = reference.rsplit(' ').next().context("a reference")?;
    lead.tap("nav-stops").await?;
    lead.write("stop-references", reference).await?;
    lead.date("stop-effective", "2026-11-01").await?;
    lead.tap("stop-all").await?;
    lead.find("[data-act='stops-done']").await?;
    lead.show("[data-act='stop-effective']").await?;
    lead.picture("moratorium-registered").await
}

async fn agree_in_good_faith(app: &mut Screen, case: &str) -> Result<()> {
    checklist::pass(app, case).await?;
    door::be_at_the_door(app, case).await?;
    door::agree_plan(app, case, &mut Entered::default()).await?;
    door::outcome(app).await?;
    app.tap("end-visit").await?;
    app.find("[data-act='ended']").await?;
    Ok(())
}

/// The plan is void, the visit is labelled, and nobody goes there again.
async fn be_blocked_by_law(app: &mut Screen, case: &str) -> Result<()> {
    app.go(&format!("#/case/{case}")).await?;
    app.find("[data-act='stop-moratorium']").await?;
    app.find("[data-plan='void']").await?;
    app.picture("moratorium-was-in-force").await?;
    app.tap("to-checklist").await?;
    app.wait_for_attr("[data-act='clearance']", "data-tone", "stop")
        .await?;
    app.find("[data-rule='HOUSE-STOP-1']").await?;
    app.picture("blocked-by-law").await?;
    app.tap("save-no").await?;
    app.find("[data-act='may-i-go']").await?;
    Ok(())
}

/// What the agent could not know, and what is left to do.
async fn look_back(lead: &mut Screen, case: &str) -> Result<()> {
    lead.go(&format!("#/console/case/{case}")).await?;
    lead.find("[data-plan='void']").await?;
    lead.tap_css("[data-act='known'] summary").await?;
    lead.find("[data-act='not-known']").await?;
    lead.show("[data-act='known']").await?;
    lead.picture("what-they-could-not-know").await?;
    lead.tap("nav-inbox").await?;
    lead.find(&format!("[href='#/console/case/{case}']"))
        .await?;
    lead.picture("task-after-the-moratorium").await
}

/// What somebody sees who forces the passphrase out of the agent: the day, as always; a door that was
/// `stopped` is not its next one.
async fn unlock_under_force(app: &mut Screen, stopped: &str) -> Result<()> {
    app.tap("nav-more").await?;
    app.tap("lock").await?;
    app.write("passphrase", FORCED).await?;
    app.tap("unlock").await?;
    app.tap("nav-today").await?;
    app.find("[data-case]").await?;
    let next = app.attr("[data-act='open-next']", "href").await?;
    ensure!(
        !next.ends_with(stopped),
        "the next stop is under a moratorium"
    );
    app.picture("unlocked-under-force").await
}
