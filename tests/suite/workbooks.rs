//! A workbook is read cell by cell as the CSV that a person would have saved of it, whatever its file is called.

use serde_json::Value;

use crate::harness::workbook::{Cell, Epoch, Row, Seen, Tab, cell, ods, ods_of_xml, text, xlsx, xlsx_of_xml, xlsx_since};
use crate::harness::{Campaign, Server};

const TEMPLATE: &str = "{{ kind }}: [{{ value | default(value=\"nothing\") }}]";

/// What a cell is, as the CSV has it and as workbooks keep it.
struct Case {
    kind: &'static str,
    csv: &'static str,
    cell: Cell,
}

fn as_text(kind: &'static str, csv: &'static str) -> Case {
    Case {
        kind,
        csv,
        cell: text(csv),
    }
}

fn kept(kind: &'static str, csv: &'static str, xlsx: &str, ods: &str) -> Case {
    Case {
        kind,
        csv,
        cell: cell(xlsx, ods),
    }
}

/// A number of ods and how the spreadsheet shows it.
fn shown(kind: &str, value: &str, shown: &str) -> String {
    format!("office:value-type=\"{kind}\" office:value=\"{value}\"><text:p>{shown}</text:p>")
}

fn text_cases() -> Vec<Case> {
    vec![
        as_text("letters of all kinds", "Zoë 🚀 प्रिया 李"),
        as_text("leading zeros", "007"),
        as_text("a long id", "12345678901234567890"),
        as_text("a number as text", "1.50"),
        as_text("a formula as text", "=1+1"),
        as_text("what parts cells elsewhere", "a,b;c|d"),
        as_text("quotes and signs of XML", "say \"hi\" & <b>"),
        as_text("a line break", "first\nsecond"),
        as_text("blanks inside", "a  b\tc"),
        as_text("nothing", ""),
        kept(
            "letters of several kinds in one cell",
            "Zoë & Co",
            "t=\"inlineStr\"><is><r><t>Zo</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\">ë &amp; </t></r><r><t>Co</t></r><rPh sb=\"0\" eb=\"1\"><t>x</t></rPh></is>",
            "office:value-type=\"string\"><text:p>Zo<text:span text:style-name=\"T1\">ë &amp; </text:span>Co</text:p>",
        ),
        kept(
            "a link",
            "our page",
            "t=\"str\"><f>HYPERLINK(\"https://example.com\",\"our page\")</f><v>our page</v>",
            "office:value-type=\"string\"><text:p><text:a xlink:href=\"https://example.com\">our page</text:a></text:p>",
        ),
        kept(
            "a cell with a note",
            "seen",
            "t=\"str\"><v>seen</v>",
            "office:value-type=\"string\"><office:annotation><text:p>unseen</text:p></office:annotation><text:p>seen</text:p>",
        ),
        kept("a cell that has a format alone", "", "s=\"1\">", "table:style-name=\"ce1\">"),
    ]
}

