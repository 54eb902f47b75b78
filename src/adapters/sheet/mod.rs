//! Sheets as people have them: text with delimiters, and workbooks (`encoding_rs`, memchr, calamine, quick-xml, zip).
//!
//! One strict reader reads everything. Text in UTF-8 is read where it is; other encodings and the tabs of workbooks are
//! first written into a temporary file without a name, as UTF-8. Nothing is guessed: what cannot be read for certain
//! is refused with file and line.
//!
//! Rows are numbered as a spreadsheet shows them: every record counts, also blank ones above the header; a `sep=` line does not.

mod describe;
mod dialect;
mod error;
mod header;
mod records;
mod rows;
mod scan;
mod source;
mod text;
mod workbook;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub use self::describe::{Delimiter, Description, Format, HiddenRows};
pub use self::error::{At, Fault, SheetError};
pub use self::rows::Rows;

use self::dialect::Recognised;
use self::error::io_error;
use self::records::{Records, Stand};
use self::scan::{Dialect, Ending};
use self::source::Source;
use crate::model::row::{Header, Place, Row, RowNumber, trim};

/// What a person says about a sheet. What is left out is recognised by rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The encoding of a text file, by a label such as `windows-1252`.
    pub encoding: Option<String>,
    /// The tab of a workbook.
    pub tab: Option<String>,
    /// What parts the cells of a text file.
    pub delimiter: Option<Delimiter>,
    /// Which header means what: pairs of a meaning's word and a header.
    pub columns: Vec<(String, String)>,
    /// The header of the column that identifies a row.
    pub key: Option<String>,
}

/// What errors call a sheet.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    /// The tab, where the sheet is one of a workbook.
    tab: Option<String>,
}

/// An open sheet. It keeps the file open, so that a file put in its place changes nothing here.
pub struct Sheet {
    named: Named,
    source: Source,
    dialect: Dialect,
    header: Header,
    /// Columns without a name, whose cells must be blank.
    unnamed: Vec<usize>,
    /// Behind the header.
    body: Stand,
    description: Description,
}

impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sheet")
            .field("named", &self.named)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl Sheet {
    /// Opens the sheet at `path`, reads its header and makes sure that there is a row below it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or not for certain; if its columns do not say who is addressed; if there is no row.
    pub fn open(path: &Path, options: &Options) -> Result<Self, SheetError> {
        let file = regular(path)?;
        if !workbook::is_archive(path, &file)? {
            return Self::open_text(path, file, options);
        }
        let (format, tab) = workbook::unpacked(path, file, options.tab.as_deref())?;
        let named = Named {
            path: path.to_owned(),
            tab: Some(tab.name.clone()),
        };
        let recognised = Recognised {
            dialect: Dialect::new(Delimiter::Comma, Ending::Feed),
            stand: Stand { place: 0, line: 0, row: 0 },
        };
        let mut description = Description::new(format, "UTF-8", None, Some(tab.name));
        description.hidden = tab.hidden;
        Self::with(named, Source::new(tab.text, 0), recognised, description, options)
    }

    fn open_text(path: &Path, file: File, options: &Options) -> Result<Self, SheetError> {
        if let Some(tab) = &options.tab {
            return Err(Fault::NoTabs(tab.clone()).of(path));
        }
        let (source, encoding) = text::open(path, file, options.encoding.as_deref())?;
        let named = Named {
            path: path.to_owned(),
            tab: None,
        };
        let recognised = dialect::recognise(&named, &source, options)?;
        let description = Description::new(Format::Text, encoding, Some(recognised.dialect.delimiter), None);
        Self::with(named, source, recognised, description, options)
    }

    fn with(
        named: Named,
        source: Source,
        recognised: Recognised,
        mut description: Description,
        options: &Options,
    ) -> Result<Self, SheetError> {
        let Recognised { dialect, stand } = recognised;
        let (header, body) = read_header(&named, &source, &dialect, stand, options)?;
        description.take(&header);
        let unnamed = (0..header.names.len()).filter(|&column| header.name(column).is_empty()).collect();
        let sheet = Self {
            named,
            source,
            dialect,
            header,
            unnamed,
            body,
            description,
        };
        if sheet.rows().next_into(&mut Row::new())? {
            return Ok(sheet);
        }
        Err(Fault::NoRows.of(&sheet.named.path))
    }

    /// The header, with variables and meanings.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was recognised, for people.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The rows from the first on. Several readers may be at work at once, also in several threads.
    pub fn rows(&self) -> Rows<'_> {
        Rows::new(self)
    }

    /// Reads the row `number` at `place` again, both as [`Rows`] gave them.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or was written over in between so that no such row is there.
    pub fn reread(&self, place: Place, number: RowNumber, into: &mut Row) -> Result<(), SheetError> {
        // The lines above are not known here, and those of a row that was read once are sound.
        let stand = Stand {
            place: place.0,
            line: u64::from(number.0.saturating_sub(1)),
            row: number.0.saturating_sub(1),
        };
        let read = Rows::standing(self, stand, 4096).next_into(into).map_err(|error| match error {
            SheetError::Refused {
                path,
                at: At::Line(_, row),
                fault,
            } => fault.at(&path, At::Row(row)),
            other => other,
        })?;
        if read && into.number() == number {
            return Ok(());
        }
        Err(Fault::Vanished.at(&self.named.path, At::Row(number)))
    }
}

/// The file at `path`; a copy of it where it is a pipe, which cannot be read twice.
fn regular(path: &Path) -> Result<File, SheetError> {
    let mut file = File::open(path).map_err(io_error("open", path))?;
    let metadata = file.metadata().map_err(io_error("open", path))?;
    if metadata.is_file() {
        return Ok(file);
    }
    if metadata.is_dir() {
        return Err(Fault::Folder.of(path));
    }
    let mut copy = BufWriter::new(text::spool(path)?);
    std::io::copy(&mut file, &mut copy).map_err(io_error("read", path))?;
    let mut copy = text::finished(path, copy)?;
    copy.seek(SeekFrom::Start(0)).map_err(io_error("read", path))?;
    Ok(copy)
}

/// The header, and where the records below it begin.
fn read_header(named: &Named, source: &Source, dialect: &Dialect, stand: Stand, options: &Options) -> Result<(Header, Stand), SheetError> {
    let mut records = Records::new(source, dialect, stand, 64 * 1024);
    loop {
        if !records.advance().map_err(|stop| rows::stopped(named, &records, stop))? {
            return Err(Fault::Empty.of(&named.path));
        }
        let text = rows::record_text(named, &records)?;
        if rows::is_blank(text, records.fields()) {
            continue;
        }
        let mut row = Row::new();
        rows::fill(&mut row, text, records.fields());
        let names = (0..row.len()).map(|column| trim(row.cell(column)).to_owned()).collect();
        let header = header::resolve(names, options).map_err(|fault| named.refused(&records, 0, fault))?;
        return Ok((header, records.after));
    }
}
