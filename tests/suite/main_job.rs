//! A sheet in, messages out, results that resume.

use crate::harness::{Campaign, Server};

#[test]
fn what_was_sent_is_not_sent_again_by_the_same_command() {
    let server = Server::start();
    let campaign = Campaign::with_rows(3);
    server.watch(&campaign.journal());
    campaign.run(&server, &[]).exits(0).says("3 sent");
    assert_eq!(campaign.statuses(), ["sent", "sent", "sent"]);
    assert!(server.sends().iter().all(|seen| seen.intent_on_disk == Some(true)));
    campaign.run(&server, &[]).exits(0);
    assert_eq!(server.sends().len(), 3);
}
