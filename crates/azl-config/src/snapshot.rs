//! Snapshots: the instant up to which commits of another distribution are taken.
//!
//! Not here: the present, which a caller gives to [`Config::snapshot_after`](crate::Config::snapshot_after).
//!
//! **Invariant:** a snapshot is an RFC 3339 date and time with its zone.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::value::{Datetime, Offset};

/// An instant as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    text: String,
    seconds: i64,
}

impl Snapshot {
    /// Reads an RFC 3339 instant.
    ///
    /// # Errors
    /// If it is none, or has no zone.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("not an RFC 3339 instant ({what}): `{text}`");
        // RFC 3339 allows other separators and leaves seconds compulsory; this is what every reader of it takes.
        if !text.is_ascii() || text.len() < 19 || !matches!(text.as_bytes()[10], b'T' | b't') {
            return Err(wrong("`2026-01-31T00:00:00Z` is meant"));
        }
        let parsed: Datetime = text.to_ascii_uppercase().parse().map_err(|error| wrong(&format!("{error}")))?;
        let (Some(date), Some(time)) = (parsed.date, parsed.time) else {
            return Err(wrong("date and time are needed"));
        };
        let offset = match parsed.offset {
            None => return Err(wrong("the zone is missing: `Z` or `+00:00`")),
            Some(Offset::Z) => 0,
            Some(Offset::Custom { minutes }) => i64::from(minutes),
        };
        let day = azl_spec::Date::new(date.year, date.month, date.day).ok_or_else(|| wrong("there is no such day"))?;
        let of_day =
            i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or_default());
        Ok(Self { text: text.to_owned(), seconds: day.seconds() + of_day - offset * 60 })
    }

    /// Returns it as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the seconds since 1970-01-01T00:00:00Z, without fractions.
    pub fn seconds(&self) -> i64 {
        self.seconds
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Snapshot {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Snapshot".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_counted_from_1970_with_their_zone() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-02-24T00:00:00-08:00", 1_771_920_000),
            ("2024-02-29t23:59:59.5+01:30", 1_709_245_799),
            ("1969-12-31T23:59:59z", -1),
        ] {
            assert_eq!(Snapshot::parse(text).map(|snapshot| snapshot.seconds()), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_with_a_zone_is_refused() {
        for (text, why) in [
            ("2026-02-24T00:00:00", "the zone is missing"),
            ("2026-02-24", "is meant"),
            ("2026-02-24 00:00:00Z", "is meant"),
            ("2026-02-30T00:00:00Z", "not an RFC 3339 instant"),
            ("0000-01-01T00:00:00Z", "there is no such day"),
            ("2026-02-24T25:00:00Z", "not an RFC 3339 instant"),
            ("2026-02-24T00:00:00Zx", "not an RFC 3339 instant"),
            ("today", "is meant"),
            ("", "is meant"),
        ] {
            let message = Snapshot::parse(text).expect_err(text);
            assert!(message.contains(why), "{message}");
        }
    }
}
