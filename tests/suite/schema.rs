//! What is sent is what the service documents: every field, and no other.

use rowcast::adapters::sandbox::{Plan, SandboxAccount, Settings};
use serde_json::Value;

use crate::harness::Campaign;
use crate::stand_in::StandIn;

/// Columns for everything that a send can say; rows with all of it, with little of it, and with each form of a recipient.
const SHEET: &str = "\
recipient,recipient_profile_urn,conversation_urn,account,attachments,messaging_channel,name
jane-doe,urn:li:fsd_profile:ACoAAjane,\"urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAme,2-abc==)\",60d21b4667d0d8992e610c85,one.pdf;two.txt,sales_navigator,Jane
bob,,,,,,Bob
,urn:li:fsd_profile:ACoAAeve,,,two.txt,linkedin_inbox,Eve
,,\"urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAme,2-xyz==)\",,,auto,\"Zoë \"\"Z\"\" \u{1F600}\"
";

#[test]
fn every_request_of_a_campaign_with_all_fields_is_valid_by_the_schema() {
    let log = tempfile::NamedTempFile::new().expect("a log");
    let account = SandboxAccount {
        plan: Plan::SalesNavigator,
        ..SandboxAccount::default()
    };
    let stand_in = StandIn::start(Settings {
        accounts: vec![account],
        log: Some(log.path().to_owned()),
        ..Settings::default()
    });
    let campaign = Campaign::new(SHEET, "Hello {{ name }}\nbye").subject("For {{ name }}");
    campaign.write("one.pdf", "%PDF-1.7\n");
    campaign.write("two.txt", "two");
    campaign.run_at(stand_in.base_url(), &[]).exits(0);

    let api: Value = serde_json::from_str(include_str!("../schemas/connectsafely-openapi.json")).expect("JSON");
    let mut components = api["components"].clone();
    close(&mut components["schemas"]);
    let schema = components["schemas"]["SendMessageRequest"].clone();
    let whole = serde_json::json!({"$ref": "#/components/schemas/SendMessageRequest", "components": components});
    let validator = jsonschema::validator_for(&whole).expect("a schema");
    let text = std::fs::read_to_string(log.path()).expect("a log");
    let bodies: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["kind"] == "request" && line["path"].as_str().is_some_and(|path| path.ends_with("/conversations/send")))
        .map(|line| line["body"].clone())
        .collect();
    assert_eq!(bodies.len(), 4);
    for body in &bodies {
        let errors: Vec<String> = validator.iter_errors(body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{body}");
    }
    let fields = schema["properties"].as_object().expect("fields");
    for field in fields.keys() {
        assert!(bodies.iter().any(|body| body.get(field).is_some()), "no request has {field}");
    }
    assert!(
        !validator.is_valid(&serde_json::json!({"message": "to nobody"})),
        "the schema can refuse"
    );
}

/// No object may have fields that are not documented.
fn close(schema: &mut Value) {
    if let Value::Object(fields) = schema {
        fields.values_mut().for_each(close);
        if fields.get("properties").is_some_and(Value::is_object) && fields.get("type").is_some() {
            fields.insert("additionalProperties".to_owned(), false.into());
        }
    }
}
