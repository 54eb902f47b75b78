//! What a run is about to do, as a person sees it before the first message.

use rowcast::campaign::problems::{Kind, Problems};
use rowcast::campaign::run::Proposal;
use rowcast::campaign::settings::{Endpoint, Settings};
use rowcast::engine::clock::wall_time;
use rowcast::model::problem::Severity;
use rowcast::model::rate::{Ceiling, DailyLimit};
use rowcast::model::time::Span;

use super::super::super::terminal::{Screen, Style, block, counted, number, one_line};
use super::super::super::watch::A_WHILE;
use super::super::{again, in_words, problems, when};

/// How many texts of one kind the question shows.
const SHOWN: usize = 3;

/// So many messages; of tests, whom they go to as well.
pub(super) fn messages(count: usize, proposal: &Proposal) -> String {
    match &proposal.test_to {
        None => counted(count, "message"),
        Some(to) => format!("{} to {}", counted(count, "test message"), one_line(to)),
    }
}

/// The account of all messages, with its name where it was taken since the key has no other.
fn the_only_account(proposal: &Proposal) -> String {
    match (proposal.accounts.first(), &proposal.account_name) {
        (Some((Some(id), _)), Some(name)) => format!("account {} ({})", one_line(id), one_line(name)),
        (Some((Some(id), _)), None) => format!("account {}", one_line(id)),
        _ => "the only account of the key".to_owned(),
    }
}

/// What will happen, in words.
pub(super) fn propose(settings: &Settings, proposal: &Proposal, screen: &mut Screen) {
    let total = counted(proposal.counts.total(), "row");
    screen.note(&format!("{total}: {}", in_words(&proposal.counts)));
    if proposal.to_send == 0 {
        screen.note(match &proposal.test_to {
            None => "Nothing is left to send.",
            Some(_) => "None of the chosen rows can be sent as a test.",
        });
        return;
    }
    if let Some(to) = &proposal.test_to {
        screen.note(&format!("  A test: all to {}, and none of it counts for a row.", one_line(to)));
    }
    for (account, rows) in &proposal.accounts {
        let name = match account {
            _ if proposal.accounts.len() == 1 => the_only_account(proposal),
            Some(id) => format!("account {}", one_line(id)),
            None => "the only account of the key".to_owned(),
        };
        screen.note(&format!("  {} from {name}", counted(*rows, "message")));
    }
    screen.note(&format!("  {}", pace_in_words(settings, proposal)));
    if !settings.gates.are_none() && proposal.test_to.is_none() {
        let (words, rate) = (settings.gates.words(), settings.pace.read_rate);
        screen.note(&format!(
            "  Each is asked about first ({words}; {rate} from each account): fewer may be sent"
        ));
    }
    show_problems(settings, proposal, screen);
    if let Some(first) = &proposal.first {
        let head = screen.on_err(
            Style::Bold,
            &format!(
                "The first message, to {} (row {}):",
                one_line(&first.recipient.canonical()),
                first.row
            ),
        );
        screen.note("");
        screen.note(&head);
        if let Some(subject) = &first.subject {
            screen.note(&format!("  Subject: {}", one_line(subject)));
        }
        for line in block(&first.message).lines() {
            screen.note(format!("  {line}").trim_end());
        }
        screen.note("");
    }
}

/// What is wrong with rows that are left out, and what is worth a look in the others, in few lines.
fn show_problems(settings: &Settings, proposal: &Proposal, screen: &mut Screen) {
    let lines = problems::lines(&proposal.problems, SHOWN, &|style, text| screen.on_err(style, text));
    if lines.is_empty() {
        return;
    }
    screen.note("");
    for line in &lines {
        screen.note(line);
    }
    if lines.iter().any(|line| line.starts_with("  … ")) {
        screen.note(&format!("All of them: `{}`", again("check", settings)));
    }
}

/// That it begins, where nobody is asked.
pub(super) fn announce(settings: &Settings, proposal: &Proposal, screen: &mut Screen) {
    warn(settings, &proposal.problems, screen);
    let messages = messages(proposal.to_send, proposal);
    screen.say(&match (&settings.endpoint, proposal.accounts.as_slice()) {
        (Endpoint::Sandbox { .. }, _) => format!("Sending {messages} to the sandbox, where nobody gets them."),
        (_, [(Some(_), _)]) => format!("Sending {messages} from {}.", the_only_account(proposal)),
        (_, [_]) => format!("Sending {messages}."),
        (_, accounts) => format!("Sending {messages} from {} accounts.", number(accounts.len())),
    });
}

/// What is worth a look, where nobody is asked: what is about the campaign as a whole, and how much there is about rows.
fn warn(settings: &Settings, problems: &Problems, screen: &mut Screen) {
    let kinds = problems.kinds();
    let (of_rows, of_all): (Vec<&Kind>, Vec<&Kind>) = kinds
        .into_iter()
        .filter(|kind| kind.severity == Severity::Warning)
        .partition(|kind| kind.rows > 0);
    for told in of_all.iter().flat_map(|kind| &kind.told) {
        screen.warning(&one_line(&told.text));
    }
    let count = of_rows.iter().map(|kind| kind.count).sum();
    if count > 0 {
        let check = again("check", settings);
        screen.warning(&format!("{} about rows; `{check}` lists them", counted(count, "warning")));
    }
}

/// The limits, and how long the run takes under them.
fn pace_in_words(settings: &Settings, proposal: &Proposal) -> String {
    let pace = &settings.pace;
    let limits = [
        (pace.rate != Ceiling::Unlimited).then(|| format!("{} in all", pace.rate)),
        (pace.account.rate != Ceiling::Unlimited).then(|| format!("{} from each account", pace.account.rate)),
        (pace.account.daily != DailyLimit::Unlimited).then(|| format!("{} from each account", pace.account.daily)),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let pace = if limits.is_empty() {
        "no limits".to_owned()
    } else {
        format!("at most {}", limits.join(", "))
    };
    match proposal.duration {
        None => format!("{pace}: not all can be sent (`{}` says why)", again("plan", settings)),
        Some(lasts) if lasts.is_zero() => format!("{pace}: as fast as answers come"),
        Some(lasts) if lasts < A_WHILE => format!("{pace}: about {}", Span(lasts)),
        Some(lasts) => {
            let done = when(settings, wall_time() + lasts);
            format!("{pace}: about {}, done on {done}", Span(lasts))
        }
    }
}
