//! Workbooks, written part by part as spreadsheet programs write them, so that a test can put anything into one.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What a cell is in each kind of workbook.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Text.
    Text(String),
    /// The attributes of the element and what is in it, such as `t="b"><v>1</v>`; blank where there is nothing.
    As { xlsx: String, ods: String },
}

/// Text in a cell.
pub fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A cell as the two kinds of workbook keep it.
pub fn cell(xlsx: &str, ods: &str) -> Cell {
    Cell::As {
        xlsx: xlsx.to_owned(),
        ods: ods.to_owned(),
    }
}

/// A row of a tab, as a filter or a person may have hidden it.
#[derive(Debug, Clone)]
pub struct Row {
    pub cells: Vec<Cell>,
    pub seen: Seen,
}

/// Whether a person sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Shown,
    Hidden,
}

/// A tab of a workbook.
#[derive(Debug, Clone)]
pub struct Tab {
    pub name: &'static str,
    pub seen: Seen,
    pub rows: Vec<Row>,
}

impl Tab {
    /// A tab with these rows, which a person sees.
    pub fn of(name: &'static str, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        let row = |cells| Row { cells, seen: Seen::Shown };
        Self {
            name,
            seen: Seen::Shown,
            rows: rows.into_iter().map(row).collect(),
        }
    }

    /// A tab whose cells are all text.
    pub fn of_text(name: &'static str, rows: &[Vec<String>]) -> Self {
        Self::of(name, rows.iter().map(|row| row.iter().map(|cell| text(cell)).collect()))
    }

    /// The same, and nobody sees it.
    pub fn hidden(self) -> Self {
        Self {
            seen: Seen::Hidden,
            ..self
        }
    }
}

/// Number formats of xlsx by the number of the style: `s="1"` is a date.
const FORMATS: [(u32, &str); 11] = [
    (0, ""),
    (14, ""),
    (22, ""),
    (21, ""),
    (9, ""),
    (164, "[$€-407] #,##0.00"),
    (165, "00000"),
    (46, ""),
    (166, "yyyy\\-mm\\-dd"),
    (2, ""),
    (167, "000\\-00\\-0000"),
];

/// From which day an xlsx counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    Y1900,
    Y1904,
}

/// An archive of these parts.
pub fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("an archive").into_inner()
}

/// An Excel workbook with these tabs.
pub fn xlsx(tabs: &[Tab]) -> Vec<u8> {
    xlsx_since(Epoch::Y1900, tabs)
}

/// An Excel workbook that counts its days from there.
pub fn xlsx_since(epoch: Epoch, tabs: &[Tab]) -> Vec<u8> {
    let mut strings = Vec::new();
    let sheets: Vec<String> = tabs.iter().map(|tab| worksheet(tab, &mut strings)).collect();
    let sheets: Vec<&str> = sheets.iter().map(String::as_str).collect();
    xlsx_of(epoch, tabs, &sheets, &strings)
}

/// An Excel workbook with one tab `People`, whose XML is this, and one shared string in each place.
pub fn xlsx_of_xml(worksheet: &str, strings: &[&str]) -> Vec<u8> {
    let strings: Vec<String> = strings.iter().map(|text| (*text).to_owned()).collect();
    xlsx_of(Epoch::Y1900, &[Tab::of("People", [])], &[worksheet], &strings)
}

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

fn xlsx_of(epoch: Epoch, tabs: &[Tab], sheets: &[&str], strings: &[String]) -> Vec<u8> {
    let (mut list, mut relations) = (String::new(), String::new());
    for (index, tab) in (1..).zip(tabs) {
        let state = if tab.seen == Seen::Hidden { " state=\"hidden\"" } else { "" };
        let name = escaped(tab.name);
        let _ = write!(list, "<sheet name=\"{name}\" sheetId=\"{index}\"{state} r:id=\"rId{index}\"/>");
        let target = format!("Target=\"worksheets/sheet{index}.xml\"");
        let _ = write!(
            relations,
            "<Relationship Id=\"rId{index}\" Type=\"{RELATIONS}/worksheet\" {target}/>"
        );
    }
    let date = if epoch == Epoch::Y1904 {
        "<workbookPr date1904=\"1\"/>"
    } else {
        ""
    };
    let workbook = format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\">{date}<sheets>{list}</sheets></workbook>");
    let relations = format!("<Relationships>{relations}</Relationships>");
    let root = format!(
        "<Relationships><Relationship Id=\"rId1\" Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let strings = strings.iter().map(|text| format!("<si>{text}</si>")).collect::<Vec<_>>().concat();
    let strings = format!("<sst xmlns=\"{MAIN}\">{strings}</sst>");
    let styles = styles();
    let mut parts: Vec<(String, &str)> = vec![
        ("[Content_Types].xml".to_owned(), "<Types/>"),
        ("_rels/.rels".to_owned(), &root),
        ("xl/workbook.xml".to_owned(), &workbook),
        ("xl/_rels/workbook.xml.rels".to_owned(), &relations),
        ("xl/styles.xml".to_owned(), &styles),
        ("xl/sharedStrings.xml".to_owned(), &strings),
    ];
    parts.extend(
        (1..)
            .zip(sheets)
            .map(|(index, xml)| (format!("xl/worksheets/sheet{index}.xml"), *xml)),
    );
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    archive(&parts)
}

