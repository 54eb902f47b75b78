use std::path::PathBuf;

use super::*;
use crate::model::recipient::Recipient;
use crate::model::suppression::Candidate;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, text: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn lists(&self, text: &str) -> Lists {
        Lists::open(None, &[self.write("no.csv", text.as_bytes())]).expect("a list")
    }
}

fn held(lists: &Lists, recipient: &str, key: &str, company: &str) -> Option<u32> {
    let recipient: Recipient = recipient.parse().expect("a recipient");
    let row = Candidate {
        recipient: &recipient,
        key,
        company,
    };
    lists.entries().find(row).map(|hit| hit.line)
}

#[test]
fn a_plain_list_has_an_entry_a_line() {
    let place = Place::new();
    let lists = place.lists(
        "\u{feff}# left the company\n\njane-doe\r\n  https://www.linkedin.com/in/john-roe/  \n\"Weiß, Söhne\"\nMüller, Klein & Co\n00417",
    );
    assert_eq!(held(&lists, "Jane-Doe", "", ""), Some(3));
    assert_eq!(held(&lists, "john-roe", "", ""), Some(4));
    assert_eq!(held(&lists, "somebody", "", "weiß, söhne"), Some(5));
    assert_eq!(held(&lists, "somebody", "", "Müller, Klein & Co"), Some(6));
    assert_eq!(held(&lists, "somebody", "00417", ""), Some(7));
    assert_eq!(held(&lists, "somebody", "1", "Weiß"), None);
}

#[test]
fn a_header_says_which_column_has_what() {
    let place = Place::new();
    let lists = place.lists("# export\nName;Company;LinkedIn URL\nJane;Acme;https://linkedin.com/in/jane-doe\n\nJohn;;john-roe\n");
    assert_eq!(held(&lists, "jane-doe", "", ""), Some(3));
    assert_eq!(held(&lists, "john-roe", "", ""), Some(5));
    assert_eq!(held(&lists, "somebody", "", "ACME"), Some(3));
    assert_eq!(held(&lists, "jane", "jane", "Jane"), None);
}

#[test]
fn what_cannot_be_read_for_certain_is_refused_with_its_line() {
    let place = Place::new();
    for (text, line) in [
        (&b"jane-doe\nhttps://www.linkedin.com/sales/lead/ACwAA,x\n"[..], "line 2"),
        (b"LinkedIn URL\njane-doe\nJane Doe\n", "line 3"),
        (b"jane\nZo\xeb\n", "line 2"),
        (b"jane\n\n\0\n", "line 3"),
    ] {
        let path = place.write("no.csv", text);
        let error = Lists::open(None, &[path]).expect_err("refused").to_string();
        assert!(error.contains(line) && error.contains("no.csv"), "{error}");
    }
    let gone = Lists::open(None, &[place.0.path().join("gone.csv")])
        .expect_err("refused")
        .to_string();
    assert!(gone.contains("gone.csv"), "{gone}");
}

#[test]
fn a_line_that_was_added_counts_from_then_on() {
    let place = Place::new();
    let mut lists = place.lists("jane-doe\n");
    assert_eq!(held(&lists, "john-roe", "", ""), None);
    let path = place.write("no.csv", b"jane-doe\njohn-roe\n");
    lists.refresh().expect("read again");
    assert_eq!(held(&lists, "john-roe", "", ""), Some(2));
    std::fs::remove_file(&path).expect("removed");
    assert!(lists.refresh().is_err());
    assert_eq!(held(&lists, "john-roe", "", ""), Some(2), "what was known stays known");
    place.write("no.csv", b"jane-doe\n");
    lists.refresh().expect("read again");
    assert_eq!(held(&lists, "john-roe", "", ""), None);
}

#[test]
fn the_personal_list_keeps_what_was_added_once() {
    let place = Place::new();
    let folder = place.0.path().join("new/data");
    let personal = Personal::of(Some(&folder)).expect("a list");
    assert_eq!(personal.entries().expect("none"), Vec::<String>::new());
    let first = personal.add(["jane-doe", "Weiß, Söhne & \"Co\"", "#1 Plumbing"]).expect("added");
    assert_eq!((first.new, first.known), (3, 0));
    let again = personal.add(["jane-doe", "john-roe"]).expect("added");
    assert_eq!((again.new, again.known), (1, 1));
    let entries = personal.entries().expect("entries");
    assert_eq!(entries, ["jane-doe", "Weiß, Söhne & \"Co\"", "#1 Plumbing", "john-roe"]);
    let lists = Lists::open(Some(&folder), &[]).expect("lists");
    assert!(held(&lists, "john-roe", "", "").is_some());
    assert!(held(&lists, "x-y-z", "", "#1 plumbing").is_some());
    assert!(personal.add(["https://www.linkedin.com/sales/lead/1"]).is_err());
    assert!(personal.add([" "]).is_err());
}

#[test]
fn another_list_can_be_taken_over() {
    let place = Place::new();
    let folder = place.0.path().join("data");
    let other = place.write("crm.csv", b"Name,LinkedIn\nJane,https://linkedin.com/in/jane-doe\nJohn,\n");
    let personal = Personal::of(Some(&folder)).expect("a list");
    let added = personal.import(&other).expect("taken over");
    assert_eq!((added.new, added.known), (1, 0));
    assert!(held(&Lists::open(Some(&folder), &[]).expect("lists"), "jane-doe", "", "").is_some());
}
