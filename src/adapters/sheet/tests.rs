use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::model::row::Meaning;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().prefix("people").suffix(".csv").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn read(bytes: &[u8], options: &Options) -> Result<Vec<(u32, Vec<String>)>, SheetError> {
    let file = file(bytes);
    let sheet = Sheet::open(file.path(), options)?;
    let (mut rows, mut row, mut again, mut all) = (sheet.rows(), Row::new(), Row::new(), Vec::new());
    while rows.next_into(&mut row)? {
        sheet.reread(row.place(), row.number(), &mut again)?;
        assert_eq!(row, again, "a row read again is the same");
        all.push((row.number().0, (0..row.len()).map(|cell| row.raw(cell).to_owned()).collect()));
    }
    Ok(all)
}

fn named(encoding: &str) -> Options {
    Options {
        encoding: Some(encoding.to_owned()),
        ..Options::default()
    }
}

fn mapped(columns: &[(&str, &str)]) -> Options {
    let columns = columns
        .iter()
        .map(|&(meaning, name)| (meaning.to_owned(), name.to_owned()))
        .collect();
    Options {
        columns,
        ..Options::default()
    }
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(order).collect()
}

#[track_caller]
fn accepted(bytes: &[u8], options: &Options, expected: &[(u32, &[&str])]) {
    let shown = String::from_utf8_lossy(bytes);
    let read = read(bytes, options).unwrap_or_else(|error| panic!("{shown:?}: {error}"));
    let expected: Vec<(u32, Vec<String>)> = expected
        .iter()
        .map(|&(number, cells)| (number, cells.iter().map(|&cell| cell.to_owned()).collect()))
        .collect();
    assert_eq!(read, expected, "{shown:?}");
}

#[track_caller]
fn refused(bytes: &[u8], options: &Options, says: &[&str]) {
    let shown = String::from_utf8_lossy(bytes).into_owned();
    let error = read(bytes, options).expect_err(&shown).to_string();
    for part in says {
        assert!(error.contains(part), "{shown:?}: {error}");
    }
    assert!(!error.chars().any(char::is_control), "{error:?}");
}

#[test]
fn text_in_every_usual_dialect_is_read() {
    let plain = Options::default();
    let two: &[(u32, &[&str])] = &[(2, &["a", "b"]), (3, &["c", "d"])];
    for text in [
        "recipient,x\na,b\nc,d\n",
        "recipient,x\r\na,b\r\nc,d",
        "recipient,x\ra,b\rc,d\r",
        "recipient,x\na,b\r\nc,d\n",
        "recipient;x\na;b\nc;d\n",
        "recipient\tx\na\tb\nc\td\n",
        "recipient|x\na|b\nc|d\n",
        "\u{feff}recipient,x\na,b\nc,d\n",
        "sep=;\nrecipient;x\na;b\nc;d\n",
        "\"sep=;\"\r\nrecipient;x\r\na;b\r\nc;d\r\n",
        "SEP=\t\nrecipient\tx\na\tb\nc\td\n",
        "\"recipient\",\"x\"\n\"a\",\"b\"\n\"c\",\"d\"",
        "recipient,x\na,b\nc,d\n\n , \n,\n",
    ] {
        accepted(text.as_bytes(), &plain, two);
    }
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        accepted(&utf16("recipient\tx\r\na\tb\r\nc\td\r\n", order), &plain, two);
    }
    accepted(&utf16("recipient,x\na,b\nc,d", u16::to_be_bytes), &named("utf-16"), two);
    accepted(b"recipient,x\nJos\xE9,b\n", &named("windows-1252"), &[(2, &["José", "b"])]);
    accepted(b"recipient,x\n\"a,\"\"\r\n;\",  b \n", &plain, &[(2, &["a,\"\r\n;", "  b "])]);
    accepted(b"recipient\njane\n007\n", &plain, &[(2, &["jane"]), (3, &["007"])]);
    accepted(b"recipient,\"a;b|c\"\nx,y\n", &plain, &[(2, &["x", "y"])]);
    accepted(b"recipient,a;b\nx,y\nz,w;w\n", &plain, &[(2, &["x", "y"]), (3, &["z", "w;w"])]);
    accepted(b"recipient,,\nx,,\n", &plain, &[(2, &["x", "", ""])]);
}

