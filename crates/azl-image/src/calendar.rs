//! Civil dates of the seconds since 1970 that reach an image: the creation time of a container and FAT time stamps.
//!
//! UTC only, years 1970 to 9999.

use jiff::SignedDuration;
use jiff::civil::DateTime;

/// Start of the count of seconds.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A moment in UTC, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(DateTime);

impl Moment {
    /// Returns the moment `seconds` after 1970-01-01T00:00:00Z; later than the year 9999 stays at its end.
    pub(crate) fn from_epoch(seconds: u64) -> Self {
        let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        Self(EPOCH.saturating_add(seconds))
    }

    /// Returns the form of RFC 3339 that OCI configurations use.
    pub(crate) fn rfc3339(&self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Returns FAT's date and time words; FAT begins in 1980, ends in 2107 and counts seconds by two.
    pub(crate) fn fat(&self) -> (u16, u16) {
        let Self(moment) = self;
        if moment.year() < 1980 {
            return ((1 << 5) | 1, 0);
        }
        let year = u16::try_from(moment.year() - 1980).unwrap_or(127).min(127);
        let date = (year << 9) | (word(moment.month()) << 5) | word(moment.day());
        let time = (word(moment.hour()) << 11) | (word(moment.minute()) << 5) | (word(moment.second()) / 2);
        (date, time)
    }
}

/// Widens a field of a moment; none is negative.
fn word(field: i8) -> u16 {
    u16::from(field.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_of_date_1() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_132_800, "2026-11-20T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Moment::from_epoch(seconds).rfc3339(), text);
        }
    }

    #[test]
    fn fat_words_stay_in_their_range() {
        assert_eq!(Moment::from_epoch(0).fat(), (0x21, 0));
        assert_eq!(Moment::from_epoch(951_782_399).fat(), (20 << 9 | 2 << 5 | 28, 23 << 11 | 59 << 5 | 29));
    }
}
