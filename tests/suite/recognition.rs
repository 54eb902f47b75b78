//! Sheets as people save them: each is read exactly, or refused with the line and what to do. Through `preview`, cell by cell.

use crate::harness::Campaign;

/// One test for each line: a name, a file with what is said of it, and what is read.
macro_rules! cases {
    ($(fn $name:ident(): $file:expr, $read:expr;)*) => {
        $(#[test]
        fn $name() {
            $file.is(&$read);
        })*
    };
}

/// A file, and what a person says about it.
struct File {
    bytes: Vec<u8>,
    arguments: Vec<String>,
}

fn file(bytes: impl Into<Vec<u8>>) -> File {
    File {
        bytes: bytes.into(),
        arguments: Vec::new(),
    }
}

/// A file of this text in UTF-16, with a byte-order mark.
fn utf16(bytes: fn(u16) -> [u8; 2], text: &str) -> File {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    file(units.flat_map(bytes).collect::<Vec<_>>())
}

/// What is read of a file: the number of each row, and its cells under `A` and `B`.
#[derive(Debug, PartialEq)]
enum Read {
    Rows(Vec<(u64, String)>),
    Refused(String),
}

fn rows(rows: &[(u64, &str, &str)]) -> Read {
    Read::Rows(rows.iter().map(|(row, a, b)| (*row, format!("<{a}|{b}>"))).collect())
}

/// The same, where row 2 has these cells and is the only one.
fn cells(a: &str, b: &str) -> Read {
    rows(&[(2, a, b)])
}

fn refused(line: &str) -> Read {
    Read::Refused(format!("error: people.csv{line}"))
}

impl File {
    fn with(self, arguments: &[&str]) -> Self {
        Self {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            ..self
        }
    }

    #[track_caller]
    fn is(&self, read: &Read) {
        let template = "<{{ row[\"A\"] | default(value=\"\") }}|{{ row[\"B\"] | default(value=\"\") }}>";
        let campaign = Campaign::new(&self.bytes, template);
        let mut arguments = vec!["preview", "people.csv", "-m", "message.txt", "--format", "json"];
        arguments.extend(self.arguments.iter().map(String::as_str));
        let done = campaign.rowcast(&arguments);
        let found = if done.code == Some(0) {
            let row = |line: &serde_json::Value| {
                let message = line["message"].as_str().unwrap_or_default().to_owned();
                (line["row"].as_u64().unwrap_or_default(), message)
            };
            Read::Rows(done.json_lines().iter().map(row).collect())
        } else {
            assert_eq!(done.code, Some(3), "{done:?}");
            Read::Refused(done.stderr.lines().next().unwrap_or_default().to_owned())
        };
        assert_eq!(found, *read, "{:?}", String::from_utf8_lossy(&self.bytes));
    }
}

/// A windows-1252 file with a word in each row.
fn legacy(words: &[&[u8]]) -> File {
    let rows: Vec<Vec<u8>> = words.iter().map(|word| [b"a,", *word, b",x\n"].concat()).collect();
    file([b"LinkedIn,A,B\n".to_vec(), rows.concat()].concat())
}