#[test]
fn rows_have_the_numbers_that_a_spreadsheet_shows() {
    accepted(
        b"sep=,\n\n,,\nrecipient,x\n\"a\n1\",b\n\nc,d\n",
        &Options::default(),
        &[(4, &["a\n1", "b"]), (6, &["c", "d"])],
    );
}

#[test]
fn what_cannot_be_read_for_certain_is_refused_with_its_line() {
    let plain = Options::default();
    for (text, says) in [
        ("", &["empty"][..]),
        ("\n\n", &["empty"]),
        ("recipient,x\n", &["no rows"]),
        ("recipient,x\n\n,\n", &["no rows"]),
        ("recipient,x\na,b\nc\n", &["line 3: 1 cells where the header has 2"]),
        ("recipient,x\na,b\nc,d,e\n", &["line 3: 3 cells where the header has 2"]),
        ("recipient,x\n\"a\nb\",b\nc,d,e\n", &["line 4 (row 3): 3 cells"]),
        ("recipient,x\na\"b,c\n", &["line 2: a quote inside", "a\"b,c"]),
        ("recipient,x\n\"a\"b,c\n", &["line 2: a quote inside"]),
        (
            "recipient,x\na,b\nc,\"d\ne,f\n",
            &["line 3: the quote that opens here is never closed"],
        ),
        ("recipient,x\na,b\0\n", &["line 2: a NUL"]),
        ("recipient,x\na,\"b\0\"\n", &["line 2: a NUL"]),
        ("recipient,x\na,b\rc,d\n", &["line 2: a carriage return alone"]),
        ("recipient,x\ra,b\nc,d\r", &["line 2: a line feed"]),
        ("recipient,x\na,b\nrecipient,x\n", &["line 3: the header again"]),
        ("My people\nrecipient,x\na,b\n", &["lines above the header"]),
        ("My export,\nrecipient,x\na,b\n", &["line 1:", "lines above the header"]),
        (
            "recipient,\nrecipient,x\na,b\n",
            &["line 2: column 2 has no name", "above the header"],
        ),
        ("recipient,x,\na,b,c\n", &["line 2: column 3 has no name but is filled"]),
        ("recipient,x,x\na,b,c\n", &["columns 2 and 3 have the same name 'x'"]),
        (
            "recipient,First Name,first_name\na,b,c\n",
            &["'First Name' and 'first_name'", "{{ first_name }}"],
        ),
        (
            "recipient,LinkedIn URL\na,b\n",
            &["'recipient' and 'LinkedIn URL' both mean recipient", "--column recipient="],
        ),
        ("name,x\na,b\n", &["no column says who", "--column recipient=", "'name', 'x'"]),
        ("row,key,status,success,recipient\n2,a,sent,true,a\n", &["results file"]),
        ("recipient;x,y\na;b,c\n", &["';' and ','", "--delimiter"]),
        ("sep=#\nrecipient#x\na#b\n", &["delimiter other than"]),
        ("\u{feff}recipient,x\na,\u{1b}[31mb\"\n", &["line 2: a quote inside"]),
    ] {
        refused(text.as_bytes(), &plain, says);
    }
    refused(
        b"recipient,x\na,b\nJos\xE9,caf\xE9\n",
        &plain,
        &[
            "line 3: not UTF-8",
            "'Jos\\xE9' (line 3)",
            "'caf\\xE9' (line 3)",
            "--encoding windows-1252",
        ],
    );
    refused(&utf16("recipient,x\na,b\n", u16::to_le_bytes)[2..], &plain, &["NUL", "utf-16le"]);
    refused(
        b"recipient,x\na,\x81\n",
        &named("windows-1252"),
        &["line 2: text that is not windows-1252"],
    );
    refused(
        b"recipient,x\n\n\xFF\n",
        &named("shift_jis"),
        &["line 3: text that is not Shift_JIS"],
    );
    refused(b"recipient,x\na,b\n", &named("klingon"), &["'klingon' is no encoding"]);
    refused(
        b"\xEF\xBB\xBFrecipient,x\na,b\n",
        &named("windows-1252"),
        &["byte-order mark of UTF-8"],
    );
    let mut options = Options {
        delimiter: Some(Delimiter::Comma),
        ..Options::default()
    };
    refused(b"sep=;\nrecipient;x\na;b\n", &options, &["';' parts the cells"]);
    options.tab = Some("People".to_owned());
    refused(b"recipient,x\na,b\n", &options, &["no tabs"]);
}

