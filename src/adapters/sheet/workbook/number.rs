//! Numbers, dates and times of cells as people see them.

use calamine::ExcelDateTime;

use crate::adapters::sheet::error::Fault;

/// Why nobody can say what a cell shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unclear {
    /// A number has more digits than a workbook keeps: what it shows is not what was typed.
    TooPrecise,
    /// A number that no calendar has a day for, in a format of dates: spreadsheet programs show `####`, or each another day.
    NoDate,
}

impl Unclear {
    /// The fault of the cell with this name.
    pub(super) fn fault(&self, cell: String) -> Fault {
        match self {
            Self::TooPrecise => Fault::TooPrecise { cell },
            Self::NoDate => Fault::NoDate { cell },
        }
    }
}

/// A number without `.0`, with the 15 digits that spreadsheet programs keep.
pub(super) fn number(value: f64) -> Result<String, Unclear> {
    if !value.is_finite() {
        return Ok(value.to_string());
    }
    if value.abs() >= 1e15 && value.fract() == 0.0 {
        return Err(Unclear::TooPrecise);
    }
    let rounded = format!("{value:.14e}").parse().unwrap_or(value);
    Ok(if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() })
}

/// Yes and no as spreadsheets show them.
pub(super) const fn logical(value: bool) -> &'static str {
    if value { "TRUE" } else { "FALSE" }
}

/// A date as `2025-10-13`, with a time of day as `2025-10-13T12:59:02`, a time alone as `12:59:02`.
pub(super) fn date(value: ExcelDateTime) -> Result<String, Unclear> {
    let serial = value.as_f64();
    if value.is_duration() || (0.0..1.0).contains(&serial) {
        return Ok(clock(serial));
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    // Whatever lies beyond the last day, which has one of two numbers, is taken for it.
    let last = (year, month, day) == (9999, 12, 31) && ![2_958_465.0, 2_957_003.0].contains(&serial.floor());
    if serial < 0.0 || last {
        return Err(Unclear::NoDate);
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    Ok(match (hour, minute, second, milli) {
        (0, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}"),
    })
}

/// Days as hours, minutes and seconds.
fn clock(days: f64) -> String {
    let sign = if days < 0.0 { "-" } else { "" };
    let seconds = (days.abs() * 86_400.0).round();
    let (hours, rest) = ((seconds / 3600.0).floor(), seconds % 3600.0);
    format!("{sign}{hours:02}:{:02}:{:02}", (rest / 60.0).floor(), rest % 60.0)
}

/// An ISO date and time; the date alone where the time is midnight.
pub(super) fn iso_date(text: &str) -> String {
    match text.split_once('T') {
        Some((date, time)) if time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.' | b'Z')) => date.to_owned(),
        Some((date, time)) => format!("{date}T{}", without_zero_fraction(time)),
        None => text.to_owned(),
    }
}

fn without_zero_fraction(time: &str) -> &str {
    match time.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        _ => time,
    }
}

/// An ISO duration such as `PT12H59M02S` as `12:59:02`; other forms as they are.
pub(super) fn iso_time(text: &str) -> String {
    fn part<'t>(rest: &mut &'t str, unit: char) -> Option<&'t str> {
        let (part, after) = rest.split_once(unit)?;
        *rest = after;
        part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then_some(part)
    }
    let read = || {
        let mut rest = text.strip_prefix("PT")?;
        let hours = part(&mut rest, 'H')?;
        let minutes = part(&mut rest, 'M')?;
        let seconds = without_zero_fraction(part(&mut rest, 'S')?);
        rest.is_empty().then(|| format!("{hours:0>2}:{minutes:0>2}:{seconds:0>2}"))
    };
    read().unwrap_or_else(|| text.to_owned())
}

/// The name of a cell, such as `AB7`; `column` counts from 0 and `row` from 1.
pub(super) fn cell_name(column: usize, row: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect::<String>() + &row.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_dates_and_times_are_as_people_see_them() {
        for (value, shown) in [
            (5.0, "5"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (-2.5, "-2.5"),
            (491_701_234_567.0, "491701234567"),
            (999_999_999_999_999.0, "999999999999999"),
        ] {
            assert_eq!(number(value).as_deref(), Ok(shown));
        }
        assert_eq!(number(1_234_567_890_123_456.0), Err(Unclear::TooPrecise));
        assert_eq!(iso_date("2025-10-13T00:00:00"), "2025-10-13");
        assert_eq!(iso_date("2025-10-13T12:59:02.000000000"), "2025-10-13T12:59:02");
        assert_eq!(iso_time("PT12H59M02S"), "12:59:02");
        assert_eq!(iso_time("PT1H2M3.000S"), "01:02:03");
        assert_eq!(iso_time("P1D"), "P1D");
        let date_of = |serial| date(ExcelDateTime::new(serial, calamine::ExcelDateTimeType::DateTime, false));
        for (serial, shown) in [
            (45_943.0, "2025-10-13"),
            (45_943.5, "2025-10-13T12:00:00"),
            (0.75, "18:00:00"),
            (2_958_465.5, "9999-12-31T12:00:00"),
        ] {
            assert_eq!(date_of(serial).as_deref(), Ok(shown));
        }
        for serial in [2_958_466.0, 2_994_626.0, 1e15, -1.0, -0.5] {
            assert_eq!(date_of(serial), Err(Unclear::NoDate), "{serial}");
        }
        let span = ExcelDateTime::new(1.5, calamine::ExcelDateTimeType::TimeDelta, false);
        assert_eq!(date(span).as_deref(), Ok("36:00:00"));
    }

    #[test]
    fn cells_are_named_as_spreadsheets_name_them() {
        for (column, name) in [(0, "A7"), (25, "Z7"), (26, "AA7"), (701, "ZZ7"), (702, "AAA7"), (16_383, "XFD7")] {
            assert_eq!(cell_name(column, 7), name);
        }
    }
}