cases! {
    // Delimiters and line ends.
    fn commas(): file("LinkedIn,A,B\na,1;2,3|4\n"), cells("1;2", "3|4");
    fn semicolons(): file("LinkedIn;A;B\r\na;1,5;3\t4\r\n"), cells("1,5", "3\t4");
    fn tabs(): file("LinkedIn\tA\tB\na\t1,5\t3;4\n"), cells("1,5", "3;4");
    fn bars(): file("LinkedIn|A|B\na|1,5|3;4\n"), cells("1,5", "3;4");
    fn commas_in_a_quoted_header(): file("LinkedIn;A;B;\"x, y, z\"\na;1,5;3;4\n"), cells("1,5", "3");
    fn both_delimiters_in_the_header_and_one_that_fits(): file("LinkedIn,A,B,x;y\na,1,2,z\nb,3,4,5\n"), rows(&[(2, "1", "2"), (3, "3", "4")]);
    fn both_delimiters_and_both_fit(): file("a,LinkedIn;A,B\na,1;2,3\n"),
        refused(": cannot tell what parts the cells: ',' and ';' are possible; say which with --delimiter");
    fn both_delimiters_and_one_is_said(): file("LinkedIn;A;B;x,y\na;1;2;3,4\n").with(&["--delimiter", ";"]),
        cells("1", "2");
    fn line_feeds_without_a_last_one(): file("LinkedIn,A,B\na,1,2"), cells("1", "2");
    fn carriage_returns_and_line_feeds(): file("LinkedIn,A,B\r\na,1,2\r\n"), cells("1", "2");
    fn carriage_returns_alone(): file("LinkedIn,A,B\ra,1,2\rb,3,4"), rows(&[(2, "1", "2"), (3, "3", "4")]);
    fn line_feeds_after_carriage_returns(): file("LinkedIn,A,B\r\na,1,2\nb,3,4\r\n"), rows(&[(2, "1", "2"), (3, "3", "4")]);
    fn a_carriage_return_alone_among_line_feeds(): file("LinkedIn,A,B\na,1\r2,3\n"),
        refused(" line 2: a carriage return alone where the other lines end otherwise: put cells with line breaks in quotes");
    fn a_line_feed_among_carriage_returns(): file("LinkedIn,A,B\ra,1,2\nb,3,4\r"),
        refused(" line 2: a line feed in a file whose lines end with carriage returns alone: save it with one kind of line end");

    // A first line that names the delimiter.
    fn a_first_line_that_names_a_semicolon(): file("sep=;\r\nLinkedIn;A;B\r\na;1,5;2\r\n"), cells("1,5", "2");
    fn a_first_line_after_a_mark(): file("\u{feff}sep=;\nLinkedIn;A;B\na;1,5;2\n"), cells("1,5", "2");
    fn a_first_line_in_quotes_and_capitals(): file("\"SEP=|\"\nLinkedIn|A|B\na|1,5|2\n"), cells("1,5", "2");
    fn a_first_line_that_names_a_tab(): file("sep=\t\nLinkedIn\tA\tB\na\t1\t2\n"), cells("1", "2");
    fn a_first_line_in_utf_16(): utf16(u16::to_le_bytes, "sep=;\r\nLinkedIn;A;B\r\na;1,5;2\r\n"), cells("1,5", "2");
    fn a_first_line_that_names_what_parts_no_cells(): file("sep=#\nLinkedIn#A#B\na#1#2\n"),
        refused(": the first line names a delimiter other than , ; | and tab");
    fn a_first_line_against_the_flag(): file("sep=;\nLinkedIn;A;B\na;1;2\n").with(&["--delimiter", ","]),
        refused(": the first line says that ';' parts the cells, but --delimiter says ','");
    fn a_line_below_a_first_line_is_counted(): file("sep=;\nLinkedIn;A;B\na;1;2\nb;3\n"),
        refused(" line 4 (row 3): 2 cells where the header has 3; add the missing delimiters, or check for a line break inside a cell without quotes");

    // Marks and encodings.
    fn utf_8_with_a_mark(): file("\u{feff}LinkedIn,A,B\na,Zoë,🚀\n"), cells("Zoë", "🚀");
    fn a_quoted_header_after_a_mark(): file("\u{feff}\"LinkedIn\",\"A\",\"B\"\na,1,2\n"), cells("1", "2");
    fn utf_16_little_end_first(): utf16(u16::to_le_bytes, "LinkedIn,A,B\r\na,Zoë,🚀\r\n"), cells("Zoë", "🚀");
    fn utf_16_big_end_first(): utf16(u16::to_be_bytes, "LinkedIn,A,B\na,Zoë,🚀"), cells("Zoë", "🚀");
    fn unicode_text_of_excel(): utf16(u16::to_le_bytes, "LinkedIn\tA\tB\r\na\t\"say \"\"hi\"\"\"\t\"1,5\"\r\n"), cells("say \"hi\"", "1,5");
    fn utf_16_that_is_named_as_well(): utf16(u16::to_le_bytes, "LinkedIn,A,B\na,Zoë,2\n").with(&["--encoding", "utf-16"]), cells("Zoë", "2");
    fn utf_16_without_a_mark(): file(b"L\0i\0n\0k\0e\0d\0I\0n\0,\0A\0,\0B\0\n\0a\0,\x001\0,\x002\0\n\0".to_vec()),
        refused(" line 1: a NUL byte: this is no text file, or UTF-16 without its byte-order mark (then say --encoding utf-16le)");
    fn utf_16_without_a_mark_that_is_named():
        file(b"L\0i\0n\0k\0e\0d\0I\0n\0,\0A\0,\0B\0\n\0a\0,\x001\0,\x002\0\n\0".to_vec()).with(&["--encoding", "utf-16le"]), cells("1", "2");
    fn utf_16_with_half_a_letter(): file(b"\xff\xfeL\0i\0n\0k\0e\0d\0I\0n\0\n\0a\0\x3d\xd8\n\0".to_vec()),
        refused(" line 2: text that is not UTF-16LE: name the encoding that it has with --encoding, or save it as UTF-8");
    fn utf_16_that_ends_within_a_letter(): file(b"\xff\xfeL\0i\0n\0k\0e\0d\0I\0n\0,\0A\0,\0B\0\n\0a\0,\0b".to_vec()),
        refused(" line 2: text that is not UTF-16LE: name the encoding that it has with --encoding, or save it as UTF-8");
    fn a_mark_against_the_flag(): file("\u{feff}LinkedIn,A,B\na,1,2\n").with(&["--encoding", "windows-1252"]),
        refused(": the file starts with the byte-order mark of UTF-8, but --encoding says windows-1252: leave --encoding out");
    fn a_mark_and_nothing_else(): file("\u{feff}"), refused(": the sheet is empty");
    fn letters_of_windows_that_nobody_named(): legacy(&[b"Zo\xeb", b"M\xfcller", b"plain", b"Jos\xe9"]),
        refused(" line 2: not UTF-8, and no other encoding was named; it affects 'Zo\\xEB' (line 2), 'M\\xFCller' (line 3), 'Jos\\xE9' (line 5). \
            If it comes from an older Excel, say --encoding windows-1252");
    fn letters_of_windows_that_are_named():
        legacy(&[b"Zo\xeb", b"\x80 5", b"\x84quoted\x93"]).with(&["--encoding", "windows-1252"]),
        rows(&[(2, "Zoë", "x"), (3, "€ 5", "x"), (4, "„quoted“", "x")]);
    fn letters_that_the_named_encoding_does_not_have(): legacy(&[b"plain", b"a\x81b"]).with(&["--encoding", "windows-1252"]),
        refused(" line 3: text that is not windows-1252: name the encoding that it has with --encoding, or save it as UTF-8");
    fn letters_of_a_macintosh(): legacy(&[b"Zo\x91"]).with(&["--encoding", "macintosh"]), cells("Zoë", "x");
    fn letters_of_the_east_of_europe(): legacy(&[b"\xa3ukasz"]).with(&["--encoding", "iso-8859-2"]), cells("Łukasz", "x");
    fn letters_of_japan(): legacy(&[b"\x97\x9b"]).with(&["--encoding", "shift_jis"]), cells("李", "x");
    fn text_that_is_not_utf_8_though_it_is_named_so(): legacy(&[b"Zo\xeb"]).with(&["--encoding", "utf-8"]),
        refused(" line 2: not UTF-8, and no other encoding was named; it affects 'Zo\\xEB' (line 2). \
            If it comes from an older Excel, say --encoding windows-1252");
    fn an_encoding_that_nobody_knows(): file("LinkedIn,A,B\na,1,2\n").with(&["--encoding", "klingon"]),
        refused(": 'klingon' is no encoding that is known; try --encoding windows-1252, utf-16le or utf-8");
    fn a_mark_in_the_middle_is_text(): file("LinkedIn,A,B\na,x\u{feff}y,2\n"), cells("x\u{feff}y", "2");

    // Cells.
    fn line_breaks_in_cells(): file("LinkedIn,A,B\na,\"one\ntwo\",\"three\r\nfour\rfive\"\nb,1,2\n"),
        rows(&[(2, "one\ntwo", "three\r\nfour\rfive"), (3, "1", "2")]);
    fn a_fault_below_line_breaks_in_cells(): file("LinkedIn,A,B\na,\"one\ntwo\",\"three\r\nfour\"\nb,1\n"),
        refused(" line 5 (row 3): 2 cells where the header has 3; add the missing delimiters, or check for a line break inside a cell without quotes");
    fn a_line_break_in_a_header(): file("LinkedIn,A,B,\"more\nof it\"\na,1,2,3\n"), cells("1", "2");
    fn quotes_in_quotes(): file("LinkedIn,A,B\na,\"say \"\"hi\"\"\",\"\"\"\"\n"), cells("say \"hi\"", "\"");
    fn blanks_around_cells(): file("LinkedIn , A,B \n a , 1 ,\t2\t\n"), cells("1", "2");
    fn blanks_that_do_not_break(): file("\u{a0}LinkedIn\u{a0},A,\u{a0}B\na,\u{a0}Zoë\u{a0},x\u{a0}y\n"), cells("Zoë", "x\u{a0}y");
    fn blanks_in_quotes(): file("LinkedIn,A,B\na,\"  1  \",\" \"\n"), cells("1", "");
    fn numbers_as_they_were_typed(): file("LinkedIn,A,B\na,007,12345678901234567890\nb,1.50,1e5\n"),
        rows(&[(2, "007", "12345678901234567890"), (3, "1.50", "1e5")]);
    fn a_quote_inside_a_cell(): file("LinkedIn,A,B\na,5\" disk,2\n"),
        refused(" line 2: a quote inside a cell at a,5\" disk,2: put the whole cell in quotes and write each quote in it twice");
    fn text_behind_a_quoted_cell(): file("LinkedIn,A,B\na,\"one\" two,2\n"),
        refused(" line 2: a quote inside a cell at a,\"one\" two,2: put the whole cell in quotes and write each quote in it twice");
    fn a_blank_before_a_quoted_cell(): file("LinkedIn,A,B\na, \"one\",2\n"),
        refused(" line 2: a quote inside a cell at a, \"one\",2: put the whole cell in quotes and write each quote in it twice");
    fn a_quote_that_is_never_closed(): file("LinkedIn,A,B\na,\"one,2\nb,3,4\n"),
        refused(" line 2: the quote that opens here is never closed: close it, or write it twice inside a quoted cell");
    fn a_nul(): file("LinkedIn,A,B\na,x\0y,2\n"),
        refused(" line 2: a NUL byte: this is no text file, or UTF-16 without its byte-order mark (then say --encoding utf-16le)");
    fn a_nul_in_quotes(): file("LinkedIn,A,B\na,\"x\n\0y\",2\n"),
        refused(" line 3 (row 2): a NUL byte: this is no text file, or UTF-16 without its byte-order mark (then say --encoding utf-16le)");
    fn a_backslash_is_a_letter(): file("LinkedIn,A,B\na,\\,\\n\n"), cells("\\", "\\n");
    fn a_quote_after_a_backslash(): file("LinkedIn,A,B\na,\"x\\\"y\",2\n"),
        refused(" line 2: a quote inside a cell at a,\"x\\\"y\",2: put the whole cell in quotes and write each quote in it twice");

    // Rows and columns.
    fn blank_rows(): file("\nLinkedIn,A,B\n\na,1,2\n,,\n \n\"\",\"\",\"\"\nb,3,4\n\n,,\n"), rows(&[(4, "1", "2"), (8, "3", "4")]);
    fn blank_rows_at_the_end(): file("LinkedIn;A;B\r\na;1;2\r\n;;\r\n;;\r\n\r\n"), cells("1", "2");
    fn blank_columns_at_the_end(): file("LinkedIn,A,B,,\na,1,2,,\nb,3,4,,\n"), rows(&[(2, "1", "2"), (3, "3", "4")]);
    fn a_blank_column_in_front(): file(",LinkedIn,A,B\n,a,1,2\n"), cells("1", "2");
    fn a_column_without_a_name_that_has_something(): file("LinkedIn,A,B,\na,1,2,\nb,3,4,x\n"),
        refused(" line 3: column 4 has no name but is filled here; give it a name in the header");
    fn a_cell_too_few(): file("LinkedIn,A,B\na,1\n"),
        refused(" line 2: 2 cells where the header has 3; add the missing delimiters, or check for a line break inside a cell without quotes");
    fn a_cell_too_many(): file("LinkedIn,A,B\na,Doe, Jane,2\n"),
        refused(" line 2: 4 cells where the header has 3; put a cell that holds the delimiter in quotes, or give the further column a name");
    fn a_delimiter_too_many_at_the_end_of_rows(): file("LinkedIn,A,B\na,1,2,\n"),
        refused(" line 2: 4 cells where the header has 3; put a cell that holds the delimiter in quotes, or give the further column a name");
    fn a_title_above_the_header(): file("Members of 2025\nLinkedIn,A,B\na,1,2\n"),
        refused(": the first line has one cell and the rows have more: it looks like lines above the header; delete them");
    fn a_title_with_delimiters_above_the_header(): file("Members of 2025,,\nLinkedIn,A,B\na,1,2\n"),
        refused(" line 1: the first line has one cell and the rows have more: it looks like lines above the header; delete them");
    fn a_title_of_two_cells_above_the_header(): file("Members,2025\nLinkedIn,A,B\na,1,2\n"),
        refused(" line 1: no column says who a row addresses: recognised are 'recipient', 'recipient_profile_id', 'profile_id', 'profile_url', \
            'linkedin_url', 'linkedin', 'recipient_profile_urn', 'profile_urn', 'conversation_urn'; or name one with --column recipient=\"…\"; \
            the columns are 'Members', '2025'");
    fn a_title_and_a_blank_line_above_the_header(): file("Members of 2025\n\nLinkedIn;A;B\na;1;2\n"),
        refused(": the first line has one cell and the rows have more: it looks like lines above the header; delete them");
    fn a_header_that_comes_again(): file("LinkedIn,A,B\na,1,2\nLinkedIn,A,B\nb,3,4\n"),
        refused(" line 3: the header again as a row; delete it here");
    fn two_columns_of_one_name(): file("LinkedIn,A,B,A\na,1,2,3\n"), refused(" line 1: columns 2 and 4 have the same name 'A'; rename one");
    fn a_header_alone(): file("LinkedIn,A,B\n,,\n"), refused(": a header and no rows");
    fn nothing_but_blanks(): file("\n \n\t\n"), refused(": the sheet is empty");
}

