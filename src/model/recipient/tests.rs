use proptest::prelude::*;

use super::Recipient;

#[track_caller]
fn canonical(text: &str) -> String {
    match Recipient::parse(text) {
        Ok(recipient) => recipient.canonical(),
        Err(error) => panic!("{text:?}: {error}"),
    }
}

const ID: &str = "ACoAAABcd_1-XyZ";

#[test]
fn a_profile_url_in_any_common_form_is_its_profile_id() {
    for text in [
        "jane-doe",
        "@jane-doe",
        "in/jane-doe",
        "/in/jane-doe/",
        "Jane-Doe",
        " <https://www.linkedin.com/in/jane-doe> ",
        "\"https://www.linkedin.com/in/jane-doe/\"",
        "HTTPS://WWW.LINKEDIN.COM/IN/JANE-DOE",
        "http://de.linkedin.com/in/jane-doe/en",
        "de.linkedin.com/in/jane-doe/de?trk=x#y",
        "linkedin.com/in/jane-doe?originalSubdomain=de",
        "https://m.linkedin.com/in/jane-doe",
        "https://www.linkedin.com:443/in/jane-doe",
        "//www.linkedin.com/in/jane-doe",
        "https://www.linkedin.com/mwlite/in/jane-doe",
        "https://www.linkedin.com/mwlite/profile/in/jane-doe",
        "https://www.linkedin.com/comm/in/jane-doe",
        "https://www.linkedin.com/in/jane-doe/overlay/contact-info/",
        "https://www.linkedin.com/in/jane-doe/details/experience/",
        "https://www.linkedin.com/in/jane%2Ddoe",
        "\u{200b}jane-doe\u{a0}",
    ] {
        assert_eq!(canonical(text), "jane-doe", "{text}");
    }
    assert_eq!(canonical("https://linkedin.com/in/andr%C3%A9-m%C3%BCller"), "andré-müller");
    assert_eq!(canonical("https://linkedin.com/in/प्रिया-शर्मा"), "प्रिया-शर्मा");
    assert_eq!(canonical("https://uk.linkedin.com/pub/john-doe/1a/2b3/4c5"), "john-doe-4c52b31a");
}

#[test]
fn a_profile_id_is_sent_as_it_was_written() {
    let recipient = Recipient::parse("https://www.linkedin.com/in/Jane-Doe/").unwrap();
    assert_eq!(recipient.profile_id(), Some("Jane-Doe"));
}

#[test]
fn every_form_of_a_profile_urn_is_one_urn() {
    for text in [
        ID.to_owned(),
        format!("https://www.linkedin.com/in/{ID}?x=y"),
        format!("urn:li:fsd_profile:{ID}"),
        format!("URN:LI:fs_miniProfile:{ID}"),
        format!("urn:li:fs_profile:{ID}"),
        format!("urn:li:person:{ID}"),
        format!("urn:li:fs_salesProfile:({ID},NAME_SEARCH,abcd)"),
        format!("urn%3Ali%3Afsd_profile%3A{ID}"),
    ] {
        let recipient = Recipient::parse(&text).unwrap();
        assert_eq!(recipient.profile_urn(), Some(&*format!("urn:li:fsd_profile:{ID}")), "{text}");
    }
    assert_eq!(canonical("urn:li:member:123"), "urn:li:member:123");
}

#[test]
fn conversations_are_kept_as_they_are() {
    for urn in [
        "urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAB,2-abc==)",
        "urn:li:fs_conversation:2-abc==",
        "urn:li:salesNav_thread:2-abc",
    ] {
        assert_eq!(Recipient::parse(urn).unwrap().conversation(), Some(urn));
    }
}

