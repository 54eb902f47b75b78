//! Killed at random moments, the sheet being edited in between: nobody twice, nobody lost, and results that are whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::harness::{Answer, Campaign, Delivery, Dice, Server, broken, record, sent, status};

/// Requests in flight.
const CONCURRENCY: usize = 8;

/// What the server is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    /// Every message is delivered, and the answer says so.
    Fair,
    /// Refusals, failures and lost answers, some of whose messages arrived.
    Foul,
}

/// What identifies a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Recipient,
    Column,
}

/// Who was written to, as the server knows it.
#[derive(Debug, Default)]
struct Deliveries(BTreeMap<String, usize>);

/// A sheet that people edit.
struct Sheet {
    /// Everybody who was ever in it.
    known: usize,
    /// Who is in it now, in its order, and how their cell is written.
    rows: Vec<(usize, u64)>,
    columns_turned: bool,
}

impl Sheet {
    fn new(rows: usize) -> Self {
        let rows: Vec<_> = (0..rows).map(|person| (person, 0)).collect();
        Self {
            known: rows.len(),
            rows,
            columns_turned: false,
        }
    }

    /// One edit, as a person would make it between two runs.
    fn edit(&mut self, dice: &mut Dice) {
        match dice.below(6) {
            0 => dice.shuffle(&mut self.rows),
            1 => self.rows.sort_unstable_by_key(|(person, _)| std::cmp::Reverse(*person)),
            2 => {
                for _ in 0..=dice.below(20) {
                    let place = dice.index(self.rows.len() + 1);
                    self.rows.insert(place, (self.known, 0));
                    self.known += 1;
                }
            }
            3 => self.rows.retain(|_| !dice.percent(15)),
            4 => self.rows.iter_mut().for_each(|(_, style)| *style = dice.below(4)),
            _ => {
                self.columns_turned ^= true;
                let there: BTreeSet<usize> = self.rows.iter().map(|(person, _)| *person).collect();
                let gone = (0..self.known).filter(|person| !there.contains(person));
                let back: Vec<_> = gone.filter(|_| dice.percent(50)).map(|person| (person, 0)).collect();
                self.rows.extend(back);
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::from(if self.columns_turned {
            "Name,No,LinkedIn\n"
        } else {
            "LinkedIn,Name,No\n"
        });
        for (person, style) in &self.rows {
            let id = format!("anna-{person}");
            let cell = match style {
                0 => id,
                1 => id.to_uppercase(),
                2 => format!("https://www.linkedin.com/in/{id}/"),
                _ => format!("  Anna-{person} "),
            };
            let cells = [cell, format!("Anna {person}"), format!("No {person}")];
            let order = if self.columns_turned { [1, 2, 0] } else { [0, 1, 2] };
            text.push_str(&order.map(|column| cells[column].as_str()).join(","));
            text.push('\n');
        }
        text
    }

    /// The keys that results have, from top to bottom.
    fn keys(&self, key: Key) -> Vec<String> {
        let name = |person: usize| match key {
            Key::Recipient => format!("anna-{person}"),
            Key::Column => format!("No {person}"),
        };
        self.rows.iter().map(|(person, _)| name(*person)).collect()
    }
}

/// Answers as the weather is, and keeps count of what was delivered. `calm` lets every message through.
fn server(weather: Weather, mut dice: Dice, calm: &Arc<AtomicBool>) -> (Server, Arc<Mutex<Deliveries>>) {
    let server = Server::start();
    let deliveries = Arc::new(Mutex::new(Deliveries::default()));
    let (kept, calm) = (Arc::clone(&deliveries), Arc::clone(calm));
    server.answer_by(move |seen| {
        let delay = Duration::from_micros(dice.below(25_000));
        let fate = if weather == Weather::Fair || calm.load(Ordering::SeqCst) {
            99
        } else {
            dice.below(100)
        };
        let (delivered, answer): (bool, Answer) = match fate {
            0..5 => (false, status(400)),
            5..8 => (true, status(500)),
            8..11 => (false, status(503)),
            11..14 => (true, broken(Delivery::Close)),
            14..17 => (false, broken(Delivery::Reset)),
            17..20 => (true, broken(Delivery::Cut(9))),
            _ => (true, sent()),
        };
        if delivered {
            *kept.lock().expect("deliveries").0.entry(seen.to.to_lowercase()).or_default() += 1;
        }
        answer.after(delay)
    });
    (server, deliveries)
}

/// The keys of the results from top to bottom; `None` where there are none yet. Fails the test where they are not whole.
fn keys_of_results(path: &Path) -> Option<Vec<String>> {
    let bytes = std::fs::read(path).ok()?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").expect("results begin with their mark");
    assert!(text.ends_with(b"\r\n"), "results end with a line end");
    let mut lines = csv::Reader::from_reader(text);
    let key = lines
        .headers()
        .expect("a header")
        .iter()
        .position(|name| name == "key")
        .expect("a key column");
    Some(
        lines
            .records()
            .map(|line| line.expect("a line of the results")[key].to_owned())
            .collect(),
    )
}

/// Reads the results again and again until told to stop: each time they must be those of some state of the sheet.
fn watch(results: std::path::PathBuf, versions: Arc<Mutex<Vec<Vec<String>>>>, stop: Arc<AtomicBool>) -> thread::JoinHandle<usize> {
    thread::spawn(move || {
        let mut looks = 0;
        while !stop.load(Ordering::SeqCst) {
            if let Some(keys) = keys_of_results(&results) {
                assert!(
                    versions.lock().expect("versions").contains(&keys),
                    "results that no sheet ever had: {keys:?}"
                );
                looks += 1;
            }
            thread::sleep(Duration::from_millis(3));
        }
        looks
    })
}

/// Kills so many runs of one campaign, and looks at everything after each.
#[expect(clippy::print_stdout, reason = "how hard it was is worth a line")]
fn ordeal(name: &str, kills: usize, weather: Weather, key: Key) {
    let mut dice = Dice::new(name);
    let calm = Arc::new(AtomicBool::new(false));
    let (server, deliveries) = server(weather, dice.clone(), &calm);
    let mut sheet = Sheet::new(40);
    let campaign = Campaign::new(sheet.text(), "Hello {{ name }}");
    let (journal, results) = (campaign.journal(), campaign.path("people.results.csv"));
    let versions = Arc::new(Mutex::new(vec![sheet.keys(key)]));
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = watch(results.clone(), Arc::clone(&versions), Arc::clone(&stop));
    let concurrency = CONCURRENCY.to_string();
    let mut flags = vec!["--concurrency", &concurrency, "--max-failures", "100000"];
    if key == Key::Column {
        flags.extend(["--key", "No"]);
    }
    let (mut doubts, mut killed) = (0, 0);
    while killed < kills {
        sheet.edit(&mut dice);
        if sheet.rows.len() < 60 {
            sheet.rows.extend((sheet.known..sheet.known + 40).map(|person| (person, 0)));
            sheet.known += 40;
        }
        versions.lock().expect("versions").push(sheet.keys(key));
        campaign.write("people.csv", sheet.text());
        killed += usize::from(run_and_kill(&campaign, &server, &flags, &mut dice));
        let known = record::known_at(&journal);
        let open: usize = known.values().map(|known| known.open).sum();
        assert!(
            open <= doubts + CONCURRENCY,
            "{open} rows without outcome, {doubts} before the kill"
        );
        doubts = open;
        assert_nobody_twice(&deliveries, &known, key);
    }
    calm.store(true, Ordering::SeqCst);
    settle(&campaign, &server, &flags, &sheet, key, &deliveries);
    stop.store(true, Ordering::SeqCst);
    let looks = watcher.join().expect("results were whole all the time");
    println!(
        "{name}: {killed} kills, {doubts} rows in doubt, {} people, {looks} looks at the results",
        sheet.known
    );
    assert!(looks > 0);
}

/// Starts a run, or now and then another command, and kills it at a random moment. False where it had ended before.
fn run_and_kill(campaign: &Campaign, server: &Server, flags: &[&str], dice: &mut Dice) -> bool {
    let mut arguments = campaign.run_arguments(&server.base_url(), flags);
    if dice.percent(10) && campaign.journal().exists() {
        arguments = ["results", "people.csv"].map(str::to_owned).to_vec();
        arguments.extend(
            flags
                .iter()
                .position(|flag| *flag == "--key")
                .map(|at| [flags[at], flags[at + 1]].map(str::to_owned))
                .into_iter()
                .flatten(),
        );
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut child = campaign
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    let wanted = server.connections() + if dice.percent(70) { dice.index(60) } else { 0 };
    let mut patience = 400 + dice.below(400);
    while server.connections() < wanted && patience > 0 && child.try_wait().expect("a process").is_none() {
        thread::sleep(Duration::from_millis(1));
        patience -= 1;
    }
    thread::sleep(Duration::from_micros(dice.below(if wanted > 0 { 20_000 } else { 70_000 })));
    child.kill().expect("killed");
    let output = child.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    // What ended by itself must have ended well.
    assert!(
        matches!(output.status.code(), None | Some(0 | 1 | 5)),
        "{:?}: {said}",
        output.status
    );
    output.status.code().is_none()
}

/// What the server delivered was intended before, and nobody got it twice.
fn assert_nobody_twice(deliveries: &Mutex<Deliveries>, known: &BTreeMap<String, record::Known>, key: Key) {
    for (to, count) in &deliveries.lock().expect("deliveries").0 {
        assert_eq!(*count, 1, "{to} got {count} messages");
        let key = match key {
            Key::Recipient => to.clone(),
            Key::Column => to.replace("anna-", "No "),
        };
        assert!(known.contains_key(&key), "{to} got a message, and the journal does not know {key}");
    }
}

/// Runs to the end, resolves doubts by what the server knows, and adds everything up.
fn settle(campaign: &Campaign, server: &Server, flags: &[&str], sheet: &Sheet, key: Key, deliveries: &Mutex<Deliveries>) {
    let delivered = |to: &str| deliveries.lock().expect("deliveries").0.get(to).copied().unwrap_or(0);
    let done = campaign.run(server, flags);
    assert!(matches!(done.code, Some(0 | 5)), "{done:?}");
    assert_eq!(campaign.column("key"), sheet.keys(key));
    let mut undelivered = Vec::new();
    for (line, (person, _)) in campaign.results().iter().zip(&sheet.rows) {
        let count = delivered(&format!("anna-{person}"));
        match line["status"].as_str() {
            "sent" => assert_eq!(count, 1, "{line:?}"),
            "unconfirmed" if count == 0 => undelivered.push(line["row"].clone()),
            "unconfirmed" => assert_eq!(count, 1, "{line:?}"),
            _ => panic!("neither sent nor unconfirmed: {line:?}"),
        }
    }
    if !undelivered.is_empty() {
        let rows = undelivered.join(",");
        let again: Vec<&str> = flags.iter().copied().chain(["--resend-unconfirmed", "--rows", &rows]).collect();
        campaign.run(server, &again).exits(0);
    }
    let known = record::known_at(&campaign.journal());
    for (line, (person, _)) in campaign.results().iter().zip(&sheet.rows) {
        assert_eq!(delivered(&format!("anna-{person}")), 1, "{line:?}");
        assert_eq!(line["attempts"], known[&line["key"]].intents.to_string(), "{line:?}");
        assert!(matches!(line["status"].as_str(), "sent" | "unconfirmed"), "{line:?}");
    }
    let sends = server.sends().len();
    campaign.run(server, flags);
    assert_eq!(server.sends().len(), sends, "a finished campaign sends nothing");
}

#[test]
fn killed_runs_send_nobody_a_second_message_and_lose_nobody() {
    ordeal("fair, by recipient", 70, Weather::Fair, Key::Recipient);
}

#[test]
fn killed_runs_against_a_failing_server_send_nobody_a_second_message_and_lose_nobody() {
    ordeal("foul, by recipient", 70, Weather::Foul, Key::Recipient);
}

#[test]
fn killed_runs_whose_rows_have_keys_of_their_own_send_nobody_a_second_message_and_lose_nobody() {
    ordeal("foul, by column", 60, Weather::Foul, Key::Column);
}

#[test]
fn results_are_whole_and_move_on_while_a_run_does() {
    let server = Server::answering(sent().after(Duration::from_millis(5)));
    let campaign = Campaign::with_rows(70);
    let results = campaign.path("people.results.csv");
    let arguments = campaign.run_arguments(&server.base_url(), &["--rate", "10/s"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = campaign.command(&arguments);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary");
    let mut states = BTreeSet::new();
    while run.try_wait().expect("a process").is_none() {
        if let Some(keys) = keys_of_results(&results) {
            assert_eq!(keys.len(), 70);
            states.insert(campaign.statuses().iter().filter(|status| *status == "sent").count());
        }
        thread::sleep(Duration::from_millis(2));
    }
    assert!(states.len() >= 2, "brought up to date while the run went on: {states:?}");
    assert_eq!(campaign.statuses(), ["sent"; 70]);
}
