//! Epoch and version of a spec, and the options of its `%autorelease`, without rpm.
//!
//! What rpm would not read has no version here either: rpmautospec steps over such commits. The mistakes that matter
//! in real histories are known (conditionals out of balance, missing or repeated tags, characters that tags may not
//! have, lines that are no tags); rpm knows more of them. As rpmautospec does, the part before `%prep` is tried first.

use std::fmt;

use azl_spec::{Keyword, LineKind, SectionId, Spec};

use crate::condition;
use crate::expand::{Expander, Expansion, WRONG_OPTION};
use crate::flags::{Flags, is_marker};
use crate::macros::{Body, Macros};

/// `[epoch:]version` of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EpochVersion {
    /// As rpm would give it, provided the macros were right.
    Known(String),
    /// An expression that only rpm can evaluate. Two are the same version if they are the same text.
    Symbolic(String),
}

/// What a spec says of its version and release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Epoch and version.
    pub epoch_version: EpochVersion,
    /// The release as rpm would give it, provided the macros were right; `None` if only rpm can tell, or rpmautospec
    /// counts it.
    pub release: Option<String>,
    /// Options of `%autorelease`; `None` if they are an expression that only rpm can evaluate.
    pub flags: Option<Flags>,
}

/// Why a spec has no version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// A tag or section that rpm demands is not there.
    Missing(&'static str),
    /// A tag is there more than once under no condition.
    Repeated(&'static str),
    /// A tag has no value.
    Empty(&'static str),
    /// A tag has a value that rpm refuses.
    Illegal {
        /// Name of the tag.
        tag: &'static str,
        /// Its value, expanded.
        value: String,
    },
    /// `%else` or `%endif` without `%if`, or `%if` without `%endif`. Lines start at 1.
    Unbalanced(usize),
    /// A line of the preamble that is no tag. Lines start at 1.
    NoTag(usize),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "`{name}` is missing"),
            Self::Repeated(name) => write!(f, "`{name}` is there more than once"),
            Self::Empty(name) => write!(f, "`{name}` has no value"),
            Self::Illegal { tag, value } => write!(f, "`{tag}` has the value {value:?}, which rpm refuses"),
            Self::Unbalanced(line) => write!(f, "the conditional of line {line} has no other end"),
            Self::NoTag(line) => write!(f, "line {line} is no tag"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// Reads the version of a spec; `macros` are those of the distribution.
pub fn read_version(spec: &Spec, macros: &Macros) -> Result<Reading, Unreadable> {
    read_text(spec.as_bytes(), macros)
}

/// Reads the version of a spec that is not parsed yet: mostly only a small part of it must be.
pub(crate) fn read_text(text: &[u8], macros: &Macros) -> Result<Reading, Unreadable> {
    let read = |text: &[u8]| Reader::new(&Spec::parse(text), macros.clone()).read();
    let mut start = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if line.trim_ascii() == b"%prep" {
            return read(&text[..start]).or_else(|_| read(text));
        }
        start += line.len();
    }
    read(text)
}

/// Tags that rpm demands, by name; the first four hold one word.
const TAGS: [&str; 6] = ["Name", "Version", "Release", "Epoch", "Summary", "License"];
const NAME: usize = 0;
const EPOCH: usize = 3;
/// Those that are missed even if an unknown macro may have written others.
const NEEDED: [usize; 2] = [1, 2];
const WORDS: usize = 4;

/// Whether the branch of an `%if` is read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Branch {
    Taken,
    /// Not taken, and a later branch may be.
    Waiting,
    /// Not taken, and no later branch is.
    Passed,
    /// Nobody knows; the text says why.
    Doubtful(String),
}

struct Reader<'a> {
    spec: &'a Spec,
    expander: Expander,
    /// Open conditionals: line and branch.
    branches: Vec<(usize, Branch)>,
    values: [Option<Expansion>; TAGS.len()],
    in_preamble: bool,
    has_description: bool,
    /// Whether a macro unknown here was called that may have written sections of its own, as `%fontpkg` does.
    is_foreign: bool,
}

impl<'a> Reader<'a> {
    fn new(spec: &'a Spec, macros: Macros) -> Self {
        let expander = Expander::new(macros);
        let values = Default::default();
        Self {
            spec,
            expander,
            branches: Vec::new(),
            values,
            in_preamble: true,
            has_description: false,
            is_foreign: false,
        }
    }

