//! Where things are written to: files, streams, and places that are neither.

use crate::harness::{Campaign, Server, lines, status};

/// A campaign of which one row is sent and one failed.
fn half_done(server: &Server) -> Campaign {
    let campaign = Campaign::with_rows(2);
    server.answer("person-3", [status(400)]);
    campaign.run(server, &[]).exits(1);
    campaign
}

#[test]
fn results_and_pages_go_to_stdout_where_a_dash_is_named() {
    let server = Server::start();
    let campaign = half_done(&server);
    let before = campaign.files();
    let all = campaign
        .rowcast(&["results", "people.csv", "-o", "-"])
        .exits(0)
        .says("2 rows: 1 sent, 1 failed.");
    let file = std::fs::read_to_string(campaign.path("people.results.csv")).expect("results");
    assert_eq!(all.stdout, file, "the same bytes as the campaign's own results");
    let failed = campaign
        .rowcast(&["results", "people.csv", "--status", "failed", "-o", "-"])
        .exits(0);
    assert_eq!(failed.stdout.lines().count(), 2, "{}", failed.stdout);
    assert!(!failed.stderr.contains("Written"), "{}", failed.stderr);
    let report = campaign.rowcast(&["report", "people.csv", "--html", "-"]).exits(0);
    let preview = campaign
        .rowcast(&["preview", "people.csv", "-m", "message.txt", "--html", "-"])
        .exits(0);
    for page in [report.stdout, preview.stdout] {
        assert!(page.starts_with("<!") && page.trim_end().ends_with("</html>"), "{page}");
    }
    assert_eq!(campaign.files(), before, "no file is made");
}

/// What is there and no file, such as a pipe or `/dev/stdout`, is written to; a file in its place would be no pipe any more.
#[test]
#[cfg(unix)]
fn a_pipe_is_written_to_and_stays_a_pipe() {
    use std::os::unix::fs::FileTypeExt as _;
    let server = Server::start();
    let campaign = half_done(&server);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let pipe = elsewhere.path().join("pipe");
    let name = pipe.to_str().expect("a name");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).expect("a pipe");
    for command in [
        &["results", "people.csv", "-o", name][..],
        &["report", "people.csv", "--html", name],
    ] {
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).expect("the other end")
        });
        campaign.rowcast(command).exits(0);
        assert!(pipe.metadata().expect("it is there").file_type().is_fifo(), "{command:?}");
        assert!(reader.join().expect("it was read").contains("person-3"), "{command:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link() {
    let server = Server::start();
    let campaign = half_done(&server);
    campaign.write("elsewhere/report.html", "");
    campaign.write("elsewhere/all.csv", "");
    for (link, command) in [
        ("report.html", &["report", "people.csv", "--html", "report.html"][..]),
        ("all.csv", &["results", "people.csv", "-o", "all.csv"]),
    ] {
        std::os::unix::fs::symlink(campaign.path("elsewhere").join(link), campaign.path(link)).expect("a link");
        campaign.rowcast(command).exits(0);
        assert!(campaign.path(link).is_symlink(), "{link}");
        let text = std::fs::read_to_string(campaign.path("elsewhere").join(link)).expect("what it leads to");
        assert!(text.contains("person-3"), "{link}");
    }
}

/// Nothing was sent, and somebody has to name another place: that is no failure of a disk.
#[test]
fn a_place_that_cannot_be_is_refused_before_anything_is_sent() {
    let server = Server::start();
    let campaign = half_done(&server);
    campaign.write("folder/x", "");
    let sent = server.sends().len();
    for (command, word) in [
        (
            &["results", "people.csv", "-o", "no/such/folder.csv"][..],
            "cannot write the results no/such/folder.csv",
        ),
        (&["results", "people.csv", "-o", "folder"], "cannot write the results folder"),
        (&["report", "people.csv", "--html", "folder"], "cannot write the page folder"),
    ] {
        campaign.rowcast(command).exits(3).says(word);
    }
    for (results, word) in [
        ("no/such/folder.csv", "no/such/folder"),
        ("folder", "folder"),
        ("people.results.xlsx", "results are CSV"),
        ("-", "`rowcast results -o -` shows them"),
    ] {
        campaign.run(&server, &["--results", results]).exits(3).says(word);
    }
    assert_eq!(server.sends().len(), sent);
}