#[test]
fn what_addresses_nobody_is_refused_with_what_it_is() {
    let lead = "https://www.linkedin.com/sales/lead/ACwAAAB,NAME_SEARCH,x";
    for (text, says) in [
        ("", "blank"),
        (" \u{a0}", "blank"),
        ("<>", "blank"),
        ("Jane Doe", "spaces"),
        ("jane@example.com", "e-mail"),
        ("https://example.com/in/jane-doe", "another site"),
        ("https://linkedin.com.evil.com/in/jane-doe", "another site"),
        ("https://evil-linkedin.com/in/jane-doe", "another site"),
        ("https://linkedin.com@evil.com/in/jane-doe", "another site"),
        ("example.com", "another site"),
        ("ftp://linkedin.com/in/jane", "another kind"),
        (lead, "Sales Navigator"),
        ("linkedin.com/sales/people/ACwAA", "Sales Navigator"),
        ("https://www.linkedin.com/talent/profile/AEMAA", "Recruiter"),
        ("https://www.linkedin.com/company/acme", "company"),
        ("https://www.linkedin.com/school/mit", "school"),
        ("https://www.linkedin.com/search/results/people/?keywords=x", "search"),
        ("https://www.linkedin.com/messaging/thread/2-abc==/", "thread"),
        ("https://www.linkedin.com/in/", "no profile id"),
        ("https://www.linkedin.com/", "no profile"),
        ("https://lnkd.in/abc", "short link"),
        ("https://www.linkedin.com/pub/john-doe/1/2/3", "old '/pub/'"),
        ("https://www.linkedin.com/pub/dir/John/Doe", "old '/pub/'"),
        ("https://www.linkedin.com/in/%FF%FE", "UTF-8"),
        ("https://www.linkedin.com/in/a%2", "hexadecimal"),
        ("https://www.linkedin.com/in/a%2Fb%2Fc", "which no profile id has"),
        ("jane{doe}", "which no profile id has"),
        ("#N/A", "no profile"),
        ("---", "no letter"),
        ("urn:li:company:1", "no profile and no conversation"),
        ("urn:li:fsd_profile:jane", "ACo"),
        ("urn:li:fs_salesProfile:(ACwAAABCDEFGHIJKLMNOPQRSTUVWXYZabc,N,x)", "Sales Navigator"),
        ("urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAB,2-ab", "cut short"),
        ("urn:li", "cut short"),
        ("urn:li:member:x", "number"),
        ("acoaaabcdefghijklmnopqrstuvwxyz0123", "capitals"),
    ] {
        let error = Recipient::parse(text).expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
        assert!(error.contains("jane-doe") && error.contains("expected"), "{text}: {error}");
    }
}

#[test]
fn an_error_brings_no_control_character_to_a_terminal_and_is_short() {
    let error = Recipient::parse(&format!("a\u{1b}[31m\u{202e}{}", "x".repeat(10_000)))
        .unwrap_err()
        .to_string();
    assert!(
        error.len() < 500 && !error.chars().any(|c| c.is_control() || c == '\u{202e}'),
        "{error}"
    );
}

proptest! {
    #[test]
    fn every_decoration_of_one_profile_id_is_the_same_recipient(
        slug in "[b-z0-9é][a-z0-9é_-]{2,40}",
        scheme in prop::sample::select(vec!["", "http://", "https://", "HTTPS://"]),
        host in prop::sample::select(vec!["linkedin.com", "www.linkedin.com", "de.linkedin.com", "m.LinkedIn.com"]),
        tail in prop::sample::select(vec!["", "/", "/de", "/en/", "?trk=a@b", "#top", "/details/skills/?x"]),
        upper in any::<bool>(),
        encode in any::<bool>(),
    ) {
        let mut written = if upper { slug.to_uppercase() } else { slug.clone() };
        if encode {
            written = written.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        }
        prop_assert_eq!(canonical(&format!("{scheme}{host}/in/{written}{tail}")), slug.clone());
        prop_assert_eq!(canonical(&format!("@{written}")), slug.clone());
        prop_assert_eq!(canonical(&written), slug);
    }

    #[test]
    fn any_text_is_parsed_or_refused_and_the_canonical_form_is_its_own(text in "\\PC{0,40}|(urn:li:|https://linkedin.com/)?[a-zA-Z:/()%,.@-]{0,40}") {
        if let Ok(recipient) = Recipient::parse(&text) {
            let name = recipient.canonical();
            let again = Recipient::parse(&name);
            prop_assert_eq!(again.map(|again| again.canonical()), Ok(name));
        }
    }
}
