//! One day, from import to a settled conflict, on the real screens: what the demo shows and what
//! the journey test holds against the server's truth.

mod agreements;
mod checklist;
mod console;
mod door;
mod field;
mod gate;
mod truth;

pub use agreements::live_through_agreements;
pub use gate::live_through_hard_day;
pub use truth::{Entered, Summary};

use crate::processes::{DemoServer, Display, Driver};
use crate::screen::Screen;
use crate::sound;
use anyhow::{Context, Result};
use doorstep_testkit::cable::Cable;
use std::path::{Path, PathBuf};

/// What a day is made with.
pub struct Day<'a> {
    pub server: &'a Path,
    pub app: &'a Path,
    /// A file of accounts and its mapping; the sample where absent.
    pub input: Option<(&'a Path, &'a Path)>,
    /// For databases; emptied first.
    pub work: PathBuf,
    /// For pictures; emptied first.
    pub pictures: PathBuf,
    /// Says what is going on.
    pub say: fn(&str),
}

/// Ten in the morning where the sample lives: a time at which visits are permitted, whenever the
/// story is told.
pub const CLOCK: &str = "2026-11-21T10:00:00+08:00";
const PASSPHRASE: &str = "rain on the step";

/// Lives through the day and compares what was entered with what the server holds.
pub async fn live(day: &Day<'_>) -> Result<Summary> {
    (day.say)("import accounts and start the server");
    let stage = Stage::set(day).await?;
    let (server, cable) = (&stage.server, &stage.cable);
    let webkit = stage.webkit()?;
    let mut entered = Entered::default();

    (day.say)("enrol the device in the window, first sync");
    let mut app = open_app(day, &webkit, "device").await?;
    let code = server.said["enrol_code"].as_str().unwrap_or_default();
    field::enrol(&mut app, &cable.url(), code, PASSPHRASE).await?;
    entered.cached = field::look_at_today(&mut app).await?;

    (day.say)("cut the network; the checklist says no to one door and yes to another");
    cable.cut();
    let stops = field::stops(&app).await?;
    checklist::be_told_no(&mut app, &stops[2], &mut entered).await?;
    door::visit(&mut app, &stops[0], &mut entered).await?;

    (day.say)("meanwhile the lead corrects the same phone, and a payment lands");
    let mut lead = stage.console(day).await?;
    console::sign_in(&mut lead, "lead", &server.password("lead")?).await?;
    console::plan_route(&mut lead, &mut entered).await?;
    console::correct_phone(&mut lead, &stops[0], &mut entered).await?;

    (day.say)("the agent asks the lead by phone; neither needs the network for it");
    let (account, question) = checklist::ask_lead(&mut app, &stops[1]).await?;
    let by_console = console::lift(&mut lead, &stops[1], &question).await?;
    let code = console::code_for(&mut lead, "lead").await?;
    let second = stage.webkit()?;
    let mut desk = offline_lead(day, server, &second, &code).await?;
    let code = field::give_lift(&mut desk, (&account, &question)).await?;
    desk.close().await?;
    drop(second);
    anyhow::ensure!(by_console != code, "each of them has a code of its own");
    checklist::use_code(&mut app, &stops[1], &code, &mut entered).await?;
    console::sign_out(&mut lead).await?;
    console::sign_in(&mut lead, "office", &server.password("office")?).await?;
    console::post_payment(&mut lead, &stops[0], &mut entered).await?;
    console::sign_out(&mut lead).await?;

    (day.say)("kill the app, start it again: everything is still there");
    let before = field::saved(&app).await?;
    app.close().await?;
    drop(webkit);
    let webkit = stage.webkit()?;
    let mut app = open_app(day, &webkit, "device").await?;
    field::unlock(&mut app, PASSPHRASE).await?;
    let after = field::saved(&app).await?;
    anyhow::ensure!(
        before == after,
        "after a restart {after} actions are shown, before it {before}"
    );

    (day.say)("mend the network: everything goes up, two conflicts come back");
    cable.mend();
    field::sync(&mut app).await?;
    field::see_conflicts(&mut app, 2).await?;

    (day.say)("the lead confirms the plan, the agent settles the phone");
    console::sign_in(&mut lead, "lead", &server.password("lead")?).await?;
    console::close_alarm(&mut lead).await?;
    console::see_activity(&mut lead).await?;
    console::settle_plan(&mut lead, &mut entered).await?;
    field::settle_phone(&mut app, &mut entered).await?;
    field::see_decisions(&mut app, &stops[0]).await?;

    (day.say)("the lead offers another plan; the complaint handler answers");
    console::offer_another_plan(&mut lead, &stops[0]).await?;
    console::sign_out(&mut lead).await?;
    console::answer_complaint(&mut lead, &server.password("complaints")?).await?;
    console::sign_in(&mut lead, "office", &server.password("office")?).await?;
    console::see_payments(&mut lead).await?;
    console::sign_out(&mut lead).await?;
    console::sign_in(&mut lead, "lead", &server.password("lead")?).await?;

    (day.say)("the same in Chinese, at night, upright");
    field::in_chinese(&mut app, &stops[0]).await?;
    field::lock_in_chinese(&mut app, PASSPHRASE).await?;
    console::in_chinese(&mut lead, &stops[0]).await?;
    let saved = field::saved(&app).await?;
    app.close().await?;
    lead.close().await?;

    (day.say)("compare what was entered with what the server holds");
    truth::compare(
        &stage.database,
        &server.said,
        &entered,
        saved,
        &day.pictures,
    )
}

