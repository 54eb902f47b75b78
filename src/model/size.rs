//! A number of bytes as people type it.

use std::fmt;
use std::str::FromStr;

/// A number of bytes: `25MB`, `500 kB`, `1.5 GB`, or a bare number. A kB has 1024 bytes, as file managers show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// The text is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no size; write a number and a unit, such as 500kB, 25MB or 1GB")]
pub struct SizeError(String);

const UNITS: [(&str, u64); 4] = [("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("bytes", 1)];

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let refused = || SizeError(text.to_owned());
        let trimmed = text.trim();
        let unit_at = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(unit_at);
        let number: f64 = number.parse().map_err(|_| refused())?;
        let factor: u32 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" | "bytes" => 1,
            "k" | "kb" | "kib" => 1 << 10,
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1 << 30,
            _ => return Err(refused()),
        };
        let bytes = (number * f64::from(factor)).round();
        if !(0.0..9.0e15).contains(&bytes) {
            return Err(refused());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number in range, as was asked"
        )]
        let bytes = bytes as u64;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Size {
    /// In the largest unit that it fills: `25 MB`, `1.5 GB`, `17 bytes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, unit) = UNITS.into_iter().find(|(_, unit)| self.0 >= *unit).unwrap_or(("bytes", 1));
        let (whole, tenth) = (self.0 / unit, self.0 % unit * 10 / unit);
        match tenth {
            0 => write!(f, "{whole} {name}"),
            tenth => write!(f, "{whole}.{tenth} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_show_as_people_write_them() {
        for (text, bytes, shown) in [
            ("25MB", 25 << 20, "25 MB"),
            ("500 kB", 500 << 10, "500 kB"),
            ("1.5g", 3 << 29, "1.5 GB"),
            ("17", 17, "17 bytes"),
            ("0", 0, "0 bytes"),
        ] {
            let size: Size = text.parse().expect("a size");
            assert_eq!((size.0, size.to_string().as_str()), (bytes, shown), "{text}");
        }
        for text in ["", "MB", "-1", "25 apples", "nan", "1e30", "99999999GB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
