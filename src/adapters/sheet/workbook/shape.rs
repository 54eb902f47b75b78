//! Number formats that change which digits a person sees: shares, and numbers that keep their leading zeros.
//!
//! Everything else that a format does (signs of a currency, thousands apart, decimals that are zeros) depends on the country
//! of the one who looks, and is not copied.

use super::number::{Unclear, number};

/// What a number format makes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The number itself.
    Plain,
    /// Hundredths with their sign.
    Share,
    /// Whole numbers have at least so many digits.
    Padded(usize),
}

/// The most digits that a number is padded to: more are no number that anybody typed.
const MOST_DIGITS: usize = 40;

impl Shape {
    /// The shape that the format code of an Excel workbook gives to numbers that are not negative.
    pub(super) fn of(code: &str) -> Self {
        let (mut zeros, mut others, mut share) = (0_usize, false, false);
        let mut letters = code.chars();
        while let Some(c) = letters.next() {
            match c {
                ';' => break,
                '"' => drop(letters.by_ref().find(|&c| c == '"')),
                '[' => drop(letters.by_ref().find(|&c| c == ']')),
                '\\' | '_' | '*' => drop(letters.next()),
                '%' => share = true,
                '0' => zeros += 1,
                '-' | ' ' | '(' | ')' | '/' | '+' => {}
                _ => others = true,
            }
        }
        match (share, others, zeros) {
            (true, ..) => Self::Share,
            (false, false, 2..=MOST_DIGITS) => Self::Padded(zeros),
            _ => Self::Plain,
        }
    }

    /// The number as a person sees it.
    pub(super) fn text(self, value: f64) -> Result<String, Unclear> {
        match self {
            Self::Plain => number(value),
            Self::Share => Ok(number(value * 100.0)? + "%"),
            Self::Padded(digits) if value >= 0.0 && value.fract() == 0.0 => {
                let plain = number(value)?;
                Ok(format!("{plain:0>digits$}"))
            }
            Self::Padded(_) => number(value),
        }
    }
}

/// The digits of `shown` where they are `value` with leading zeros, whatever stands between them.
pub(super) fn padded_as_shown(shown: &str, value: f64) -> Option<String> {
    if shown
        .chars()
        .any(|c| !c.is_ascii_digit() && !matches!(c, '-' | ' ' | '(' | ')' | '/' | '+'))
    {
        return None;
    }
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    let padded = digits.len() > 1 && digits.len() <= MOST_DIGITS && digits.starts_with('0');
    let same = digits.trim_start_matches('0') == number(value).ok()?.trim_start_matches('0');
    (padded && same).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_what_they_do_to_digits() {
        for (code, shape) in [
            ("General", Shape::Plain),
            ("0", Shape::Plain),
            ("0.00", Shape::Plain),
            ("#,##0", Shape::Plain),
            ("\"$\"#,##0.00_);[Red](\"$\"#,##0.00)", Shape::Plain),
            ("0.00E+00", Shape::Plain),
            ("# ?/?", Shape::Plain),
            ("@", Shape::Plain),
            ("0\" %\"", Shape::Plain),
            ("0%", Shape::Share),
            ("0.00\\ %", Shape::Share),
            ("[Red]0%;-0%", Shape::Share),
            ("00000", Shape::Padded(5)),
            ("[$-407]00000", Shape::Padded(5)),
            ("000\\-00\\-0000", Shape::Padded(9)),
            ("00;-00;\"none\"", Shape::Padded(2)),
        ] {
            assert_eq!(Shape::of(code), shape, "{code}");
        }
    }

    #[test]
    fn shares_and_padded_numbers_are_as_people_see_them() {
        for (shape, value, shown) in [
            (Shape::Share, 0.25, "25%"),
            (Shape::Share, 0.07, "7%"),
            (Shape::Share, 0.075, "7.5%"),
            (Shape::Share, -1.0, "-100%"),
            (Shape::Padded(5), 501.0, "00501"),
            (Shape::Padded(5), 1_234_567.0, "1234567"),
            (Shape::Padded(5), 1.5, "1.5"),
            (Shape::Padded(5), -7.0, "-7"),
            (Shape::Padded(3), 0.0, "000"),
            (Shape::Plain, 501.0, "501"),
        ] {
            assert_eq!(shape.text(value).as_deref(), Ok(shown), "{shape:?} {value}");
        }
        for (shown, value, digits) in [
            ("00501", 501.0, Some("00501")),
            ("012-34-5678", 12_345_678.0, Some("012345678")),
            ("000", 0.0, Some("000")),
            ("0", 0.0, None),
            ("05.00", 5.0, None),
            ("0500", 5.0, None),
            ("501", 501.0, None),
            ("€ 05", 5.0, None),
        ] {
            assert_eq!(padded_as_shown(shown, value).as_deref(), digits, "{shown}");
        }
    }
}
