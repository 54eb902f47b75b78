use clap::{CommandFactory, Parser};
use rowcast::adapters::sheet::Delimiter;
use rowcast::campaign::settings::Only;
use rowcast::model::row::{Meaning, RowNumber};

use super::*;

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split_whitespace())
}

fn run(line: &str) -> RunArgs {
    match parse(line).expect("arguments").command {
        Command::Run(args) => *args,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definition_of_the_arguments_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn every_option_that_the_contract_gives_run_is_taken() {
    let args = run(
        "rowcast run people.csv -m m.txt -s s.txt --results r.csv --key Id --account a --column profile_url=Link --limit 3 \
         --only failed --rows 2-5,9 --sample 4 --test-to me --cooldown 30d --allow-repeat --resend-unconfirmed --skip-invalid --rate 2/s \
         --account-rate unlimited --daily-limit unlimited --concurrency 9 --timeout 5s --retries 0 --max-failures 2 --base-url http://x \
         --api-key-file k --encoding windows-1252 --tab T --delimiter tab --suppress a.csv --suppress b.csv --strict --max-wait 0s -y -n \
         --format json -v --color never",
    );
    assert_eq!(args.campaign.column[0].meaning, Meaning::Recipient);
    assert_eq!(args.campaign.delimiter, Some(Delimiter::Tab));
    assert_eq!(args.choice.only, Some(Only::Failed));
    assert!(args.choice.rows.is_some_and(|rows| rows.contains(RowNumber(9))));
    assert_eq!(args.campaign.suppress.len(), 2);
}

#[test]
fn a_range_may_begin_with_its_hyphen() {
    let rows = run("rowcast run people.csv --rows -5").choice.rows.expect("rows");
    assert!(rows.contains(RowNumber(5)));
}

#[test]
fn what_is_wrong_on_the_command_line_is_a_usage_error() {
    for line in [
        "rowcast run",
        "rowcast run people.csv --rows 1",
        "rowcast run people.csv --rate fast",
        "rowcast run people.csv --concurrency 0",
        "rowcast run people.csv --max-failures 0",
        "rowcast run people.csv --timeout 0s",
        "rowcast run people.csv --column Link",
        "rowcast run people.csv --column colour=Link",
        "rowcast run people.csv --only sent",
        "rowcast run people.csv --sandbox --base-url http://127.0.0.1:1",
        "rowcast run people.csv -q -v",
        "rowcast run people.csv --api-key abc",
        "rowcast results people.csv --status failed",
        "rowcast results people.csv --status done -o x.csv",
        "rowcast send people.csv",
        "rowcast",
    ] {
        assert_eq!(parse(line).expect_err(line).exit_code(), 2, "{line}");
    }
}

#[test]
fn statuses_are_listed_with_commas() {
    let arguments = parse("rowcast results people.csv --status failed,unconfirmed -o again.csv").expect("arguments");
    let Command::Results(args) = arguments.command else {
        panic!("results")
    };
    assert_eq!(args.status, [Status::Failed, Status::Unconfirmed]);
}
