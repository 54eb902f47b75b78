//! A sheet that people edit at random between runs, against a server that fails at random: nobody twice, nobody lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::harness::workbook::{Tab, ods, xlsx};
use crate::harness::{Answer, Campaign, Delivery, Dice, Server, broken, sent, status, urn_of};

/// How many edits there are, and how many of them lie between two runs.
const EDITS: usize = 500;
const EDITS_A_RUN: usize = 4;

/// How a person's cell is written: forms of the profile id, and then of the URN.
const FORMS_OF_ID: u64 = 12;
const FORMS: u64 = FORMS_OF_ID + 5;

/// What the file is.
const KINDS: u64 = 8;

/// What the server knows.
#[derive(Debug, Default)]
struct Known {
    delivered: BTreeMap<usize, usize>,
    /// Whose URN an answer told.
    told: BTreeSet<usize>,
    calm: bool,
}

/// A row of the sheet.
#[derive(Debug, Clone, Copy)]
struct Line {
    person: usize,
    form: u64,
}

/// A sheet as a person works on it.
#[derive(Debug)]
struct Sheet {
    known: usize,
    lines: Vec<Option<Line>>,
    /// The order of the columns.
    columns: Vec<usize>,
    /// How the recipient's column is called.
    header: usize,
    kind: u64,
}

impl Sheet {
    fn new(people: usize) -> Self {
        Self {
            known: people,
            lines: (0..people).map(|person| Some(Line { person, form: 0 })).collect(),
            columns: vec![0, 1, 2],
            header: 0,
            kind: 0,
        }
    }

    fn people(&self) -> BTreeSet<usize> {
        self.lines.iter().flatten().map(|line| line.person).collect()
    }

    /// One edit, as a person makes it. Nobody knows a URN that no answer told.
    fn edit(&mut self, dice: &mut Dice, told: &BTreeSet<usize>) -> &'static str {
        let form = |dice: &mut Dice, person: usize| dice.below(if told.contains(&person) { FORMS } else { FORMS_OF_ID });
        match dice.below(12) {
            0 => {
                dice.shuffle(&mut self.lines);
                "shuffled"
            }
            1 => {
                self.lines.sort_by_key(|line| line.map(|line| std::cmp::Reverse(line.person)));
                "sorted"
            }
            2 | 3 => {
                for _ in 0..=dice.below(3) {
                    let place = dice.index(self.lines.len() + 1);
                    let line = Line {
                        person: self.known,
                        form: dice.below(FORMS_OF_ID),
                    };
                    self.lines.insert(place, Some(line));
                    self.known += 1;
                }
                "people added"
            }
            4 => {
                self.lines.retain(|_| !dice.percent(15));
                "rows deleted"
            }
            5 | 6 => {
                for line in self.lines.iter_mut().flatten() {
                    if dice.percent(50) {
                        line.form = form(dice, line.person);
                    }
                }
                "forms changed"
            }
            7 => {
                dice.shuffle(&mut self.columns);
                "columns moved"
            }
            8 => {
                self.header = dice.index(HEADERS.len());
                "column renamed"
            }
            9 => {
                self.kind = dice.below(KINDS);
                "saved as another kind"
            }
            10 => {
                let there = self.people();
                for person in (0..self.known).filter(|person| !there.contains(person)) {
                    if dice.percent(30) {
                        let form = form(dice, person);
                        self.lines.push(Some(Line { person, form }));
                    }
                }
                "deleted people came back"
            }
            _ => {
                let place = dice.index(self.lines.len() + 1);
                let again = self.lines.get(place).copied().flatten().filter(|_| dice.percent(50));
                let line = again.map(|line| Line {
                    form: form(dice, line.person),
                    ..line
                });
                self.lines.insert(place, line);
                "a row doubled, or a blank one"
            }
        }
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let order = |cells: [String; 3]| self.columns.iter().map(|&column| cells[column].clone()).collect::<Vec<_>>();
        let mut rows = vec![order([HEADERS[self.header], "Name", "Note"].map(str::to_owned))];
        for line in &self.lines {
            rows.push(match line {
                None => vec![String::new(); 3],
                Some(line) => order([
                    line.cell(),
                    format!("Anna {}", line.person),
                    format!("No {}; \"{}\"", line.person, "a,b"),
                ]),
            });
        }
        rows
    }

    /// The file that the sheet is saved as.
    fn file(&self) -> Vec<u8> {
        let rows = self.rows();
        let text = |delimiter: u8| {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).expect("a row");
            }
            writer.into_inner().expect("the text")
        };
        let utf16 = |text: Vec<u8>| {
            let text = String::from_utf8(text).expect("UTF-8");
            std::iter::once(0xFEFF)
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect()
        };
        let tab = Tab::of_text("People", &rows);
        match self.kind {
            0 => text(b','),
            1 => text(b';'),
            2 => text(b'\t'),
            3 => [b"\xef\xbb\xbf".to_vec(), text(b',')].concat(),
            4 => utf16(text(b'\t')),
            5 => [b"sep=|\r\n".to_vec(), text(b'|')].concat(),
            6 => ods(&[tab]),
            _ => xlsx(&[tab]),
        }
    }
}

