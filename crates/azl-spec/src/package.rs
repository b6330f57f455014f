//! Sub-packages as headers name them.

use crate::section::Section;
use crate::spec::Spec;

/// The package of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PackageName {
    /// `devel` of `%files devel`: the main package's name goes before it.
    Suffix(String),
    /// `foo-devel` of `%files -n foo-devel`.
    Whole(String),
}

impl PackageName {
    /// Reads the words behind a section name: `-n NAME`, a bare name, options with a value, `--` before trigger
    /// conditions.
    pub(crate) fn of_words<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        let mut bare = None;
        while let Some(word) = words.next() {
            match word {
                b"--" => break,
                b"-n" => return words.next().map(|word| Self::Whole(text(word))),
                b"-f" | b"-p" | b"-l" | b"-P" => drop(words.next()),
                _ if word.starts_with(b"-") => {}
                _ => bare = bare.or(Some(word)),
            }
        }
        bare.map(|word| Self::Suffix(text(word)))
    }

    /// Reads the package of a header.
    pub(crate) fn of_header(header: &[u8]) -> Option<Self> {
        Self::of_words(header.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1))
    }

    /// Returns the package as written.
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Suffix(text) | Self::Whole(text) => text,
        }
    }
}

/// All spellings of one package.
pub(crate) struct Spellings {
    /// What `-n` names of sub-packages begin with: `%{name}-`, `%name-` and the value of `Name` with a dash.
    prefixes: Vec<String>,
    wanted: [PackageName; 2],
}

impl Spellings {
    /// Returns whether a package is the one meant.
    pub(crate) fn include(&self, package: &PackageName) -> bool {
        self.wanted.contains(&short(&self.prefixes, package.clone()))
    }
}

fn short(prefixes: &[String], package: PackageName) -> PackageName {
    match &package {
        PackageName::Suffix(_) => package,
        PackageName::Whole(name) => prefixes
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix.as_str()))
            .filter(|rest| !rest.is_empty())
            .map_or_else(|| package.clone(), |rest| PackageName::Suffix(rest.to_owned())),
    }
}

impl Spec {
    /// Returns the spellings of a package that is given in one of them, without saying in which.
    pub(crate) fn spellings_of(&self, package: &str) -> Spellings {
        let mut prefixes = vec!["%{name}-".to_owned(), "%name-".to_owned()];
        let names = self.tags_of(&self.sections[0]).filter(|tag| tag.is("Name"));
        prefixes.extend(names.map(|tag| format!("{}-", tag.value)).filter(|prefix| prefix.len() > 1));
        let whole = short(&prefixes, PackageName::Whole(package.to_owned()));
        Spellings { prefixes, wanted: [PackageName::Suffix(package.to_owned()), whole] }
    }

    /// Returns the package a section's header names.
    pub(crate) fn package_name(&self, section: &Section) -> Option<PackageName> {
        section.id.package.as_ref()?;
        let header = &self.lines[section.header.clone()];
        let (first, last) = (header.first()?, header.last()?);
        PackageName::of_header(&self.text[first.content.start..last.content.end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(header: &str) -> Option<String> {
        PackageName::of_header(header.as_bytes()).map(PackageName::into_text)
    }

    #[test]
    fn reads_the_package_of_a_header() {
        assert_eq!(package("%files"), None);
        assert_eq!(package("%files devel"), Some("devel".into()));
        assert_eq!(package("%files -f x.lang -n foo-devel"), Some("foo-devel".into()));
        assert_eq!(package("%post -p /sbin/ldconfig libs"), Some("libs".into()));
        assert_eq!(package("%triggerin devel -- other < 2"), Some("devel".into()));
        assert_eq!(package("%package -n %{name}-x"), Some("%{name}-x".into()));
        assert_eq!(package("%Description -l de doc"), Some("doc".into()));
    }

    #[test]
    fn spellings_of_one_package_are_equal() {
        let spec = Spec::parse("Name: foo\n");
        let whole = |text: &str| PackageName::Whole(text.into());
        let all =
            [PackageName::Suffix("devel".into()), whole("foo-devel"), whole("%{name}-devel"), whole("%name-devel")];
        for given in ["devel", "foo-devel", "%{name}-devel"] {
            assert!(all.iter().all(|package| spec.spellings_of(given).include(package)), "{given}");
            assert!(!spec.spellings_of(given).include(&whole("bar-devel")), "{given}");
        }
        assert!(!spec.spellings_of("foo-devel").include(&whole("devel")));
        assert!(spec.spellings_of("foo-devel").include(&PackageName::Suffix("foo-devel".into())));
    }
}
