//! The door between screen and device: a window, its permissions, and commands of five lines.
//!
//! Deliberately absent: rules, SQL, HTTP. A command converts, calls one function, converts back.

mod commands;
mod copy;
mod options;
mod record;
mod session;

use options::Options;
use session::Session;
use std::path::Path;
use std::process::ExitCode;
use tauri::{Manager, WebviewWindowBuilder};

/// Opens the one window; what it remembers of language and look lies with the rest of the data.
fn open_window(app: &tauri::App, data: &Path) -> tauri::Result<()> {
    for window in &app.config().app.windows {
        WebviewWindowBuilder::from_config(app.handle(), window)?
            .data_directory(data.join("window"))
            .build()?;
    }
    Ok(())
}

/// Runs the app until its window closes.
pub fn run() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()),
        )
        .init();
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("doorstep: {problem}");
            return ExitCode::from(2);
        }
    };
    let built = tauri::Builder::default()
        .setup(move |app| {
            let data = options
                .data
                .clone()
                .map_or_else(|| app.path().app_data_dir(), Ok)?;
            open_window(app, &data)?;
            let session = Session::new(data, options.clock());
            app.manage(session);
            app.manage(record::Recorder::default());
            if let Some(sign_in) = options.sign_in {
                session::sign_in_at_start(app.handle().clone(), sign_in);
            }
            Ok(())
        })
        .invoke_handler(tauri::generate_handler![
            commands::session_state,
            commands::enrol,
            commands::unlock,
            commands::hand_over,
            commands::set_forced_passphrase,
            commands::lock,
            commands::today,
            commands::cases,
            commands::read_case,
            commands::inbox,
            commands::checklist,
            commands::answer_checklist,
            commands::ask_lift,
            commands::answer_lift,
            commands::call_for_help,
            commands::save_checklist,
            commands::start_travel,
            commands::arrive,
            commands::locate,
            commands::ask_partner,
            commands::note_partner,
            commands::accept_to_go_along,
            commands::door_steps,
            commands::check_in,
            commands::end_visit,
            commands::outcome_forms,
            commands::raise_complaint,
            commands::give_feedback,
            commands::add_photo,
            copy::copy_pages,
            copy::save_copy,
            commands::withdraw,
            commands::form_draft,
            commands::keep_form_draft,
            commands::propose_plans,
            commands::agree_plan,
            commands::set_fact,
            commands::add_note,
            commands::raise_flag,
            commands::decide,
            commands::sync_status,
            commands::saved,
            commands::time_now,
            commands::team,
            commands::give_lift,
            record::recording_rule,
            record::start_recording,
            record::stop_recording,
            record::recording,
            commands::set_metered,
            commands::sync_now,
        ])
        .run(tauri::generate_context!());
    match built {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("doorstep: open the window: {error}");
            ExitCode::FAILURE
        }
    }
}
