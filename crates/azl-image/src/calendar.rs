//! Civil dates of the seconds since 1970 that reach an image: the creation time of a container and FAT time stamps.
//!
//! Not a calendar library: UTC only, years 1970 to 9999, the Gregorian rule over eras of 400 years.

/// A moment in UTC, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
}

const SECONDS_PER_DAY: u64 = 86_400;
const LAST_SECOND: u64 = 253_402_300_799;

impl Moment {
    /// Returns the moment `seconds` after 1970-01-01T00:00:00Z; later than the year 9999 stays at its end.
    pub(crate) fn from_epoch(seconds: u64) -> Self {
        let seconds = seconds.min(LAST_SECOND);
        let (year, month, day) = civil_from_days(seconds / SECONDS_PER_DAY);
        let in_day = (seconds % SECONDS_PER_DAY) as u32;
        Self { year, month, day, hour: in_day / 3600, minute: in_day / 60 % 60, second: in_day % 60 }
    }

    /// Returns the form of RFC 3339 that OCI configurations use.
    pub(crate) fn rfc3339(&self) -> String {
        let Self { year, month, day, hour, minute, second } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Returns FAT's date and time words; FAT begins in 1980, ends in 2107 and counts seconds by two.
    pub(crate) fn fat(&self) -> (u16, u16) {
        if self.year < 1980 {
            return (1 << 5 | 1, 0);
        }
        let year = (self.year - 1980).min(127);
        let date = year << 9 | self.month << 5 | self.day;
        let time = self.hour << 11 | self.minute << 5 | (self.second / 2);
        (date as u16, time as u16)
    }
}

/// Splits days since 1970-01-01. The year is taken to begin in March, so that the leap day is its last.
fn civil_from_days(days: u64) -> (u32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year as u32, month as u32, day as u32)
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
