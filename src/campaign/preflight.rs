//! What only a look at all rows shows: the same message to everybody, greetings that differ, one company, odd lengths.

use super::error::CampaignError;
use super::reading::Reading;
use super::survey::Seen;
use crate::adapters::sheet::HiddenRows;
use crate::model::entry::Templates;
use crate::model::fingerprint::{ByFingerprint, Fingerprint, check_of};
use crate::model::plan::Meeting;
use crate::model::problem::{Code, Problem, RowProblem, Severity};
use crate::model::row::{Header, RowNumber};
use crate::model::suppression::company_column;

/// From so many rows on, one company's share of them is looked at.
const ROWS_FOR_SHARE: usize = 20;
/// A company with more than one row in this many is told.
const SHARE: usize = 5;
/// From so many rows on, it is strange that all people have one name.
const ROWS_FOR_NAMES: usize = 5;
/// From so many rows on, lengths are compared.
const ROWS_FOR_LENGTHS: usize = 10;
/// A message this many times longer or shorter than the middle one is told.
const TIMES: usize = 3;
/// Differences below so many characters are nothing unusual.
const DIFFERENCE: usize = 120;
/// How many rows a finding names.
const NAMED: usize = 5;

/// Gathers what all rows show together. Holds eight bytes a row, and a number for each company.
#[derive(Debug)]
pub struct Together {
    name_columns: Vec<usize>,
    has_names: bool,
    company: Option<usize>,
    lengths: Vec<(u32, u32)>,
    first: Option<u32>,
    differ: bool,
    /// Rows whose greeting went by a default, since the name is blank.
    unnamed: Vec<RowNumber>,
    unnamed_count: usize,
    companies: ByFingerprint<(u32, String)>,
    hidden: HiddenRows,
}

impl Together {
    /// For the rows of this sheet.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        Self {
            name_columns: reading.rules().map(|rules| rules.name_columns().collect()).unwrap_or_default(),
            has_names: reading.header().names.iter().any(|name| crate::model::preflight::is_name(name)),
            company: company_column(reading.header()),
            lengths: Vec::new(),
            first: None,
            differ: false,
            unnamed: Vec::new(),
            unnamed_count: 0,
            companies: ByFingerprint::default(),
            hidden: reading.sheet().description().hidden.clone(),
        }
    }

    /// Takes note of a row that may be sent.
    pub fn note(&mut self, seen: &Seen<'_>) {
        let (Some(draft), Meeting::Open(_), true) = (seen.draft, seen.meeting, seen.is_chosen()) else {
            return;
        };
        let length = u32::try_from(draft.message.len()).unwrap_or(u32::MAX);
        self.lengths.push((length, seen.row.number().0));
        if !self.differ {
            let check = check_of([draft.message.as_str()]);
            self.differ = *self.first.get_or_insert(check) != check;
        }
        if !self.name_columns.is_empty() && self.name_columns.iter().all(|column| seen.row.cell(*column).is_empty()) {
            self.unnamed_count += 1;
            if self.unnamed.len() < NAMED {
                self.unnamed.push(seen.row.number());
            }
        }
        if let Some(company) = self.company.map(|column| seen.row.cell(column)).filter(|cell| !cell.is_empty()) {
            let entry = self.companies.entry(Fingerprint::of(&company.to_lowercase()));
            entry.or_insert_with(|| (0, company.to_owned())).0 += 1;
        }
    }

    /// The warnings that all rows give together.
    #[must_use]
    pub fn finish(mut self) -> Vec<RowProblem> {
        let mut found = Vec::new();
        let rows = self.lengths.len();
        if self.hidden.count > 0 {
            let count = self.hidden.count as usize;
            let (what, them) = match count {
                1 => ("1 row is".to_owned(), "it"),
                _ => (format!("{count} rows are"), "them"),
            };
            found.push(whole(
                Code::HiddenRows,
                format!(
                    "{what} hidden in the workbook, perhaps by a filter ({}), and would get messages like the others; show {them}, or take {them} out of the sheet",
                    listed(&self.hidden.first, count)
                ),
            ));
        }
        found.extend(self.same_message(rows).map(|text| whole(Code::SameMessage, text)));
        if self.unnamed_count > 0 && self.unnamed_count < rows {
            let listed = listed(&self.unnamed, self.unnamed_count);
            found.push(whole(
                Code::GreetingDefault,
                format!(
                    "{} of {rows} messages greet without a name, by a default ({listed}), while the others have one; fill the cells, or look at these rows",
                    self.unnamed_count
                ),
            ));
        }
        let mut companies: Vec<(u32, String)> = self.companies.drain().map(|(_, company)| company).collect();
        companies.retain(|(count, _)| rows >= ROWS_FOR_SHARE && *count as usize * SHARE > rows);
        companies.sort_unstable_by(|a, b| b.cmp(a));
        for (count, company) in companies {
            let shown: String = company.chars().take(60).flat_map(char::escape_debug).collect();
            found.push(whole(
                Code::CompanyShare,
                format!("{count} of {rows} messages go to people of `{shown}`, who may compare them; send fewer, or over several days"),
            ));
        }
        self.odd_lengths(&mut found);
        found
    }

    /// That everybody would get the same text, where that can hardly be meant.
    fn same_message(&self, rows: usize) -> Option<String> {
        if self.differ || !self.has_names {
            return None;
        }
        match (self.name_columns.is_empty(), rows) {
            (true, 2..) => Some(format!(
                "all {rows} messages are the same, though the sheet has names; does the template lack {{{{ first_name }}}} or the like?"
            )),
            (false, ROWS_FOR_NAMES..) => Some(format!(
                "all {rows} messages are the same, though the template reads names; is one name in all rows of the sheet?"
            )),
            _ => None,
        }
    }

    fn odd_lengths(&mut self, found: &mut Vec<RowProblem>) {
        if self.lengths.len() < ROWS_FOR_LENGTHS {
            return;
        }
        self.lengths.sort_unstable();
        let middle = self.lengths.get(self.lengths.len() / 2).map_or(0, |(length, _)| *length as usize);
        for (length, row) in &self.lengths {
            let length = *length as usize;
            let (long, short) = (length > middle * TIMES, length * TIMES < middle);
            if (long || short) && length.abs_diff(middle) > DIFFERENCE {
                let than = if long { "longer" } else { "shorter" };
                let text = format!(
                    "the message has {length} bytes, far {than} than the others (the middle one has {middle}); look at it with preview"
                );
                found.push(RowProblem {
                    row: Some(RowNumber(*row)),
                    problem: Problem::warning(Code::OddLength, text),
                });
            }
        }
    }
}

