//! What comes of visits, on the real screens: nothing that can be paid, a plan that is made easier and needs a
//! lead, nobody at home, somebody who needs protection; in the language that the people of the day speak.

use super::{Day, Stage, checklist, door, field};
use crate::screen::Screen;
use anyhow::{Result, ensure};

/// Lives through a day of agreements.
pub async fn live_through_agreements(day: &Day<'_>, language: &str) -> Result<()> {
    let stage = Stage::set(day).await?;
    let cable = &stage.cable;
    let webkit = stage.webkit()?;

    (day.say)("everybody signs in");
    let (mut lead, mut app, stops) = stage.begin(day, &webkit, language).await?;
    cable.cut();

    (day.say)("nothing can be paid now, and that is a good outcome");
    let (nothing, eased, absent, fragile) = (&stops[0], &stops[1], &stops[5], &stops[6]);
    go_to(&mut app, nothing).await?;
    afford_nothing(&mut app).await?;

    (day.say)("a plan that is made easier, with a discount that only a lead gives");
    go_to(&mut app, eased).await?;
    agree_with_ease(&mut app).await?;

    (day.say)("nobody opens: a letter stays");
    go_to(&mut app, absent).await?;
    leave_a_letter(&mut app).await?;

    (day.say)("somebody needs protection: nobody comes again");
    go_to(&mut app, fragile).await?;
    protect(&mut app).await?;

    (day.say)("the lead offers less, they agree by phone; then the creditor takes it back");
    cable.mend();
    field::sync(&mut app).await?;
    app.picture("what-became-of-it").await?;
    counter_and_void(&mut lead, eased).await?;
    field::sync(&mut app).await?;
    app.go(&format!("#/case/{eased}")).await?;
    app.find("[data-plan='void']").await?;
    app.show("[data-plan='void']").await?;
    app.picture("the-plan-is-void").await?;
    app.go(&format!("#/case/{fragile}/checklist")).await?;
    app.wait_for_attr("[data-act='clearance']", "data-tone", "stop")
        .await?;
    app.picture("nobody-goes-there-again").await?;
    app.close().await?;
    lead.close().await
}

async fn go_to(app: &mut Screen, case: &str) -> Result<()> {
    checklist::pass(app, case).await?;
    door::be_at_the_door(app, case).await
}

/// More goes out than comes in: no plan is offered, and what helps is.
async fn afford_nothing(app: &mut Screen) -> Result<()> {
    app.tap("to-plan").await?;
    app.tap("detail-quick").await?;
    app.write("line-all_income", "-12,5x").await?;
    app.find("[data-act='line-all_income'][aria-invalid]")
        .await?;
    app.find("[data-act='calculate'][disabled]").await?;
    app.show("[data-act='detail-quick']").await?;
    app.picture("not-an-amount").await?;
    app.write("line-all_income", "4200").await?;
    app.write("line-all_fixed_costs", "3900").await?;
    app.write("line-all_flexible_costs", "900").await?;
    app.tap("calculate").await?;
    app.find("[data-act='nothing-affordable']").await?;
    let surplus = app
        .attr("[data-act='surplus'] [data-minor]", "data-minor")
        .await?;
    ensure!(surplus == "-60000", "the surplus is shown as {surplus}");
    app.show("[data-act='surplus']").await?;
    app.picture("nothing-affordable-now").await?;
    app.tap("to-outcome").await?;
    app.tap("kind-met").await?;
    app.tap("cause-illness").await?;
    app.tap("next-nothing_affordable_now").await?;
    app.picture("outcome-nothing-affordable").await?;
    end(app).await?;
    app.tap("to-copy").await?;
    app.find("[data-act='copy-pages'] img").await?;
    app.picture("a-copy-without-a-plan").await
}

