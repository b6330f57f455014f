//! `images/<name>.omissions.toml`: what the distribution's own image has and ours has not, and why.
//!
//! **Invariant:** reading and comparing are pure; a list that is not true of image and release is an error, not a remark.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Omissions {
    /// The packages, in the file's order.
    pub omissions: Vec<Omission>,
}

/// One package that the image does without.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Omission {
    /// Its name, as the distribution's definition of the image has it.
    pub package: String,
    /// The kind of reason.
    pub why: Why,
    /// For [`Why::Needless`]: whether the release has the package all the same.
    pub in_release: Option<bool>,
    /// What a user of the machine gets instead, or has to do.
    pub reason: String,
}

/// Why a package is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Its source is in no archive that sources are taken from.
    Source,
    /// It belongs to a part of the distribution that is not packaged yet.
    Later,
    /// Something else in the image does what it does.
    Replaced,
    /// Nothing in the image asks for it.
    Needless,
}

impl Why {
    fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Later => "later",
            Self::Replaced => "replaced",
            Self::Needless => "needless",
        }
    }
}

impl Omissions {
    /// Returns what is wrong with the list by itself.
    pub fn mistakes(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut mistakes = Vec::new();
        for Omission { package, why, in_release, reason } in &self.omissions {
            if !seen.insert(package) {
                mistakes.push(format!("`{package}` is named twice"));
            }
            if reason.trim().is_empty() {
                mistakes.push(format!("`{package}` has no reason"));
            }
            if (*why == Why::Needless) != in_release.is_some() {
                mistakes.push(format!("`{package}`: `in-release` is told of what is needless, and of nothing else"));
            }
        }
        mistakes
    }

    /// Returns what is not true of an image with these packages, made of a release with these.
    pub fn contradictions(&self, image: &BTreeSet<&str>, release: &BTreeSet<&str>) -> Vec<String> {
        let mut wrong = Vec::new();
        for Omission { package, why, in_release, .. } in &self.omissions {
            let (in_image, has) = (image.contains(package.as_str()), release.contains(package.as_str()));
            if in_image {
                wrong.push(format!("`{package}` is in the image"));
            } else if has && matches!(why, Why::Source | Why::Later) {
                wrong.push(format!("`{package}` is in the release, so `{}` is no reason any more", why.word()));
            } else if in_release.is_some_and(|told| told != has) {
                wrong.push(format!("`{package}`: `in-release` should be {has}"));
            }
        }
        wrong
    }
}

impl fmt::Display for Omissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.omissions.iter().map(|one| one.package.len()).max().unwrap_or(0);
        for Omission { package, why, reason, .. } in &self.omissions {
            writeln!(f, "{package:<width$}  {:<8}  {reason}", why.word())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Omissions {
        toml::from_str(text).expect("a list")
    }

    #[test]
    fn a_list_names_each_package_once_with_a_reason() {
        let list = read(
            "omissions = [
                { package = 'a', why = 'later', reason = 'soon' },
                { package = 'a', why = 'needless', reason = ' ' },
            ]",
        );
        let mistakes = list.mistakes();
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        assert!(toml::from_str::<Omissions>("omissions = [{ package = 'a', why = 'dull', reason = 'x' }]").is_err());
    }

    #[test]
    fn a_list_is_compared_with_image_and_release() {
        let list = read(
            "omissions = [
                { package = 'in', why = 'replaced', reason = 'x' },
                { package = 'built', why = 'source', reason = 'x' },
                { package = 'dull', why = 'needless', in-release = false, reason = 'x' },
                { package = 'true', why = 'later', reason = 'x' },
            ]",
        );
        let wrong = list.contradictions(&BTreeSet::from(["in"]), &BTreeSet::from(["in", "built", "dull"]));
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(
            wrong[1].contains("`source` is no reason any more") && wrong[2].contains("should be true"),
            "{wrong:?}"
        );
    }
}
