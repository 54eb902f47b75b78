//! What a row costs on each floor, in one thread: `cargo bench --bench rows`.
//!
//! Every figure is for [`ROWS`] rows, and divan says how many of them a second that is.

use std::convert::Infallible;
use std::io::Write as _;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use rowcast::adapters::digest::sha256_hex;
use rowcast::adapters::journal::{Journal, KeyDefinition, Terms};
use rowcast::adapters::sheet::{Options, Sheet};
use rowcast::adapters::template::Compiled;
use rowcast::engine::pace::{Beginning, Limits, Pace};
use rowcast::engine::schedule::Schedule;
use rowcast::engine::simulate::{self, World, simulate};
use rowcast::model::entry::{Entry, Intent, Outcome, Templates};
use rowcast::model::ledger::{KeySource, Ledger, Standing};
use rowcast::model::limits::AccountLimits;
use rowcast::model::outcome::{Answer, Body, Reply};
use rowcast::model::plan::{Choice, Meeting, Planner, Rendering, Way, Who};
use rowcast::model::rate::{Ceiling, DailyLimit};
use rowcast::model::recipient::Recipient;
use rowcast::model::row::{Place, Row, RowNumber};
use rowcast::model::time::Moment;
use tempfile::{NamedTempFile, TempDir};

const ROWS: u32 = 10_000;

/// As in compare.py: 400 bytes when rendered, five variables, two conditions.
const MESSAGE: &str = "Hi {{ first_name }},

I came across {{ company }} while I was reading about teams in {{ city }} that plan their campaigns in a spreadsheet.
{% if title %}As {{ title }} you will know how long it takes until every row has become a message.
{% endif %}{% if mutual %}{{ mutual }} told me that you would be the right person to ask.
{% endif %}Would you have a quarter of an hour next week to tell me how you do it today, and what you would change?

Best wishes
";

fn main() {
    divan::main();
}

fn sheet_file() -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".csv").expect("a file");
    writeln!(file, "first_name,company,city,title,mutual,profile_id,account").expect("a header");
    for row in 0..ROWS {
        let title = if row % 4 == 3 { "" } else { "head of partnerships" };
        let mutual = if row % 3 == 2 { "" } else { "Marguerite Dupont" };
        writeln!(
            file,
            "Antonia{row},Example Works {row},Rotterdam,{title},{mutual},person-{row:07},acc_bench"
        )
        .expect("a row");
    }
    file
}

fn open(file: &NamedTempFile) -> Sheet {
    Sheet::open(file.path(), &Options::default()).expect("a sheet")
}

#[divan::bench]
fn read_sheet(bencher: Bencher<'_, '_>) {
    let file = sheet_file();
    let sheet = open(&file);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let (mut rows, mut row, mut cells) = (sheet.rows(), Row::new(), 0);
        while rows.next_into(&mut row).expect("a sound row") {
            cells += row.cell(0).len();
        }
        cells
    });
}

/// As a run does when a row's turn comes.
#[divan::bench]
fn reread_rows(bencher: Bencher<'_, '_>) {
    let file = sheet_file();
    let sheet = open(&file);
    let (mut rows, mut row, mut places) = (sheet.rows(), Row::new(), Vec::new());
    while rows.next_into(&mut row).expect("a sound row") {
        places.push((row.place(), row.number()));
    }
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        for (place, number) in &places {
            sheet.reread(*place, *number, &mut row).expect("the row");
        }
    });
}

#[divan::bench]
fn render_rows(bencher: Bencher<'_, '_>) {
    let file = sheet_file();
    let sheet = open(&file);
    let templates = Templates {
        message: "message.txt".to_owned(),
        subject: None,
        files: vec![("message.txt".to_owned(), MESSAGE.to_owned())],
    };
    let mut compiled = Compiled::new(&templates, sheet.header()).expect("templates");
    let (mut rows, mut row) = (sheet.rows(), Row::new());
    assert!(rows.next_into(&mut row).expect("a sound row"), "there are rows");
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        (0..ROWS)
            .map(|_| compiled.render(&row).expect("a message").message.len())
            .sum::<usize>()
    });
}

/// Every row is met, and the ledger asked about it.
#[divan::bench]
fn plan_rows(bencher: Bencher<'_, '_>) {
    let ledger = Ledger::new(KeySource::Recipient);
    let people: Vec<Recipient> = (0..ROWS).map(|row| Recipient::from_profile_id(key(row))).collect();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut planner = Planner::new(Choice::everything());
        for (row, recipient) in (2..).zip(&people) {
            let key = recipient.canonical();
            let who = Who {
                key: &key,
                recipient: Some(recipient),
            };
            let meeting = planner.meet(&ledger, RowNumber(row), who);
            planner.push(
                RowNumber(row),
                Place(u64::from(row)),
                Way::default(),
                0,
                meeting,
                Rendering::Draft(1),
            );
        }
        planner.finish()
    });
}

