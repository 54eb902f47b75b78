//! What it means that the service does not answer a question about somebody.

/// What an answer denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// That there is such an account.
    Account,
    /// That there is such a profile.
    Profile,
    /// Something, with a 404 that does not say what: the profile, or the question itself.
    Unclear,
    /// That this can be asked at all.
    Question,
}

impl Denial {
    /// What the words of a [`super::Lookup::NotOffered`] deny.
    ///
    /// Sources: the pages of `exists` and of `relationship` have one 404 for both, with the texts `Account not found` and
    /// `LinkedIn profile not found: …`.
    #[must_use]
    pub fn of(why: &str) -> Self {
        let Some(text) = why.strip_prefix("HTTP 404") else {
            return Self::Question;
        };
        let text = text.to_lowercase();
        if text.contains("profile") {
            Self::Profile
        } else if text.contains("account") {
            Self::Account
        } else {
            Self::Unclear
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_404_denies_what_it_names_and_anything_else_the_question() {
        for (why, denied) in [
            ("HTTP 404: LinkedIn profile not found: jane", Denial::Profile),
            ("HTTP 404: Account not found", Denial::Account),
            ("HTTP 404: No profile for this account", Denial::Profile),
            ("HTTP 404", Denial::Unclear),
            ("HTTP 404: Not Found", Denial::Unclear),
            ("HTTP 405: No profile", Denial::Question),
            ("HTTP 501", Denial::Question),
            ("HTTP 200: welcome (no JSON)", Denial::Question),
            ("the answer has another form than documented: x", Denial::Question),
        ] {
            assert_eq!(Denial::of(why), denied, "{why}");
        }
    }
}
