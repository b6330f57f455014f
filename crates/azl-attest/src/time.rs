//! Dates as SPDX and people write them.

use jiff::SignedDuration;
use jiff::civil::DateTime;

/// Start of the count of seconds.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Returns `2026-01-01T00:00:00Z` for seconds since 1970; later than the year 9999 stays at its end.
pub fn rfc3339(epoch: u64) -> String {
    let seconds = SignedDuration::from_secs(i64::try_from(epoch).unwrap_or(i64::MAX));
    EPOCH.saturating_add(seconds).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn known_dates() {
        for (epoch, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(epoch), text);
        }
    }
}
