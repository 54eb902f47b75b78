//! What is odd about a name that a message greets somebody by.

use super::shown;
use crate::model::problem::{Code, Problem};
use crate::model::row::squashed;

/// Whose names a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// First names.
    First,
    /// Last or whole names.
    Other,
    /// Something else.
    None,
}

/// Why nobody should be greeted so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOddity {
    /// All capitals.
    Capitals,
    /// A title in front.
    Title,
    /// Several words where a first name is expected.
    Words,
}

impl NameOddity {
    /// The problem of a cell in the column with this header.
    #[must_use]
    pub fn problem(self, header: &str, cell: &str) -> Problem {
        let of = format!("column `{header}` has `{}`", shown(cell));
        match self {
            Self::Capitals => Problem::warning(Code::NameCapitals, format!("{of}, all in capitals; write it as the person does")),
            Self::Title => Problem::warning(
                Code::NameTitle,
                format!("{of}, a name with a title, and the template greets by it; leave the title out"),
            ),
            Self::Words => Problem::warning(
                Code::NameWords,
                format!("{of}, several words where the template greets by first name; look whether it is the first name alone"),
            ),
        }
        .in_column(header)
    }
}

/// Whether a header names first names.
#[must_use]
pub fn is_first_name(header: &str) -> bool {
    let name = squashed(header);
    matches!(
        name.as_str(),
        "firstname"
            | "first"
            | "fname"
            | "givenname"
            | "forename"
            | "vorname"
            | "prenom"
            | "prénom"
            | "nombre"
            | "preferredname"
            | "nickname"
    )
}

/// Whether a header names people.
#[must_use]
pub fn is_name(header: &str) -> bool {
    let name = squashed(header);
    is_first_name(header)
        || matches!(
            name.as_str(),
            "name"
                | "fullname"
                | "lastname"
                | "last"
                | "lname"
                | "surname"
                | "familyname"
                | "nachname"
                | "nom"
                | "apellido"
                | "contactname"
        )
}

/// What is odd about a name that is not blank.
#[must_use]
pub fn name_oddity(cell: &str, names: Names) -> Option<NameOddity> {
    if has_title(cell) {
        return Some(NameOddity::Title);
    }
    let mut letters = 0;
    let mut capitals = true;
    for c in cell.chars() {
        if c.is_alphabetic() {
            letters += 1;
            capitals &= c.is_uppercase();
        }
    }
    // `JP` and `AJ` are what people are called.
    if letters >= 3 && capitals && !cell.contains('.') {
        return Some(NameOddity::Capitals);
    }
    (names == Names::First && cell.contains(char::is_whitespace)).then_some(NameOddity::Words)
}

fn has_title(cell: &str) -> bool {
    const TITLES: [&str; 20] = [
        "dr",
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "prof",
        "professor",
        "sir",
        "dame",
        "herr",
        "frau",
        "ing",
        "dipl",
        "mag",
        "sr",
        "sra",
        "mme",
        "rev",
        "hon",
    ];
    let Some((first, _)) = cell.split_once([' ', '.', '\u{A0}']) else {
        return false;
    };
    first.len() <= 9 && TITLES.iter().any(|title| title.eq_ignore_ascii_case(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nobody_is_greeted_by_are_known() {
        for (cell, expected) in [
            ("ANNA", Some(NameOddity::Capitals)),
            ("ÉLODIE", Some(NameOddity::Capitals)),
            ("Dr. Anna", Some(NameOddity::Title)),
            ("Prof Anna", Some(NameOddity::Title)),
            ("Herr Müller", Some(NameOddity::Title)),
            ("Anna Maria", Some(NameOddity::Words)),
            ("Anna", None),
            ("JP", None),
            ("J.R.R.", None),
            ("Jean-Luc", None),
            ("Drew", None),
            ("李", None),
            ("李小龙", None),
        ] {
            assert_eq!(name_oddity(cell, Names::First), expected, "{cell}");
        }
        assert_eq!(name_oddity("Anna Maria", Names::Other), None);
    }

    #[test]
    fn columns_of_names_are_recognised() {
        for header in ["First Name", "first_name", "Vorname", "Prénom", "FirstName"] {
            assert!(is_first_name(header) && is_name(header), "{header}");
        }
        assert!(is_name("Full Name") && !is_first_name("Full Name"));
        assert!(!is_name("Company Name"));
    }
}
