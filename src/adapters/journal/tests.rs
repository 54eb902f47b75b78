//! What a journal promises, tried on real files.

mod any_entry;

use std::convert::Infallible;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;

use futures::future::join_all;
use proptest::prelude::*;

use super::*;
use crate::model::entry::Intent;
use crate::model::row::RowNumber;
use any_entry::entry;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn terms() -> Terms {
    Terms {
        endpoint: "https://api.example/linkedin".to_owned(),
        key: KeyDefinition::Recipient,
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.results.journal");
    (folder, path)
}

fn open(path: &Path) -> Result<(Opened, Vec<(Position, Entry)>), JournalError> {
    let mut found = Vec::new();
    let opened = Journal::open(path, &terms(), |position, entry| {
        found.push((position, entry.clone()));
        Ok::<_, Infallible>(())
    })?;
    Ok((opened, found))
}

fn entries_of(path: &Path) -> Result<Vec<Entry>, JournalError> {
    open(path).map(|(_, found)| found.into_iter().map(|(_, entry)| entry).collect())
}

fn intent(key: &str) -> Entry {
    Entry::Intent(Intent {
        at: Moment::from_millis(1_767_225_600_123),
        row: RowNumber(7),
        key: key.to_owned(),
        to: vec![key.to_owned()],
        account: Some("acc_1".to_owned()),
        sha256: "ab".repeat(32),
        folded_sha256: None,
        test: false,
    })
}

/// A journal of a head and two entries, and the places where its records end.
fn small_journal(path: &Path) -> (Vec<u8>, Vec<usize>) {
    let (opened, _) = open(path).unwrap();
    for key in ["zoë", "quote\" newline\n ,\"crc\":\"00000000\"}"] {
        block_on(opened.journal.append(intent(key))).unwrap();
    }
    opened.journal.close().unwrap();
    let bytes = fs::read(path).unwrap();
    let ends = memchr::memchr_iter(b'\n', &bytes).collect();
    (bytes, ends)
}

#[test]
fn every_prefix_of_a_journal_opens_and_holds_exactly_the_records_that_are_whole() {
    let (_folder, path) = place();
    let (bytes, ends) = small_journal(&path);
    let all = entries_of(&path).unwrap();
    for length in 0..=bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let records = ends.iter().filter(|end| **end <= length).count();
        let read = {
            let mut read = Vec::new();
            Journal::read(&path, |_, entry| {
                read.push(entry.clone());
                Ok::<_, Infallible>(())
            })
            .unwrap();
            read
        };
        let (opened, found) = open(&path).unwrap();
        let found: Vec<_> = found.into_iter().map(|(_, entry)| entry).collect();
        assert_eq!(found, all[..records.saturating_sub(1)], "{length}");
        assert_eq!(read, found, "{length}");
        assert_eq!(opened.origin == Origin::New, records == 0, "{length}");

        let position = block_on(opened.journal.append(intent("after"))).unwrap();
        opened.journal.close().unwrap();
        let (_, again) = open(&path).unwrap();
        assert_eq!(again.len(), found.len() + 1, "{length}");
        assert_eq!(again.last().map(|(at, _)| *at), Some(position), "{length}");
    }
}

