//! Sub-packages as headers name them.

use std::collections::HashMap;

use crate::line::LineKind;
use crate::macro_call::{defined_name, is_name_byte};
use crate::needed::definition;
use crate::section::Section;
use crate::spec::Spec;

/// Names longer than this, in bytes, are compared as they are written.
const LONGEST_NAME: usize = 256;

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
    aliases: Aliases,
    wanted: [PackageName; 2],
}

impl Spellings {
    /// Returns whether a package is the one meant.
    pub(crate) fn include(&self, package: &PackageName) -> bool {
        self.wanted.contains(&self.aliases.short(package.clone()))
    }

    /// Returns whether a package is the main one, which `-n` may name as well.
    pub(crate) fn is_main(&self, package: &PackageName) -> bool {
        let main = PackageName::Whole("%{name}".to_owned());
        self.aliases.short(package.clone()) == self.aliases.short(main)
    }

    /// Returns whether a package may be the main one where macros have other values: it does not begin with its name.
    pub(crate) fn may_be_main(&self, package: &PackageName) -> bool {
        matches!(self.aliases.short(package.clone()), PackageName::Whole(_))
    }
}

/// What macros in package names stand for, where the text of the spec leaves no doubt: `%{name}`, and macros with one
/// definition, of one line and under no condition. Used to compare names, never to write them.
struct Aliases(HashMap<String, Option<String>>);

impl Aliases {
    fn find(spec: &Spec) -> Self {
        let mut known: HashMap<String, Option<String>> = HashMap::new();
        let mut add = |name: String, value: Option<String>| {
            let value = value.filter(|value| value.len() <= LONGEST_NAME);
            known
                .entry(name)
                .and_modify(|known| *known = known.take().filter(|known| Some(known) == value.as_ref()))
                .or_insert(value);
        };
        for tag in spec.tags_of(&spec.sections[0]).filter(|tag| tag.is("Name")) {
            add("name".to_owned(), Some(tag.value));
        }
        for line in spec.logical_lines() {
            for name in definition(spec, line).into_iter().flatten() {
                let plain = spec.lines[line].kind == LineKind::Definition && !spec.is_conditional(line);
                let body = defined_name(spec.logical_text(line)).map(|(_, body)| body).filter(|_| plain);
                let body = body.filter(|body| body.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')));
                let body = body.and_then(|body| std::str::from_utf8(body).ok()).map(str::trim);
                let body = body.filter(|body| !body.contains(char::is_whitespace)).map(str::to_owned);
                add(String::from_utf8_lossy(name).into_owned(), body);
            }
        }
        Self(known)
    }

    /// Returns a name in its short form, with known macros replaced.
    fn short(&self, package: PackageName) -> PackageName {
        match package {
            PackageName::Suffix(suffix) => PackageName::Suffix(self.resolve(&suffix)),
            PackageName::Whole(name) => {
                let (name, main) = (self.resolve(&name), self.resolve("%{name}"));
                let rest =
                    name.strip_prefix(&main).and_then(|rest| rest.strip_prefix('-')).filter(|rest| !rest.is_empty());
                rest.map_or_else(|| PackageName::Whole(name.clone()), |rest| PackageName::Suffix(rest.to_owned()))
            }
        }
    }

    /// Replaces known macros, and those in their values; what grows beyond any name is left as it is.
    fn resolve(&self, text: &str) -> String {
        let mut resolved = text.to_owned();
        for _ in 0..8 {
            let next = self.resolve_once(&resolved);
            if next == resolved || next.len() > LONGEST_NAME {
                break;
            }
            resolved = next;
        }
        resolved
    }

    fn resolve_once(&self, text: &str) -> String {
        let mut parts = text.split('%');
        let mut resolved = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (inside, braced) = part.strip_prefix('{').map_or((part, false), |inside| (inside, true));
            let end = inside.bytes().position(|byte| !is_name_byte(byte)).unwrap_or(inside.len());
            let (name, rest) = inside.split_at(end);
            let closed = if braced { rest.strip_prefix('}') } else { Some(rest) };
            match closed.zip(self.0.get(name).and_then(Option::as_ref)) {
                Some((rest, value)) => resolved.extend([value.as_str(), rest]),
                None if braced && !name.is_empty() => resolved.extend(["%{", inside]),
                None => resolved.extend(["%", part]),
            }
        }
        canonical_braces(&resolved)
    }
}

/// Spells `%name` as `%{name}`, so that both are equal where nothing is known of the macro.
fn canonical_braces(text: &str) -> String {
    let mut parts = text.split('%');
    let mut spelled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.bytes().position(|byte| !is_name_byte(byte)).unwrap_or(part.len());
        match end {
            0 => spelled.extend(["%", part]),
            _ => spelled.extend(["%{", &part[..end], "}", &part[end..]]),
        }
    }
    spelled
}

impl Spec {
    /// Returns the spellings of a package that is given in one of them, without saying in which.
    pub(crate) fn spellings_of(&self, package: &str) -> Spellings {
        let aliases = Aliases::find(self);
        let suffix = aliases.short(PackageName::Suffix(package.to_owned()));
        let whole = aliases.short(PackageName::Whole(package.to_owned()));
        Spellings { aliases, wanted: [suffix, whole] }
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
        assert!(
            spec.spellings_of("devel").is_main(&whole("%name")) && spec.spellings_of("devel").is_main(&whole("foo"))
        );
        assert!(!spec.spellings_of("foo-devel").include(&whole("devel")));
        assert!(spec.spellings_of("foo-devel").include(&PackageName::Suffix("foo-devel".into())));
    }

    #[test]
    fn macros_with_one_plain_definition_are_equal_to_their_text() {
        let whole = |text: &str| PackageName::Whole(text.into());
        let spec =
            Spec::parse("%global p py-%{name}\nName: foo\n%if a\n%global q x\n%endif\n%global r 1\n%global r 2\n");
        assert!(spec.spellings_of("py-foo").include(&whole("%{p}")));
        assert!(spec.spellings_of("%p").include(&whole("py-%{name}")));
        assert!(!spec.spellings_of("x").include(&whole("%{q}")));
        assert!(!spec.spellings_of("1").include(&whole("%{r}")));
        assert!(spec.spellings_of("%q-y").include(&whole("%{q}-y")));
    }

    #[test]
    fn macros_that_name_each_other_come_to_an_end() {
        let spec = Spec::parse("%global a %{b}%{b}\n%global b %{a}%{a}\nName: %{name}\n");
        assert!(spec.spellings_of("%{a}").include(&PackageName::Whole("%{a}".into())));
    }
}
