//! The question before a real send.

use std::io::{self, BufRead, Write};

use super::number;

/// From so many recipients on, a `y` typed by habit is not enough.
const MANY: usize = 50;

/// How often a person may answer something else.
const TRIES: usize = 3;

/// A question whose answer lets a run begin.
#[derive(Debug)]
pub struct Question {
    prompt: String,
    wanted: Wanted,
}

/// What counts as consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Yes,
    Number(usize),
}

/// What a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Go on.
    Given,
    /// Do not.
    Refused,
}

impl Question {
    /// Whether to send so many messages, as `what` names them. For more than 50 the number is to be typed.
    pub fn send(count: usize, what: &str) -> Self {
        let wanted = if count > MANY { Wanted::Number(count) } else { Wanted::Yes };
        let prompt = match wanted {
            Wanted::Yes => format!("Send {what}? [y/N] "),
            Wanted::Number(_) => format!("Type {} to send {what}, or press Enter to leave it: ", number(count)),
        };
        Self { prompt, wanted }
    }

    /// Asks until there is an answer, three times at most; an end of the input, and any other answer, mean no.
    ///
    /// # Errors
    /// Where `input` cannot be read. A prompt that cannot be written is passed over: an answer may come all the same.
    pub fn ask(&self, input: &mut dyn BufRead, prompt: &mut dyn Write) -> io::Result<Consent> {
        for _ in 0..TRIES {
            let _ = prompt.write_all(self.prompt.as_bytes());
            let _ = prompt.flush();
            let mut line = String::new();
            if input.read_line(&mut line)? == 0 {
                let _ = prompt.write_all(b"\n");
                return Ok(Consent::Refused);
            }
            if let Some(consent) = self.judge(line.trim()) {
                return Ok(consent);
            }
        }
        Ok(Consent::Refused)
    }

    fn judge(&self, answer: &str) -> Option<Consent> {
        match (self.wanted, answer.to_lowercase().as_str()) {
            (_, "" | "n" | "no") => Some(Consent::Refused),
            (Wanted::Yes, "y" | "yes") => Some(Consent::Given),
            (Wanted::Number(wanted), answer) => {
                let digits: String = answer.chars().filter(|c| !matches!(c, ',' | '.' | ' ' | '\'' | '_')).collect();
                (digits.parse() == Ok(wanted)).then_some(Consent::Given)
            }
            (Wanted::Yes, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(recipients: usize, typed: &str) -> Consent {
        Question::send(recipients, "messages")
            .ask(&mut typed.as_bytes(), &mut io::sink())
            .expect("an answer")
    }

    #[test]
    fn few_messages_need_a_yes() {
        for typed in ["y\n", "Yes\r\n", "what\ny\n"] {
            assert_eq!(answer(50, typed), Consent::Given, "{typed}");
        }
        for typed in ["", "\n", "n\n", "50\n\n", "what\nwhat\nwhat\ny\n"] {
            assert_eq!(answer(50, typed), Consent::Refused, "{typed}");
        }
    }

    #[test]
    fn many_messages_need_their_number() {
        for typed in ["1204\n", "1,204\n", "1 204\n", "12\n1204\n"] {
            assert_eq!(answer(1204, typed), Consent::Given, "{typed}");
        }
        for typed in ["y\n", "yes\ny\nyes\n", "1203\n", "\n", "-1204\n"] {
            assert_eq!(answer(1204, typed), Consent::Refused, "{typed}");
        }
    }
}