fn number_cases() -> Vec<Case> {
    vec![
        kept("a whole number", "5", "><v>5</v>", &shown("float", "5", "5")),
        kept("a whole number with its fraction", "5", "><v>5.0</v>", &shown("float", "5", "5.0")),
        kept(
            "a whole number in a format with decimals",
            "5",
            "s=\"9\"><v>5</v>",
            &shown("float", "5", "5.00"),
        ),
        kept("a fraction", "0.3", "><v>0.30000000000000004</v>", &shown("float", "0.3", "0.3")),
        kept("a negative number", "-2.5", "t=\"n\"><v>-2.5</v>", &shown("float", "-2.5", "-2.5")),
        kept(
            "a small number",
            "0.00000015",
            "><v>1.5E-7</v>",
            &shown("float", "0.00000015", "1.5E-07"),
        ),
        kept(
            "15 digits",
            "491701234567890",
            "><v>491701234567890</v>",
            &shown("float", "491701234567890", "4.9E+14"),
        ),
        kept("a share", "25%", "s=\"4\"><v>0.25</v>", &shown("percentage", "0.25", "25%")),
        kept(
            "a share with a fraction",
            "7.5%",
            "s=\"4\"><v>7.4999999999999997E-2</v>",
            &shown("percentage", "0.075", "8%"),
        ),
        kept(
            "money",
            "1234.5",
            "s=\"5\"><v>1234.5</v>",
            &shown("currency", "1234.5", "€ 1.234,50"),
        ),
        kept("a postal code", "00501", "s=\"6\"><v>501</v>", &shown("float", "501", "00501")),
        kept(
            "a number of a known length",
            "012345678",
            "s=\"10\"><v>12345678</v>",
            &shown("float", "12345678", "012-34-5678"),
        ),
        kept(
            "a formula's number",
            "42",
            "><f>6*7</f><v>42</v>",
            "table:formula=\"of:=6*7\" office:value-type=\"float\" office:value=\"42\"><text:p>42</text:p>",
        ),
        kept(
            "yes",
            "TRUE",
            "t=\"b\"><v>1</v>",
            "office:value-type=\"boolean\" office:boolean-value=\"true\"><text:p>WAHR</text:p>",
        ),
        kept(
            "no",
            "FALSE",
            "t=\"b\"><v>0</v>",
            "office:value-type=\"boolean\" office:boolean-value=\"false\"><text:p>FALSCH</text:p>",
        ),
        kept(
            "a formula's yes",
            "TRUE",
            "t=\"b\"><f>1=1</f><v>1</v>",
            "table:formula=\"of:=1=1\" office:value-type=\"boolean\" office:boolean-value=\"true\"><text:p>TRUE</text:p>",
        ),
        kept(
            "a formula's text",
            "stored",
            "t=\"str\"><f>A1</f><v>stored</v>",
            "table:formula=\"of:=[.A1]\" office:value-type=\"string\" office:string-value=\"stored\"><text:p>stored</text:p>",
        ),
        kept(
            "a formula without text",
            "",
            "t=\"str\"><f>\"\"</f><v></v>",
            "table:formula=\"of:=&quot;&quot;\" office:value-type=\"string\" office:string-value=\"\"><text:p/>",
        ),
    ]
}

fn date_cases() -> Vec<Case> {
    let date = |iso: &str, shown: &str| format!("office:value-type=\"date\" office:date-value=\"{iso}\"><text:p>{shown}</text:p>");
    let time = |iso: &str, shown: &str| format!("office:value-type=\"time\" office:time-value=\"{iso}\"><text:p>{shown}</text:p>");
    vec![
        kept("a date", "2025-10-13", "s=\"1\"><v>45943</v>", &date("2025-10-13", "13.10.25")),
        kept(
            "a date in a format of its own",
            "2025-10-13",
            "s=\"8\"><v>45943</v>",
            &date("2025-10-13", "2025-10-13"),
        ),
        kept(
            "a date of long ago",
            "1900-01-01",
            "s=\"1\"><v>1</v>",
            &date("1900-01-01", "01.01.00"),
        ),
        kept(
            "the last day of a February",
            "2024-02-29",
            "s=\"1\"><v>45351</v>",
            &date("2024-02-29", "29.02.24"),
        ),
        kept(
            "a moment",
            "2025-10-13T12:00:00",
            "s=\"2\"><v>45943.5</v>",
            &date("2025-10-13T12:00:00", "13.10.25 12:00"),
        ),
        kept(
            "a moment that no number meets",
            "2025-10-13T12:59:02",
            "s=\"2\"><v>45943.540995370371</v>",
            &date("2025-10-13T12:59:02.000000000", "13.10.25 12:59"),
        ),
        kept(
            "a date as text of a program",
            "2025-10-13",
            "t=\"d\"><v>2025-10-13T00:00:00</v>",
            &date("2025-10-13T00:00:00", "x"),
        ),
        kept(
            "a time",
            "12:59:02",
            "s=\"3\"><v>0.54099537037037035</v>",
            &time("PT12H59M02S", "12:59:02"),
        ),
        kept("a span", "36:00:00", "s=\"7\"><v>1.5</v>", &time("PT36H00M00S", "36:00:00")),
        kept(
            "a formula's date",
            "2025-10-13",
            "s=\"1\"><f>TODAY()</f><v>45943</v>",
            "table:formula=\"of:=TODAY()\" office:value-type=\"date\" office:date-value=\"2025-10-13\"><text:p>heute</text:p>",
        ),
    ]
}

