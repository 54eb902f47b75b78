//! How long a run takes under its limits, if answers come at once.

use std::time::Duration;

use crate::engine::pace::Limits;
use crate::model::rate::{Ceiling, DailyLimit};

/// How long `rows` take, given how many each account sends: the slowest account, or the ceiling of the run.
#[must_use]
pub fn estimate(limits: &Limits, rows_by_account: &[usize]) -> Duration {
    let total: usize = rows_by_account.iter().sum();
    let slowest = rows_by_account
        .iter()
        .map(|rows| of_account(limits, *rows))
        .max()
        .unwrap_or_default();
    slowest.max(evenly(limits.rate, total))
}

fn of_account(limits: &Limits, rows: usize) -> Duration {
    match limits.daily_limit {
        DailyLimit::At(limit) if limit > 0 && rows > limit as usize => {
            let whole_days = (rows - 1) / limit as usize;
            let rest = rows - whole_days * limit as usize;
            Duration::from_hours(24) * u32::try_from(whole_days).unwrap_or(u32::MAX) + evenly(limits.account_rate, rest)
        }
        _ => evenly(limits.account_rate, rows),
    }
}

fn evenly(ceiling: Ceiling, rows: usize) -> Duration {
    let steps = u32::try_from(rows.saturating_sub(1)).unwrap_or(u32::MAX);
    ceiling.rate().map_or(Duration::ZERO, |rate| rate.spacing().saturating_mul(steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_limit_says_how_long_it_takes() {
        let limits = |rate: &str, account: &str, daily: &str| Limits {
            rate: rate.parse().expect("a rate"),
            account_rate: account.parse().expect("a rate"),
            daily_limit: daily.parse().expect("a limit"),
        };
        let unlimited = "unlimited";
        assert_eq!(estimate(&limits(unlimited, unlimited, unlimited), &[1000]), Duration::ZERO);
        assert_eq!(estimate(&limits("60/min", unlimited, unlimited), &[30, 31]), Duration::from_mins(1));
        assert_eq!(estimate(&limits("60/min", "2/min", unlimited), &[5, 3]), Duration::from_mins(2));
        assert_eq!(estimate(&limits("60/min", "2/min", "100"), &[201]), Duration::from_hours(48));
        assert_eq!(estimate(&limits("60/min", "2/min", "100"), &[]), Duration::ZERO);
    }
}
