//! Texts from the wire, made fit for a terminal, a cell and a journal.

use super::key::ApiKey;

/// Characters that a text keeps at most.
const LONGEST: usize = 300;

/// One readable line of a text that somebody else wrote: terminal escapes, control, bidi and invisible characters
/// taken out, white space folded, the key replaced, cut to 300 characters. Empty where nothing is left.
#[must_use]
pub(super) fn one_line(text: &str, key: &ApiKey) -> String {
    // Far more than is kept, and bounded: a body of a megabyte is not walked for its first line.
    let text: String = text.chars().take(LONGEST * 40).collect();
    let readable: String = without_escapes(&text).chars().map(spaced).filter(|c| !is_unseen(*c)).collect();
    let folded = readable.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&key.redact(&folded))
}

/// The text, or its first 299 characters and `…`.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

/// Control characters that separate words count as white space.
fn spaced(c: char) -> char {
    if c.is_ascii_whitespace() || c == '\u{b}' || c == '\u{85}' {
        ' '
    } else {
        c
    }
}

/// Characters that change how others look, or hide.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text without ECMA-48 sequences: `ESC [ … letter`, `ESC ] … BEL`, and `ESC` with one character.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => match rest.next() {
                Some('[') => skip_to(&mut rest, |c| ('@'..='~').contains(&c)),
                Some(']' | 'P' | 'X' | '^' | '_') => skip_to(&mut rest, |c| matches!(c, '\u{7}' | '\u{9c}' | '\\')),
                _ => {}
            },
            '\u{9b}' => skip_to(&mut rest, |c| ('@'..='~').contains(&c)),
            _ => plain.push(c),
        }
    }
    plain
}

/// Goes past the end of a sequence. A sequence that has no end near by is none, and the text goes on.
fn skip_to(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, is_end: impl Fn(char) -> bool) {
    let mut ahead = rest.clone();
    if ahead.by_ref().take(200).any(is_end) {
        *rest = ahead;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        one_line(text, &ApiKey::new("s3cret-key").unwrap())
    }

    #[test]
    fn terminal_escapes_and_invisible_characters_go() {
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}alert\u{7}"), "red alert");
        assert_eq!(line("\u{1b}]8;;http://evil\u{1b}\\link"), "link");
        assert_eq!(line("a\u{9b}2Jb\u{0}c\u{8}"), "abc");
        assert_eq!(line("\u{202e}txt\u{2066}.\u{200f}exe\u{feff}\u{e0041}"), "txt.exe");
        assert_eq!(line("one\r\n\ttwo\u{2028}three \u{a0} four\u{85}five"), "one two three four five");
        assert_eq!(line("\u{1b}"), "");
        assert_eq!(line("Zoë 👩‍💻 שלום"), "Zoë 👩‍💻 שלום");
    }

    #[test]
    fn the_key_goes_even_where_invisible_characters_split_it() {
        assert_eq!(line("bad key s3cret-key"), "bad key [key]");
        assert_eq!(line("s3c\u{200b}ret\u{7}-key"), "[key]");
        assert_eq!(
            line(&format!("{}s3cret-key", "x".repeat(LONGEST - 4))).len(),
            LONGEST - 1 + '…'.len_utf8()
        );
        assert!(!line(&format!("{}s3cret-key", "x".repeat(LONGEST - 4))).contains("s3"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_in_one_short_plain_line_comes_out(text in "(?s).{0,500}") {
            let line = line(&text);
            proptest::prop_assert!(line.chars().count() <= LONGEST);
            proptest::prop_assert!(!line.chars().any(|c| is_unseen(c) || c == '\n'));
        }
    }
}
