use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::adapters::sheet::{Format, Options, Sheet, SheetError};
use crate::model::row::Row;

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const STRINGS: &str = "<sst uniqueCount=\"5\"><si><t>recipient</t></si><si><t>x</t></si><si><t>jane</t></si><si><t>00123</t></si><si><t>a,\"b\"&amp;\nc</t></si></sst>";

/// A workbook with these tabs: name, state and what is in `sheetData`.
fn xlsx_with(tabs: &[(&str, &str, &str)], strings: &str) -> Vec<u8> {
    let (mut sheets, mut relations, mut parts) = (String::new(), String::new(), Vec::new());
    for (index, (name, state, data)) in tabs.iter().enumerate() {
        write!(
            sheets,
            "<sheet name=\"{name}\" sheetId=\"{index}\" state=\"{state}\" r:id=\"r{index}\"/>"
        )
        .unwrap();
        write!(
            relations,
            "<Relationship Id=\"r{index}\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/s{index}.xml\"/>"
        )
        .unwrap();
        let sheet = format!("<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData>{data}</sheetData></worksheet>");
        parts.push((format!("xl/worksheets/s{index}.xml"), sheet));
    }
    let workbook = format!("<workbook xmlns:r=\"{RELATIONS}\"><sheets>{sheets}</sheets></workbook>");
    let relations = format!("<Relationships>{relations}</Relationships>");
    let root = format!("<Relationships><Relationship Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
    let styles = "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>";
    let mut all = vec![
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", root.as_str()),
        ("xl/workbook.xml", workbook.as_str()),
        ("xl/_rels/workbook.xml.rels", relations.as_str()),
        ("xl/sharedStrings.xml", strings),
        ("xl/styles.xml", styles),
    ];
    all.extend(parts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    archive(&all)
}

fn xlsx(data: &str) -> Vec<u8> {
    xlsx_with(&[("People", "visible", data)], STRINGS)
}

fn ods(tables: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content><office:automatic-styles><style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style></office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
        ("content.xml", &content),
    ])
}

fn read(bytes: &[u8], tab: Option<&str>) -> Result<Vec<(u32, Vec<String>)>, SheetError> {
    // The name says nothing: the content does.
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let options = Options {
        tab: tab.map(str::to_owned),
        ..Options::default()
    };
    let sheet = Sheet::open(file.path(), &options)?;
    assert_ne!(sheet.description().format, Format::Text);
    let (mut rows, mut row, mut all) = (sheet.rows(), Row::new(), Vec::new());
    while rows.next_into(&mut row)? {
        all.push((row.number().0, (0..row.len()).map(|cell| row.raw(cell).to_owned()).collect()));
    }
    Ok(all)
}

#[track_caller]
fn refused(bytes: &[u8], says: &[&str]) {
    let error = read(bytes, None).expect_err("refused").to_string();
    for part in says {
        assert!(error.contains(part), "{part}: {error}");
    }
}

const HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>";

#[test]
fn cells_of_xlsx_are_as_people_see_them() {
    let mut data = HEADER.to_owned();
    let mut expected = Vec::new();
    for (row, (cell, shown)) in (2..).zip([
        ("t=\"s\"><v>3</v>", "00123"),
        ("t=\"s\"><v>4</v>", "a,\"b\"&\nc"),
        ("><v>5</v>", "5"),
        ("><v>0.30000000000000004</v>", "0.3"),
        ("s=\"1\"><v>45943</v>", "2025-10-13"),
        ("s=\"2\"><v>45943.5</v>", "2025-10-13T12:00:00"),
        ("t=\"b\"><v>1</v>", "TRUE"),
        ("t=\"e\"><v>#N/A</v>", "#N/A"),
        ("t=\"inlineStr\"><is><t>é🚀</t></is>", "é🚀"),
        ("t=\"str\"><f>A1</f><v>stored</v>", "stored"),
        ("><f>1+1</f><v>2</v>", "2"),
        ("t=\"str\"><f>\"\"</f><v></v>", ""),
    ]) {
        write!(
            data,
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>2</v></c><c r=\"B{row}\" {cell}</c></row>"
        )
        .unwrap();
        expected.push((row, vec!["jane".to_owned(), shown.to_owned()]));
    }
    assert_eq!(read(&xlsx(&data), None).unwrap(), expected);
}