fn styles() -> String {
    let custom = FORMATS
        .iter()
        .filter(|(_, code)| !code.is_empty())
        .map(|(id, code)| format!("<numFmt numFmtId=\"{id}\" formatCode=\"{code}\"/>"))
        .collect::<Vec<_>>()
        .concat();
    let formats = FORMATS
        .iter()
        .map(|(id, _)| format!("<xf numFmtId=\"{id}\" applyNumberFormat=\"1\"/>"))
        .collect::<Vec<_>>()
        .concat();
    format!("<styleSheet xmlns=\"{MAIN}\"><numFmts>{custom}</numFmts><cellXfs>{formats}</cellXfs></styleSheet>")
}

/// The XML of a tab. Texts go by turns into the shared strings and into their cells.
fn worksheet(tab: &Tab, strings: &mut Vec<String>) -> String {
    let mut data = String::new();
    for (number, row) in (1..).zip(&tab.rows) {
        let hidden = if row.seen == Seen::Hidden { " hidden=\"1\"" } else { "" };
        let _ = write!(data, "<row r=\"{number}\"{hidden}>");
        for (letter, cell) in ('A'..='Z').zip(&row.cells) {
            let inside = match cell {
                Cell::As { xlsx, .. } if xlsx.is_empty() => continue,
                Cell::As { xlsx, .. } => xlsx.clone(),
                Cell::Text(text) if text.is_empty() => continue,
                Cell::Text(text) if text.len() % 2 == 0 => format!("t=\"inlineStr\"><is>{}</is>", in_t(text)),
                Cell::Text(text) => {
                    strings.push(in_t(text));
                    format!("t=\"s\"><v>{}</v>", strings.len() - 1)
                }
            };
            let _ = write!(data, "<c r=\"{letter}{number}\" {inside}</c>");
        }
        data.push_str("</row>");
    }
    format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{data}</sheetData></worksheet>")
}

fn in_t(text: &str) -> String {
    format!("<t xml:space=\"preserve\">{}</t>", escaped(text))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // An XML reader would take a bare return for a line feed.
    text.replace('"', "&quot;").replace('\r', "&#13;")
}

/// An `OpenDocument` spreadsheet with these tabs.
pub fn ods(tabs: &[Tab]) -> Vec<u8> {
    let tables: String = tabs.iter().map(table).collect();
    ods_of_xml(&tables)
}

/// An `OpenDocument` spreadsheet with these tables.
pub fn ods_of_xml(tables: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content><office:automatic-styles>\
         <style:style style:name=\"ta1\" style:family=\"table\"><style:table-properties table:display=\"true\"/></style:style>\
         <style:style style:name=\"ta2\" style:family=\"table\"><style:table-properties table:display=\"false\"/></style:style>\
         </office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", b"<manifest:manifest/>"),
        ("content.xml", content.as_bytes()),
    ])
}

fn table(tab: &Tab) -> String {
    let style = if tab.seen == Seen::Hidden { "ta2" } else { "ta1" };
    let mut rows = String::new();
    for row in &tab.rows {
        let hidden = if row.seen == Seen::Hidden {
            " table:visibility=\"filter\""
        } else {
            ""
        };
        let _ = write!(rows, "<table:table-row{hidden}>");
        for cell in &row.cells {
            let _ = match cell {
                Cell::As { ods, .. } if ods.is_empty() => write!(rows, "<table:table-cell/>"),
                Cell::As { ods, .. } => write!(rows, "<table:table-cell {ods}</table:table-cell>"),
                Cell::Text(text) if text.is_empty() => write!(rows, "<table:table-cell/>"),
                Cell::Text(text) => write!(
                    rows,
                    "<table:table-cell office:value-type=\"string\">{}</table:table-cell>",
                    paragraphs(text)
                ),
            };
        }
        // The sheet goes on to its last column and row, as spreadsheet programs write it.
        rows.push_str("<table:table-cell table:number-columns-repeated=\"16000\"/></table:table-row>");
    }
    rows.push_str("<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>");
    format!(
        "<table:table table:name=\"{}\" table:style-name=\"{style}\">{rows}</table:table>",
        escaped(tab.name)
    )
}

/// A cell's text: a paragraph a line, and what XML would fold as elements.
fn paragraphs(text: &str) -> String {
    let paragraph = |line: &str| {
        let line = escaped(line).replace('\t', "<text:tab/>").replace(' ', "<text:s/>");
        format!("<text:p>{line}</text:p>")
    };
    text.split('\n').map(paragraph).collect()
}
