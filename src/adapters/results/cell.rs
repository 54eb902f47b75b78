//! Cells that a spreadsheet would run as formulas, made harmless and read back.

use std::borrow::Cow;

/// The cell as it is written: with a leading `'` if a spreadsheet would run it, or if it looks like such a cell already.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if runs(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell as it was before [`guarded`].
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if runs(cell.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

/// Whether a spreadsheet would run the text, with white space before it or without.
fn runs(text: &str) -> bool {
    match text.as_bytes().first() {
        None => false,
        Some(b'\t' | b'\r' | b'\n') => true,
        Some(first) if first.is_ascii_alphanumeric() => false,
        Some(_) => text
            .trim_start_matches(is_blank)
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']),
    }
}

/// White space and what no eye sees.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_that_would_run_get_a_quote_and_others_stay() {
        for cell in [
            "=1+1",
            "+49",
            "-5",
            "@x",
            " =1",
            "\u{a0}=1",
            "\tx",
            "\rx",
            "＝1",
            "＋",
            "－",
            "＠",
            "'=1",
            "''=1",
            "\u{feff}=1",
        ] {
            assert_eq!(guarded(cell), format!("'{cell}"), "{cell}");
        }
        for cell in ["", "a=1", "'", "''", "'quoted'", "1-2", "007", "ünï", "' =1\u{0}"] {
            let expected = if cell == "' =1\u{0}" { format!("'{cell}") } else { cell.to_owned() };
            assert_eq!(guarded(cell), expected, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_and_none_runs(cell in "['=+@ \t\r\n＝a-]{0,6}|.*") {
            let written = guarded(&cell);
            prop_assert_eq!(unguarded(&written), &cell);
            prop_assert!(!runs(&written));
        }
    }
}
