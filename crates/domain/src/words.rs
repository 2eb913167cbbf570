//! Text that comes with data (a question, a rule) in both languages of the product.

use serde::{Deserialize, Serialize};

/// A language of the product, or of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-CN")]
    Chinese,
}

/// The same sentence, written in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
pub struct Bilingual {
    pub en: String,
    pub zh: String,
}
