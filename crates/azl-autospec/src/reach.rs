//! How far days lie outside what package headers hold.

use azl_spec::Date;

const DAY: i64 = 86_400;
/// First second of 2038-01-19T03:14:08Z, which a signed number of 32 bits does not hold.
const END_OF_SIGNED: i64 = 1 << 31;
/// First second that an unsigned number of 32 bits, as rpm stores it, does not hold.
const END_OF_UNSIGNED: i64 = 1 << 32;

/// How far a day lies outside what package headers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every reader holds it.
    Fine,
    /// Behind 2038-01-19: signed readers see a time before 1970.
    Far,
    /// Before 1970 or behind 2106-02-07: cannot be written.
    Impossible,
}

impl Reach {
    /// Says whether package headers hold the noon of a day, which is where rpm puts a changelog entry.
    pub(crate) fn of(day: Date) -> Self {
        match day.seconds() + DAY / 2 {
            0..END_OF_SIGNED => Self::Fine,
            END_OF_SIGNED..END_OF_UNSIGNED => Self::Far,
            _ => Self::Impossible,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_hold_days_from_1970_to_2106() {
        let reach = |seconds| Reach::of(Date::of_seconds(seconds));
        assert_eq!(reach(-1), Reach::Impossible);
        assert_eq!(reach(0), Reach::Fine);
        assert_eq!(reach(END_OF_SIGNED), Reach::Far);
        assert_eq!(reach(END_OF_UNSIGNED + DAY), Reach::Impossible);
        assert_eq!(reach(i64::MAX), Reach::Impossible);
    }
}
