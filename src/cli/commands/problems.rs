//! What is wrong or worth a look, as `check`, the question of `run` and a refusal show it: grouped, the worst first.

use rowcast::campaign::problems::{Kind, Problems, Told};
use rowcast::model::problem::Severity;
use rowcast::model::row::RowNumber;

use super::super::terminal::{Style, counted, number, one_line};

/// The problems in lines, at most so many texts of each kind. `paint` makes text stand out on the stream that the lines are for.
pub fn lines(problems: &Problems, texts: usize, paint: &dyn Fn(Style, &str) -> String) -> Vec<String> {
    let of_kind = |kind: &Kind| {
        let mut lines = vec![heading(kind, paint)];
        lines.extend(kind.told.iter().take(texts).map(told));
        let shown: usize = kind.told.iter().take(texts).map(|told| told.count).sum();
        if let Some(more) = kind.count.checked_sub(shown).filter(|more| *more > 0) {
            lines.push(format!("  … and {} more like these", number(more)));
        }
        lines
    };
    problems.kinds().into_iter().flat_map(of_kind).collect()
}

/// `error  blank-cell · 3 rows`.
fn heading(kind: &Kind, paint: &dyn Fn(Style, &str) -> String) -> String {
    let (word, style) = match kind.severity {
        Severity::Error => ("error", Style::Red),
        Severity::Warning => ("warning", Style::Yellow),
        Severity::Note => ("note", Style::Dim),
    };
    let count = match (kind.rows, kind.count) {
        (0, 1) => String::new(),
        (0, count) => format!(" · {}", number(count)),
        (rows, _) => format!(" · {}", counted(rows, "row")),
    };
    format!("{}  {}{count}", paint(style, word), kind.code)
}

/// `  rows 3, 7-9: what is wrong`.
fn told(told: &Told) -> String {
    let place = match told.rows.as_slice() {
        [] => "campaign".to_owned(),
        [one] if told.count == 1 => format!("row {one}"),
        rows => format!("rows {}", in_ranges(rows, told.count)),
    };
    format!("  {place}: {}", one_line(&told.text))
}

/// Rows in order, those that follow each other as a range; and how many more there are of `count`.
fn in_ranges(rows: &[RowNumber], count: usize) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for RowNumber(row) in rows {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == *row => *end = *row,
            _ => ranges.push((*row, *row)),
        }
    }
    let shown: Vec<String> = ranges
        .iter()
        .map(|(start, end)| match end - start {
            0 => start.to_string(),
            1 => format!("{start}, {end}"),
            _ => format!("{start}-{end}"),
        })
        .collect();
    let more = count.saturating_sub(rows.len());
    let more = if more > 0 {
        format!(" and {} more", number(more))
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_follow_each_other_are_a_range() {
        let shown = |rows: &[u32], count| in_ranges(&rows.iter().map(|row| RowNumber(*row)).collect::<Vec<_>>(), count);
        assert_eq!(shown(&[2, 3, 4, 7, 9, 10], 6), "2-4, 7, 9, 10");
        assert_eq!(shown(&[2, 3, 4], 1204), "2-4 and 1,201 more");
        assert_eq!(shown(&[5], 1), "5");
    }
}
