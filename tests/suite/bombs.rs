//! Files that are no sheet, or were made to harm: each is refused with a sentence, in little memory and little time, and nothing is sent.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::process::{Command, Stdio};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::workbook::{Tab, archive, ods, ods_of_xml, text, xlsx, xlsx_of_xml};
use crate::harness::{Campaign, Done, Server};

/// What a refusal may take: bytes of memory of its own, and seconds of the processor.
const MEMORY: u64 = 256 << 20;
const SECONDS: u32 = 30;

/// A command on the campaign, in so much memory and time.
fn limited(campaign: &Campaign, arguments: &[&str]) -> Done {
    let rowcast = campaign.command(arguments);
    let mut limited = Command::new("prlimit");
    limited.args([format!("--data={MEMORY}"), format!("--cpu={SECONDS}")]);
    limited.arg(rowcast.get_program()).args(rowcast.get_args());
    limited
        .current_dir(rowcast.get_current_dir().expect("a folder"))
        .stdin(Stdio::null());
    for (variable, value) in rowcast.get_envs() {
        match value {
            Some(value) => limited.env(variable, value),
            None => limited.env_remove(variable),
        };
    }
    let output = limited.output().expect("prlimit");
    Done {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn run(campaign: &Campaign, server: &Server, name: &str) -> Done {
    let arguments = campaign.run_arguments(&server.base_url(), &[name]);
    limited(campaign, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Fails the test unless this file is read well, in as little memory and time, and has so many rows.
#[track_caller]
fn read(bytes: &[u8], rows: usize) {
    let campaign = Campaign::new("", "Hello");
    campaign.write("sheet.xlsx", bytes);
    let done = limited(&campaign, &["check", "sheet.xlsx", "-m", "message.txt", "--format", "json"]).exits(0);
    assert_eq!(done.json()["rows"], rows);
}

/// Fails the test unless this file is refused with this line, whatever it is called.
#[track_caller]
fn refused_as(names: &[&str], bytes: &[u8], line: &str) {
    let server = Server::start();
    for name in names {
        let campaign = Campaign::new("", "Hello");
        campaign.write(name, bytes);
        let before = campaign.files();
        let done = run(&campaign, &server, name);
        assert_eq!(done.code, Some(3), "{name}: {done:?}");
        let expected = format!("error: {name}{line}");
        assert!(done.stderr.lines().any(|said| said == expected), "{expected}\n{}", done.stderr);
        assert_eq!(campaign.files(), before, "a refusal makes no file");
    }
    assert_eq!(server.seen().len(), 0);
}

#[track_caller]
fn refused(bytes: &[u8], line: &str) {
    refused_as(&["sheet.xlsx"], bytes, line);
}

const WORKSHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";

/// A good workbook, one part of which is what this writes; `name` is where the workbook keeps it.
fn xlsx_with(part: &str, name: &str, write: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let good = xlsx(&[Tab::of("People", [["LinkedIn"].map(text).to_vec(), ["anna-a"].map(text).to_vec()])]);
    let mut good = zip::ZipArchive::new(Cursor::new(good)).expect("an archive");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..good.len() {
        let mut from = good.by_index(index).expect("a part");
        let from_name = from.name().expect("a name").to_string();
        if from_name == part {
            continue;
        }
        let mut xml = String::new();
        std::io::Read::read_to_string(&mut from, &mut xml).expect("text");
        zip.start_file(from_name, SimpleFileOptions::default()).expect("a part");
        let short = |path: &str| path.trim_start_matches("xl/").to_owned();
        zip.write_all(xml.replace(&short(part), &short(name)).as_bytes())
            .expect("its bytes");
    }
    zip.start_file(name, SimpleFileOptions::default().large_file(true)).expect("a part");
    write(&mut zip);
    zip.finish().expect("an archive").into_inner()
}

/// The same, with so many times this between a beginning and an end.
fn repeated(part: &str, name: &str, start: &str, middle: &str, times: usize, end: &str) -> Vec<u8> {
    xlsx_with(part, name, |zip| {
        let many = middle.repeat(1 + 65_536 / middle.len().max(1));
        let mut left = middle.len() * times;
        zip.write_all(start.as_bytes()).expect("bytes");
        while left > 0 {
            let piece = left.min(many.len());
            zip.write_all(&many.as_bytes()[..piece]).expect("bytes");
            left -= piece;
        }
        zip.write_all(end.as_bytes()).expect("bytes");
    })
}

const HEAD: &str = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>LinkedIn</t></is></c></row>";
/// Where the first cell of the second row begins, and where all ends.
const CELL: &str = "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is>";
const END: &str = "</is></c></row></sheetData></worksheet>";

/// A part of so many bytes at least, all of them this piece again and again.
fn filled(part: &str, start: &str, piece: &str, bytes: usize, end: &str) -> Vec<u8> {
    repeated(part, part, start, piece, bytes / piece.len(), end)
}

/// A part that is just this.
fn replaced(part: &str, xml: &str) -> Vec<u8> {
    repeated(part, part, xml, "", 0, "")
}

/// Text that is no more alike than that of honest sheets.
fn noise(length: usize) -> String {
    let mut state = 1_u32;
    let mut text = String::with_capacity(length);
    while text.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let _ = write!(text, "{:x}", state >> 8);
    }
    text
}

/// So many elements, each of which has four letters of noise wherever `form` has `#`.
fn elements(count: usize, form: &str) -> String {
    let text = noise(4 * count);
    let words = text.as_bytes().chunks(4).take(count);
    words.map(|word| form.replace('#', &String::from_utf8_lossy(word))).collect()
}

fn hostile(why: &str) -> String {
    format!(": the workbook is refused: {why}")
}

const TOO_LONG: &str = "a part has more than 16 MiB of text without a tag";
const TOO_MANY: &str = "it has more tabs, names or styles than a spreadsheet has";

#[test]
fn a_tiny_workbook_that_claims_all_cells_that_there_can_be() {
    let cells = |dimension: &str| {
        format!(
            "<worksheet><dimension ref=\"{dimension}\"/><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>\
             <row r=\"1048576\"><c r=\"XFD1048576\" t=\"s\"><v>1</v></c></row></sheetData></worksheet>"
        )
    };
    let strings = ["<t>LinkedIn</t>", "<t>anna-a</t>"];
    let book = xlsx_of_xml(&cells("A1:XFD1048576"), &strings);
    assert!(book.len() < 4096, "{}", book.len());
    let far = " tab 'People' row 1048576: column 16384 has no name but is filled here; give it a name in the header, or delete the lines \
        above the header";
    refused(&book, far);
    refused(&xlsx_of_xml(&cells("A1:ZZZZZ4294967295"), &strings), far);
}

#[test]
fn cells_and_rows_of_numbers_too_large_to_count_are_read_as_no_others() {
    let strings = ["<t>LinkedIn</t>", "<t>anna-a</t>"];
    for (row, cell) in [("2", "MWLQKWW2"), ("2", "ZZZZZZZZZZ2"), ("4294967298", "A4294967298")] {
        let sheet = format!(
            "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>\
             <row r=\"{row}\"><c r=\"{cell}\" t=\"s\"><v>1</v></c></row></sheetData></worksheet>"
        );
        refused(&xlsx_of_xml(&sheet, &strings), ": the workbook is broken: it cannot be parsed");
    }
}

#[test]
fn a_claim_of_more_strings_than_there_are() {
    let strings = "<sst uniqueCount=\"4000000000\" count=\"4000000000\"><si><t>LinkedIn</t></si></sst>";
    refused(
        &replaced(STRINGS, strings),
        &hostile("it claims 4000000000 strings and does not hold them"),
    );
}

#[test]
fn zeros_that_unpack_to_more_than_there_is_room_for() {
    refused(&filled(WORKSHEET, HEAD, "\0", 400 << 20, ""), &hostile(TOO_LONG));
    refused(&filled(STRINGS, "<sst><si><t>", "\0", 400 << 20, ""), &hostile(TOO_LONG));
    refused_as(&["sheet.ods"], &ods_of_xml(&"\0".repeat(300 << 20)), &hostile(TOO_LONG));
}

#[test]
fn one_cell_of_very_many_pieces() {
    let long = hostile("a cell of more than 16 MiB");
    let text = noise(400).repeat(40);
    // Each piece is short, and the cell never ends.
    refused(
        &filled(
            WORKSHEET,
            &format!("{HEAD}{CELL}"),
            &format!("<r><t>{text}</t></r>"),
            200 << 20,
            END,
        ),
        &long,
    );
    let inside = format!("{HEAD}{CELL}<t>");
    for piece in [format!("<!-- -->{text}"), format!("<c/>{text}"), format!("<![CDATA[{text}]]>")] {
        refused(&filled(WORKSHEET, &inside, &piece, 200 << 20, &format!("</t>{END}")), &long);
    }
    refused(
        &filled(STRINGS, "<sst><si><t>", &format!("<!-- -->{text}"), 150 << 20, "</t></si></sst>"),
        &long,
    );
    // An end that belongs to nothing does not end it.
    let broken = ": the workbook is broken: ill-formed document: expected `</t>`, but `</c>` was found";
    refused(
        &filled(WORKSHEET, &inside, &format!("</c>{text}"), 20 << 20, &format!("</t>{END}")),
        broken,
    );
    let comment = format!("<!-- {} -->", "<x>".repeat(7 << 20));
    refused(
        &replaced(WORKSHEET, &format!("{HEAD}{comment}</sheetData></worksheet>")),
        &hostile(TOO_LONG),
    );
}

#[test]
fn very_many_strings_styles_names_and_tabs() {
    let strings = elements(1000, "<si><t>#</t></si>");
    let many = hostile("it has more strings than can be held in memory");
    refused(&filled(STRINGS, "<sst>", &strings, 60 << 20, "</sst>"), &many);
    let many = hostile(TOO_MANY);
    let styles = elements(1000, "<xf numFmtId=\"#\"/>");
    refused(
        &filled(
            "xl/styles.xml",
            "<styleSheet><cellXfs>",
            &styles,
            15 << 20,
            "</cellXfs></styleSheet>",
        ),
        &many,
    );
    let (start, end) = ("<workbook><definedNames>", "</definedNames></workbook>");
    let names = elements(1000, "<definedName name=\"#\">#</definedName>");
    refused(&filled("xl/workbook.xml", start, &names, 15 << 20, end), &many);
    refused(&repeated("xl/workbook.xml", "xl/odd.xml", start, &names, 1000, end), &many);
    let long = format!("<definedName name=\"#\">{}</definedName>", noise(100_000));
    let large = hostile("its part 'xl/odd.xml' unpacks to more than 16777216 bytes");
    refused(
        &repeated("xl/workbook.xml", "xl/odd.xml", start, &elements(10, &long), 30, end),
        &large,
    );
    refused_as(
        &["sheet.ods"],
        &ods_of_xml(&elements(30_000, "<table:table table:name=\"#\"/>")),
        &many,
    );
}

#[test]
fn one_part_for_very_many_tabs() {
    let tabs = elements(5000, "<sheet name=\"#\" sheetId=\"1\" r:id=\"rId1\"/>");
    let book = format!("<workbook xmlns:r=\"x\"><sheets>{tabs}</sheets></workbook>");
    refused(&replaced("xl/workbook.xml", &book), &hostile("two of its tabs are one"));
}

#[test]
fn a_tab_under_a_name_that_no_tab_has() {
    let (start, end) = (format!("{HEAD}{CELL}<t>"), format!("</t>{END}"));
    let odd = "xl/worksheets/sheet1.dat";
    let text = noise(8000);
    refused(
        &repeated(WORKSHEET, odd, &start, &text, (200 << 20) / text.len(), &end),
        &hostile(TOO_LONG),
    );
    // It is no fault in itself.
    read(&repeated(WORKSHEET, odd, &start, "anna-a", 1, &end), 1);
}

#[test]
fn an_element_with_very_many_attributes_is_read() {
    let attributes: String = (0..200_000).fold(String::new(), |mut all, number| {
        let _ = write!(all, " a{number}=\"\"");
        all
    });
    let cell = CELL.replace("<c ", &format!("<c{attributes} "));
    read(&replaced(WORKSHEET, &format!("{HEAD}{cell}<t>anna-a</t>{END}")), 1);
    let styles = format!("<styleSheet><cellXfs><xf{attributes}/></cellXfs></styleSheet>");
    read(&replaced("xl/styles.xml", &styles), 1);
    read(&ods_tab(&row("", &cell_of(&attributes, "anna-a"))), 1);
}

#[test]
fn entities_that_stand_for_entities_or_files() {
    let laughs = (1..10).fold("<!ENTITY l0 \"lol\">".to_owned(), |mut all, level| {
        let _ = write!(all, "<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10));
        all
    });
    let file = "<!ENTITY x SYSTEM \"file:///etc/passwd\">".to_owned();
    for (entities, name) in [(laughs, "l9"), (file, "x")] {
        let document = format!("<?xml version=\"1.0\"?><!DOCTYPE x [{entities}]>");
        let unknown = format!(" tab 'People': the workbook is broken: Xml error: at 0..0: unrecognized entity `&{name};`");
        let sheet = format!("{document}{HEAD}{CELL}<t>&{name};</t>{END}");
        refused(&replaced(WORKSHEET, &sheet), &unknown);
        let tables = format!(
            "<table:table table:name=\"P\">{}{}</table:table>",
            row("", &cell_of("", "LinkedIn")),
            row("", &cell_of("", &format!("&{name};")))
        );
        let content = format!(
            "{document}<office:document-content><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
        );
        let book = archive(&[
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
            ("META-INF/manifest.xml", b"<manifest:manifest/>"),
            ("content.xml", content.as_bytes()),
        ]);
        refused_as(&["sheet.ods"], &book, ": the workbook is broken: an unknown entity");
    }
}

#[test]
fn elements_inside_elements_without_end() {
    let deep = hostile("its elements lie too deep in one another");
    refused(&filled(WORKSHEET, HEAD, "<a>", 12 << 20, ""), &deep);
    refused(&filled("xl/workbook.xml", "<workbook>", "<a>", 9 << 20, ""), &deep);
    refused_as(&["sheet.ods"], &ods_of_xml(&"<table:table>".repeat(1000)), &deep);
}

#[test]
fn merged_cells_over_one_another() {
    let rows = (2..10_000).fold(String::new(), |mut all, row| {
        let _ = write!(
            all,
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"inlineStr\"><is><t>p-{row}</t></is></c></row>"
        );
        all
    });
    let sheet = |count: usize| {
        let merges = "<mergeCell ref=\"B1:C1048576\"/>".repeat(count);
        replaced(
            WORKSHEET,
            &format!("{HEAD}{rows}</sheetData><mergeCells>{merges}</mergeCells></worksheet>"),
        )
    };
    let many = "the workbook is refused: it merges more cells than a person would";
    refused(&sheet(60_000), &format!(" tab 'People': {many}"));
    refused(&sheet(70_000), &format!(": {many}"));
    read(&sheet(100), 9998);
}

fn cell_of(attributes: &str, text: &str) -> String {
    format!("<table:table-cell{attributes} office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
}

fn row(attributes: &str, cells: &str) -> String {
    format!("<table:table-row{attributes}>{cells}</table:table-row>")
}

fn ods_tab(rows: &str) -> Vec<u8> {
    let head = row("", &cell_of("", "LinkedIn"));
    ods_of_xml(&format!("<table:table table:name=\"People\">{head}{rows}</table:table>"))
}

#[test]
fn an_ods_whose_cells_and_rows_repeat_without_end() {
    let often = |what: &str, count: &str| format!(" table:number-{what}-repeated=\"{count}\"");
    let anna = cell_of("", "anna-a");
    let refusal = "the workbook is refused:";
    let broken = ": the workbook is broken: a count that is no number".to_owned();
    for (rows, line) in [
        (
            row(&often("rows", "1048576"), &anna),
            format!(" tab 'People': {refusal} a filled row repeats more often than a person would want"),
        ),
        (
            row(&often("rows", "4000000000"), &anna),
            format!(" tab 'People': {refusal} a filled row repeats more often than a person would want"),
        ),
        (row(&often("rows", "99999999999999999999999"), &anna), broken.clone()),
        (row(&often("rows", "-1"), &anna), broken),
        (
            row("", &cell_of(&often("columns", "16384"), "anna-a")),
            " tab 'People' row 2: column 16384 has no name but is filled here; give it a name in the header, or delete the lines above the header"
                .to_owned(),
        ),
        (
            row("", &cell_of(&often("columns", "4000000000"), "anna-a")),
            format!(" tab 'People': {refusal} cells out of order, or more columns than a spreadsheet has"),
        ),
        (
            row("", &cell_of(&often("columns", "16384"), &"long ".repeat(10_000))),
            format!(" tab 'People': {refusal} a row of more than 16 MiB"),
        ),
        (
            row("", &cell_of("", "<text:s text:c=\"4000000000\"/>")),
            hostile("an element stands for too many spaces"),
        ),
        (
            row("", &cell_of("", &"<text:s text:c=\"30000\"/>".repeat(60_000))),
            hostile("a cell of more than 16 MiB"),
        ),
    ] {
        refused_as(&["sheet.ods"], &ods_tab(&rows), &line);
    }
}

#[test]
fn an_archive_of_very_many_parts() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..30_000 {
        zip.start_file(format!("{number}.xml"), SimpleFileOptions::default())
            .expect("a part");
    }
    refused(&zip.finish().expect("an archive").into_inner(), &hostile("it has 30000 parts"));
}

/// A good workbook.
fn good() -> Vec<u8> {
    xlsx(&[Tab::of("People", [["LinkedIn"].map(text).to_vec(), ["anna-a"].map(text).to_vec()])])
}

#[test]
fn an_archive_that_is_cut_short() {
    let whole = good();
    for end in [whole.len() / 4, whole.len() / 2, whole.len() - 30] {
        refused(&whole[..end], ": the workbook is broken: invalid Zip archive: Could not find EOCD");
    }
}

#[test]
fn a_workbook_whose_bytes_were_changed() {
    let name = WORKSHEET.as_bytes();
    let whole = good();
    let data = whole.windows(name.len()).position(|bytes| bytes == name).expect("a part") + name.len();
    for place in [data + 4, data + 40, data + 90] {
        let mut book = whole.clone();
        book[place] ^= 0x55;
        let server = Server::start();
        let campaign = Campaign::new("", "Hello");
        campaign.write("sheet.xlsx", &book);
        run(&campaign, &server, "sheet.xlsx")
            .exits(3)
            .says("error: sheet.xlsx: the workbook is broken: ");
        assert_eq!(server.seen().len(), 0);
    }
}

#[test]
fn files_that_are_no_sheets() {
    let no_sheet = |what: &str| format!(": this is {what} and no sheet; export the rows as .xlsx or as CSV UTF-8, and use that");
    let save = |what: &str| format!(": this is {what}; save it as .xlsx or as CSV UTF-8, and use that");
    let nul = " line 1: a NUL byte: this is no text file, or UTF-16 without its byte-order mark (then say --encoding utf-16le)";
    let old = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    let locked = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let types: [(&str, &[u8]); 2] = [("[Content_Types].xml", b"<Types/>"), ("_rels/.rels", b"<r/>")];
    for (bytes, line) in [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01".to_vec(), no_sheet("an image")),
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF".to_vec(), no_sheet("an image")),
        (
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n".to_vec(),
            no_sheet("a PDF document"),
        ),
        (
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\0\0\0\0\xff\xff".to_vec(),
            no_sheet("a gzip archive"),
        ),
        (b"{\\rtf1\\ansi LinkedIn}".to_vec(), no_sheet("an RTF document")),
        (
            b"\n<HTML><table><tr><td>LinkedIn</td></tr></table></html>".to_vec(),
            save("a web page, which spreadsheet programs open"),
        ),
        (
            b"<?xml version=\"1.0\"?><Workbook/>".to_vec(),
            save("XML, which spreadsheet programs may open"),
        ),
        (vec![0; 4096], nul.to_owned()),
        (
            [old.to_vec(), b" and so on".to_vec()].concat(),
            save("an old .xls workbook, or one with a password"),
        ),
        (
            [old.to_vec(), locked].concat(),
            ": the workbook is protected by a password; save it without one".to_owned(),
        ),
        (b"\x09\x08\x10\0\0\x06\x05\0\xbb\x0d\xcc\x07".to_vec(), save("an old .xls workbook")),
        (
            archive(&[("word/document.xml", b"<w/>"), types[0], types[1]]),
            save("an archive, but no .xlsx or .ods workbook"),
        ),
        (archive(&[("xl/workbook.bin", b"x"), types[0], types[1]]), save("an .xlsb workbook")),
        (
            archive(&[("people.csv", b"LinkedIn\nanna-a\n")]),
            save("an archive, but no .xlsx or .ods workbook"),
        ),
        (
            archive(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>")]),
            save("an OpenDocument file, but no spreadsheet"),
        ),
        (Vec::new(), ": the sheet is empty".to_owned()),
    ] {
        refused_as(&["sheet.xlsx", "sheet.csv"], &bytes, &line);
    }
}

#[test]
fn an_ods_with_a_password() {
    let manifest = b"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    let book = archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest),
        ("content.xml", b"\xb8\x9c<\xff\x12 no XML at all"),
    ]);
    refused_as(
        &["sheet.ods"],
        &book,
        ": the workbook is protected by a password; save it without one",
    );
}

#[test]
fn a_workbook_that_a_macintosh_packed_is_read() {
    let forks = "__MACOSX/xl/_rels/._workbook.xml.rels";
    let write = |zip: &mut ZipWriter<Cursor<Vec<u8>>>| zip.write_all(b"\0\x05\x16\x07\0\x02\0\0Mac OS X \xb0<\xb0").expect("bytes");
    read(&xlsx_with(forks, forks, write), 1);
}

#[test]
fn several_filled_tabs_and_none_named() {
    let tab = |name| Tab::of(name, [["LinkedIn"].map(text).to_vec(), ["anna-a"].map(text).to_vec()]);
    let tabs = [tab("Spring"), tab("Autumn")];
    let line = ": several tabs are filled: 'Spring', 'Autumn'; say which with --tab";
    refused_as(&["sheet.xlsx", "sheet.csv"], &xlsx(&tabs), line);
    refused_as(&["sheet.ods", "sheet.txt"], &ods(&tabs), line);
}

#[test]
fn a_workbook_under_the_name_of_a_text_and_a_text_under_that_of_a_workbook() {
    let server = Server::start();
    for (name, bytes) in [("sheet.csv", good()), ("sheet.xlsx", b"LinkedIn\nanna-a\n".to_vec())] {
        let campaign = Campaign::new("", "Hello");
        campaign.write(name, bytes);
        run(&campaign, &server, name).exits(0).says("1 sent");
    }
}

#[test]
fn a_text_without_end() {
    let line = "anna-a,".repeat(9362);
    let endless = |line: u32| format!(" line {line}: a record of more than 16 MiB: is a quote not closed, or is this no sheet?");
    for (start, says) in [
        (
            "LinkedIn\n\"",
            " line 2: the quote that opens here is never closed: close it, or write it twice inside a quoted cell".to_owned(),
        ),
        ("LinkedIn\n", endless(2)),
        ("", endless(1)),
    ] {
        let text = [start, &line.repeat((80 << 20) / line.len())].concat();
        refused_as(&["sheet.csv"], text.as_bytes(), &says);
    }
}