const HEADERS: [&str; 5] = ["LinkedIn", "linkedin_url", "Profile URL", "RECIPIENT", "recipientProfileId"];

impl Line {
    fn cell(self) -> String {
        let id = format!("anna-{}", self.person);
        let urn = urn_of(&id);
        let token = urn.rsplit(':').next().unwrap_or_default();
        match self.form {
            0 => id,
            1 => id.to_uppercase(),
            2 => format!("https://www.linkedin.com/in/{id}/"),
            3 => format!("http://de.linkedin.com/in/Anna-{}?trk=x#top", self.person),
            4 => format!("@{id}"),
            5 => format!("linkedin.com/in/anna%2D{}", self.person),
            6 => format!("m.linkedin.com/in/{id}/en/"),
            7 => format!("<https://uk.linkedin.com/in/{id}>"),
            8 => format!("  in/{id} "),
            9 => format!("HTTPS://WWW.LINKEDIN.COM/IN/{}/DE", id.to_uppercase()),
            10 => format!("\u{a0}www.linkedin.com/in/{id}/details/experience/"),
            11 => format!("/in/{id}"),
            12 => urn,
            13 => format!("urn:li:fs_miniProfile:{token}"),
            14 => format!("https://www.linkedin.com/in/{token}?miniProfileUrn=x"),
            15 => token.to_owned(),
            _ => format!("urn%3Ali%3Afsd_profile%3A{token}"),
        }
    }
}

/// The person of a send, by profile id or URN.
fn person(to: &str) -> usize {
    let numbered = |id: &str| id.strip_prefix("anna-").and_then(|number| number.parse().ok());
    let by_urn = || (0..2_000).find(|number| urn_of(&format!("anna-{number}")) == to);
    numbered(to)
        .or_else(by_urn)
        .unwrap_or_else(|| panic!("{to} is nobody of the sheet"))
}

/// Answers at random, and keeps what it knows.
fn server(mut dice: Dice, known: &Arc<Mutex<Known>>) -> Server {
    let server = Server::start();
    let known = Arc::clone(known);
    server.answer_by(move |seen| {
        let mut known = known.lock().expect("what is known");
        let (delivered, answer): (bool, Answer) = match if known.calm { 99 } else { dice.below(100) } {
            0..8 => (false, status(400)),
            8..12 => (true, status(500)),
            12..16 => (false, status(503)),
            16..20 => (true, broken(Delivery::Close)),
            20..23 => (false, broken(Delivery::Reset)),
            23..26 => (true, broken(Delivery::Cut(9))),
            _ => (true, sent()),
        };
        let person = person(&seen.to);
        if delivered {
            *known.delivered.entry(person).or_default() += 1;
        }
        if delivered && answer.status == 200 && answer.delivery == Delivery::Whole {
            known.told.insert(person);
        }
        answer
    });
    server
}