/// All cases in a sheet: one row each, and a blank row in the middle.
fn rows(cases: &[Case], cell: impl Fn(&Case) -> Cell) -> Vec<Vec<Cell>> {
    let mut rows = vec![["LinkedIn", "Kind", "Value"].map(text).to_vec()];
    for (number, case) in cases.iter().enumerate() {
        if number == 5 {
            rows.push(Vec::new());
        }
        rows.push(vec![text(&format!("person-{number}")), text(case.kind), cell(case)]);
    }
    rows
}

/// The same rows as text with this between the cells.
fn delimited(cases: &[Case], delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows(cases, |case| text(case.csv)) {
        let cells = row.iter().map(|cell| match cell {
            Cell::Text(text) => text.as_str(),
            Cell::As { .. } => unreachable!("all are text"),
        });
        match row.len() {
            0 => writer.write_record(["", "", ""]).expect("a row"),
            _ => writer.write_record(cells).expect("a row"),
        }
    }
    writer.into_inner().expect("the text")
}

fn utf16(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).expect("UTF-8");
    std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// Everything that can be seen of a sheet from outside: its previews, its results before and after, and what the server got.
#[derive(Debug, PartialEq)]
struct Reading {
    previews: Vec<Value>,
    before: String,
    after: Vec<(String, String, String)>,
    got: Vec<(String, String)>,
}

#[track_caller]
fn reading(sheet: &[u8], arguments: &[&str]) -> Reading {
    let server = Server::start();
    let campaign = Campaign::new(sheet, TEMPLATE);
    let of = |command: &'static str| [&[command, "people.csv"], arguments].concat();
    let preview = [of("preview"), vec!["-m", "message.txt", "--format", "json"]].concat();
    let previews = campaign.rowcast(&preview).exits(0).json_lines();
    campaign.rowcast(&[of("results"), vec!["-o", "before.csv"]].concat()).exits(0);
    campaign.run(&server, &[&["--concurrency", "1"], arguments].concat()).exits(0);
    Reading {
        previews,
        before: std::fs::read_to_string(campaign.path("before.csv")).expect("results"),
        after: campaign
            .results()
            .into_iter()
            .map(|line| (line["row"].clone(), line["key"].clone(), line["Value"].clone()))
            .collect(),
        got: server
            .sends()
            .iter()
            .map(|seen| (seen.to.clone(), seen.message().to_owned()))
            .collect(),
    }
}

#[track_caller]
fn assert_as_csv(cases: &[Case]) {
    let tab = Tab::of("People", rows(cases, |case| case.cell.clone()));
    let csv = delimited(cases, b',');
    let expected = reading(&csv, &[]);
    for (case, line) in cases.iter().zip(&expected.previews) {
        let value = if case.csv.is_empty() { "nothing" } else { case.csv };
        assert_eq!(line["message"], format!("{}: [{value}]", case.kind));
    }
    assert_eq!(expected.previews.len(), cases.len());
    for (form, sheet) in [
        ("semicolons", delimited(cases, b';')),
        ("tabs", delimited(cases, b'\t')),
        ("bars", delimited(cases, b'|')),
        ("with a mark", [b"\xef\xbb\xbf", csv.as_slice()].concat()),
        ("utf-16", utf16(&csv)),
        ("Unicode Text", utf16(&delimited(cases, b'\t'))),
        ("xlsx", xlsx(std::slice::from_ref(&tab))),
        ("ods", ods(&[tab])),
    ] {
        assert_eq!(reading(&sheet, &[]), expected, "{form}");
    }
}