#[test]
fn a_record_without_end_is_refused_in_bounded_memory() {
    let mut text = b"recipient,x\na,\"".to_vec();
    text.resize(40 * 1024 * 1024, b'y');
    refused(&text, &Options::default(), &["line 2: the quote that opens here"]);
    let mut text = b"recipient,x\na,".to_vec();
    text.resize(40 * 1024 * 1024, b'y');
    refused(&text, &Options::default(), &["16 MiB"]);
}

#[test]
fn columns_are_recognised_by_name_and_mapped_by_flag() {
    let text = b"Name,LinkedIn URL,profileUrn,Account ID,Attachments,Messaging-Channel\na,b,c,d,e,f\n";
    let taken = |text: &[u8], options: &Options| {
        let file = file(text);
        let sheet = Sheet::open(file.path(), options).unwrap();
        sheet.description().taken.clone()
    };
    let names = |taken: Vec<(Meaning, String)>| taken.into_iter().map(|(meaning, name)| format!("{}={name}", meaning.as_str()));
    assert_eq!(
        names(taken(text, &Options::default())).collect::<Vec<_>>(),
        [
            "recipient=LinkedIn URL",
            "recipient_profile_urn=profileUrn",
            "account=Account ID",
            "attachments=Attachments",
            "messaging_channel=Messaging-Channel",
        ]
    );
    let options = mapped(&[("recipient_profile_id", "name"), ("channel", "Attachments")]);
    let mapped_names: Vec<String> = names(taken(text, &options)).collect();
    assert_eq!(
        mapped_names,
        [
            "recipient=Name",
            "recipient_profile_urn=profileUrn",
            "account=Account ID",
            "messaging_channel=Attachments",
        ]
    );
    refused(
        text,
        &mapped(&[("recipent", "Name")]),
        &["no such meaning", "did you mean 'recipient'"],
    );
    refused(text, &mapped(&[("account", "Nam")]), &["no column 'Nam'", "did you mean 'Name'"]);
    refused(text, &mapped(&[("recipient", "Name"), ("recipient", "Account ID")]), &["both mean"]);
    let key = |key: &str| Options {
        key: Some(key.to_owned()),
        ..Options::default()
    };
    refused(text, &key("E-Mail"), &["no column 'E-Mail', which --key names"]);
    let file = file(text);
    let sheet = Sheet::open(file.path(), &key("Name")).unwrap();
    assert_eq!((sheet.header().key, sheet.description().key.as_deref()), (Some(0), Some("Name")));
    assert_eq!(sheet.description().to_string(), "text, UTF-8, cells parted by ','");
}

#[test]
fn a_sheet_that_is_replaced_is_read_on_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.csv");
    std::fs::write(&path, "recipient\na\nb\n").unwrap();
    let sheet = Sheet::open(&path, &Options::default()).unwrap();
    std::fs::write(folder.path().join("new"), "recipient\nx\ny\n").unwrap();
    std::fs::rename(folder.path().join("new"), &path).unwrap();
    let mut row = Row::new();
    let mut rows = sheet.rows();
    assert!(rows.next_into(&mut row).unwrap());
    assert_eq!(row.cell(0), "a");
}

#[test]
fn a_file_that_is_not_there_and_a_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.csv");
    let error = Sheet::open(&missing, &Options::default()).err().unwrap().to_string();
    assert!(error.contains("cannot open") && error.contains("missing.csv"), "{error}");
    assert!(Sheet::open(folder.path(), &Options::default()).is_err());
}

#[test]
fn records_across_the_blocks_of_a_large_file_are_whole() {
    let mut table = Vec::new();
    for index in 0..9_000_usize {
        // Lengths that share no factor with a block put every kind of byte at its edge.
        let long = format!("é\r\n\"{}", "x".repeat(index * 7 % 131));
        table.push(vec![format!("jane-{index}"), long, index.to_string()]);
    }
    table.push(vec!["long".to_owned(), "y,".repeat(200_000), "end".to_owned()]);
    let expected: Vec<_> = (2..).zip(table.clone()).collect();
    assert_eq!(
        read(&written(&table, Delimiter::Comma, csv::Terminator::CRLF), &Options::default()).unwrap(),
        expected
    );
}

