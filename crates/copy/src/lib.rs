//! The debtor's copy as a PDF. Set by Typst with the fonts of this crate: nothing is fetched, nothing
//! is looked up on the system, and the same record gives the same bytes.

mod words;

use doorstep_view::copy::CopyRecord;
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::json;
use std::sync::LazyLock;
use typst::foundations::{Dict, IntoValue, Smart};
use typst_as_lib::{TypstEngine, TypstTemplateMainFile};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};
use typst_svg::SvgOptions;

/// Why a copy can't be made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("the record can't be written down")]
    Record(#[from] serde_json::Error),
    #[error("the check code is too long for its square")]
    Code(#[from] qrcode::types::QrError),
    /// Never with the text: it names a person.
    #[error("the document could not be set")]
    Set,
}

const TEMPLATE: &str = include_str!("../template/copy.typ");
const FONTS: [&[u8]; 2] = [
    include_bytes!("../fonts/wqy-microhei.ttc"),
    include_bytes!("../fonts/DejaVuSans.ttf"),
];
/// Pixels a module of the square, before it is scaled as a drawing.
const MODULE: u32 = 4;

static ENGINE: LazyLock<TypstEngine<TypstTemplateMainFile>> = LazyLock::new(|| {
    TypstEngine::builder()
        .main_file(TEMPLATE)
        .fonts(FONTS)
        .build()
});

/// The copy of a record, as a tagged PDF (PDF/UA-1).
pub fn pdf(record: &CopyRecord) -> Result<Vec<u8>, CopyError> {
    let options = PdfOptions {
        ident: Smart::Custom(identity(record)),
        creator: Smart::Custom(Some("Doorstep".to_owned())),
        standards: PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|_| CopyError::Set)?,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&set(record)?, &options).map_err(|_| CopyError::Set)
}

/// The same pages as drawings (SVG), for a screen.
pub fn pages(record: &CopyRecord) -> Result<Vec<String>, CopyError> {
    let document = set(record)?;
    let options = SvgOptions::default();
    Ok(document
        .pages()
        .iter()
        .map(|page| typst_svg::svg(page, &options))
        .collect())
}

fn set(record: &CopyRecord) -> Result<PagedDocument, CopyError> {
    let square = match &record.check {
        Some(check) => Some(square(&check.url)?),
        None => None,
    };
    let data = json!({ "words": words::of(record), "square": square });
    let mut inputs = Dict::new();
    inputs.insert("data".into(), data.to_string().into_value());
    let set = ENGINE.compile_with_input(inputs).output;
    set.map_err(|_| CopyError::Set)
}

/// Names the document by its record, so that the same record has the same bytes.
fn identity(record: &CopyRecord) -> String {
    let code = record.check.as_ref().map_or("", |check| &check.url);
    format!("{} {} {code}", record.reference, record.as_of)
}

/// A square that a telephone reads, as a drawing.
pub fn square(text: &str) -> Result<String, CopyError> {
    let code = QrCode::with_error_correction_level(text, qrcode::EcLevel::M)?;
    Ok(code
        .render::<svg::Color<'_>>()
        .module_dimensions(MODULE, MODULE)
        .build())
}