#[test]
fn recipients_in_every_form_that_people_paste() {
    let forms = [
        ("jane-doe", "jane-doe"),
        ("@Jane-Doe", "jane-doe"),
        ("https://www.linkedin.com/in/jane-doe/", "jane-doe"),
        ("https://de.linkedin.com/in/Jane-Doe/en?trk=x#about", "jane-doe"),
        ("linkedin.com/in/jane-doe?originalSubdomain=de", "jane-doe"),
        ("https://m.linkedin.com/in/jane-doe", "jane-doe"),
        ("https://www.linkedin.com/mwlite/in/jane-doe", "jane-doe"),
        ("https://www.linkedin.com/in/jane-doe/overlay/contact-info/", "jane-doe"),
        ("https://linkedin.com/in/andr%C3%A9-m%C3%BCller", "andré-müller"),
        ("https://uk.linkedin.com/pub/john-doe/1a/2b3/4c5", "john-doe-4c52b31a"),
        ("https://www.linkedin.com/in/ACoAAB1", "urn:li:fsd_profile:ACoAAB1"),
        ("urn:li:fs_miniProfile:ACoAAB1", "urn:li:fsd_profile:ACoAAB1"),
        ("URN:LI:fsd_profile:ACoAAB1", "urn:li:fsd_profile:ACoAAB1"),
        (
            "\"urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAB,2-abc==)\"",
            "urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAB,2-abc==)",
        ),
    ];
    let rows: Vec<&str> = forms.iter().map(|(form, _)| *form).collect();
    let campaign = Campaign::new(format!("LinkedIn\n{}\n", rows.join("\n")), "Hello");
    let shown = campaign
        .rowcast(&["preview", "people.csv", "-m", "message.txt", "--format", "json"])
        .exits(0);
    let lines = shown.json_lines();
    assert_eq!(lines.len(), forms.len());
    for (line, (form, canonical)) in lines.iter().zip(forms) {
        assert_eq!(line["recipient"], canonical, "{form}");
    }
}