    fn read(mut self) -> Result<Reading, Unreadable> {
        for (index, line) in self.spec.lines().iter().enumerate() {
            match line.kind {
                LineKind::Conditional(keyword) => self.conditional(index, keyword)?,
                LineKind::Header if self.is_read() => self.header(index),
                LineKind::Text | LineKind::Definition if self.in_preamble && self.is_read() => self.text(index)?,
                _ => {}
            }
        }
        if let Some((line, _)) = self.branches.last() {
            return Err(Unreadable::Unbalanced(line + 1));
        }
        if !self.has_description && !self.is_foreign {
            return Err(Unreadable::Missing("%description"));
        }
        self.finish()
    }

    fn is_read(&self) -> bool {
        self.branches.iter().all(|(_, branch)| matches!(branch, Branch::Taken | Branch::Doubtful(_)))
    }

    fn conditional(&mut self, index: usize, keyword: Keyword) -> Result<(), Unreadable> {
        let line = String::from_utf8_lossy(self.spec.line(index)).trim().to_owned();
        let (word, rest) = line.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((&line, ""));
        if keyword == Keyword::If {
            let branch = if self.in_preamble && self.is_read() { self.judge(word, rest) } else { Branch::Passed };
            self.branches.push((index, branch));
            self.doubt();
            return Ok(());
        }
        let Some((opening, before)) = self.branches.pop() else {
            return Err(Unreadable::Unbalanced(index + 1));
        };
        if keyword == Keyword::Else {
            let next = match before {
                Branch::Taken | Branch::Passed => Branch::Passed,
                Branch::Waiting if word == "%else" => Branch::Taken,
                Branch::Waiting => self.judge(word, rest),
                Branch::Doubtful(why) => Branch::Doubtful(format!("{why};{line}")),
            };
            self.branches.push((opening, next));
        }
        self.doubt();
        Ok(())
    }

    fn judge(&mut self, word: &str, rest: &str) -> Branch {
        let expanded = self.expander.expand(rest.trim());
        if expanded.symbolic && matches!(word, "%if" | "%elif") && self.has_false_part(rest) {
            return Branch::Waiting;
        }
        let value = condition::value(&expanded.text).filter(|_| !expanded.symbolic);
        match (word, value) {
            ("%if" | "%elif", Some(value)) if value.is_true() => Branch::Taken,
            ("%if" | "%elif", Some(_)) => Branch::Waiting,
            _ => Branch::Doubtful(format!("{word} {}", expanded.text)),
        }
    }

    /// Returns whether one part of a plain `a && b` is false, so that the others need not be known.
    fn has_false_part(&mut self, condition: &str) -> bool {
        let is_plain = !condition.contains("||") && !condition.contains(['(', '?']);
        is_plain
            && condition.split("&&").any(|part| {
                let expanded = self.expander.expand(part.trim());
                !expanded.symbolic && condition::value(&expanded.text).is_some_and(|value| !value.is_true())
            })
    }

    /// Tells the expander in what doubt the next line stands.
    fn doubt(&mut self) {
        let doubts = self.branches.iter().filter_map(|(_, branch)| match branch {
            Branch::Doubtful(why) => Some(why.as_str()),
            _ => None,
        });
        let doubts: Vec<_> = doubts.collect();
        self.expander.doubt = (!doubts.is_empty()).then(|| doubts.join("&"));
    }

    fn header(&mut self, index: usize) {
        self.in_preamble = false;
        // The preamble has no header, so a section whose header is here is the one this line begins.
        let mut begun = self.spec.sections().iter().filter(|section| section.header.contains(&index));
        // `%description %{_description}` is the main package's, and the text.
        let name = self.values[NAME].as_ref().map(|name| name.text.as_str());
        let of_main = |package: &Option<String>| {
            package.as_deref().is_none_or(|package| package.contains('%') || Some(package) == name)
        };
        let is_main = |id: &SectionId| id.name.as_str() == "%description" && of_main(&id.package);
        self.has_description |= begun.any(|section| is_main(&section.id));
    }

