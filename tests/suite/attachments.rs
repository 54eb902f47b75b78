//! Files go with messages: checked before anything is sent, uploaded once, and never left behind.

use std::path::Path;
use std::time::Duration;

use rowcast::adapters::journal::Journal;
use rowcast::adapters::sandbox::{Latency, Settings};
use rowcast::model::entry::Entry;
use serde_json::json as object;

#[cfg(unix)]
use crate::harness::inbox::{By, Inbox, Message};
use crate::harness::{Answer, Campaign, Seen, Server, json, sent, status};
#[cfg(unix)]
use crate::harness::{Dice, Signal};
use crate::stand_in::{StandIn, faulty};

const PDF: &[u8] = b"%PDF-1.7\none page\n";

fn campaign(rows: &str) -> Campaign {
    let campaign = Campaign::new(format!("LinkedIn,Attachments\n{rows}"), "Hello {{ linkedin }}");
    campaign.write("files/one.pdf", PDF);
    campaign.write("files/two.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and more");
    campaign
}

/// The uploads that the journal knows: account, name, asset.
fn uploads(journal: &Path) -> Vec<(Option<String>, String, String)> {
    let mut uploads = Vec::new();
    Journal::read(journal, |_, entry| {
        if let Entry::Upload(upload) = entry {
            uploads.push((upload.account.clone(), upload.name.clone(), upload.attachment.asset_urn.clone()));
        }
        Ok::<(), std::convert::Infallible>(())
    })
    .expect("a journal");
    uploads
}

fn requested(log: &Path, what: &str) -> usize {
    let text = std::fs::read_to_string(log).expect("a log");
    text.lines()
        .filter(|line| line.contains("\"request\"") && line.contains(what))
        .count()
}

#[test]
fn files_of_a_cell_are_uploaded_once_and_go_with_every_message_that_names_them() {
    let log = tempfile::NamedTempFile::new().expect("a log");
    let stand_in = StandIn::start(Settings {
        log: Some(log.path().to_owned()),
        latency: Latency::Fixed(Duration::from_millis(20)),
        ..Settings::default()
    });
    let campaign = campaign("a,files/one.pdf\nb,files/one.pdf; files/two.png\nc,\nd,files/two.png\n");
    campaign.run_at(stand_in.base_url(), &[]).exits(0);
    let known = uploads(&campaign.journal());
    assert_eq!(known.len(), 2, "{known:?}");
    let asset = |name: &str| known.iter().find(|(_, known, _)| known == name).expect("uploaded").2.clone();
    let (one, two) = (asset("one.pdf"), asset("two.png"));
    for (person, files) in [
        ("a", vec![one.clone()]),
        ("b", vec![one.clone(), two.clone()]),
        ("c", vec![]),
        ("d", vec![two]),
    ] {
        let deliveries = stand_in.deliveries();
        let delivery = deliveries.iter().find(|delivery| delivery.recipient == person).expect("it arrived");
        assert_eq!(delivery.attachments, files, "{person}");
    }
    assert_eq!(requested(log.path(), "upload-attachment"), 2);
    // A later run refers to what is uploaded, unless it is told not to.
    let more = |rows: &str, arguments: &[&str]| {
        campaign.write("people.csv", format!("LinkedIn,Attachments\n{rows}"));
        campaign.run_at(stand_in.base_url(), arguments).exits(0);
        requested(log.path(), "upload-attachment")
    };
    assert_eq!(more("e,files/one.pdf\n", &[]), 2);
    assert_eq!(more("f,files/one.pdf\n", &["--no-reuse-uploads"]), 3);
    // Another content is another file, whatever its name.
    campaign.write("files/one.pdf", [PDF, b"and one more\n"].concat());
    assert_eq!(more("g,files/one.pdf\n", &[]), 4);
    assert_ne!(stand_in.deliveries().last().expect("g").attachments, [one]);
}

