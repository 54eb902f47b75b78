//! What results promise, tried on real files.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::model::row::RowNumber;
use crate::model::status::Status;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.results.csv");
    (folder, path)
}

const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn sent(row: u32, key: &str) -> Line<'_> {
    Line {
        row: RowNumber(row),
        key,
        status: Status::Sent,
        recipient_urn: "urn:li:fsd_profile:ACoAA1",
        thread_id: "2-abc==",
        message_urn: "urn:li:msg_message:(x,2-X)",
        error: "",
        http_status: "200",
        attempts: 1,
        account: "acc_1",
        sent_at: "2026-01-31T23:59:59.120Z",
        message_sha256: SHA,
    }
}

fn untried(row: u32, key: &str, status: Status) -> Line<'_> {
    Line {
        row: RowNumber(row),
        key,
        status,
        recipient_urn: "",
        thread_id: "",
        message_urn: "",
        error: "no \"name\"",
        http_status: "",
        attempts: 0,
        account: "",
        sent_at: "",
        message_sha256: "",
    }
}

fn write(path: &Path, headers: &[&str], lines: &[(Line<'_>, &[&str])]) {
    let mut writer = Writer::create(path, headers).unwrap();
    for (line, cells) in lines {
        writer.write(line, cells.iter().copied()).unwrap();
    }
    writer.finish().unwrap();
}

fn read_all(path: &Path) -> Result<Vec<ReadLine>, ResultsError> {
    read(path)?.collect()
}

fn small(path: &Path) -> String {
    let lines = [
        (sent(2, "zoë"), &["Zoë", "a, \"b\"\nc"][..]),
        (untried(3, "bob", Status::Pending), &["Bob"]),
    ];
    write(path, &["First Name", "status"], &lines);
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_file_is_what_the_contract_says() {
    let (_folder, path) = place();
    let expected = "\u{feff}row,key,status,success,recipient_urn,thread_id,message_urn,error,http_status,attempts,account,sent_at,message_sha256,First Name,input_status\r\n\
        2,zoë,sent,true,urn:li:fsd_profile:ACoAA1,2-abc==,\"urn:li:msg_message:(x,2-X)\",,200,1,acc_1,2026-01-31T23:59:59.120Z,SHA,Zoë,\"a, \"\"b\"\"\nc\"\r\n\
        3,bob,pending,,,,,\"no \"\"name\"\"\",,0,,,,Bob,\r\n";
    assert_eq!(small(&path), expected.replace("SHA", SHA));
}

#[test]
fn a_sheet_column_that_results_have_too_is_renamed_and_stays_unique() {
    let names = |headers: &[&str]| sheet_columns(headers);
    assert_eq!(names(&["name", "status"]), ["name", "input_status"]);
    assert_eq!(names(&["input_key", "key"]), ["input_key", "input_input_key"]);
    assert_eq!(
        names(&["key", "input_key", "input_input_key"]),
        ["input_input_input_key", "input_key", "input_input_key"]
    );
    assert_eq!(names(&["Status", ""]), ["Status", ""]);
}

#[test]
fn formulas_are_guarded_in_cells_and_headers_and_read_back() {
    let (_folder, path) = place();
    write(&path, &["=cmd()"], &[(sent(2, "+491"), &["@SUM(A1)"])]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains(",'=cmd()\r\n") && text.contains("2,'+491,") && text.contains(",'@SUM(A1)\r\n"),
        "{text}"
    );
    let results = read(&path).unwrap();
    assert_eq!(results.columns(), ["=cmd()"]);
    let lines: Vec<_> = results.map(Result::unwrap).collect();
    assert_eq!((lines[0].import.key.as_str(), lines[0].cells[0].as_str()), ("+491", "@SUM(A1)"));
}

#[test]
fn unfinished_results_leave_the_old_ones_and_nothing_else() {
    let (folder, path) = place();
    fs::write(&path, "old").unwrap();
    let mut writer = Writer::create(&path, &["a"]).unwrap();
    writer.write(&sent(2, "zoë"), ["x"]).unwrap();
    drop(writer);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    small(&path);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn more_cells_than_headers_are_refused() {
    let (_folder, path) = place();
    let mut writer = Writer::create(&path, &["a"]).unwrap();
    let refused = writer.write(&sent(7, "zoë"), ["x", "y"]);
    assert!(matches!(refused, Err(ResultsError::TooManyCells { row: 7, headers: 1 })));
}

#[cfg(unix)]
#[test]
fn results_are_readable_by_their_owner_alone_and_a_link_stays_a_link() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = place();
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let link = folder.path().join("link.csv");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    small(&link);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read_all(&path).unwrap().len(), 2);
}

#[test]
fn every_cut_file_is_refused_unless_whole_lines_are_missing() {
    let (_folder, path) = place();
    let text = small(&path);
    let ends: Vec<_> = text.match_indices("\r\n").flat_map(|(at, _)| [at + 1, at + 2]).collect();
    for length in 0..text.len() {
        fs::write(&path, &text.as_bytes()[..length]).unwrap();
        let read = read_all(&path);
        assert_eq!(read.is_ok(), ends.contains(&length), "{length}: {read:?}");
    }
}

#[test]
fn a_file_that_is_no_results_file_is_refused() {
    let (_folder, path) = place();
    for text in [
        "",
        "a,b\r\n1,2\r\n",
        "row,key,status,x\r\n",
        "row,key,status,success\r\n",
        "\u{feff}",
        "{\"n\":0}\n",
    ] {
        fs::write(&path, text).unwrap();
        let refused = read(&path);
        assert!(refused.is_err(), "{text}");
    }
    fs::write(&path, "a,b\r\n1,2\r\n").unwrap();
    assert!(matches!(read(&path), Err(ResultsError::NotResults { .. })));
}

#[test]
fn what_was_edited_into_a_wrong_shape_is_refused_with_its_line() {
    let (_folder, path) = place();
    let text = small(&path);
    for (right, wrong, line) in [
        ("3,bob", "x,bob", 4),
        ("3,bob", "1,bob", 4),
        (",sent,true", ",Sent,true", 2),
        (",sent,true", ",sent,", 2),
        (",sent,true", ",unconfirmed,true", 2),
        ("2,zoë,", "2,,", 2),
        (",200,", ",OK,", 2),
        (",1,acc_1", ",1.0,acc_1", 2),
        ("2026-01-31T23:59:59.120Z", "31.01.2026 23:59", 2),
        (SHA, "1.23E+60", 2),
        ("3,bob,", "3,bob,extra,", 4),
        (",Bob,", ",Bob", 4),
    ] {
        assert!(text.contains(right), "{right}");
        fs::write(&path, text.replacen(right, wrong, 1)).unwrap();
        match read_all(&path) {
            Err(ResultsError::Line { line: found, .. }) => assert_eq!(found, line, "{wrong}"),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    let latin: Vec<u8> = text.bytes().filter(|byte| *byte != 0xc3).collect();
    fs::write(&path, latin).unwrap();
    assert!(read_all(&path).unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn what_a_spreadsheet_program_saved_again_is_read_where_it_is_certain() {
    let (_folder, path) = place();
    write(
        &path,
        &["Name"],
        &[(sent(2, "zoë"), &["Z"]), (untried(3, "bob", Status::Invalid), &["B"])],
    );
    let text = fs::read_to_string(&path).unwrap();
    let before: Vec<_> = read_all(&path).unwrap();
    let plain = text.replace('\u{feff}', "");
    let semicolons = text
        .replace(',', ";")
        .replace("\"urn:li:msg_message:(x;2-X)\"", "urn:li:msg_message:(x,2-X)");
    for saved in [
        plain.clone(),
        plain.replace("\r\n", "\n"),
        text.replace(",true,", ",TRUE,").replace(",false,", ",FALSE,"),
        semicolons.replace(";true;", ";WAHR;").replace(";false;", ";FALSCH;"),
    ] {
        fs::write(&path, &saved).unwrap();
        assert_eq!(read_all(&path).unwrap(), before, "{saved}");
    }
}

#[test]
fn a_number_as_key_is_trusted_only_in_a_file_that_nobody_else_saved() {
    let (_folder, path) = place();
    for key in ["007", "7", "1.23457E+16", "2026-01-31", "1,5"] {
        write(&path, &[], &[(sent(2, key), &[])]);
        assert_eq!(read_all(&path).unwrap()[0].import.key, key);
        let text = fs::read_to_string(&path).unwrap();
        for saved in [
            text.replace(",true,", ",TRUE,"),
            text.replace('\u{feff}', ""),
            text.replace("\r\n", "\n"),
        ] {
            fs::write(&path, saved).unwrap();
            assert!(matches!(read_all(&path), Err(ResultsError::Line { line: 2, .. })), "{key}");
        }
    }
}

#[test]
fn only_lines_that_speak_of_an_attempt_are_taken_over() {
    let (_folder, path) = place();
    let tried = Line {
        attempts: 2,
        ..untried(6, "eve", Status::Pending)
    };
    let lines = [
        (sent(2, "zoë"), &[][..]),
        (untried(3, "zoë", Status::Skipped), &[]),
        (untried(4, "bob", Status::Pending), &[]),
        (untried(5, "", Status::Invalid), &[]),
        (tried, &[]),
    ];
    write(&path, &[], &lines);
    let imports: Vec<_> = read_all(&path).unwrap().into_iter().filter_map(ReadLine::into_import).collect();
    let known: Vec<_> = imports.iter().map(|import| (import.key.as_str(), import.status)).collect();
    assert_eq!(known, [("zoë", Status::Sent), ("eve", Status::Pending)]);
    assert_eq!(imports[0].to, ["urn:li:fsd_profile:ACoAA1"]);
    assert_eq!((imports[0].http_status.as_str(), imports[0].sha256.as_str()), ("200", SHA));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cells_come_back(
        texts in proptest::collection::vec(("[a-z'=+\",;\r\n\t -]{1,5}|.+", "['=+\",;\r\n\t -]{0,5}|.*", "(?s).*"), 1..6)
    ) {
        let (_folder, path) = place();
        let lines: Vec<_> = texts
            .iter()
            .zip(2..)
            .map(|((key, error, cell), row)| (Line { error, ..sent(row, key) }, [cell.as_str(), key]))
            .collect();
        let mut writer = Writer::create(&path, &["a", "b"]).unwrap();
        for (line, cells) in &lines {
            writer.write(line, *cells).unwrap();
        }
        writer.finish().unwrap();
        let found = read_all(&path).unwrap();
        prop_assert_eq!(found.len(), lines.len());
        for ((line, cells), read) in lines.iter().zip(found) {
            prop_assert_eq!(&read.import.key, line.key);
            prop_assert_eq!(&read.import.error, line.error);
            prop_assert_eq!(read.cells, cells);
        }
    }
}