    fn text(&mut self, index: usize) -> Result<(), Unreadable> {
        let text = self.logical(index);
        let expanded = self.expander.expand(&text);
        self.is_foreign |= expanded.symbolic && text.starts_with('%');
        for line in expanded.text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match tag_of(line) {
                Some((name, value)) => self.tag(name, value, expanded.symbolic)?,
                // What a macro unknown here gave cannot be judged.
                None if !text.contains(['%', ':']) => return Err(Unreadable::NoTag(index + 1)),
                None => {}
            }
        }
        Ok(())
    }

    fn logical(&self, index: usize) -> String {
        let lines = self.spec.lines();
        let body = lines[index + 1..].iter().take_while(|line| line.kind == LineKind::Body).count();
        let range = lines[index].content.start..lines[index + body].content.end;
        String::from_utf8_lossy(&self.spec.as_bytes()[range]).into_owned()
    }

    fn tag(&mut self, name: &str, value: &str, symbolic: bool) -> Result<(), Unreadable> {
        let Some(index) = TAGS.iter().position(|tag| tag.eq_ignore_ascii_case(name)) else {
            return Ok(());
        };
        let tag = TAGS[index];
        let mut value = Expansion { text: value.to_owned(), symbolic: symbolic && value.contains(['%', '<']) };
        if let Some(doubt) = &self.expander.doubt {
            let earlier = self.values[index].take().unwrap_or_default().text;
            value = Expansion { text: format!("{earlier}<{doubt}:{}>", value.text), symbolic: true };
        } else if self.values[index].as_ref().is_some_and(|earlier| !earlier.symbolic) && index < WORDS {
            return Err(Unreadable::Repeated(tag));
        } else if value.text.is_empty() {
            return Err(Unreadable::Empty(tag));
        }
        if index < WORDS {
            check_word(index, &value)?;
            let body = if value.symbolic { Body::Symbolic } else { Body::Text };
            self.expander.macros.define(&tag.to_ascii_lowercase(), body(value.text.clone()));
        }
        self.values[index] = Some(value);
        Ok(())
    }

    fn finish(self) -> Result<Reading, Unreadable> {
        let wanted = |index: &usize| *index != EPOCH && (!self.is_foreign || NEEDED.contains(index));
        let missing = (0..TAGS.len()).filter(wanted).find(|&index| self.values[index].is_none());
        if let Some(index) = missing {
            return Err(Unreadable::Missing(TAGS[index]));
        }
        let [_, version, release, epoch, ..] = self.values.map(Option::unwrap_or_default);
        let symbolic = version.symbolic || epoch.symbolic;
        let epoch = match epoch.text.parse::<u32>() {
            Ok(number) => format!("{number}:"),
            Err(_) if epoch.text.is_empty() => String::new(),
            Err(_) => format!("{}:", epoch.text),
        };
        let text = format!("{epoch}{}", version.text);
        let epoch_version = if symbolic { EpochVersion::Symbolic(text) } else { EpochVersion::Known(text) };
        let is_unknown = release.symbolic && (release.text.contains("autorelease") || is_marker(&release.text));
        let flags = (!is_unknown).then(|| Flags::of_release(&release.text));
        let is_called = ["_P0_B", "_P1_B"].iter().any(|part| release.text.contains(part));
        let release = (!release.symbolic && !is_called).then_some(release.text);
        Ok(Reading { epoch_version, release, flags })
    }
}

/// Reads an expanded line as `Name: value` or `Name(qualifier): value`; the name has its qualifier.
fn tag_of(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    let qualified = end == name.len() || name[end..].starts_with('(') && name.ends_with(')');
    (end > 0 && qualified).then(|| (name, value.trim()))
}

/// Refuses what rpm refuses in a tag of one word.
fn check_word(index: usize, value: &Expansion) -> Result<(), Unreadable> {
    let text = value.text.as_str();
    if value.symbolic && !text.contains(WRONG_OPTION) {
        return Ok(());
    }
    let legal = match TAGS[index] {
        "Epoch" => text.parse::<u32>().is_ok(),
        "Name" => {
            let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || "_%{".contains(c));
            begins && only(text, "-._+%{}")
        }
        _ => !value.symbolic && only(text, "._+%{}~^"),
    };
    if legal { Ok(()) } else { Err(Unreadable::Illegal { tag: TAGS[index], value: text.to_owned() }) }
}