#[test]
fn a_setting_names_the_files_of_rows_that_name_none() {
    let stand_in = StandIn::start(Settings::default());
    let campaign = campaign("a,\nb,files/two.png\n");
    campaign.write(
        "campaign.toml",
        "sheet = \"people.csv\"\nmessage = \"message.txt\"\nattachments = [\"files/one.pdf\"]\nmessaging_channel = \"linkedin_inbox\"\nreuse = false\n",
    );
    campaign.run_at(stand_in.base_url(), &["campaign.toml"]).exits(0);
    let names: Vec<String> = uploads(&campaign.journal()).into_iter().map(|(_, name, _)| name).collect();
    assert!(
        names.contains(&"one.pdf".to_owned()) && names.contains(&"two.png".to_owned()),
        "{names:?}"
    );
    assert!(stand_in.deliveries().iter().all(|delivery| delivery.attachments.len() == 1));
    let shown = campaign
        .rowcast(&["preview", "campaign.toml", "--format", "json"])
        .exits(0)
        .json_lines();
    assert!(shown[0]["attachments"][0].as_str().is_some_and(|name| name.ends_with("one.pdf")));
    assert_eq!(shown[1]["attachments"][0], "files/two.png");
}

#[test]
fn a_file_that_cannot_go_refuses_the_run_before_anything_is_sent() {
    let stand_in = StandIn::start(Settings::default());
    let campaign = campaign("a,files/one.pdf\nb,files/gone.pdf\nc,files\nd,files/two.png\ne,files/empty\n");
    campaign.write("files/empty", "");
    let limited = ["--max-attachment", "20"];
    campaign.run_at(stand_in.base_url(), &limited).exits(3).says("4 of 5 rows");
    assert!(!campaign.journal().exists());
    let problems = campaign
        .rowcast(&[
            "check",
            "people.csv",
            "-m",
            "message.txt",
            "--max-attachment",
            "20",
            "--format",
            "json",
        ])
        .exits(3)
        .json();
    let codes: Vec<&str> = problems["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert_eq!(codes, ["attachment", "attachment", "attachment-too-large", "attachment"]);
    campaign
        .run_at(stand_in.base_url(), &[&limited[..], &["--skip-invalid"]].concat())
        .exits(1);
    assert_eq!(campaign.statuses(), ["sent", "invalid", "invalid", "invalid", "invalid"]);
    assert_eq!(stand_in.deliveries().len(), 1);
}

#[test]
fn an_upload_that_fails_leaves_its_row_unsent_and_is_tried_again() {
    let stand_in = StandIn::with_faults("any=500,on=upload,times=2");
    let campaign = campaign("a,files/one.pdf\n");
    campaign.run_at(stand_in.base_url(), &[]).exits(0);
    assert_eq!(campaign.statuses(), ["sent"]);

    for fault in [
        "any=500,on=upload",
        "any=400,on=upload",
        "any=reset,on=upload",
        "any=garbage,on=upload",
        "any=200,on=upload,text={\"attachment\":{\"assetUrn\":\" \"}}",
    ] {
        let stand_in = StandIn::with_faults(fault);
        let campaign = self::campaign("a,files/one.pdf\nb,\n");
        campaign.run_at(stand_in.base_url(), &["--retries", "1"]).exits(4);
        assert_eq!(campaign.statuses(), ["pending", "sent"], "{fault}");
        let line = &campaign.results()[0];
        assert!(line["error"].contains("one.pdf"), "{fault}: {line:?}");
        assert_eq!(line["attempts"], "0");
        assert_eq!(stand_in.deliveries().len(), 1, "{fault}");
        let well = StandIn::start(Settings::default());
        campaign.run_at(well.base_url(), &[]).exits(3);
    }
}

#[test]
fn an_upload_that_is_held_or_refused_holds_and_stops_like_a_send() {
    let stand_in = StandIn::with_faults("any=429:retry-after=1,on=upload,times=1");
    let campaign = campaign("a,files/one.pdf\n");
    campaign.run_at(stand_in.base_url(), &[]).exits(0);
    assert_eq!(campaign.statuses(), ["sent"]);

    let stand_in = StandIn::with_faults("any=403,on=upload");
    let campaign = self::campaign("a,files/one.pdf\n");
    campaign.run_at(stand_in.base_url(), &[]).exits(4);
    assert_eq!(campaign.statuses(), ["pending"]);
}

#[test]
fn a_file_that_changes_while_the_run_goes_on_is_noticed() {
    let stand_in = StandIn::start(faulty("a=ok,late=2s"));
    let campaign = campaign("a,\nb,files/one.pdf\n");
    let running = campaign.start_at(stand_in.base_url(), &["--concurrency", "1"]);
    while stand_in.arrived("a") == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    campaign.write("files/one.pdf", "something else");
    running.finish().exits(4).says("changed");
    assert_eq!(campaign.statuses(), ["sent", "pending"]);
    campaign.run_at(stand_in.base_url(), &[]).exits(0);
    assert_eq!(campaign.statuses(), ["sent", "sent"]);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_while_it_uploads_has_sent_nothing_of_the_row() {
    let stand_in = StandIn::start(faulty("any=hang,on=upload,times=1"));
    let campaign = campaign("a,files/one.pdf\n");
    let running = campaign.start_at(stand_in.base_url(), &[]);
    while !campaign.journal().exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    running.signal(Signal::Kill);
    assert_eq!(running.finish().code, None);
    assert!(uploads(&campaign.journal()).is_empty());
    campaign.run_at(stand_in.base_url(), &[]).exits(0);
    assert_eq!(campaign.column("attempts"), ["1"]);
    assert_eq!(stand_in.deliveries().len(), 1);
}

/// What the service answers to an upload.
fn uploaded(seen: &Seen) -> Answer {
    let account = seen.path.split(['=', '&']).nth(1).unwrap_or_default();
    let name = seen.path.rsplit('=').next().unwrap_or_default();
    let attachment = object!({
        "assetUrn": format!("urn:li:digitalmediaAsset:{account}-{name}"),
        "byteSize": seen.length,
        "mediaType": seen.header("Content-Type"),
        "name": name,
    });
    json(200, &object!({"success": true, "attachment": attachment}))
}

#[test]
fn a_slow_upload_of_one_account_holds_no_other_and_is_made_once() {
    let server = Server::start();
    server.answer_questions_by(|seen| {
        let answer = seen.is_upload().then(|| uploaded(seen))?;
        Some(if seen.path.contains("accountId=acc_1") {
            answer.held()
        } else {
            answer
        })
    });
    let campaign = Campaign::new(
        "LinkedIn,Account,Attachments\na,acc_1,one.pdf\nb,acc_1,one.pdf\nc,acc_2,one.pdf\nd,acc_2,two.pdf\ne,acc_1,\n",
        "Hello {{ linkedin }}",
    );
    campaign.write("one.pdf", PDF);
    campaign.write("two.pdf", [PDF, b"and another\n"].concat());
    let running = campaign.start(&server, &[]);
    server.wait_for_sends(3);
    let mut first = server.recipients();
    first.sort();
    assert_eq!(first, ["c", "d", "e"], "all but those who wait for the file");
    server.open_gate();
    running.finish().exits(0);
    let uploads: Vec<Seen> = server.seen().into_iter().filter(Seen::is_upload).collect();
    let of = |account: &str| uploads.iter().filter(|seen| seen.path.contains(account)).count();
    assert_eq!((of("acc_1"), of("acc_2")), (1, 2));
    for send in server.sends() {
        let file = &send.body["attachments"][0]["file"];
        let account = send.body["accountId"].as_str().expect("an account");
        let own = file["assetUrn"].as_str().is_none_or(|urn| urn.contains(account));
        assert!(own && file.is_null() == (send.to == "e"), "{:?}", send.body);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_file_is_streamed_and_never_held_in_memory() {
    const SIZE: u64 = 200 << 20;
    let server = Server::start();
    server.answer_questions_by(|seen| seen.is_upload().then(|| uploaded(seen)));
    server.answer_all(sent().held());
    let campaign = campaign("a,files/large.bin\nb,files/large.bin\n");
    let large = std::fs::File::create(campaign.path("files/large.bin")).expect("a file");
    // Zeros that take no room on the disk.
    large.set_len(SIZE).expect("a large file");
    let running = campaign.start(&server, &["--max-attachment", "1GB"]);
    server.wait_for_sends(1);
    let peak = running.peak_memory();
    assert!(peak < SIZE / 2, "{peak}");
    server.open_gate();
    running.finish().exits(0);
    let uploads: Vec<usize> = server
        .seen()
        .iter()
        .filter(|seen| seen.is_upload())
        .map(|seen| seen.length)
        .collect();
    assert_eq!(uploads, [usize::try_from(SIZE).expect("it fits")]);
}

#[cfg(unix)]
#[test]
fn whenever_a_run_is_killed_while_it_uploads_nothing_is_sent_twice_and_nothing_is_lost() {
    const ROWS: usize = 24;
    const FILES: usize = 6;
    let mut dice = Dice::new("killed while it uploads");
    let (server, inbox) = (Server::start(), Inbox::ahead(0));
    let service = inbox.clone();
    server.answer_questions_by(move |seen| {
        let slow = |seen| uploaded(seen).after(Duration::from_millis(60));
        if seen.is_upload() { Some(slow(seen)) } else { service.read(seen) }
    });
    server.answer_by(move |seen| {
        let (text, sent_at) = (seen.message().to_owned(), inbox.now());
        let message = Message {
            text,
            by: By::Owner,
            sent_at,
            shows_at: 0,
        };
        inbox.say(seen.body["accountId"].as_str().expect("an account"), &seen.to, message);
        inbox.dated(sent().after(Duration::from_millis(30)))
    });
    let row = |row: usize| format!("person-{row},acc_{},{}.pdf\n", row % 2, row % FILES);
    let rows: String = (0..ROWS).map(row).collect();
    let campaign = Campaign::new(format!("LinkedIn,Account,Attachments\n{rows}"), "Hello {{ linkedin }}");
    for file in 0..FILES {
        campaign.write(&format!("{file}.pdf"), [PDF, format!("{file}\n").as_bytes()].concat());
    }
    let mut kills = 0;
    while kills < 8 {
        let running = campaign.start(&server, &["--concurrency", "4"]);
        std::thread::sleep(Duration::from_millis(20 + dice.below(150)));
        running.signal(Signal::Kill);
        if running.finish().code.is_some() {
            break;
        }
        kills += 1;
        let known = if campaign.journal().exists() {
            uploads(&campaign.journal())
        } else {
            Vec::new()
        };
        assert!(known.len() <= server.seen().iter().filter(|seen| seen.is_upload()).count());
    }
    assert!(kills > 1, "it was killed before the end");
    campaign.run(&server, &[]);
    // What left is found; what was meant to leave and did not is sent when a person says so.
    let base_url = server.base_url();
    campaign.rowcast(&[
        "reconcile",
        "people.csv",
        "--base-url",
        &base_url,
        "--wait",
        "0",
        "--read-rate",
        "unlimited",
    ]);
    campaign.run(&server, &["--resend-unconfirmed"]).exits(0);
    assert_eq!(campaign.statuses(), ["sent"; ROWS]);
    let mut people = server.recipients();
    people.sort();
    people.dedup();
    assert_eq!((people.len(), server.sends().len()), (ROWS, ROWS), "nobody twice, and nobody lost");
    for send in server.sends() {
        let account = send.body["accountId"].as_str().expect("an account");
        let number: usize = send.to.trim_start_matches("person-").parse().expect("a number");
        let asset = format!("urn:li:digitalmediaAsset:{account}-{}.pdf", number % FILES);
        assert_eq!(send.body["attachments"][0]["file"]["assetUrn"], asset);
    }
    let again = server.seen().iter().filter(|seen| seen.is_upload()).count();
    // What was under way when it was killed is uploaded again: by each account one at most for each request in flight.
    assert!(again <= FILES + 4 * kills, "{again} uploads of {FILES} files, {kills} kills");
}

#[test]
fn a_file_that_a_row_names_twice_goes_once() {
    let stand_in = StandIn::start(Settings::default());
    let campaign = campaign("a,files/one.pdf; files/two.png;files/./one.pdf\n");
    campaign.run_at(stand_in.base_url(), &[]).exits(0);
    assert_eq!(stand_in.deliveries()[0].attachments.len(), 2);
}

#[test]
fn a_file_of_a_setting_is_looked_for_beside_the_campaign_file_and_then_beside_the_sheet() {
    let stand_in = StandIn::start(Settings::default());
    let campaign = Campaign::new("", "Hello");
    campaign.write("data/people.csv", "LinkedIn\na\n");
    campaign.write("data/one.pdf", PDF);
    let run = |settings: &str| {
        let fixed = "sheet = \"../data/people.csv\"\nmessage = \"../message.txt\"\nattachments = \"one.pdf\"\n";
        campaign.write("conf/campaign.toml", format!("{fixed}{settings}"));
        let arguments = [
            "run",
            "conf/campaign.toml",
            "--yes",
            "--base-url",
            stand_in.base_url(),
            "--rate",
            "unlimited",
        ];
        campaign.rowcast(&arguments).exits(0);
        stand_in.deliveries().last().expect("a delivery").attachments.clone()
    };
    let beside_the_sheet = run("");
    campaign.write("conf/one.pdf", [PDF, b"another\n"].concat());
    campaign.write("data/people.csv", "LinkedIn\nb\n");
    let beside_the_campaign = run("account_rate = \"unlimited\"\nallow_repeat = true\n");
    assert_eq!((beside_the_sheet.len(), beside_the_campaign.len()), (1, 1));
    assert_ne!(beside_the_sheet, beside_the_campaign);
}

#[test]
fn an_answer_to_an_upload_that_names_the_file_alone_is_enough() {
    let server = Server::start();
    let bare = object!({"success": true, "attachment": {"assetUrn": "urn:li:digitalmediaAsset:1", "byteSize": null, "new": 1}});
    server.answer_questions_by(move |seen| seen.is_upload().then(|| json(200, &bare)));
    campaign("a,files/one.pdf\n").run(&server, &[]).exits(0);
    let file = &server.sends()[0].body["attachments"][0]["file"];
    let whole = object!({
        "assetUrn": "urn:li:digitalmediaAsset:1",
        "byteSize": PDF.len(),
        "mediaType": "application/pdf",
        "name": "one.pdf",
    });
    assert_eq!(*file, whole);
}

#[test]
fn uploads_count_for_the_key() {
    let server = Server::start();
    server.answer_questions_by(|seen| seen.is_upload().then(|| uploaded(seen)));
    let names = ["a", "b", "c", "d"];
    let rows: Vec<String> = names.iter().map(|name| format!("{name},{name}.pdf\n")).collect();
    let campaign = campaign(&rows.concat());
    for name in names {
        campaign.write(&format!("{name}.pdf"), [PDF, name.as_bytes()].concat());
    }
    campaign
        .run(&server, &["--key-rate", "2/s", "--concurrency", "1", "--account", "acc_1"])
        .exits(0);
    let sends = server.sends();
    let span = sends[3].at.duration_since(sends[0].at);
    assert!(
        span >= Duration::from_secs(3),
        "two requests a second, and two for each row: {span:?}"
    );
}

#[test]
fn a_row_whose_account_is_held_while_its_file_is_uploaded_waits_as_well() {
    let server = Server::start();
    server.answer_questions_by(|seen| seen.is_upload().then(|| uploaded(seen).after(Duration::from_millis(800))));
    server.answer("b", [status(429).header("Retry-After", "2"), sent()]);
    let campaign = campaign("a,files/one.pdf\nb,\n");
    campaign.run(&server, &["--concurrency", "2"]).exits(0);
    let at = |to: &str| server.sends().into_iter().find(|seen| seen.to == to).expect("a send").at;
    let between = at("a").saturating_duration_since(at("b"));
    assert!(between >= Duration::from_secs(2), "{between:?}");
    assert_eq!((server.sends_to("a"), server.sends_to("b")), (1, 2));
    assert_eq!(server.seen().iter().filter(|seen| seen.is_upload()).count(), 1);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_while_it_uploads_finishes_the_upload_and_sends_nothing_more() {
    let server = Server::start();
    server.answer_questions_by(|seen| seen.is_upload().then(|| uploaded(seen).held()));
    let campaign = campaign("a,files/one.pdf\n");
    let running = campaign.start(&server, &[]);
    let is_uploading = || server.seen().iter().any(Seen::is_upload);
    while !is_uploading() {
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::Interrupt);
    running.wait_for("stopping");
    server.open_gate();
    running.finish().exits(130);
    assert_eq!((server.sends().len(), campaign.statuses()), (0, vec!["pending".to_owned()]));
    campaign.run(&server, &[]).exits(0);
    assert_eq!(server.sends_to("a"), 1);
    assert_eq!(server.seen().iter().filter(|seen| seen.is_upload()).count(), 1);
}
