//! What is odd about a cell, whatever it means.

use super::shown;
use crate::model::problem::{Code, Problem};

/// Why a cell should not stand in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// A spreadsheet's error value, also as text.
    ErrorValue,
    /// A word that stands for nothing, such as `n/a`.
    PlaceholderWord,
    /// Text that was read in a wrong encoding once.
    Mojibake,
    /// HTML that was meant for a browser.
    HtmlEntity,
}

impl Oddity {
    /// The problem of a cell in the column with this header.
    #[must_use]
    pub fn problem(self, header: &str, cell: &str) -> Problem {
        let cell = shown(cell);
        let of = format!("column `{header}` has `{cell}`");
        match self {
            Self::ErrorValue => Problem::error(
                Code::ErrorValue,
                format!("{of}, a spreadsheet's error value; mend the formula or fill the cell"),
            ),
            Self::PlaceholderWord => Problem::warning(
                Code::PlaceholderWord,
                format!("{of}, which would be in the message as it stands; fill the cell, or leave it blank"),
            ),
            Self::Mojibake => Problem::warning(
                Code::Mojibake,
                format!("{of}, which looks like text that was read in a wrong encoding; export the sheet as UTF-8 and look at the name"),
            ),
            Self::HtmlEntity => Problem::warning(Code::HtmlEntity, format!("{of}, which has HTML in it; write the character itself")),
        }
        .in_column(header)
    }
}

/// What is odd about a cell that is not blank. Looks at each byte once where nothing is.
#[must_use]
pub fn oddity(cell: &str) -> Option<Oddity> {
    let bytes = cell.as_bytes();
    if cell.len() <= 16 {
        if is_error_value(cell) {
            return Some(Oddity::ErrorValue);
        }
        if is_placeholder_word(cell) {
            return Some(Oddity::PlaceholderWord);
        }
    }
    let (mut foreign, mut markup) = (false, false);
    for byte in bytes {
        foreign |= *byte >= 0x80;
        markup |= matches!(byte, b'&' | b'<' | b'_');
    }
    if foreign && is_mojibake(cell) {
        return Some(Oddity::Mojibake);
    }
    (markup && has_html(cell)).then_some(Oddity::HtmlEntity)
}

/// `#N/A`, `#REF!` and their like in any language; `Err:502` of `LibreOffice`.
fn is_error_value(cell: &str) -> bool {
    let Some(rest) = cell.strip_prefix('#') else {
        return cell
            .strip_prefix("Err:")
            .is_some_and(|number| number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()));
    };
    let known = ["N/A", "NV", "N/D", "N/A N/A", "N.D.", "GETTING_DATA", "N/B", "NA"];
    if known.iter().any(|known| rest.eq_ignore_ascii_case(known)) {
        return true;
    }
    let word = rest.strip_suffix(['!', '?']).map(|word| word.trim_start_matches(['¡', '¿']));
    word.is_some_and(|word| {
        word.chars().count() >= 3
            && word
                .chars()
                .all(|c| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '/' | '_' | '.'))
    })
}

/// Words that people and programs write where they know nothing.
fn is_placeholder_word(cell: &str) -> bool {
    const WORDS: [&str; 36] = [
        "null",
        "(null)",
        "nil",
        "none",
        "(none)",
        "nan",
        "n/a",
        "n.a.",
        "n\\a",
        "na",
        "undefined",
        "-",
        "--",
        "---",
        "–",
        "—",
        "tbd",
        "tba",
        "tbc",
        "todo",
        "test",
        "asdf",
        "xxx",
        "xx",
        "?",
        "??",
        "???",
        ".",
        "...",
        "unknown",
        "(unknown)",
        "(blank)",
        "[blank]",
        "[object object]",
        "not available",
        "lorem ipsum",
    ];
    // Most cells begin like none of these words.
    let first = cell.as_bytes().first().map_or(0, u8::to_ascii_lowercase);
    if !matches!(
        first,
        b'n' | b'(' | b'u' | b'-' | b't' | b'a' | b'x' | b'?' | b'.' | b'[' | b'l' | 0x80..
    ) {
        return false;
    }
    let is = |word: &str| word.eq_ignore_ascii_case(cell);
    // `Na` is a name in several languages; the abbreviation is written in one case.
    WORDS.iter().any(|word| is(word)) && cell != "Na"
}

/// UTF-8 that was taken for Windows-1252 or Latin-1: `ZoÃ«`, `donâ€™t`, `Â `; or characters that were lost.
fn is_mojibake(cell: &str) -> bool {
    let mut previous = ' ';
    for c in cell.chars() {
        let second = matches!(c, '\u{80}'..='\u{BF}')
            || matches!(
                c,
                '€' | '‚'
                    | 'ƒ'
                    | '„'
                    | '…'
                    | '†'
                    | '‡'
                    | 'ˆ'
                    | '‰'
                    | 'Š'
                    | '‹'
                    | 'Œ'
                    | 'Ž'
                    | '‘'
                    | '’'
                    | '“'
                    | '”'
                    | '•'
                    | '–'
                    | '—'
                    | '˜'
                    | '™'
                    | 'š'
                    | '›'
                    | 'œ'
                    | 'ž'
                    | 'Ÿ'
            );
        let garbled = match previous {
            'Ã' | 'Å' | 'Ä' | 'Ð' | 'Ñ' | 'Î' | 'Ï' => second && c != '’' && c != '‘' && c != '–' && c != '—',
            'Â' => matches!(c, '\u{A0}'..='\u{BF}'),
            'â' => c == '€' || c == '\u{80}',
            _ => false,
        };
        if garbled || c == '\u{FFFD}' {
            return true;
        }
        previous = c;
    }
    false
}