#[test]
fn texts_of_workbooks_are_read_as_those_of_the_equivalent_csv() {
    assert_as_csv(&text_cases());
}

#[test]
fn numbers_of_workbooks_are_read_as_those_of_the_equivalent_csv() {
    assert_as_csv(&number_cases());
}

#[test]
fn dates_and_times_of_workbooks_are_read_as_those_of_the_equivalent_csv() {
    assert_as_csv(&date_cases());
}

#[test]
fn dates_that_count_from_1904_are_the_same_days() {
    let dates = |first: &str, second: &str| {
        let dates = [("s=\"1\"", first), ("s=\"2\"", second)];
        let row = |(number, (style, value)): (usize, (&str, &str))| {
            vec![
                text(&format!("person-{number}")),
                text("date"),
                cell(&format!("{style}><v>{value}</v>"), ""),
            ]
        };
        let header = ["LinkedIn", "Kind", "Value"].map(text).to_vec();
        Tab::of("People", std::iter::once(header).chain(dates.into_iter().enumerate().map(row)))
    };
    let since_1900 = reading(&xlsx(&[dates("45943", "45943.25")]), &[]);
    let since_1904 = reading(&xlsx_since(Epoch::Y1904, &[dates("44481", "44481.25")]), &[]);
    assert_eq!(since_1904, since_1900);
    assert_eq!(since_1900.after[1].2, "2025-10-13T06:00:00");
}

/// People in a tab, as many as there are cells, with what a template may say of them.
fn people(values: &[Cell]) -> Tab {
    let header = ["LinkedIn", "Kind", "Value"].map(text).to_vec();
    let row = |(number, value): (usize, &Cell)| vec![text(&format!("person-{number}")), text("a"), value.clone()];
    Tab::of("People", std::iter::once(header).chain(values.iter().enumerate().map(row)))
}

#[track_caller]
fn refused(sheet: &[u8], arguments: &[&str], says: &[&str]) {
    let server = Server::start();
    let campaign = Campaign::new(sheet, TEMPLATE);
    let check = [&["check", "people.csv", "-m", "message.txt"], arguments].concat();
    for done in [campaign.rowcast(&check), campaign.run(&server, arguments)] {
        let done = done.exits(3);
        for words in says {
            assert!(
                format!("{}{}", done.stdout, done.stderr).contains(words),
                "{words:?} is not said: {done:?}"
            );
        }
    }
    assert!(server.sends().is_empty());
    assert_eq!(campaign.files().len(), 2, "a refusal makes no file");
}

#[test]
fn cells_with_an_error_are_errors_as_they_are_in_a_csv() {
    for (word, stored) in [
        ("#N/A", "#N/A"),
        ("#REF!", "#REF!"),
        ("#DIV/0!", "#DIV/0!"),
        ("#NAME?", "#NAME?"),
        ("#VALUE!", "#VALUE!"),
        ("#NUM!", "#NUM!"),
        ("#NULL!", "#NULL!"),
    ] {
        let kept = cell(
            &format!("t=\"e\"><f>x</f><v>{stored}</v>"),
            &format!(
                "table:formula=\"of:=x\" office:value-type=\"string\" office:string-value=\"\" calcext:value-type=\"error\"><text:p>{stored}</text:p>"
            ),
        );
        let tab = people(&[text("fine"), kept]);
        let csv = format!("LinkedIn,Kind,Value\nperson-0,a,fine\nperson-1,a,{word}\n");
        for sheet in [csv.into_bytes(), xlsx(std::slice::from_ref(&tab)), ods(&[tab])] {
            refused(&sheet, &[], &["row 3", word]);
        }
    }
}

