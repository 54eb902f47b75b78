use rowcast::model::row::Meaning;

use super::*;

fn read(text: &str) -> Result<CampaignFile, SettingsError> {
    CampaignFile::parse(Path::new("spring/campaign.toml"), text)
}

fn refusal(text: &str) -> String {
    read(text).expect_err(text).to_string()
}

#[test]
fn the_example_of_the_contract_is_read() {
    let file = read(
        "sheet = \"people.csv\"\nmessage = \"templates/message.txt\"\nsubject = \"templates/subject.txt\"\naccount = \"acc_12345\"\n\
         [columns]\nrecipient = \"LinkedIn URL\"\n[pace]\nrate = \"60/min\"\n[suppress]\nfiles = [\"do-not-contact.csv\"]\ncooldown = \"30d\"\n",
    )
    .expect("a campaign file");
    assert_eq!(file.said(&keys::RATE), Some((&["60/min".to_owned()][..], 8)));
    assert_eq!(file.said(&keys::SUPPRESS_FILES), Some((&["do-not-contact.csv".to_owned()][..], 10)));
    assert_eq!(file.columns()[0].meaning, Meaning::Recipient);
    assert_eq!(file.folder(), Path::new("spring"));
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest() {
    assert_eq!(
        refusal("sheet = \"a.csv\"\n\n# a comment\nmesage = \"m.txt\"\n"),
        "spring/campaign.toml:4: unknown key `mesage`; did you mean `message`?"
    );
    assert_eq!(
        refusal("[pace]\nrat = 1\n"),
        "spring/campaign.toml:2: unknown key `rat` in [pace]; did you mean `rate`?"
    );
    assert!(refusal("[colums]\nrecipient = \"x\"\n").ends_with("did you mean `[columns]`?"));
    assert!(refusal("files = [\"x\"]\n").ends_with("`files` belongs in [suppress]"));
    assert!(refusal("[pace]\nsheet = \"x\"\n").contains("before the first section"));
    assert!(refusal("x = 1\n").contains("every long flag"));
}

#[test]
fn a_wrong_type_is_refused_with_its_line_and_what_to_write() {
    assert_eq!(
        refusal("\nsheet = 7\n"),
        "spring/campaign.toml:2: `sheet` is integer; write text in quotes"
    );
    for text in [
        "strict = \"yes\"",
        "[pace]\nconcurrency = \"8\"",
        "[pace]\nconcurrency = 0x8",
        "suppress = [1]",
        "pace = 1",
        "columns = \"x\"",
        "[columns]\nrecipient = 3",
        "[message]\nx = 1",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_no_toml_is_refused_with_its_line_and_without_the_text_of_the_line() {
    let refusal = refusal("sheet = \"a.csv\"\napi_key = \"hush-hush\n");
    assert!(refusal.starts_with("spring/campaign.toml:2: no TOML: "), "{refusal}");
    assert!(!refusal.contains("hush"), "{refusal}");
}

#[test]
fn the_key_itself_is_refused_and_not_repeated() {
    for text in [
        "api_key = \"hush-hush\"",
        "API-Key = \"hush-hush\"",
        "[pace]\ntoken = \"hush-hush\"",
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains("CONNECTSAFELY_API_KEY"), "{refusal}");
        assert!(!refusal.contains("hush"), "{refusal}");
    }
}

#[test]
fn a_setting_is_said_once() {
    let refusal = refusal("rate = \"1/s\"\n[pace]\nrate = \"2/s\"\n");
    assert_eq!(refusal, "spring/campaign.toml:3: `rate` is said twice; line 1 has it as well");
}

#[test]
fn two_columns_for_one_meaning_are_refused() {
    assert!(refusal("[columns]\nrecipient = \"A\"\nprofile_url = \"B\"\n").contains("two columns for `recipient`"));
    assert!(refusal("[columns]\ncolour = \"A\"\n").contains("no meaning"));
}

#[test]
fn numbers_may_be_written_as_toml_allows() {
    let file = read("limit = 1_000\n[pace]\ntimeout = 1.5\ndaily_limit = \"unlimited\"\n").expect("a campaign file");
    assert_eq!(file.said(&keys::LIMIT).map(|(said, _)| said[0].as_str()), Some("1000"));
    assert_eq!(file.said(&keys::TIMEOUT).map(|(said, _)| said[0].as_str()), Some("1.5"));
}