/// `&amp;`, `&#39;`, `<br>`, and `_x000D_`, the line break of a workbook that was taken for text.
fn has_html(cell: &str) -> bool {
    let entity = |rest: &str| {
        let end = rest.find(';').filter(|end| (2..=8).contains(end));
        end.and_then(|end| rest.get(..end)).is_some_and(|name| {
            let number = name
                .strip_prefix('#')
                .is_some_and(|digits| digits.trim_start_matches(['x', 'X']).bytes().all(|byte| byte.is_ascii_hexdigit()));
            number || name.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
    };
    let lower = || cell.to_ascii_lowercase();
    let tags = ["<br", "<p>", "</", "<b>", "<i>", "<div", "<span", "<a "];
    cell.match_indices('&').any(|(at, _)| cell.get(at + 1..).is_some_and(entity))
        || cell.contains('<') && tags.iter().any(|tag| lower().contains(tag))
        || cell.contains("_x000D_")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn error_values_of_spreadsheets_are_known_in_any_language() {
        for cell in [
            "#N/A",
            "#n/a",
            "#REF!",
            "#VALUE!",
            "#DIV/0!",
            "#NAME?",
            "#NULL!",
            "#NUM!",
            "#SPILL!",
            "#CALC!",
            "#NV",
            "#BEZUG!",
            "#WERT!",
            "#ZAHL!",
            "#¡REF!",
            "#¿NOMBRE?",
            "#GETTING_DATA",
            "Err:502",
            "#VALEUR!",
        ] {
            assert_eq!(oddity(cell), Some(Oddity::ErrorValue), "{cell}");
        }
        for cell in ["#1", "#winning", "#1 in Sales!", "C#", "Err: no", "#Rust!"] {
            assert_eq!(oddity(cell), None, "{cell}");
        }
    }

    #[test]
    fn words_for_nothing_are_known() {
        for cell in [
            "null",
            "NULL",
            "n/a",
            "N/A",
            "undefined",
            "-",
            "TBD",
            "test",
            "Test",
            "none",
            "?",
            "—",
            "NaN",
            "[object Object]",
        ] {
            assert_eq!(oddity(cell), Some(Oddity::PlaceholderWord), "{cell}");
        }
        for cell in [
            "Anna",
            "Na",
            "Nia",
            "Tess",
            "Nulla",
            "A",
            "Jean-Luc",
            "Testa",
            "Xi",
            "Una",
            "The Nones",
        ] {
            assert_eq!(oddity(cell), None, "{cell}");
        }
    }

    #[test]
    fn garbled_text_is_known() {
        for cell in [
            "ZoÃ«",
            "MÃ¼ller",
            "donâ€™t",
            "CafÃ©",
            "Åukasz Å»ak",
            "Andr\u{FFFD}",
            "A\u{C2}\u{A0}B",
            "JosÃ© & Co",
        ] {
            assert_eq!(oddity(cell), Some(Oddity::Mojibake), "{cell}");
        }
        for cell in [
            "Zoë",
            "Müller",
            "São",
            "ÂNGELA",
            "Łukasz Żak",
            "ÅSA",
            "Ås",
            "Iñaki",
            "Ðorđe",
            "李",
            "Ñ",
            "l’Âge d’Or",
            "Ångström – Å",
        ] {
            assert_eq!(oddity(cell), None, "{cell}");
        }
    }

    #[test]
    fn html_in_cells_is_known() {
        for cell in ["Smith &amp; Sons", "O&#39;Neill", "a<br>b", "x&nbsp;y", "line_x000D_"] {
            assert_eq!(oddity(cell), Some(Oddity::HtmlEntity), "{cell}");
        }
        for cell in ["Smith & Sons", "AT&T; Inc", "a < b", "snake_case", "R&D; more"] {
            let found = oddity(cell);
            assert!(found.is_none() || cell.contains(';'), "{cell}: {found:?}");
        }
        assert_eq!(oddity("Smith & Sons; Ltd"), None);
    }

    proptest! {
        #[test]
        fn any_cell_can_be_judged(cell in "\\PC{0,40}") {
            let _ = oddity(&cell);
        }

        #[test]
        fn what_was_read_in_a_wrong_encoding_is_found(letter in "[àáâäæçèéêëìíîïñòóôöøùúûüý]") {
            let garbled: String = letter.bytes().map(char::from).collect();
            prop_assert_eq!(oddity(&format!("Zo{garbled}")), Some(Oddity::Mojibake));
        }
    }
}
