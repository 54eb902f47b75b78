//! Two rows of a run turn out to be of one person while the first of them is under way: the other waits for what becomes of it.

use serde_json::json as object;

use crate::harness::{Answer, Campaign, Running, Server, json, sent, status};

const JANE: &str = "urn:li:fsd_profile:ACoAAjane";
const RESOLVE: [&str; 3] = ["--resolve", "--account", "acc_1"];

/// `jane` and `jane-new` are one person, `bob` is another; uploads are held until the gate opens.
fn server() -> Server {
    let server = Server::start();
    let resolved = |urn: &str| {
        json(
            200,
            &object!({"hasConversation": false, "conversationUrn": null, "profileUrn": urn}),
        )
    };
    for (slug, urn) in [("jane", JANE), ("jane-new", JANE), ("bob", "urn:li:fsd_profile:ACoAAbob")] {
        for account in ["acc_1", "acc_2"] {
            server.answer_path(&format!("/exists/{slug}?accountId={account}"), resolved(urn));
        }
    }
    server.answer_questions_by(|seen| seen.is_upload().then(uploaded));
    server
}

fn uploaded() -> Answer {
    let asset = object!({"assetUrn": "urn:li:digitalmediaAsset:1", "byteSize": 9, "mediaType": "text/plain", "name": "one.txt"});
    json(200, &object!({"success": true, "attachment": asset})).held()
}

/// The first row of Jane has a file, the second has none, and Bob comes last.
fn campaign() -> Campaign {
    let sheet = "LinkedIn,Company,Attachments\njane,Acme,one.txt\njane-new,,\nbob,,\n";
    let campaign = Campaign::new(sheet, "Hello {{ linkedin }}");
    campaign.write("one.txt", "some text");
    campaign
}

/// A run that came past both rows of Jane: Bob got his message.
fn begun<'a>(campaign: &'a Campaign, server: &Server, arguments: &[&str]) -> Running<'a> {
    let run = campaign.start(server, &[&RESOLVE[..], arguments].concat());
    server.wait_for_sends(1);
    assert_eq!(server.recipients(), ["bob"]);
    run
}

#[test]
fn where_the_first_row_is_turned_away_after_its_upload_the_other_one_is_sent() {
    let (server, campaign) = (server(), campaign());
    campaign.write("no.csv", "# nobody yet\n");
    let run = begun(&campaign, &server, &["--suppress", "no.csv"]);
    campaign.write("no.csv", "Acme\n");
    server.open_gate();
    run.finish().exits(0).says("2 sent, 1 skipped");
    assert_eq!(campaign.statuses(), ["skipped", "sent", "sent"]);
    assert_eq!(server.recipients(), ["bob", "jane-new"]);
}

#[test]
fn whoever_comes_onto_a_list_by_one_of_their_names_gets_nothing_by_the_other() {
    let (server, campaign) = (server(), campaign());
    campaign.write("no.csv", "# nobody yet\n");
    let run = begun(&campaign, &server, &["--suppress", "no.csv"]);
    campaign.write("no.csv", "@jane\n");
    server.open_gate();
    run.finish().exits(0).says("1 sent, 2 skipped");
    assert_eq!(server.recipients(), ["bob"]);
    // The next run plans with what this one found out, whatever the sheet calls her.
    campaign.write("people.csv", format!("LinkedIn,Company\n{JANE},\n"));
    let again = [&RESOLVE[..], &["--suppress", "no.csv"]].concat();
    campaign.run(&server, &again).exits(0).says("1 skipped");
    assert_eq!(campaign.column("error"), ["do not contact: `@jane` in no.csv, line 1"]);
}

#[test]
fn where_another_campaign_wrote_to_the_first_name_meanwhile_the_other_row_is_sent() {
    let (server, campaign) = (server(), campaign());
    let run = begun(&campaign, &server, &[]);
    campaign.write("other.csv", "LinkedIn\njane\n");
    server.answer("jane", [sent().body("{\"success\":true}")]);
    campaign.run(&server, &["other.csv", "--account", "acc_1"]).exits(0);
    server.open_gate();
    run.finish().exits(0).says("2 sent, 1 skipped");
    assert_eq!(campaign.statuses(), ["skipped", "sent", "sent"]);
    assert!(campaign.column("error")[0].starts_with("already contacted on"));
}

#[test]
fn where_the_first_row_fails_the_other_one_is_sent_and_where_it_is_sent_it_is_not() {
    for (answer, statuses) in [(status(400), ["failed", "sent", "sent"]), (sent(), ["sent", "skipped", "sent"])] {
        let (server, campaign) = (server(), campaign());
        server.answer("jane", [answer]);
        let run = begun(&campaign, &server, &[]);
        server.open_gate();
        run.finish();
        assert_eq!(campaign.statuses(), statuses);
    }
}

#[test]
fn a_row_that_waits_for_one_whose_account_stopped_is_sent_from_its_own() {
    let (server, campaign) = (server(), campaign());
    // Nothing is asked about the first row, so it leaves before anything is known of the second.
    let rows = format!("{JANE},acc_1\njane-new,acc_2\nbob,acc_2\nx,acc_1\n");
    campaign.write("people.csv", format!("LinkedIn,Account\n{rows}"));
    let later = json(429, &object!({"error": "later"})).header("Retry-After", "60");
    server.answer(JANE, [later.held()]);
    server.answer("x", [json(404, &object!({"error": "Account not found"})).held()]);
    let run = campaign.start(&server, &["--resolve"]);
    server.wait_for_sends(3);
    server.open_gate();
    run.finish().exits(4);
    assert_eq!(campaign.statuses(), ["pending", "sent", "sent", "failed"]);
}