/// Where a day takes place. Windows are opened and closed on it.
struct Stage {
    server: DemoServer,
    /// The server's own file.
    database: PathBuf,
    /// Between the agent's device and the server.
    cable: Cable,
    display: Display,
    microphone: PathBuf,
    chromium: Driver,
}

impl Stage {
    /// Empties the folders of the day, and sets the company up.
    async fn set(day: &Day<'_>) -> Result<Self> {
        for folder in [&day.pictures, &day.work] {
            if folder.exists() {
                std::fs::remove_dir_all(folder)
                    .with_context(|| format!("empty `{}`", folder.display()))?;
            }
            std::fs::create_dir_all(folder)?;
        }
        let data = day.work.join("server");
        let server = DemoServer::start(day.server, &data, day.input, CLOCK)?;
        Ok(Self {
            cable: Cable::lay(server.address).await?,
            server,
            database: data.join("doorstep.db"),
            display: Display::start()?,
            microphone: sound::microphone(&day.work.join("sound"))?,
            chromium: Driver::chromium()?,
        })
    }

    /// Drives one window of the app.
    fn webkit(&self) -> Result<Driver> {
        Driver::webkit(&self.display, &self.microphone)
    }

    /// Everybody signs in: the lead in a browser, the agent on a device that is set up there and then.
    /// Gives both screens and the cases of the day.
    async fn begin(
        &self,
        day: &Day<'_>,
        webkit: &Driver,
        language: &str,
    ) -> Result<(Screen, Screen, Vec<String>)> {
        let mut lead = self.console(day).await?;
        lead.speak(language).await?;
        console::sign_in(&mut lead, "lead", &self.server.password("lead")?).await?;
        let mut app = open_app(day, webkit, "device").await?;
        app.speak(language).await?;
        let code = self.server.said["enrol_code"].as_str().unwrap_or_default();
        field::enrol(&mut app, &self.cable.url(), code, PASSPHRASE).await?;
        let stops = field::stops(&app).await?;
        Ok((lead, app, stops))
    }

    async fn console(&self, day: &Day<'_>) -> Result<Screen> {
        let page = format!("http://{}/console.html", self.server.address);
        Screen::browser(&self.chromium.url, &page, &day.pictures).await
    }
}

/// A lead's own device, which has met the server once and has no network any more.
async fn offline_lead(
    day: &Day<'_>,
    server: &DemoServer,
    webkit: &Driver,
    code: &str,
) -> Result<Screen> {
    let cable = Cable::lay(server.address).await?;
    let mut desk = open_app(day, webkit, "lead").await?;
    field::enrol_lead(&mut desk, &cable.url(), code, PASSPHRASE).await?;
    cable.cut();
    Ok(desk)
}

async fn open_app(day: &Day<'_>, driver: &Driver, device: &str) -> Result<Screen> {
    let data = day.work.join(device);
    let arguments = [
        "--data".into(),
        data.display().to_string(),
        "--clock".into(),
        CLOCK.into(),
    ];
    Screen::window(&driver.url, day.app, &arguments, &day.pictures).await
}