#[test]
fn numbers_that_a_workbook_no_longer_knows_are_refused_with_their_cell() {
    for (xlsx_value, ods_value) in [
        ("1.2345678901234501E+19", "12345678901234501000"),
        ("4917012345678901", "4917012345678901"),
        ("1E+15", "1E+15"),
    ] {
        let kept = cell(&format!("><v>{xlsx_value}</v>"), &shown("float", ods_value, "1.23E+19"));
        let tab = people(&[text("fine"), kept]);
        for sheet in [xlsx(std::slice::from_ref(&tab)), ods(&[tab])] {
            refused(&sheet, &[], &["tab 'People' row 3", "cell C3", "more than 15 digits"]);
        }
    }
}

#[test]
fn numbers_that_are_no_dates_in_a_format_of_dates_are_refused_with_their_cell() {
    for serial in ["2994626", "-1", "1E+300"] {
        let kept = cell(&format!("s=\"1\"><v>{serial}</v>"), "");
        refused(
            &xlsx(&[people(&[text("fine"), kept])]),
            &[],
            &["tab 'People' row 3", "cell C3 has the format of a date and a number that is none"],
        );
    }
}

#[test]
fn formulas_that_were_never_computed_are_refused_with_their_cell() {
    let tab = people(&[text("fine"), cell("><f>1+1</f>", "table:formula=\"of:=1+1\">")]);
    for sheet in [xlsx(std::slice::from_ref(&tab)), ods(&[tab])] {
        refused(&sheet, &[], &["tab 'People' row 3", "cell C3 has a formula without a stored value"]);
    }
    let styled = people(&[cell("s=\"4\"><v>0.5</v>", ""), cell("s=\"4\"><f>1+1</f>", "")]);
    refused(&xlsx(&[styled]), &[], &["cell C3 has a formula without a stored value"]);
}

#[test]
fn what_a_merged_cell_covers_is_blank() {
    let xml = "<worksheet><sheetData>\
        <row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"s\"><v>2</v></c></row>\
        <row r=\"2\"><c r=\"A2\" t=\"s\"><v>3</v></c><c r=\"B2\" t=\"s\"><v>5</v></c><c r=\"C2\" t=\"s\"><v>6</v></c></row>\
        <row r=\"3\"><c r=\"A3\" t=\"s\"><v>4</v></c><c r=\"B3\" t=\"s\"><v>5</v></c><c r=\"C3\" t=\"s\"><v>7</v></c></row>\
        </sheetData><mergeCells count=\"1\"><mergeCell ref=\"C2:C3\"/></mergeCells></worksheet>";
    let strings = ["LinkedIn", "Kind", "Value", "person-0", "person-1", "a", "seen", "covered"].map(|text| format!("<t>{text}</t>"));
    let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
    let row = |cells: &[&str]| {
        let cell = |text: &&str| format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>");
        cells.iter().map(cell).collect::<String>()
    };
    let table = format!(
        "<table:table table:name=\"People\"><table:table-row>{}</table:table-row>\
         <table:table-row>{}<table:table-cell table:number-rows-spanned=\"2\" office:value-type=\"string\"><text:p>seen</text:p></table:table-cell></table:table-row>\
         <table:table-row>{}<table:covered-table-cell office:value-type=\"string\"><text:p>covered</text:p></table:covered-table-cell></table:table-row></table:table>",
        row(&["LinkedIn", "Kind", "Value"]),
        row(&["person-0", "a"]),
        row(&["person-1", "a"]),
    );
    let csv = b"LinkedIn,Kind,Value\nperson-0,a,seen\nperson-1,a,\n";
    let expected = reading(csv, &[]);
    assert_eq!(reading(&ods_of_xml(&table), &[]), expected);
    assert_eq!(reading(&xlsx_of_xml(xml, &strings), &[]), expected);
}