#[test]
fn rows_of_a_workbook_keep_their_numbers() {
    let data = "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c></row><row r=\"4\"><c r=\"A4\" s=\"1\"/></row><row r=\"1000\"><c r=\"A1000\" t=\"s\"><v>2</v></c><c r=\"D1000\"/></row>";
    assert_eq!(read(&xlsx(data), None).unwrap(), [(1000, vec!["jane".to_owned()])]);
}

#[test]
fn of_several_filled_tabs_one_must_be_named() {
    let row = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>2</v></c><c r=\"B2\"><v>1</v></c></row>";
    let data = format!("{HEADER}{row}");
    let three = |state| {
        let tabs = [
            ("People", "visible", data.as_str()),
            ("Old", state, data.as_str()),
            ("Empty", "visible", ""),
        ];
        xlsx_with(&tabs, STRINGS)
    };
    refused(&three("visible"), &["several tabs are filled", "'People', 'Old'", "--tab"]);
    assert_eq!(read(&three("hidden"), None).unwrap().len(), 1);
    assert_eq!(read(&three("visible"), Some("old")).unwrap().len(), 1);
    let error = read(&three("visible"), Some("Peple")).unwrap_err().to_string();
    assert!(error.contains("no tab 'Peple' (did you mean 'People'?)"), "{error}");
    refused(&xlsx(""), &["no tab of the workbook"]);
}

#[test]
fn what_a_workbook_does_not_hold_for_certain_is_refused_with_its_cell() {
    let with = |cells: &str| xlsx(&format!("{HEADER}<row r=\"2\"><c r=\"A2\" t=\"s\"><v>2</v></c>{cells}</row>"));
    refused(
        &with("<c r=\"B2\"><v>12345678901234567</v></c>"),
        &["tab 'People' row 2", "cell B2", "15 digits"],
    );
    refused(
        &with("<c r=\"B2\"><f>1+1</f></c>"),
        &["row 2", "cell B2 has a formula without a stored value"],
    );
    refused(&with("<c r=\"D2\"><v>1</v></c>"), &["row 2: column 4 has no name but is filled"]);
    refused(&with("<c r=\"A2\"><v>1</v></c>"), &["out of order"]);
    let title =
        "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row><row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c><c r=\"B3\"><v>1</v></c></row>";
    refused(&xlsx(title), &["row 3: column 2 has no name", "lines above the header"]);
}

#[test]
fn hostile_workbooks_are_refused() {
    let claims = "<sst uniqueCount=\"99999999999\"><si><t>recipient</t></si></sst>";
    refused(
        &xlsx_with(&[("People", "visible", HEADER)], claims),
        &["claims 99999999999 strings"],
    );
    let bomb = format!("<sst>{}</sst>", format!("<si><t>{}</t></si>", "a".repeat(10_000)).repeat(1000));
    refused(&xlsx_with(&[("People", "visible", HEADER)], &bomb), &["zip bomb"]);
    let far = format!("{HEADER}<row r=\"1048577\"><c r=\"A1048577\"><v>1</v></c></row>");
    refused(&xlsx(&far), &["the workbook is"]);
    refused(&archive(&[("word/document.xml", "<a/>")]), &["no .xlsx or .ods"]);
    refused(&archive(&[("xl/workbook.bin", "x")]), &[".xlsb"]);
    refused(b"PK\x03\x04 and nothing more", &["broken"]);
    refused(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on", &["old .xls", "save it as .xlsx"]);
    let mut locked = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    locked.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    refused(&locked, &["protected by a password"]);
    let whole = xlsx(HEADER);
    for end in (0..whole.len()).step_by(7) {
        assert!(read(&whole[..end], None).is_err(), "cut at {end}");
    }
}

fn cell(text: &str) -> String {
    format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
}

fn ods_row(cells: &[String]) -> String {
    format!(
        "<table:table-row>{}<table:table-cell table:number-columns-repeated=\"16000\"/></table:table-row>",
        cells.concat()
    )
}

#[test]
fn cells_of_ods_are_as_people_see_them() {
    let mut rows = ods_row(&[cell("recipient"), cell("x")]);
    let mut expected = Vec::new();
    for (row, (second, shown)) in (2..).zip([
        (cell("00123"), "00123"),
        (cell("a,<text:span>\"b\"</text:span>&amp;&#x41;<text:s text:c=\"2\"/>\n  c</text:p><text:p>d<text:line-break/>e"), "a,\"b\"&A   c\nd\ne"),
        ("<table:table-cell office:value-type=\"float\" office:value=\"5\"><text:p>5.00</text:p></table:table-cell>".to_owned(), "5"),
        ("<table:table-cell office:value-type=\"date\" office:date-value=\"2025-10-13T00:00:00\"><text:p>13.10.25</text:p></table:table-cell>".to_owned(), "2025-10-13"),
        ("<table:table-cell office:value-type=\"time\" office:time-value=\"PT12H59M02S\"/>".to_owned(), "12:59:02"),
        ("<table:table-cell office:value-type=\"boolean\" office:boolean-value=\"true\"/>".to_owned(), "TRUE"),
        ("<table:table-cell table:formula=\"of:=X\" office:value-type=\"string\" office:string-value=\"\" calcext:value-type=\"error\"><text:p>#N/A</text:p></table:table-cell>".to_owned(), "#N/A"),
        (format!("<table:table-cell office:value-type=\"string\"><office:annotation>{}</office:annotation><text:p>seen</text:p></table:table-cell>", cell("note")), "seen"),
        ("<table:table-cell/>".to_owned(), ""),
    ]) {
        rows += &ods_row(&[cell("jane"), second]);
        expected.push((row, vec!["jane".to_owned(), shown.to_owned()]));
    }
    rows += "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let tables = format!(
        "<table:table table:name=\"People\">{rows}</table:table><table:table table:name=\"Other\" table:style-name=\"ta2\">{rows}</table:table>"
    );
    assert_eq!(read(&ods(&tables), None).unwrap(), expected);
}