#[test]
fn several_threads_read_one_sheet_at_once() {
    let table: Vec<Vec<String>> = (0..5_000)
        .map(|index| vec![format!("jane-{index}"), String::new(), String::new()])
        .collect();
    let file = file(&written(&table, Delimiter::Tab, csv::Terminator::CRLF));
    let sheet = Sheet::open(file.path(), &Options::default()).unwrap();
    let count = || {
        let (mut rows, mut row, mut again, mut count) = (sheet.rows(), Row::new(), Row::new(), 0);
        while rows.next_into(&mut row).unwrap() {
            assert_eq!(row.cell(0), format!("jane-{count}"));
            sheet.reread(row.place(), row.number(), &mut again).unwrap();
            assert_eq!(row, again);
            count += 1;
        }
        count
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(count)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 5_000);
        }
    });
}

#[test]
fn a_row_that_was_written_over_is_not_taken_for_another() {
    let file = file(b"recipient,x\na,b\nc,d\n");
    let sheet = Sheet::open(file.path(), &Options::default()).unwrap();
    let (mut rows, mut row) = (sheet.rows(), Row::new());
    while rows.next_into(&mut row).unwrap() {}
    std::fs::write(file.path(), "recipient,x\n").unwrap();
    let error = sheet.reread(row.place(), row.number(), &mut Row::new()).unwrap_err().to_string();
    assert!(error.contains("row 3: the row is not there any more"), "{error}");
}

fn written(table: &[Vec<String>], delimiter: Delimiter, terminator: csv::Terminator) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter.byte())
        .terminator(terminator)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    writer.write_record(["recipient", "b", "c"]).unwrap();
    for record in table {
        writer.write_record(record).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #[test]
    fn any_table_is_read_back_exactly(
        cells in prop::collection::vec(prop::collection::vec("[ -~\r\n\té🚀;|,\"]{0,12}", 3), 1..20),
        delimiter in prop::sample::select(Delimiter::ALL.to_vec()),
        ending in 0..3,
        say in any::<bool>(),
    ) {
        let ending = match ending {
            0 => csv::Terminator::CRLF,
            1 => csv::Terminator::Any(b'\n'),
            _ => csv::Terminator::Any(b'\r'),
        };
        let mut cells = cells;
        cells.push(vec!["last".to_owned(); 3]);
        let options = Options { delimiter: say.then_some(delimiter), ..Options::default() };
        let read = read(&written(&cells, delimiter, ending), &options).unwrap();
        let blank = |record: &Vec<String>| record.iter().all(|cell| trim(cell).is_empty());
        let expected: Vec<_> = (2..).zip(cells).filter(|(_, record)| !blank(record)).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), start in prop::sample::select(vec!["", "recipient,b\n", "PK\u{3}\u{4}", "\u{feff}", "sep=;\n"])) {
        let mut file = start.as_bytes().to_vec();
        file.extend(bytes);
        let _ = read(&file, &Options::default());
    }

    #[test]
    fn random_text_is_read_or_refused(text in "[ab,;\"\r\n\t|]{0,60}") {
        let _ = read(format!("recipient,b\n{text}").as_bytes(), &Options::default());
    }

    /// The csv crate reads more than is certain; where both read, they read the same.
    #[test]
    fn what_is_read_is_what_another_reader_reads(
        text in "((\"([ab,\r\n]|\"\"){0,4}\"|[ab ]{0,3}),(\"([ab,\r\n]|\"\"){0,4}\"|[ab ]{0,3}),(\"([ab,\r\n]|\"\"){0,4}\"|[ab ]{0,3})\r?\n){0,4}[ab,\"]{0,5}",
        delimiter in prop::sample::select(Delimiter::ALL.to_vec()),
    ) {
        let part = char::from(delimiter.byte()).to_string();
        let text = format!("recipient,b,c\n{text}").replace(',', &part);
        let options = Options { delimiter: Some(delimiter), ..Options::default() };
        if let Ok(rows) = read(text.as_bytes(), &options) {
            let mut other = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter.byte()).from_reader(text.as_bytes());
            let records = other.records().map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
            let filled: Vec<Vec<String>> = records.filter(|record| record.iter().any(|cell| !trim(cell).is_empty())).collect();
            let cells: Vec<Vec<String>> = rows.into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(cells, filled);
        }
    }
}
