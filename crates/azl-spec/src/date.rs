//! Calendar dates as changelogs write them.
//!
//! Not here: zones, the clock, and which days a package can hold.
//!
//! **Invariant:** a date exists, in the years -9999 to 9999 of the proleptic Gregorian calendar.

use std::fmt;

use jiff::SignedDuration;
use jiff::civil::{Date as Day, DateTime};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/// Start of the count of seconds.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(Day);

impl Date {
    /// Reads `YYYY-MM-DD`, in the years that rpm takes in a changelog (1990 to 2999).
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |byte: &u8| byte.is_ascii_digit();
        let shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        let numbers = shaped && bytes[..4].iter().chain(&bytes[5..7]).chain(&bytes[8..]).all(digits);
        let (year, month, day) = numbers.then(|| (&text[..4], &text[5..7], &text[8..]))?;
        let year = year.parse().ok().filter(|year| (1990..3000).contains(year))?;
        Self::new(year, month.parse().ok()?, day.parse().ok()?)
    }

    /// Makes a date of numbers, from the year 1 on.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let year = i16::try_from(year).ok().filter(|&year| year > 0)?;
        Day::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().map(Self)
    }

    /// Returns the day in which a second since 1970 falls, in UTC; beyond the calendar, its first or last day.
    pub fn of_seconds(seconds: i64) -> Self {
        Self(EPOCH.saturating_add(SignedDuration::from_secs(seconds)).date())
    }

    /// Returns the seconds from the start of 1970 to the start of the day, in UTC.
    pub fn seconds(self) -> i64 {
        self.0.to_datetime(jiff::civil::Time::midnight()).duration_since(EPOCH).as_secs()
    }

    /// Reads `Tue Feb 24 2026` at the start of a text, or the longer form of `date(1)` with a time and a zone, which
    /// are passed over. Names are spelled as rpm wants them; that of the weekday is not compared with the day.
    pub fn read(words: &str) -> Option<Self> {
        let words: Vec<_> = words.split_ascii_whitespace().take(6).collect();
        let month = MONTHS.iter().zip(1..).find(|(name, _)| words.get(1) == Some(name))?.1;
        let is_time = words.get(3)?.contains(':');
        let year = words.get(if is_time { 5 } else { 3 })?;
        let known = WEEKDAYS.contains(words.first()?);
        known.then(|| Self::new(year.parse().ok()?, month, words[2].parse().ok()?)).flatten()
    }

    /// Reads the date of a changelog entry's first line: `* Thu Jan 22 2026 …`.
    pub(crate) fn of_entry(line: &[u8]) -> Option<Self> {
        Self::read(&String::from_utf8_lossy(line.strip_prefix(b"*")?))
    }
}

/// Writes `Thu Jan 22 2026`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(day) = self;
        let weekday = usize::try_from(day.weekday().to_sunday_zero_offset()).unwrap_or_default();
        let month = usize::try_from(day.month() - 1).unwrap_or_default();
        write!(f, "{} {} {:02} {}", WEEKDAYS[weekday], MONTHS[month], day.day(), day.year())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_right() {
        for (date, written) in [
            ("2026-01-22", "Thu Jan 22 2026"),
            ("2000-02-29", "Tue Feb 29 2000"),
            ("2024-03-01", "Fri Mar 01 2024"),
            ("1999-12-31", "Fri Dec 31 1999"),
            ("2038-01-19", "Tue Jan 19 2038"),
        ] {
            assert_eq!(Date::parse(date).map(|date| date.to_string()).as_deref(), Some(written));
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_none() {
        for bad in ["2026-02-29", "1900-01-01", "2026-13-01", "2026-1-1", "2026-01-00", "2026-04-31", "+026-01-01", ""]
        {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn date_of_an_entry_is_read() {
        let date = Date::of_entry(b"* Thu Jan  2 2025 A\xff <a@b> - 1-1");
        assert_eq!(date, Date::parse("2025-01-02"));
        assert_eq!(Date::of_entry(b"- x"), None);
        assert_eq!(Date::of_entry(b"* thu jan 2 2025 A <a@b> - 1-1"), None, "rpm does not read this, either");
    }

    #[test]
    fn seconds_fall_into_their_day() {
        let text = |seconds| Date::of_seconds(seconds).to_string();
        assert_eq!(text(0), "Thu Jan 01 1970");
        assert_eq!(text(-1), "Wed Dec 31 1969");
        assert_eq!(text(951_782_400), "Tue Feb 29 2000");
        assert_eq!(text(1_771_891_199), "Mon Feb 23 2026");
        assert_eq!(text(1_771_891_200), "Tue Feb 24 2026");
        assert_eq!(text(4_107_542_400), "Mon Mar 01 2100");
        assert_eq!((text(i64::MIN), text(i64::MAX)), ("Mon Jan 01 -9999".into(), "Fri Dec 31 9999".into()));
    }

    #[test]
    fn every_day_of_four_centuries_reads_back() {
        for days in -10_000..140_000 {
            let date = Date::of_seconds(days * 86_400);
            assert_eq!(Date::read(&date.to_string()), Some(date));
            assert_eq!(date.seconds(), days * 86_400);
        }
    }

    #[test]
    fn no_such_day_is_not_read() {
        for text in ["Tue Feb 30 2026", "Tue Foo 01 2026", "Xyz Feb 01 2026", "Tue Feb 0 2026", "", "Tue Feb 24"] {
            assert_eq!(Date::read(text), None, "{text}");
        }
        assert_eq!(Date::read("Tue Feb 24 12:00:00 UTC 2026 x"), Some(Date::of_seconds(1_771_891_200)));
    }
}