/// Nobody got two messages.
fn assert_nobody_twice(known: &Mutex<Known>, edits: &[&str]) {
    for (person, count) in &known.lock().expect("what is known").delivered {
        assert_eq!(*count, 1, "anna-{person} got {count} messages after these edits: {edits:?}");
    }
}

/// A history that remembers texts is no help here: the journal alone has to know.
const FLAGS: [&str; 4] = ["--allow-repeat", "--no-reconcile", "--max-failures", "100000"];

#[test]
fn five_hundred_edits_between_runs_send_nobody_a_second_message_and_lose_nobody() {
    let mut dice = Dice::with_seed("five hundred edits", 20_251_013);
    let known = Arc::new(Mutex::new(Known::default()));
    let server = server(dice.clone(), &known);
    let mut sheet = Sheet::new(12);
    let campaign = Campaign::new(sheet.file(), "Hello {{ name }}");
    let mut edits = Vec::new();
    for _ in 0..EDITS / EDITS_A_RUN {
        for _ in 0..EDITS_A_RUN {
            let told = known.lock().expect("what is known").told.clone();
            edits.push(sheet.edit(&mut dice, &told));
        }
        if sheet.people().len() < 6 {
            sheet
                .lines
                .extend((sheet.known..sheet.known + 6).map(|person| Some(Line { person, form: 0 })));
            sheet.known += 6;
        }
        campaign.write("people.csv", sheet.file());
        let done = campaign.run(&server, &FLAGS);
        assert!(matches!(done.code, Some(0 | 1 | 5)), "after {edits:?}: {done:?}");
        assert_nobody_twice(&known, &edits);
    }
    assert_eq!(edits.len(), EDITS);
    let kinds: BTreeSet<&str> = edits.iter().copied().collect();
    assert_eq!(kinds.len(), 10, "every kind of edit was made: {kinds:?}");
    settle(&campaign, &server, &mut sheet, &known);
    assert_nobody_twice(&known, &edits);
}

/// Everybody who was ever there comes back, and the server is calm: each gets the one message.
fn settle(campaign: &Campaign, server: &Server, sheet: &mut Sheet, known: &Mutex<Known>) {
    let there = sheet.people();
    let gone = (0..sheet.known).filter(|person| !there.contains(person));
    sheet.lines.extend(gone.map(|person| Some(Line { person, form: 2 })));
    campaign.write("people.csv", sheet.file());
    known.lock().expect("what is known").calm = true;
    let done = campaign.run(server, &FLAGS);
    assert!(matches!(done.code, Some(0 | 5)), "{done:?}");
    let delivered = |person: &usize| known.lock().expect("what is known").delivered.contains_key(person);
    let lost: Vec<String> = (2..)
        .zip(&sheet.lines)
        .filter_map(|(row, line)| line.filter(|line| !delivered(&line.person)).map(|_| row.to_string()))
        .collect();
    for line in campaign.results() {
        let in_doubt = lost.contains(&line["row"]);
        let expected: &[&str] = if in_doubt {
            &["unconfirmed", "skipped"]
        } else {
            &["sent", "unconfirmed", "skipped"]
        };
        assert!(expected.contains(&line["status"].as_str()), "{line:?}");
    }
    if !lost.is_empty() {
        let rows = lost.join(",");
        campaign.run(server, &[&FLAGS[..], &["--resend-unconfirmed", "--rows", &rows]].concat());
    }
    for person in 0..sheet.known {
        assert!(delivered(&person), "anna-{person} never got the message");
    }
    let sends = server.sends().len();
    campaign.run(server, &FLAGS);
    assert_eq!(server.sends().len(), sends, "a finished campaign sends nothing");
}