#[test]
fn of_several_filled_tabs_one_is_asked_for_and_not_guessed() {
    let tab = |name, value| Tab {
        name,
        ..people(&[text(value)])
    };
    let tabs = [
        tab("Spring", "one"),
        tab("Größe & Co", "two"),
        Tab::of("Empty", []),
        tab("Old", "three").hidden(),
    ];
    for sheet in [xlsx(&tabs), ods(&tabs)] {
        refused(&sheet, &[], &["several tabs are filled: 'Spring', 'Größe & Co'", "--tab"]);
        refused(&sheet, &["--tab", "Sprng"], &["no tab 'Sprng' (did you mean 'Spring'?)", "'Old'"]);
        refused(&sheet, &["--tab", "Empty"], &["people.csv"]);
        assert_eq!(reading(&sheet, &["--tab", "Spring"]).after[0].2, "one");
        assert_eq!(reading(&sheet, &["--tab", "größe & co"]).after[0].2, "two");
        assert_eq!(reading(&sheet, &["--tab", "Old"]).after[0].2, "three");
    }
    let alone = [Tab::of("Empty", []), tab("Old", "three").hidden(), tab("Spring", "one")];
    for sheet in [xlsx(&alone), ods(&alone)] {
        assert_eq!(reading(&sheet, &[]).after[0].2, "one", "a hidden tab is taken only by name");
    }
    let nothing = [Tab::of("Empty", []), tab("Old", "three").hidden()];
    for sheet in [xlsx(&nothing), ods(&nothing)] {
        refused(&sheet, &[], &["no tab of the workbook has anything in it"]);
    }
}

#[test]
fn hidden_rows_are_read_and_check_says_that_there_are_some() {
    let mut tab = people(&[text("one"), text("two"), text("three")]);
    for number in [2, 3] {
        tab.rows[number].seen = Seen::Hidden;
    }
    // Nobody misses a blank row that is hidden.
    tab.rows.push(Row {
        cells: Vec::new(),
        seen: Seen::Hidden,
    });
    for sheet in [xlsx(std::slice::from_ref(&tab)), ods(&[tab.clone()])] {
        assert_eq!(
            reading(&sheet, &[]).got.len(),
            3,
            "as in the CSV that a spreadsheet program would save"
        );
        let campaign = Campaign::new(&sheet, TEMPLATE);
        let check = ["check", "people.csv", "-m", "message.txt"];
        campaign
            .rowcast(&check)
            .exits(0)
            .says("2 rows are hidden in the workbook")
            .says("rows 3, 4");
        refused(&sheet, &["--strict"], &["2 rows are hidden in the workbook"]);
    }
    let shown = people(&[text("one"), text("two")]);
    let campaign = Campaign::new(xlsx(&[shown]), TEMPLATE);
    let done = campaign.rowcast(&["check", "people.csv", "-m", "message.txt"]).exits(0);
    assert!(!done.stdout.contains("hidden"), "{done:?}");
}

#[test]
fn a_sheet_is_told_by_its_content_and_not_by_its_name() {
    let server = Server::start();
    let tab = people(&[text("one")]);
    let csv = b"LinkedIn,Kind,Value\nperson-0,a,one\n".to_vec();
    let forms = [
        ("text", csv),
        ("xlsx workbook", xlsx(std::slice::from_ref(&tab))),
        ("ods workbook", ods(&[tab])),
    ];
    for (form, bytes) in forms {
        for name in ["sheet.csv", "sheet.tsv", "sheet.txt", "sheet.xlsx", "sheet.ods"] {
            let campaign = Campaign::new("", TEMPLATE);
            campaign.write(name, &bytes);
            campaign.rowcast(&["check", name, "-m", "message.txt"]).exits(0).says(form);
            campaign.run(&server, &[name]).exits(0).says("1 sent");
        }
    }
}
