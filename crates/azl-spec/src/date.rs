//! Calendar dates as changelogs write them.
//!
//! **Invariant:** a date exists, and is in the years rpm takes (1990 to 2999).

use std::fmt;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |byte: &u8| byte.is_ascii_digit();
        let shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        let numbers = shaped && bytes[..4].iter().chain(&bytes[5..7]).chain(&bytes[8..]).all(digits);
        let (year, month, day) = numbers.then(|| (&text[..4], &text[5..7], &text[8..]))?;
        Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// Makes a date of numbers.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists = (1990..3000).contains(&year) && (1..=12).contains(&month);
        (exists && (1..=days_of(year, month)).contains(&day)).then_some(Self { year, month, day })
    }

    /// Reads the date of a changelog entry's first line: `* Thu Jan 22 2026 …`. The weekday is not looked at.
    pub(crate) fn of_entry(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line.strip_prefix(b"*")?).ok()?;
        let mut words = line.split_whitespace().skip(1);
        let (month, day, year) = (words.next()?, words.next()?, words.next()?);
        let month = MONTHS.iter().zip(1..).find(|(name, _)| name.eq_ignore_ascii_case(month))?.1;
        Self::new(year.parse().ok()?, month, day.parse().ok()?)
    }

    /// Returns the three letters of the weekday.
    fn weekday(self) -> &'static str {
        // Sakamoto's method: months of the year before count as the end of that year.
        const SHIFTS: [u16; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let year = if self.month < 3 { self.year - 1 } else { self.year };
        let shift = SHIFTS[usize::from(self.month) - 1];
        let day = (year + year / 4 - year / 100 + year / 400 + shift + u16::from(self.day)) % 7;
        WEEKDAYS[usize::from(day)]
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Writes `Thu Jan 22 2026`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month = MONTHS[usize::from(self.month) - 1];
        write!(f, "{} {month} {:02} {}", self.weekday(), self.day, self.year)
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
        let date = Date::of_entry(b"* thu jan  2 2025 A <a@b> - 1-1");
        assert_eq!(date, Date::parse("2025-01-02"));
        assert_eq!(Date::of_entry(b"- x"), None);
    }
}