fn whole(code: Code, text: String) -> RowProblem {
    RowProblem {
        row: None,
        problem: Problem::warning(code, text),
    }
}

fn listed(rows: &[RowNumber], count: usize) -> String {
    let named: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let more = if count > rows.len() { ", …" } else { "" };
    let noun = if count == 1 { "row" } else { "rows" };
    format!("{noun} {}{more}", named.join(", "))
}

/// What is wrong with the templates themselves: what another tool would have filled in.
#[must_use]
pub fn of_templates(reading: &Reading) -> Vec<RowProblem> {
    reading
        .templates()
        .map_or_else(Vec::new, |templates| foreign_placeholders(templates, reading.header()))
}

/// Why a run with these placeholders in its templates is refused.
pub(super) fn placeholders_in_the_way(found: &[RowProblem]) -> CampaignError {
    CampaignError::Placeholders {
        count: found.len(),
        problems: found.iter().collect(),
    }
}

/// The placeholders of other tools in the templates of a sheet with this header.
pub(super) fn foreign_placeholders(templates: &Templates, header: &Header) -> Vec<RowProblem> {
    let found = crate::adapters::template::placeholders(templates, header);
    let problem = |one: crate::adapters::template::Placeholder| {
        let instead = match one.instead {
            Some(instead) => format!("write {instead}"),
            None => "no column has this name; write {{ variable }} of a column, or {{ \"…\" }} around text that is meant".to_owned(),
        };
        let text = format!(
            "{}: `{}` is a placeholder of another tool, and would be sent as it stands; {instead}",
            one.place, one.found
        );
        RowProblem {
            row: None,
            problem: Problem {
                severity: Severity::Error,
                ..Problem::error(Code::ForeignPlaceholder, text)
            },
        }
    };
    found.into_iter().map(problem).collect()
}