/// A break, a later start, and a discount above what an agent may give.
async fn agree_with_ease(app: &mut Screen) -> Result<()> {
    app.tap("to-plan").await?;
    app.write("line-wages", "9000").await?;
    app.write("line-housing", "4000").await?;
    app.write("line-food_and_housekeeping", "2500").await?;
    app.tap("frequency-pay_day").await?;
    app.date("first-due", "2027-01-31").await?;
    app.tap("easing").await?;
    app.write("discount", "20").await?;
    app.date("holiday-from", "2027-03-01").await?;
    app.date("holiday-to", "2027-04-15").await?;
    app.show("[data-act='easing']").await?;
    app.picture("made-easier").await?;
    app.tap("calculate").await?;
    app.find("[data-act='needs-lead']").await?;
    app.show("[data-act='surplus']").await?;
    app.picture("needs-a-lead").await?;
    app.tap("limitation-told").await?;
    app.tap_css("[data-act^='choose-']").await?;
    app.tap("no-new-credit").await?;
    app.tap("consent-signed").await?;
    app.find("[data-act='not-signed']").await?;
    app.find("[data-act='agree'][disabled]").await?;
    app.show("[data-act='agreement']").await?;
    app.picture("not-signed-yet").await?;
    app.draw("signature").await?;
    app.tap("agree").await?;
    app.tap("agree-yes").await?;
    app.find("[data-act='plan-agreed']").await?;
    app.tap("to-copy").await?;
    app.find("[data-act='copy-pages'] img").await?;
    app.show("[data-act='copy-pages'] img").await?;
    app.picture("a-copy-of-an-eased-plan").await?;
    // Whoever comes back finds what was agreed, and no empty form.
    app.client().back().await?;
    app.find("[data-act='plan-agreed']").await?;
    app.show("h1").await?;
    app.picture("what-was-agreed").await?;
    app.tap("to-outcome").await?;
    app.tap("kind-met").await?;
    app.tap("cause-less_income").await?;
    app.tap("next-plan_agreed").await?;
    end(app).await
}

async fn leave_a_letter(app: &mut Screen) -> Result<()> {
    app.tap("to-outcome").await?;
    app.tap("kind-not_met").await?;
    app.tap("left-sealed_letter").await?;
    app.tap("next-visit_again").await?;
    app.picture("nobody-opened").await?;
    app.tap("end-visit").await?;
    app.find("[data-act='ended']").await?;
    Ok(())
}

async fn protect(app: &mut Screen) -> Result<()> {
    app.tap("to-outcome").await?;
    app.tap("kind-deceased").await?;
    app.find("[data-act='protects']").await?;
    app.tap("next-specialist_team").await?;
    app.picture("what-follows-by-itself").await?;
    app.tap("end-visit").await?;
    app.find("[data-act='ended']").await?;
    Ok(())
}

async fn end(app: &mut Screen) -> Result<()> {
    for conduct in ["conduct-1", "conduct-2", "conduct-3"] {
        app.tap(conduct).await?;
    }
    app.tap("end-visit").await?;
    app.find("[data-act='ended']").await?;
    Ok(())
}

async fn counter_and_void(lead: &mut Screen, case: &str) -> Result<()> {
    lead.tap("nav-inbox").await?;
    lead.find("[data-conflict='plan']").await?;
    lead.show("[data-conflict='plan']").await?;
    lead.picture("a-discount-to-decide").await?;
    lead.tap_css("[data-conflict='plan'] [data-act='take-held']")
        .await?;
    lead.tap("settle-yes").await?;
    lead.wait_for_count("[data-conflict='plan']", 0).await?;
    lead.go(&format!("#/console/case/{case}")).await?;
    lead.find("[data-plan='active']").await?;
    lead.tap("plan-counter").await?;
    lead.write("counter-instalment", "1200").await?;
    lead.write("plan-reason", "The sum of the year.").await?;
    lead.show("[data-act='plans']").await?;
    lead.picture("offer-another-plan").await?;
    lead.tap("plan-do").await?;
    // What the lead granted is offered again: nobody typed it.
    lead.find("[data-plan='countered'] [data-act='plan-offered'] [data-act='let-go']")
        .await?;
    lead.show("[data-act='plans']").await?;
    lead.picture("another-plan-is-offered").await?;
    lead.tap("accept-counter").await?;
    lead.find("[data-plan='active'] [data-act='let-go']")
        .await?;
    lead.tap("plan-void").await?;
    lead.write("plan-reason", "The creditor sold the claim.")
        .await?;
    lead.tap("plan-do").await?;
    lead.find("[data-plan='void'] [data-act='plan-to-tell']")
        .await?;
    lead.show("[data-act='plans']").await?;
    lead.picture("somebody-tells-them").await?;
    lead.tap("told-phone").await?;
    lead.wait_for_count("[data-act='plan-to-tell']", 0).await?;
    Ok(())
}
