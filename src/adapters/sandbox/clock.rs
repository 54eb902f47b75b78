//! The wall clock, and moments as the service writes them (jiff).

use jiff::Timestamp;

use crate::model::time::Moment;

/// Now.
pub(super) fn now() -> Moment {
    Moment::from_millis(Timestamp::now().as_millisecond())
}

/// `2026-04-28T00:00:00.250Z`
pub(super) fn iso(moment: Moment) -> String {
    format!("{:.3}", timestamp(moment))
}

/// `Tue, 28 Apr 2026 00:00:00 GMT`
pub(super) fn http_date(moment: Moment) -> String {
    timestamp(moment).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn timestamp(moment: Moment) -> Timestamp {
    Timestamp::from_millisecond(moment.as_millis()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_service_writes_them() {
        let moment = Moment::from_millis(1_777_334_400_250);
        assert_eq!(iso(moment), "2026-04-28T00:00:00.250Z");
        assert_eq!(http_date(moment), "Tue, 28 Apr 2026 00:00:00 GMT");
    }
}