#[test]
fn every_changed_bit_is_found() {
    let (_folder, path) = place();
    let (bytes, _) = small_journal(&path);
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    let mut put = |at: usize, byte: u8| {
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    for (at, byte) in bytes.iter().enumerate() {
        for bit in 0..8 {
            put(at, byte ^ 1 << bit);
            assert!(entries_of(&path).is_err(), "byte {at}, bit {bit}");
        }
        put(at, *byte);
    }
    assert_eq!(fs::read(&path).unwrap(), bytes, "a damaged journal is left as it is");
    assert_eq!(entries_of(&path).unwrap().len(), 2);
}

#[test]
fn a_lost_or_doubled_or_moved_line_is_found() {
    let (_folder, path) = place();
    let (bytes, _) = small_journal(&path);
    let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for order in [&[0, 2][..], &[0, 1, 1, 2], &[0, 2, 1], &[1, 2], &[0, 0, 1, 2], &[0, 1, 2, 0]] {
        let shuffled: Vec<u8> = order.iter().flat_map(|line| lines[*line]).copied().collect();
        fs::write(&path, shuffled).unwrap();
        assert!(entries_of(&path).is_err(), "{order:?}");
    }
}

#[test]
fn zeros_that_a_power_cut_left_are_a_torn_tail() {
    let (_folder, path) = place();
    let (bytes, _) = small_journal(&path);
    fs::write(&path, [&bytes[..], &[0; 300]].concat()).unwrap();
    let (opened, found) = open(&path).unwrap();
    assert_eq!((opened.origin, found.len()), (Origin::Replayed { entries: 2, torn: 300 }, 2));
    drop(opened);
    assert_eq!(fs::read(&path).unwrap(), bytes);
    fs::write(&path, [0; 20]).unwrap();
    assert_eq!(open(&path).unwrap().0.origin, Origin::New);
}

#[test]
fn zeros_in_place_of_the_last_line_end_leave_the_record_whole() {
    let (_folder, path) = place();
    let (bytes, _) = small_journal(&path);
    let unended = &bytes[..bytes.len() - 1];
    for zeros in [1, 300] {
        fs::write(&path, [unended, &vec![0; zeros]].concat()).unwrap();
        let (opened, found) = open(&path).unwrap();
        assert_eq!((opened.origin, found.len()), (Origin::Replayed { entries: 2, torn: 0 }, 2));
        drop(opened);
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::write(&path, [unended, b"\0x\0"].concat()).unwrap();
    assert!(matches!(entries_of(&path), Err(JournalError::Damaged { .. })));
}

#[test]
fn a_file_that_is_no_journal_is_left_alone() {
    let (folder, path) = place();
    for text in ["my only notes", "a,b\n1,2\n", "{}", "{\"n\":0}\n", "\n"] {
        fs::write(&path, text).unwrap();
        assert!(matches!(entries_of(&path), Err(JournalError::NotAJournal { .. })), "{text}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert!(entries_of(folder.path()).is_err());
    assert!(matches!(
        entries_of(&folder.path().join("missing/x.journal")),
        Err(JournalError::Io { .. })
    ));
}

#[test]
fn a_line_that_is_too_long_is_damage() {
    let (_folder, path) = place();
    let (bytes, _) = small_journal(&path);
    fs::write(&path, [&bytes[..], &vec![b'x'; record::LONGEST + 1]].concat()).unwrap();
    assert!(matches!(entries_of(&path), Err(JournalError::Damaged { line: 4, .. })));
}

#[test]
fn an_entry_that_no_line_can_hold_is_refused_and_the_journal_goes_on() {
    let (_folder, path) = place();
    let (opened, _) = open(&path).unwrap();
    let journal = opened.journal;
    let answers = block_on(join_all([
        journal.append_all(vec![intent("a")]),
        journal.append_all(vec![intent("b"), intent(&"x".repeat(record::LONGEST / 2))]),
        journal.append_all(vec![intent("c")]),
    ]));
    assert!(matches!(answers[1], Err(JournalError::TooLong { .. })));
    assert!(answers[0].is_ok() && answers[2].is_ok());
    journal.close().unwrap();
    assert_eq!(entries_of(&path).unwrap(), [intent("a"), intent("c")]);
}

#[test]
fn what_a_newer_rowcast_wrote_is_refused_in_these_words() {
    let (_folder, path) = place();
    let (bytes, ends) = small_journal(&path);
    let seal = |body: &str| format!("{body},\"crc\":\"{:08x}\"}}\n", crc32fast::hash(body.as_bytes()));
    let head = String::from_utf8(bytes[..=ends[0]].to_vec()).unwrap();
    let body = head.rsplit_once(",\"crc\"").unwrap().0;
    for text in [
        seal(&body.replace("\"version\":1", "\"version\":2")),
        head.clone() + &seal("{\"n\":1,\"reconciled\":{\"of\":3}"),
        head.clone() + &seal("{\"n\":1,\"outcome\":{\"at\":1,\"of\":3,\"answer\":{\"telepathy\":{}}}"),
        head.clone() + &seal("{\"n\":1,\"outcome\":{\"at\":1,\"of\":3,\"answer\":{\"lost\":\"\"},\"gave_up\":false,\"recalled\":true}"),
        head.clone() + &seal("{\"v\":2"),
    ] {
        fs::write(&path, text).unwrap();
        let error = entries_of(&path).unwrap_err();
        assert!(matches!(error, JournalError::Newer { .. }), "{error}");
        assert!(error.to_string().contains("written by a newer rowcast"), "{error}");
    }
}

#[test]
fn a_journal_is_held_by_one_at_a_time() {
    let (_folder, path) = place();
    let (opened, _) = open(&path).unwrap();
    assert!(matches!(open(&path), Err(JournalError::Held { .. })));
    assert!(Journal::read(&path, |_, _| Ok::<_, Infallible>(())).unwrap().is_some());
    drop(opened);
    open(&path).unwrap();
}

#[test]
fn of_many_that_create_a_journal_at_once_one_wins() {
    for _ in 0..20 {
        let (_folder, path) = place();
        let barrier = std::sync::Barrier::new(4);
        let opened: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        open(&path)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let held = opened.iter().filter(|one| matches!(one, Err(JournalError::Held { .. }))).count();
        assert_eq!((opened.iter().filter(|one| one.is_ok()).count(), held), (1, 3));
    }
}

#[test]
fn other_terms_are_refused_and_said() {
    let (_folder, path) = place();
    let head = open(&path).unwrap().0.head;
    let no_entry = |_: Position, _: &Entry| Ok::<_, Infallible>(());
    let elsewhere = Terms {
        endpoint: "http://127.0.0.1:1".to_owned(),
        ..terms()
    };
    let error = Journal::open(&path, &elsewhere, no_entry).unwrap_err();
    assert!(matches!(error, JournalError::OtherEndpoint { .. }), "{error}");
    let column = Terms {
        key: KeyDefinition::Column("Customer No".to_owned()),
        ..terms()
    };
    let error = Journal::open(&path, &column, no_entry).unwrap_err().to_string();
    assert!(
        error.contains("by their recipient, and this run by the column \"Customer No\""),
        "{error}"
    );
    assert_eq!(open(&path).unwrap().0.head, head);
    assert_eq!(head.campaign.len(), 32);
}

#[test]
fn whoever_replays_can_refuse_an_entry() {
    let (_folder, path) = place();
    small_journal(&path);
    let error = Journal::open(&path, &terms(), |_, _| Err("no")).unwrap_err();
    assert!(matches!(error, JournalError::Refused { line: 2, .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_journal_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = place();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    drop(open(&path).unwrap());
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(open(&path).unwrap());
    assert_eq!(mode(&path), 0o600);
}

#[cfg(target_os = "linux")]
#[test]
fn after_a_failed_write_every_append_fails_and_says_why() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let path: Arc<Path> = Path::new("x.journal").into();
    let writer = Writer::new(Locked::unlocked(full), Arc::clone(&path), 1, 0);
    let journal = Journal::start(writer, path).unwrap();
    let first: Vec<_> = (0..50).map(|number| journal.append(intent(&number.to_string()))).collect();
    let later = (0..3).map(|_| block_on(journal.append(intent("later"))));
    for answer in later.collect::<Vec<_>>().into_iter().chain(block_on(join_all(first))) {
        assert!(matches!(&answer, Err(JournalError::Failed { source, verb: "write", .. })
            if source.kind() == io::ErrorKind::StorageFull));
    }
    assert!(matches!(journal.close(), Err(JournalError::Failed { .. })));
}

#[cfg(target_os = "linux")]
#[test]
fn after_a_failed_write_nothing_more_is_written() {
    let (_folder, path) = place();
    small_journal(&path);
    let before = fs::read(&path).unwrap();
    // A handle that may not write stands for a disk that does not.
    let locked = Locked::unlocked(File::open(&path).unwrap());
    let shared: Arc<Path> = path.as_path().into();
    let journal = Journal::start(Writer::new(locked, Arc::clone(&shared), 3, before.len() as u64), shared).unwrap();
    assert!(block_on(journal.append(intent("a"))).is_err());
    assert!(block_on(journal.append(intent("b"))).is_err());
    drop(journal);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn appends_of_many_tasks_keep_their_order_and_know_their_places() {
    let (_folder, path) = place();
    let (opened, _) = open(&path).unwrap();
    let journal = opened.journal;
    let positions: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let journal = &journal;
                scope.spawn(move || {
                    let appends = (0..200).map(|number| journal.append(intent(&format!("{thread}-{number}"))));
                    block_on(join_all(appends))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let reader = Reader::open(&path).unwrap();
    for (thread, positions) in positions.into_iter().enumerate() {
        let positions: Vec<_> = positions.into_iter().map(Result::unwrap).collect();
        assert!(positions.is_sorted());
        for (number, position) in positions.into_iter().enumerate() {
            assert_eq!(reader.read_at(position).unwrap(), intent(&format!("{thread}-{number}")));
        }
    }
    journal.close().unwrap();
    assert_eq!(entries_of(&path).unwrap().len(), 800);
}

#[test]
fn an_append_that_nobody_waits_for_is_kept() {
    let (_folder, path) = place();
    let (opened, _) = open(&path).unwrap();
    drop(opened.journal.append(intent("a")));
    drop(opened);
    assert_eq!(entries_of(&path).unwrap(), [intent("a")]);
}

#[test]
fn a_read_between_records_is_refused() {
    let (_folder, path) = place();
    let (bytes, ends) = small_journal(&path);
    let reader = Reader::open(&path).unwrap();
    let first = ends[0] as u64 + 1;
    assert!(reader.read_at(Position(first)).is_ok());
    for position in [0, first - 1, first + 1, bytes.len() as u64, u64::MAX / 4] {
        assert!(reader.read_at(Position(position)).is_err(), "{position}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_appended_is_read_back(entries in proptest::collection::vec(entry(), 0..12)) {
        let (_folder, path) = place();
        let (opened, _) = open(&path).unwrap();
        let positions = block_on(opened.journal.append_all(entries.clone())).unwrap();
        opened.journal.close().unwrap();
        let reader = Reader::open(&path).unwrap();
        for (entry, position) in entries.iter().zip(&positions) {
            prop_assert_eq!(&reader.read_at(*position).unwrap(), entry);
        }
        let (_, found) = open(&path).unwrap();
        prop_assert_eq!(found, positions.into_iter().zip(entries).collect::<Vec<_>>());
    }
}
