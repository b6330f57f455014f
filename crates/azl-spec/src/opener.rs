//! Macros that expand to section headers.
//!
//! Some come from the macro packages of the language stacks, some are defined in the spec itself.

use std::collections::{HashMap, HashSet};

use crate::line::LineKind;
use crate::macro_call::{called_name, defined_name, is_name_byte};
use crate::package::PackageName;
use crate::section::{SectionName, header_name};
use crate::spec::Spec;

/// Macros of the language stacks that expand to whole `%package`, `%files` or scriptlet sections.
const KNOWN: &[&[u8]] = &[
    b"gopkg",
    b"godevelpkg",
    b"goaltpkg",
    b"gopkgfiles",
    b"godevelfiles",
    b"goaltfiles",
    b"fontpkg",
    b"fontmetapkg",
    b"fontfiles",
    b"_font_pkg",
    b"ghc_lib_subpackage",
    b"pyproject_extras_subpkg",
    b"python_extras_subpkg",
    b"javadoc_package",
    b"mingw_debug_package",
    b"debug_package",
];

/// Macros that expand to scriptlets without text, or to nothing; they take a package as a header does.
const SCRIPTLETS: &[&[u8]] = &[b"ldconfig_scriptlets", b"ldconfig_post", b"ldconfig_postun"];

/// What a macro line expands to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expansion {
    /// Sections; what follows is theirs.
    Sections,
    /// Whole scriptlets of a package, if there is anything; what follows is not theirs.
    Scriptlets(Option<PackageName>),
}

/// The macros that open sections in one spec.
pub(crate) struct Openers<'a>(HashSet<&'a [u8]>);

impl<'a> Openers<'a> {
    /// Finds the macros of a spec whose bodies begin a line with a header, or with another such macro.
    pub(crate) fn find(spec: &'a Spec) -> Self {
        let mut openers: HashSet<&[u8]> = KNOWN.iter().copied().collect();
        let mut callers: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
        let mut found: Vec<&[u8]> = openers.iter().copied().collect();
        for (name, starts) in spec.definitions() {
            for start in starts {
                if header_name(start).is_some() {
                    found.push(name);
                } else if let Some(called) = called_name(start) {
                    callers.entry(called).or_default().push(name);
                }
            }
        }
        while let Some(name) = found.pop() {
            openers.insert(name);
            found.extend(callers.remove(name).unwrap_or_default());
        }
        Self(openers)
    }

    /// Returns what a line of text expands to, if that is more than text.
    pub(crate) fn expansion_of(&self, spec: &Spec, line: usize) -> Option<Expansion> {
        let content = spec.line(line).trim_ascii_start();
        let name = called_name(content);
        if name.is_some_and(|name| SCRIPTLETS.contains(&name)) {
            return Some(Expansion::Scriptlets(package_of_call(content)));
        }
        let opens = name.is_some_and(|name| self.0.contains(name)) || holds_header(spec, line);
        opens.then_some(Expansion::Sections)
    }
}

fn package_of_call(call: &[u8]) -> Option<PackageName> {
    let call = call.trim_ascii_end();
    PackageName::of_header(if call.starts_with(b"%{") { call.strip_suffix(b"}").unwrap_or(call) } else { call })
}

/// Returns whether a macro with braces spells out a header, as in `%{expand:` or `print("%package x")` of Lua.
fn holds_header(spec: &Spec, line: usize) -> bool {
    let text = spec.logical_text(line).trim_ascii_start();
    if !text.starts_with(b"%{") {
        return false;
    }
    let mut words = text.split(|&byte| byte == b'%').skip(1);
    words.any(|word| {
        let end = word.iter().position(|&byte| !is_name_byte(byte)).unwrap_or(word.len());
        let ends_the_word = word.get(end).is_none_or(|byte| byte.is_ascii_whitespace() || b"\"'\\}".contains(byte));
        let name = std::str::from_utf8(&word[..end]).ok().filter(|name| ends_the_word && !name.is_empty());
        name.is_some_and(|name| SectionName::parse(&format!("%{name}")).is_some())
    })
}

impl Spec {
    /// Returns every macro defined with `%define` or `%global`, with the lines of its body.
    fn definitions(&self) -> impl Iterator<Item = (&[u8], Vec<&[u8]>)> {
        let firsts = (0..self.lines.len()).filter(|&line| self.lines[line].kind == LineKind::Definition);
        firsts.filter_map(|line| {
            let (name, first) = defined_name(self.line(line))?;
            let rest = self.logical(line).skip(1).map(|line| self.line(line));
            Some((name, std::iter::once(first).chain(rest).map(unescaped_start).collect()))
        })
    }
}

/// Returns a line of a body from its first macro on: without blanks, `%{expand:`, and doubled percent signs.
fn unescaped_start(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"%{expand:").unwrap_or(line).trim_ascii_start();
    match line {
        [b'%', rest @ ..] if rest.starts_with(b"%") => rest,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(text: &str) -> bool {
        let spec = Spec::parse(text);
        let last = (0..spec.lines.len()).rfind(|&line| spec.lines[line].kind == LineKind::Text);
        last.is_some_and(|line| Openers::find(&spec).expansion_of(&spec, line) == Some(Expansion::Sections))
    }

    #[test]
    fn macros_of_the_spec_are_followed() {
        assert!(opens("%define p() \\\n%package %1 \\\n%{nil}\n%p y\n"));
        assert!(opens("%define q() \\\n%{expand:%%p %1} \\\n%{nil}\n%define p() %%files %1\n%{q y}\n"));
        assert!(!opens("%define p() \\\necho %package \\\n%{nil}\n%p y\n"));
        assert!(!opens("%global d %{_x}/y\n%{d}\n"));
    }

    #[test]
    fn headers_spelled_out_in_braces_are_seen() {
        assert!(opens("%{?with_x:%files y}\n"));
        assert!(opens("%{lua:\nprint(\"%package y\\n\")\n}\n"));
        assert!(opens("%{expand:\n%%package y\n}\n"));
        assert!(!opens("%{?x:%{y}}\n"));
        assert!(!opens("echo %{?x:%files y}\n"));
    }

    #[test]
    fn scriptlet_macros_name_their_package() {
        let expansion = |text: &str| {
            let spec = Spec::parse(text);
            Openers::find(&spec).expansion_of(&spec, 0)
        };
        let scriptlets = |package| Some(Expansion::Scriptlets(package));
        assert_eq!(expansion("%ldconfig_scriptlets -n y\n"), scriptlets(Some(PackageName::Whole("y".into()))));
        assert_eq!(expansion("%{?ldconfig_scriptlets y}\n"), scriptlets(Some(PackageName::Suffix("y".into()))));
        assert_eq!(expansion("%ldconfig_post\n"), scriptlets(None));
        assert_eq!(expansion("%{gopkgfiles}\n"), Some(Expansion::Sections));
    }
}