/// `rowcast plan`: 20 accounts, five days, all limits and pauses, by the schedule that a run uses.
#[divan::bench]
fn simulate_days(bencher: Bencher<'_, '_>) {
    let mut planner = Planner::new(Choice::everything());
    for row in 0..ROWS {
        let way = Way {
            account: u16::try_from(row % 20).expect("few accounts"),
            class: 0,
        };
        let meeting = Meeting::Open(Standing::Untried);
        planner.push(RowNumber(row + 2), Place(u64::from(row)), way, 0, meeting, Rendering::Draft(1));
    }
    let plan = planner.finish();
    let accounts: Vec<_> = (0..20).map(|account| Some(format!("acc_{account}"))).collect();
    let rate = |text: &str| text.parse::<Ceiling>().expect("a rate");
    let limits = Limits {
        rate: rate("60/min"),
        key: ["60/min", "100/10s"].iter().filter_map(|text| rate(text).rate()).collect(),
        account: AccountLimits {
            rate: rate("2/min"),
            hourly: DailyLimit::At(20),
            daily: DailyLimit::At(100),
            gap: "30s-90s".parse().ok(),
            ..AccountLimits::NONE
        },
        ..Limits::NONE
    };
    let start = Moment::from_millis(1_795_435_200_000);
    let beginning = Beginning {
        limits: &limits,
        accounts: &accounts,
        past: &[],
        first_days: &[],
        classes: &[],
        hours: &[],
        patience: Duration::from_mins(15),
        seed: 7,
        ahead: 0,
    };
    let world = World {
        start,
        concurrency: 8,
        end: None,
    };
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let schedule = Schedule::new(20, Pace::new(&beginning, start));
        let mut sent = 0;
        let simulated = simulate(schedule, &plan, world, |_, _, _| {
            sent += 1;
            simulate::Reply::AT_ONCE
        });
        assert_eq!(sent, ROWS, "{simulated:?}");
    });
}

/// Every record checked, parsed and folded: two records a row.
#[divan::bench]
fn replay_journal(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("people.results.journal");
    let terms = Terms {
        endpoint: "http://127.0.0.1:9/linkedin".to_owned(),
        key: KeyDefinition::Recipient,
    };
    let journal = Journal::open(&path, &terms, |_, _| Ok::<_, Infallible>(()))
        .expect("a journal")
        .journal;
    let intents = (0..ROWS).map(|row| Entry::Intent(intent(row))).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let positions = runtime.block_on(journal.append_all(intents)).expect("intents");
    let outcomes = (0..ROWS).zip(positions).map(|(row, of)| Entry::Outcome(outcome(row, of))).collect();
    runtime.block_on(journal.append_all(outcomes)).expect("outcomes");
    journal.close().expect("all on disk");
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut ledger = Ledger::new(KeySource::Recipient);
        Journal::read(&path, |position, entry| ledger.apply(position, entry)).expect("a sound journal");
        ledger
    });
}

/// What an intent says of a message.
#[divan::bench]
fn digest_messages(bencher: Bencher<'_, '_>) {
    let message = MESSAGE.to_owned();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| (0..ROWS).map(|_| sha256_hex(divan::black_box(&message)).len()).sum::<usize>());
}

fn key(row: u32) -> String {
    format!("person-{row:07}")
}

fn intent(row: u32) -> Intent {
    Intent {
        at: Moment::from_millis(1_763_280_000_000),
        row: RowNumber(row + 2),
        key: key(row),
        to: vec![key(row)],
        account: Some("acc_bench".to_owned()),
        folded_sha256: None,
        sha256: sha256_hex(&key(row)),
        test: false,
    }
}

fn outcome(row: u32, of: rowcast::model::entry::Position) -> Outcome {
    Outcome {
        at: Moment::from_millis(1_763_280_000_050),
        of,
        answer: Answer::Http(Reply {
            status: 200,
            body: Body::Object,
            error: None,
            recipient_urn: Some(format!("urn:li:fsd_profile:ACoAAB{row:08}kQ9xYz7LmNoPqRsTuVwXyZaBcDe")),
            thread_id: None,
            message_urn: Some(format!("urn:li:messagingMessage:2-MTc2MzI4MDAwMDAwMGI0NTY3OC0{row:030}")),
            hold_until: None,
        }),
        service_at: None,
        gave_up: false,
    }
}