fn only(text: &str, marks: &str) -> bool {
    !text.contains("..") && text.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "Release: 1\nSummary: s\nLicense: l\n%description\n";

    fn read(version: &str) -> Result<EpochVersion, Unreadable> {
        let spec = Spec::parse(format!("Name: x\n{version}\n{REST}"));
        read_version(&spec, &Macros::new().with("fedora", "43")).map(|reading| reading.epoch_version)
    }

    fn known(version: &str) -> Result<EpochVersion, Unreadable> {
        Ok(EpochVersion::Known(version.into()))
    }

    #[test]
    fn branches_are_chosen_where_the_condition_is_known() {
        assert_eq!(read("%if 0%{?fedora} > 40\nVersion: 1\n%else\nVersion: 2\n%endif"), known("1"));
        assert_eq!(read("%if 0%{?rhel}\nVersion: 1\n%elif %{name} == x\nVersion: 2\n%endif"), known("2"));
        assert_eq!(read("%if 0\n%global v 1\n%package y\n%endif\n%{!?v:%global v 3}\nVersion: %{v}"), known("3"));
        assert_eq!(read("%if 0 && %{nobody}\nVersion: 1\n%else\nVersion: 2\n%endif"), known("2"));
        assert_eq!(read("Epoch: 01\nVersion: 1.%{epoch}"), known("1:1.01"));
    }

    #[test]
    fn release_is_told_unless_only_rpm_can() {
        let read = |release: &str| {
            let spec = format!("Name: x\nVersion: 1\n{}", REST.replace("Release: 1", release));
            let macros = Macros::new().with("dist", ".fc43");
            read_version(&Spec::parse(spec), &macros).map(|reading| reading.release).unwrap_or_default()
        };
        assert_eq!(read("Release: 3%{?dist}").as_deref(), Some("3.fc43"));
        assert_eq!(read("%global base 4\nRelease: %{base}%{dist}").as_deref(), Some("4.fc43"));
        assert_eq!(read("Release: %autorelease"), None);
        assert_eq!(read("Release: 0.%autorelease"), None);
        assert_eq!(read("Release: %(date)"), None);
    }

    #[test]
    fn unknown_condition_makes_what_stands_under_it_symbolic() {
        let one = read("%ifarch x86_64\nVersion: 1\n%else\nVersion: 2\n%endif");
        let other = read("%ifarch x86_64\nVersion: 1\n%else\nVersion: 3\n%endif");
        assert!(matches!(one, Ok(EpochVersion::Symbolic(_))));
        assert_ne!(one, other);
        assert_eq!(read("%ifarch x86_64\n%global x 1\n%endif\nVersion: 1"), known("1"));
        let through = read("%ifarch x86_64\n%global x 1\n%endif\nVersion: 1%{?x}");
        assert!(matches!(through, Ok(EpochVersion::Symbolic(_))));
    }

    #[test]
    fn part_before_prep_is_enough_and_the_whole_is_tried_too() {
        let before =
            |end: &str| read_version(&Spec::parse(format!("Name: x\nVersion: 1\n{REST}{end}")), &Macros::new());
        assert!(before("%prep\n%if 1\n").is_ok());
        assert_eq!(before("%if 1\n%build\n"), Err(Unreadable::Unbalanced(7)));
        assert!(before("%if 1\n%prep\n%endif\n").is_ok());
        assert_eq!(before("%endif\n"), Err(Unreadable::Unbalanced(7)));
    }

    #[test]
    fn description_may_name_the_main_package() {
        let read = |description: &str| {
            let text = format!("Name: x\nVersion: 1\nRelease: 1\nSummary: s\nLicense: l\n{description}\n");
            read_version(&Spec::parse(text), &Macros::new()).map(|_| ())
        };
        assert_eq!(read("%description -n x"), Ok(()));
        assert_eq!(read("%description %{_description}"), Ok(()));
        assert_eq!(read("%description -n y"), Err(Unreadable::Missing("%description")));
    }

    #[test]
    fn tags_inside_a_question_are_tags() {
        assert_eq!(read("%{?fedora:Epoch: 2}\n%{!?fedora:Epoch: 3}\nVersion: 1"), known("2:1"));
    }

    #[test]
    fn macros_that_write_tags_and_sections_excuse_what_is_missing() {
        let spec = Spec::parse("Version: 1\nRelease: 1\n%fontpkg -a\n");
        assert!(read_version(&spec, &Macros::new()).is_ok());
        let spec = Spec::parse("Version: 1\nRelease: 1\n");
        assert_eq!(read_version(&spec, &Macros::new()), Err(Unreadable::Missing("%description")));
    }
}
