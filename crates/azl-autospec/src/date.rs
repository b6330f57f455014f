//! Civil dates from seconds since 1970, in UTC. Not here: zones, the clock, leap seconds.

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    /// Days since 1970-01-01.
    days: i64,
}

const DAY: i64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// First second of 2038-01-19T03:14:08Z, which a signed number of 32 bits does not hold.
const END_OF_SIGNED: i64 = 1 << 31;
/// First second that an unsigned number of 32 bits, as rpm stores it, does not hold.
const END_OF_UNSIGNED: i64 = 1 << 32;

/// How far a time lies outside what package headers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every reader holds it.
    Fine,
    /// Behind 2038-01-19: signed readers see a time before 1970.
    Far,
    /// Before 1970 or behind 2106-02-07: cannot be written.
    Impossible,
}

impl Date {
    /// Returns the day in which a second falls.
    pub(crate) fn of(seconds: i64) -> Self {
        Self { days: seconds.div_euclid(DAY) }
    }

    /// Reads `Tue Feb 24 2026`, or the longer form of `date(1)` with a time and a zone, which are passed over. The
    /// name of the weekday is not compared with the day.
    pub(crate) fn read(words: &str) -> Option<Self> {
        let words: Vec<_> = words.split_ascii_whitespace().collect();
        let month = MONTHS.iter().position(|name| Some(name) == words.get(1))?;
        let day: i64 = words.get(2)?.parse().ok()?;
        let is_time = words.get(3)?.contains(':');
        let year: i64 = words.get(if is_time { 5 } else { 3 })?.parse().ok()?;
        let known = WEEKDAYS.contains(words.first()?) && (1..=9999).contains(&year) && day >= 1;
        (known && day <= days_of_month(year, month)).then(|| Self { days: days_before(year, month) + day - 1 })
    }

    /// Returns the noon of the day, which is where rpm puts a changelog entry.
    pub(crate) fn noon(self) -> i64 {
        self.days.saturating_mul(DAY).saturating_add(DAY / 2)
    }

    /// Says whether package headers hold the day.
    pub(crate) fn reach(self) -> Reach {
        match self.noon() {
            0..END_OF_SIGNED => Reach::Fine,
            END_OF_SIGNED..END_OF_UNSIGNED => Reach::Far,
            _ => Reach::Impossible,
        }
    }

    /// Returns the day as `Tue Feb 24 2026`.
    pub(crate) fn text(self) -> String {
        // Years are 365 to 366 days long; begin at or before the right one.
        let mut year = 1970 + self.days.div_euclid(if self.days < 0 { 365 } else { 366 });
        while days_before(year + 1, 0) <= self.days {
            year += 1;
        }
        let in_month = |month: &usize| days_before(year, *month) <= self.days;
        let month = (0..12).rev().find(in_month).unwrap_or(0);
        let day = self.days - days_before(year, month) + 1;
        let weekday = WEEKDAYS[usize::try_from(self.days.rem_euclid(7)).unwrap_or(0)];
        format!("{weekday} {} {day:02} {year}", MONTHS[month])
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: usize) -> i64 {
    match month {
        1 => 28 + i64::from(is_leap(year)),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to the first day of a month.
fn days_before(year: i64, month: usize) -> i64 {
    let past = year - 1;
    let leaps = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    let months: i64 = (0..month).map(|month| days_of_month(year, month)).sum();
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    past * 365 + leaps - 719_162 + months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_changelogs_write_them() {
        let text = |seconds| Date::of(seconds).text();
        assert_eq!(text(0), "Thu Jan 01 1970");
        assert_eq!(text(-1), "Wed Dec 31 1969");
        assert_eq!(text(951_782_400), "Tue Feb 29 2000");
        assert_eq!(text(1_771_891_199), "Mon Feb 23 2026");
        assert_eq!(text(1_771_891_200), "Tue Feb 24 2026");
        assert_eq!(text(4_107_542_400), "Mon Mar 01 2100");
    }

    #[test]
    fn every_day_of_four_centuries_reads_back() {
        for days in -10_000..140_000 {
            let date = Date { days };
            assert_eq!(Date::read(&date.text()), Some(date));
        }
    }

    #[test]
    fn no_such_day_is_not_read() {
        for text in ["Tue Feb 30 2026", "Tue Foo 01 2026", "Xyz Feb 01 2026", "Tue Feb 0 2026", "", "Tue Feb 24"] {
            assert_eq!(Date::read(text), None, "{text}");
        }
        assert_eq!(Date::read("Tue Feb 24 12:00:00 UTC 2026 x"), Some(Date::of(1_771_891_200)));
    }

    #[test]
    fn headers_hold_days_from_1970_to_2106() {
        assert_eq!(Date::of(-1).reach(), Reach::Impossible);
        assert_eq!(Date::of(0).reach(), Reach::Fine);
        assert_eq!(Date::of(END_OF_SIGNED).reach(), Reach::Far);
        assert_eq!(Date::of(END_OF_UNSIGNED + DAY).reach(), Reach::Impossible);
    }
}
