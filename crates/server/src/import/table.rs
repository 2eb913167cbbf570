//! Reading a file into rows of text: CSV in UTF-8 or GBK, and XLSX.

use super::RowError;
use super::mapping::Encoding;
use calamine::{Data, Reader, Xlsx};
use std::io::Cursor;

/// A file as headings and rows; every row has as many cells as there are headings.
pub struct Table {
    pub headings: Vec<String>,
    /// The line in the file with the row's cells.
    pub rows: Vec<(u32, Vec<String>)>,
    /// Rows that could not be read at all.
    pub errors: Vec<RowError>,
}

/// Why a file can't be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the file is empty")]
    Empty,
    #[error("line {row}: the text is not {encoding}")]
    Encoding { row: u32, encoding: &'static str },
    #[error("the workbook can't be read")]
    Workbook(#[from] calamine::XlsxError),
    #[error("the first line can't be read as headings")]
    Headings(#[from] csv::Error),
    #[error("the heading `{0}` stands twice")]
    HeadingTwice(String),
}

/// Workbooks are ZIP archives and start like one.
const XLSX_START: &[u8] = b"PK\x03\x04";

/// Reads `bytes`, whatever of the two it is.
pub fn read(bytes: &[u8], encoding: Encoding) -> Result<Table, FileError> {
    let table = match bytes.starts_with(XLSX_START) {
        true => read_workbook(bytes)?,
        false => read_csv(&decode(bytes, encoding)?)?,
    };
    let mut seen = std::collections::BTreeSet::new();
    for heading in &table.headings {
        if !seen.insert(heading) {
            return Err(FileError::HeadingTwice(heading.clone()));
        }
    }
    Ok(table)
}

fn decode(bytes: &[u8], encoding: Encoding) -> Result<String, FileError> {
    let (codec, name) = match encoding {
        Encoding::Utf8 => (encoding_rs::UTF_8, "UTF-8"),
        Encoding::Gbk => (encoding_rs::GBK, "GBK"),
    };
    let (text, had_errors) = codec.decode_with_bom_removal(bytes);
    if !had_errors {
        return Ok(text.into_owned());
    }
    // Neither encoding uses the newline byte inside another character.
    let bad = bytes
        .split(|byte| *byte == b'\n')
        .position(|line| codec.decode_without_bom_handling(line).1)
        .map_or(0, |index| index + 1);
    Err(FileError::Encoding {
        row: u32::try_from(bad).unwrap_or(u32::MAX),
        encoding: name,
    })
}

fn read_csv(text: &str) -> Result<Table, FileError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headings: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    if headings.iter().all(String::is_empty) {
        return Err(FileError::Empty);
    }
    let mut table = Table {
        headings,
        rows: Vec::new(),
        errors: Vec::new(),
    };
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let cells = record.iter().map(str::to_owned).collect();
                table
                    .rows
                    .push((u32::try_from(line).unwrap_or(u32::MAX), cells));
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                table.errors.push(RowError::new(
                    u32::try_from(line).unwrap_or(u32::MAX),
                    None,
                    "row.cells",
                    "The row has another number of cells than the heading.",
                ));
            }
        }
    }
    Ok(table)
}

fn read_workbook(bytes: &[u8]) -> Result<Table, FileError> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let sheet = workbook.worksheet_range_at(0).ok_or(FileError::Empty)??;
    let first_line = sheet.start().map_or(0, |(row, _)| row) + 1;
    let mut lines = sheet.rows().zip(first_line..);
    let (headings, _) = lines.next().ok_or(FileError::Empty)?;
    Ok(Table {
        headings: headings.iter().map(cell_text).collect(),
        rows: lines
            .filter(|(cells, _)| cells.iter().any(|cell| *cell != Data::Empty))
            .map(|(cells, line)| (line, cells.iter().map(cell_text).collect()))
            .collect(),
        errors: Vec::new(),
    })
}

fn cell_text(cell: &Data) -> String {
    // `Display` writes whole floats without a fraction, as the sheet shows them.
    cell.to_string().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_utf8_names_its_line() {
        let error = read(b"A,B\n1,2\n\xff,4\n", Encoding::Utf8).err().unwrap();
        assert!(
            matches!(
                error,
                FileError::Encoding {
                    row: 3,
                    encoding: "UTF-8"
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn gbk_is_read_and_a_broken_one_names_its_line() {
        let table = read(b"\xd0\xd5\xc3\xfb\n\xd1\xf9\xb1\xbe\n", Encoding::Gbk).unwrap();
        assert_eq!(
            (table.headings, table.rows),
            (vec!["姓名".into()], vec![(2, vec!["样本".to_owned()])])
        );
        let error = read(b"A\n\xd1\n", Encoding::Gbk).err().unwrap();
        assert!(
            matches!(error, FileError::Encoding { row: 2, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_row_with_missing_cells_is_named_and_the_others_are_read() {
        let table = read(b"A,B\n1,2\n3\n5,6\n", Encoding::Utf8).unwrap();
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.errors[0].row, 3);
    }
}
