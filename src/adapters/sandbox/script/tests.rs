use proptest::prelude::*;

use super::*;

fn ending() -> impl Strategy<Value = Ending> {
    let content = prop_oneof![
        Just(Content::Documented),
        Just(Content::Zod),
        Just(Content::Coded),
        Just(Content::Details),
        Just(Content::Plain),
        Just(Content::Html),
        Just(Content::Empty),
        Just(Content::Garbage),
        Just(Content::Huge),
        Just(Content::Refusal),
        "[!-~]([ -~]{0,20}[!-~])?".prop_map(Content::Text),
    ];
    let form = prop_oneof![
        Just(HoldForm::RetryAfter),
        Just(HoldForm::RetryAfterDate),
        Just(HoldForm::HoldUntil),
        Just(HoldForm::ResetIso),
        Just(HoldForm::ResetSeconds),
        Just(HoldForm::ResetMillis),
    ];
    let hold = (form, any::<u32>()).prop_map(|(form, seconds)| Hold { form, seconds });
    let header = ("[A-Za-z-]{1,9}", "[!-+\\--~]{0,9}");
    let extent = prop_oneof![
        Just(Extent::Whole),
        Just(Extent::Cut),
        Just(Extent::CutReset),
        Just(Extent::WholeThenClosed)
    ];
    let holds = proptest::collection::vec(hold, 0..3);
    let headers = proptest::collection::vec(header, 0..3);
    let answer = (200u16..600, content, headers, holds, extent).prop_map(|(status, content, headers, holds, extent)| {
        Ending::Answer(Answer {
            status,
            content,
            headers,
            holds,
            extent,
        })
    });
    prop_oneof![4 => answer, 1 => Just(Ending::Hang), 1 => Just(Ending::Close), 1 => Just(Ending::Reset)]
}

fn rule() -> impl Strategy<Value = Rule> {
    let name = "[a-z0-9é][a-z0-9é:-]{0,12}".prop_filter("has a meaning of its own", |name| name != "any" && !name.starts_with("account:"));
    let who = prop_oneof![
        Just(Who::Any),
        "[a-z0-9_]{1,9}".prop_map(Who::Account),
        name.prop_map(Who::Recipient)
    ];
    let on = prop_oneof![
        Just(Call::Send),
        Just(Call::Upload),
        Just(Call::Exists),
        Just(Call::Account),
        Just(Call::All)
    ];
    let per = prop_oneof![Just(Per::Rule), Just(Per::Recipient)];
    let turn = (any::<u32>(), 1..u32::MAX, proptest::option::of(any::<u32>()), per).prop_map(|(after, every, times, per)| Turn {
        after,
        every: NonZeroU32::new(every).expect("from 1"),
        times,
        per,
    });
    let chance = (0u32..=1_000_000).prop_map(Chance::millionths);
    let arrival = prop_oneof![Just(Arrival::Delivered), Just(Arrival::Absent)];
    let span = || (0u64..100_000_000).prop_map(Duration::from_millis);
    let fault = (span(), span(), arrival, ending()).prop_map(|(delay, late, arrival, ending)| Fault {
        delay,
        late,
        arrival,
        ending,
    });
    (who, on, turn, chance, fault).prop_map(|(who, on, turn, chance, fault)| Rule {
        who,
        on,
        turn,
        chance,
        fault,
    })
}

proptest! {
    #[test]
    fn a_script_that_is_printed_reads_as_itself(rules in proptest::collection::vec(rule(), 0..5)) {
        let script = Script { rules };
        let text = script.to_string();
        prop_assert_eq!(text.parse::<Script>(), Ok(script), "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in "\\PC{0,40}") {
        let _ = text.parse::<Script>();
        let _ = Script::from_toml(&text);
    }
}

#[test]
fn rules_read_as_the_documentation_writes_them() {
    for (written, canonical) in [
        ("jane-doe=500", "jane-doe=500"),
        ("jane-doe=429:retry-after=2,times=1", "jane-doe=429,times=1,retry-after=2"),
        ("any=lost,chance=0.05", "any=close,chance=0.050000,delivered=yes"),
        ("bob=hang", "bob=hang"),
        ("account:acc_1=404", "account:acc_1=404"),
        (" any = refused , every = 10 ", "any=200,every=10,body=refusal"),
        (
            "urn:li:fsd_profile:ACoAAx=ok,delay=1.5s",
            "urn:li:fsd_profile:ACoAAx=200,delay=1500ms",
        ),
        ("any=400,text=a, b=c", "any=400,text=a, b=c"),
        ("any=cut-reset", "any=200,end=reset"),
    ] {
        assert_eq!(
            written.parse::<Rule>().map(|rule| rule.to_string()),
            Ok(canonical.to_owned()),
            "{written}"
        );
    }
}

#[test]
fn a_file_says_the_same_as_lines() {
    let file = r#"
        rules = ["bob=hang"]
        [[fault]]
        who = "jane-doe"
        effect = 429
        retry_after = 2
        times = 1
        [[fault]]
        who = "any"
        effect = "lost"
        chance = 0.05
        delivered = true
        delay = "2s"
    "#;
    let lines = "bob=hang\njane-doe=429,retry-after=2,times=1\n# a comment\n\nany=lost,chance=0.05,delay=2s";
    assert_eq!(Script::from_toml(file), lines.parse());
}

#[test]
fn what_cannot_be_read_is_said_with_its_place_and_a_way_out() {
    for (text, parts) in [
        ("jane", vec!["line 1", "WHO=EFFECT"]),
        ("\n=500", vec!["line 2", "names nobody"]),
        ("jane=boom", vec!["`boom`", "200 to 599", "reset-at-connect"]),
        ("jane=100", vec!["`100`"]),
        ("jane=500,time=1", vec!["no option `time`", "times"]),
        ("jane=500,times=x", vec!["`x`", "`times`", "whole number"]),
        ("jane=500,chance=2", vec!["`chance`", "0 to 1"]),
        ("jane=hang,retry-after=2", vec!["`retry-after`", "`hang`"]),
        ("jane=500,header=a b:c", vec!["NAME:VALUE"]),
        ("jane=reset-at-connect", vec!["before anybody is known"]),
    ] {
        let error = text.parse::<Script>().expect_err(text).to_string();
        for part in parts {
            assert!(error.contains(part), "{text}: {error}");
        }
    }
    for (text, part) in [
        ("x = 1", "unknown field"),
        ("[[fault]]\nwho = \"a\"", "no `effect`"),
        ("rules = [\"a=500\", \"b\"]", "entry 2"),
    ] {
        let error = Script::from_toml(text).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}
