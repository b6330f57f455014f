//! The fields of a package's `control` file that we use.

use crate::ArchiveError;

/// What a package says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// `Package`.
    pub package: String,
    /// `Version`, with its epoch if it has one.
    pub version: String,
    /// `Architecture`: `amd64`, `arm64`, `all`, …
    pub architecture: String,
}

impl Control {
    /// Reads the text of a `control` file.
    ///
    /// # Errors
    /// [`ArchiveError::Malformed`] if one of the three fields is absent or given twice.
    pub fn parse(text: &str) -> Result<Self, ArchiveError> {
        Ok(Self {
            package: field(text, "Package")?,
            version: field(text, "Version")?,
            architecture: field(text, "Architecture")?,
        })
    }
}

/// Field names are compared without regard to case; a line that starts with a blank continues the field before it.
fn field(text: &str, wanted: &str) -> Result<String, ArchiveError> {
    let mut values = text
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.trim().to_owned());
    let value = values.next().filter(|value| !value.is_empty());
    match (value, values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(ArchiveError::Malformed(format!("`control` has no field `{wanted}`"))),
        (_, Some(_)) => Err(ArchiveError::Malformed(format!("`control` has the field `{wanted}` twice"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_without_regard_to_case_and_continuations_are_no_fields() {
        let text = "package: a\nVersion: 1:2-3\nDescription: x\n Version: 9\nArchitecture: all\n";
        let control = Control::parse(text).expect("three fields");
        assert_eq!((control.package.as_str(), control.version.as_str()), ("a", "1:2-3"));
    }

    #[test]
    fn absent_and_repeated_fields_are_refused() {
        assert!(Control::parse("Package: a\nVersion: 1\n").is_err());
        assert!(Control::parse("Package: a\nVersion: 1\nVersion: 2\nArchitecture: all\n").is_err());
    }
}
