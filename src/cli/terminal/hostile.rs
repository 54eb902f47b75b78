//! Text from sheets and answers, so that it cannot steer the terminal or show itself in another order than it has.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character is shown as its escape: controls, what reorders text, line separators, what nobody sees.
///
/// Joiners stay, since emoji and several scripts are written with them.
const fn is_hostile(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{2028}' | '\u{2029}'
        | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}')
}

fn escape(c: char, shown: &mut String) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        c => {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", c as u32);
        }
    }
}

fn shown_with(text: &str, stays: impl Fn(char, Option<char>) -> bool) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if is_hostile(c) && !stays(c, letters.peek().copied()) {
            escape(c, &mut shown);
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// `text` on one line: line breaks and tabs are shown as `\n`, `\r`, `\t`, everything else hostile as `\u{…}`.
pub fn one_line(text: &str) -> Cow<'_, str> {
    shown_with(text, |_, _| false)
}

/// `text` with its line breaks and tabs, everything else hostile escaped.
pub fn block(text: &str) -> Cow<'_, str> {
    shown_with(text, |c, next| matches!(c, '\n' | '\t') || (c == '\r' && next == Some('\n')))
}

/// A line of JSON whose strings cannot steer a terminal: the same value, hostile characters as escapes of four hexadecimal digits.
///
/// Outside of strings JSON has no such characters but white space, which one line does not have.
pub fn json_line(json: &str) -> Cow<'_, str> {
    if !json.contains(is_hostile) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hostile(c) {
            let _ = write!(shown, "\\u{:04x}", c as u32);
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_done() {
        assert_eq!(one_line("a\u{1b}[31mred\u{7}"), "a\\u{1b}[31mred\\u{7}");
        assert_eq!(one_line("a\r\nb\tc"), "a\\r\\nb\\tc");
        assert_eq!(one_line("\u{9b}2J \u{202e}cod.exe\u{2066}"), "\\u{9b}2J \\u{202e}cod.exe\\u{2066}");
        assert_eq!(block("a\r\nb\tc\rd"), "a\r\nb\tc\\rd");
    }

    #[test]
    fn letters_of_all_scripts_and_emoji_stay() {
        for text in ["Zoë Müller", "שלום עולם", "مرحبا", "می‌خواهم", "👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️", "李雷"]
        {
            assert_eq!(one_line(text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_hostile_is_left(text in "\\PC*[\u{0}-\u{2069}]*\\PC*") {
            prop_assert!(!one_line(&text).contains(is_hostile));
            prop_assert!(!block(&text).replace("\r\n", "").replace(['\n', '\t'], "").contains(is_hostile));
        }

        #[test]
        fn json_keeps_its_value(text in "[\u{0}-\u{2069}]*") {
            let json = serde_json::to_string(&text).expect("json");
            let shown = json_line(&json);
            prop_assert!(!shown.contains(is_hostile));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).expect("json"), text);
        }
    }
}
