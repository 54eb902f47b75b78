//! The archive around a workbook, unpacked once to nowhere before anything parses it: what it claims is not believed.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read as _};

use zip::ZipArchive;
use zip::result::ZipError;

use super::Stop;
use super::gauge::{LARGEST, LARGEST_SMALL, Laid, Measure, Role, measure};
use super::parts::{ROOT, index_of, main, name_of, split, tabs, usual};
use crate::adapters::sheet::describe::Format;
use crate::adapters::sheet::error::Fault;

/// An archive that is read.
pub(super) type Archive = ZipArchive<BufReader<File>>;

/// The most parts of an archive.
const MOST_PARTS: usize = 20_000;

/// An archive that was looked through.
pub(super) struct Checked {
    pub(super) format: Format,
    pub(super) archive: Archive,
    pub(super) layout: Laid,
}

/// Opens the archive and says which kind of workbook it is.
pub(super) fn checked(file: File) -> Result<Checked, Stop> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(Stop::hostile(format!("it has {} parts", archive.len())));
    }
    let has = |name: &str| archive.index_for_name(name).is_some();
    let format = if has("mimetype") && has("content.xml") {
        Format::Ods
    } else if has("xl/workbook.bin") {
        return Err(Stop::Fault(Fault::Format("this is an .xlsb workbook")));
    } else if has("[Content_Types].xml") && has("_rels/.rels") && !has("word/document.xml") && !has("ppt/presentation.xml") {
        Format::Xlsx
    } else {
        return Err(Stop::Fault(Fault::Format("this is an archive, but no .xlsx or .ods workbook")));
    };
    if format == Format::Ods {
        // With a password there is nothing else to read.
        check_ods(&mut archive)?;
    }
    let layout = measured(&mut archive, format)?;
    if format == Format::Xlsx {
        // Whether two of them are one.
        tabs(&mut archive)?;
    }
    Ok(Checked { format, archive, layout })
}

/// Unpacks every part to nowhere, and says what the workbook's parts say beside its cells.
fn measured(archive: &mut Archive, format: Format) -> Result<Laid, Stop> {
    let mut names = HashSet::new();
    for index in 0..archive.len() {
        if !names.insert(name_of(archive, index)) {
            return Err(Stop::hostile("two of its parts have one name"));
        }
    }
    let main = match (format, index_of(archive, ROOT)) {
        (Format::Xlsx, Some(root)) => {
            unpack(archive, root, |_| Role::Small, LARGEST)?;
            main(archive)?
        }
        _ => None,
    };
    let roles = roles(format, main.as_deref());
    let role = |name: &str| roles.iter().find(|(known, _)| known == name).map_or(Role::Other, |(_, role)| *role);
    let (mut total, mut layout) = (0, Laid::Plainly);
    for index in 0..archive.len() {
        let measure = unpack(archive, index, role, LARGEST - total)?;
        total += measure.size;
        if measure.laid == Laid::Specially {
            layout = Laid::Specially;
        }
    }
    Ok(layout)
}

/// The parts that are parsed whatever their names say, as usual names.
fn roles(format: Format, main: Option<&str>) -> Vec<(String, Role)> {
    let Some(main) = main.filter(|_| format == Format::Xlsx) else {
        return vec![("content.xml".to_owned(), Role::Tabs)];
    };
    let (folder, base) = split(main);
    vec![
        (ROOT.to_owned(), Role::Small),
        (main.to_owned(), Role::Small),
        (format!("{folder}_rels/{base}.rels"), Role::Small),
        (format!("{folder}styles.xml"), Role::Small),
        (format!("{folder}sharedstrings.xml"), Role::Strings),
    ]
}

/// An error of the archive.
pub(super) fn zip_error(error: &ZipError) -> Stop {
    match error {
        ZipError::UnsupportedArchive(text) if text.to_lowercase().contains("password") => Stop::Fault(Fault::Password),
        other => Stop::broken(other),
    }
}

/// Unpacks a part to nowhere, and says what it measured.
fn unpack(archive: &mut Archive, index: usize, role: impl FnOnce(&str) -> Role, left: u64) -> Result<Measure, Stop> {
    let part = archive.by_index(index).map_err(|error| zip_error(&error))?;
    let name = usual(&part.name().map_err(|error| zip_error(&error))?);
    let packed = part.compressed_size();
    let role = role(&name);
    measure(part, &name, packed, role, left)
}

/// Whether the archive says it is a spreadsheet, and without a password.
fn check_ods(archive: &mut Archive) -> Result<(), Stop> {
    let mut text = |name: &str| -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        match archive.by_name(name) {
            Ok(part) => part
                .take(LARGEST_SMALL)
                .read_to_end(&mut bytes)
                .map_err(|error| Stop::broken(&error))?,
            Err(ZipError::FileNotFound) => 0,
            Err(error) => return Err(zip_error(&error)),
        };
        Ok(bytes)
    };
    if !text("mimetype")?.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
        return Err(Stop::Fault(Fault::Format("this is an OpenDocument file, but no spreadsheet")));
    }
    if memchr::memmem::find(&text("META-INF/manifest.xml")?, b"encryption-data").is_some() {
        return Err(Stop::Fault(Fault::Password));
    }
    Ok(())
}