#[test]
fn rows_of_ods_that_repeat_are_rows_and_keep_their_numbers() {
    let blank = "<table:table-row table:number-rows-repeated=\"3\"><table:table-cell/></table:table-row>";
    let twice = ods_row(&[cell("jane")]).replacen("<table:table-row", "<table:table-row table:number-rows-repeated=\"2\"", 1);
    let rows = format!("{}{blank}{twice}", ods_row(&[cell("recipient")]));
    let read = read(&ods(&format!("<table:table table:name=\"P\">{rows}</table:table>")), None).unwrap();
    assert_eq!(read, [(5, vec!["jane".to_owned()]), (6, vec!["jane".to_owned()])]);
}

#[test]
fn hostile_spreadsheets_are_refused_in_bounded_memory() {
    let tab = |rows: &str| {
        ods(&format!(
            "<table:table table:name=\"P\">{}{rows}</table:table>",
            ods_row(&[cell("recipient")])
        ))
    };
    let many = ods_row(&[cell("x")]).replacen("<table:table-row", "<table:table-row table:number-rows-repeated=\"4000000000\"", 1);
    refused(&tab(&many), &["repeats more often"]);
    let wide = "<table:table-row><table:table-cell office:value-type=\"string\" table:number-columns-repeated=\"4000000000\"><text:p>x</text:p></table:table-cell></table:table-row>";
    refused(&tab(wide), &["more columns"]);
    refused(&tab(&ods_row(&[cell("<text:s text:c=\"4000000000\"/>")])), &["too many spaces"]);
    refused(&tab("<table:table-row>"), &["broken"]);
    refused(&tab("<table:table-row table:number-rows-repeated=\"x\"/>"), &["broken", "a count"]);
    refused(&tab(&ods_row(&[cell("&unknown;")])), &["broken", "entity"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_workbooks_are_read_or_refused(place in any::<prop::sample::Index>(), length in 0_usize..40, other in "[<>/a-z\"=0-9 &;:]{0,12}", kind in any::<bool>()) {
        let damage = |text: &str| {
            let start = place.index(text.len());
            let end = (start + length).min(text.len());
            let bytes = [&text.as_bytes()[..start], other.as_bytes(), &text.as_bytes()[end..]].concat();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let file = if kind {
            let rows = ods_row(&[cell("recipient"), cell("x")]) + &ods_row(&[cell("jane"), cell("a<text:s text:c=\"2\"/>b")]);
            ods(&damage(&format!("<table:table table:name=\"P\">{rows}</table:table>")))
        } else {
            xlsx(&damage(&format!("{HEADER}<row r=\"2\"><c r=\"A2\" t=\"s\"><v>2</v></c><c r=\"B2\"><f>1</f><v>1.5</v></c></row>")))
        };
        let _ = read(&file, None);
    }

    #[test]
    fn damaged_archives_are_read_or_refused(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut file = xlsx(HEADER);
        let place = place.index(file.len());
        file[place] = byte;
        let _ = read(&file, None);
    }
}
