//! The debtor's copy in the window: shown page by page, saved where the agent finds it.

use crate::session::{Problem, Session};
use doorstep_copy::{CopyError, pages, pdf};
use doorstep_device::DeviceError;
use doorstep_domain::{CaseId, RuleId};
use doorstep_view::CopyRecord;
use serde::Serialize;
use tauri::{AppHandle, Manager as _, State};

/// A copy as the window shows it.
#[derive(Serialize)]
pub struct CopyPages {
    /// Each page as a drawing.
    pages: Vec<String>,
    /// What the square says, large enough for a telephone across a doorstep.
    square: Option<String>,
}

fn not_set(_: CopyError) -> Problem {
    // Why it could not be set may name a person.
    Problem::from(DeviceError::NotNow(RuleId::named("copy.not_set")))
}

async fn with_record<T: Send + 'static>(
    session: &Session,
    case: CaseId,
    make: impl FnOnce(&CopyRecord) -> Result<T, CopyError> + Send + 'static,
) -> Result<T, Problem> {
    let device = session.device()?;
    let made = tauri::async_runtime::spawn_blocking(move || {
        let record = device.copy_record(case)?;
        make(&record).map_err(not_set)
    });
    made.await
        .map_err(|_| Problem::from(DeviceError::NotReady))?
}

#[tauri::command]
pub async fn copy_pages(session: State<'_, Session>, case: CaseId) -> Result<CopyPages, Problem> {
    with_record(&session, case, |record| {
        let square = record
            .check
            .as_ref()
            .map(|check| doorstep_copy::square(&check.url))
            .transpose()?;
        Ok(CopyPages {
            pages: pages(record)?,
            square,
        })
    })
    .await
}

/// Saves the copy among the downloads; says where. The file's name says nothing of anybody.
#[tauri::command]
pub async fn save_copy(
    app: AppHandle,
    session: State<'_, Session>,
    case: CaseId,
) -> Result<String, Problem> {
    let not_saved = || Problem::from(DeviceError::NotNow(RuleId::named("copy.not_saved")));
    let folder = app
        .path()
        .download_dir()
        .or_else(|_| app.path().document_dir())
        .map_err(|_| not_saved())?;
    let (name, bytes) = with_record(&session, case, |record| {
        let check = record.check.as_ref();
        let code = check.map_or_else(|| "visit".to_owned(), |check| check.short.replace(' ', "-"));
        Ok((format!("copy-{}-{code}.pdf", record.as_of), pdf(record)?))
    })
    .await?;
    let path = folder.join(name);
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, bytes))
        .map_err(|_| not_saved())?;
    Ok(path.display().to_string())
}
