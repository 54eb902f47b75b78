//! Cells below each other, as wide as they are shown.

use console::{measure_text_width, truncate_str};

use super::wrap::wrapped;

/// Cells that are longer are cut, unless they are the last of their line.
const WIDEST_CELL: usize = 32;
/// What stands before every line, and between two cells.
const GAP: &str = "  ";
/// A last cell is broken into lines of at least so many columns.
const NARROWEST: usize = 20;

/// `rows` as lines: cells are below each other, and the last cell of a row is broken between words where the lines are `wide`
/// and it goes on where it began.
pub fn table(rows: &[Vec<String>], wide: Option<usize>) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(|column| width(rows, column)).collect();
    let mut lines = String::new();
    for row in rows {
        let mut line = GAP.to_owned();
        let last = row.iter().rposition(|cell| !cell.is_empty());
        for ((at, cell), width) in row.iter().enumerate().zip(&widths) {
            if last.is_none_or(|last| at > last) {
                break;
            }
            if Some(at) == last {
                push_last(&mut line, cell, wide);
            } else {
                let cell = truncate_str(cell, *width, "…");
                let blank = width.saturating_sub(measure_text_width(&cell));
                line.push_str(&cell);
                line.extend(std::iter::repeat_n(' ', blank));
                line.push_str(GAP);
            }
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

/// How wide a column is: as its widest cell that has another one behind it.
fn width(rows: &[Vec<String>], column: usize) -> usize {
    let followed = |row: &&Vec<String>| row.iter().skip(column + 1).any(|cell| !cell.is_empty());
    let cells = rows.iter().filter(followed).filter_map(|row| row.get(column));
    cells
        .map(|cell| measure_text_width(cell))
        .max()
        .unwrap_or_default()
        .min(WIDEST_CELL)
}

fn push_last(line: &mut String, cell: &str, wide: Option<usize>) {
    let start = measure_text_width(line);
    match wide.and_then(|wide| wide.checked_sub(start)).filter(|room| *room >= NARROWEST) {
        None => line.push_str(cell),
        Some(room) => {
            let indent = " ".repeat(start);
            for (at, part) in wrapped(cell, room).split('\n').enumerate() {
                if at > 0 {
                    line.push('\n');
                    line.push_str(&indent);
                }
                line.push_str(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let row = |row: &&[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        rows.iter().map(row).collect()
    }

    #[test]
    fn cells_are_below_each_other_also_wide_ones_and_coloured_ones() {
        let rows = rows(&[
            &["a", "晨光", "x"],
            &["\u{1b}[2mlonger\u{1b}[0m", "b", "y"],
            &["c", "a last cell makes no column wide", ""],
        ]);
        let expected = "  a       晨光  x\n  \u{1b}[2mlonger\u{1b}[0m  b     y\n  c       a last cell makes no column wide\n";
        assert_eq!(table(&rows, None), expected);
    }

    #[test]
    fn a_last_cell_goes_on_where_it_began_and_others_are_cut() {
        let long = "x".repeat(40);
        let shown = table(&rows(&[&["none", "one, two, three, four, five"], &[&long, "b"]]), Some(60));
        let cut = format!("{}…", "x".repeat(31));
        let indent = " ".repeat(36);
        assert_eq!(
            shown,
            format!("  none{}one, two, three, four,\n{indent}five\n  {cut}  b\n", " ".repeat(30))
        );
    }
}