/// Nothing was sent, so no journal is missing.
#[test]
fn results_that_were_written_before_the_first_run_are_no_remains_of_one() {
    let server = Server::start();
    let campaign = Campaign::with_rows(2);
    campaign.rowcast(&["results", "people.csv"]).exits(0).says("2 rows: 2 pending.");
    campaign.rowcast(&["status", "people.csv"]).exits(0).says("Nothing was sent yet.");
    let done = campaign.run(&server, &[]).exits(0).says("Sent in this run: 2");
    assert!(!done.stderr.contains("journal is gone"), "{}", done.stderr);
}

/// Whoever only looks is not held up because the results cannot be brought up to date.
#[test]
fn who_looks_into_a_folder_of_somebody_else_is_told_all_the_same() {
    let server = Server::start();
    let campaign = half_done(&server);
    // What a crash leaves: results that are older than the journal; and what nobody can replace them with.
    std::fs::remove_file(campaign.path("people.results.csv")).expect("results");
    campaign.write("people.results.csv/x", "");
    campaign
        .rowcast(&["status", "people.csv"])
        .exits(0)
        .says("2 rows: 1 sent, 1 failed");
    campaign.rowcast(&["check", "people.csv", "-m", "message.txt"]).exits(0);
    campaign.rowcast(&["preview", "people.csv", "-m", "message.txt"]).exits(0);
}

/// A run that is killed while it writes its results leaves half of a file beside them.
#[test]
fn halves_of_results_are_swept_up_once_nobody_can_be_at_them() {
    let server = Server::start();
    let campaign = Campaign::with_rows(1);
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(2);
    for (name, touched) in [
        (".rowcast-people.results.csv-Abc123.tmp", Some(long_ago)),
        (".rowcast-people.results.csv-Def456.tmp", None),
        (".rowcast-others.results.csv-Abc123.tmp", Some(long_ago)),
        ("people.results.csv.tmp", Some(long_ago)),
    ] {
        campaign.write(name, "half of a file");
        if let Some(touched) = touched {
            let file = std::fs::File::options().write(true).open(campaign.path(name)).expect("it is there");
            file.set_modified(touched).expect("a time");
        }
    }
    campaign.run(&server, &[]).exits(0);
    let left: Vec<String> = campaign.files().into_iter().filter(|name| name.contains(".tmp")).collect();
    assert_eq!(
        left,
        [
            ".rowcast-others.results.csv-Abc123.tmp",
            ".rowcast-people.results.csv-Def456.tmp",
            "people.results.csv.tmp"
        ]
    );
}

/// Two rows of one recipient: the second is skipped, so that nothing is left to send.
#[test]
fn results_alone_know_which_account_sends_the_rows_that_name_none() {
    let server = Server::start();
    let campaign = Campaign::of(&["anna-a", "anna-a"]);
    campaign.run(&server, &[]).exits(0);
    let before = lines(&campaign.path("people.results.csv"));
    assert_eq!(before[1]["account"], "acc_1");
    std::fs::remove_file(campaign.journal()).expect("a journal");
    campaign.run(&server, &[]).exits(0);
    assert_eq!(lines(&campaign.path("people.results.csv")), before);
}

#[test]
fn paths_of_a_campaign_file_are_shown_without_detours() {
    let campaign = Campaign::with_rows(1);
    campaign.write("texts/message.txt", "Hi {{ linkedn }}");
    campaign.write(
        "spring/campaign.toml",
        "sheet = \"../people.csv\"\nmessage = \"../texts/message.txt\"\n",
    );
    let done = campaign
        .rowcast(&["check", "spring/campaign.toml"])
        .exits(3)
        .says("texts/message.txt");
    assert!(
        !format!("{}{}", done.stdout, done.stderr).contains(".."),
        "{}{}",
        done.stdout,
        done.stderr
    );
    campaign.write("texts/message.txt", "Hi {{ linkedin }}");
    let done = campaign
        .rowcast(&["run", "spring/campaign.toml", "--sandbox"])
        .exits(0)
        .says("Results: people.sandbox.results.csv");
    assert!(!done.stderr.contains(".."), "{}", done.stderr);
}

/// `link/..` is the folder above that to which the link leads.
#[test]
#[cfg(unix)]
fn a_detour_over_a_link_leads_where_the_system_says() {
    let campaign = Campaign::with_rows(1);
    campaign.write(
        "far/away/campaign.toml",
        "sheet = \"../../people.csv\"\nmessage = \"../message.txt\"\n",
    );
    campaign.write("far/message.txt", "From afar to {{ linkedin }}");
    std::os::unix::fs::symlink(campaign.path("far/away"), campaign.path("near")).expect("a link");
    let done = campaign.rowcast(&["preview", "near/campaign.toml", "--format", "json"]);
    assert_eq!(done.exits(0).json()["message"], "From afar to person-2");
}
