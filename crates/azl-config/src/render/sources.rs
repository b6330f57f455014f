//! What a spec may name as source or patch: a plain file, or an address that can be fetched without a secret.
//!
//! Values are looked at as written, after all overlays; what a macro in them stands for is not known here.
//!
//! Not here: whether a source can be had, which is `filter`.
//!
//! **Invariant:** no message repeats the user name or password of an address.

use std::collections::BTreeMap;

use azl_diagnostics::Diagnostic;
use azl_spec::{SourceRef, Spec};

use super::at_declaration;
use super::literal::{file_name, literal};
use crate::resolve::ResolvedComponent;

/// Schemes that sources are fetched by.
const SCHEMES: [&str; 4] = ["https", "http", "ftp", "ftps"];

/// Returns what is wrong with the sources and patches of a spec.
pub(super) fn problems(component: &ResolvedComponent, spec: &Spec) -> Vec<Diagnostic> {
    let named = spec.sources();
    let mut found: Vec<_> = named.iter().filter_map(|source| of_value(component, &source.value)).collect();
    found.extend(of_one_name(component, spec, &named));
    found
}

fn of_value(component: &ResolvedComponent, value: &str) -> Option<Diagnostic> {
    let (what, hint) = wrong_value(&literal(value))?;
    let message = format!("`{}`: source `{}` {what}", component.name, shown(value));
    Some(at_declaration(component, Diagnostic::error("source-value", message)).hint(hint))
}

/// Returns what is wrong with a value and what to write instead.
fn wrong_value(value: &str) -> Option<(String, &'static str)> {
    const PLAIN: &str = "name a file beside the spec, or an `https` address";
    if value.contains(char::is_control) {
        return Some(("holds a control character".into(), PLAIN));
    }
    if value.starts_with('-') {
        return Some(("begins with `-`, as options of programs do".into(), PLAIN));
    }
    match scheme(value) {
        Some((scheme, rest)) => wrong_address(scheme, rest),
        None if value.starts_with('/') => Some(("is an absolute path".into(), PLAIN)),
        None if value.split('/').any(|part| part == "..") => Some(("leads out of its directory".into(), PLAIN)),
        None => None,
    }
}

fn wrong_address(scheme: &str, rest: &str) -> Option<(String, &'static str)> {
    let known = SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    let Some(rest) = rest.strip_prefix("//").filter(|_| known) else {
        let what = format!("has the scheme `{scheme}`, which nothing here fetches");
        return Some((what, "put the file into the lookaside cache and name it by an `https` address"));
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if authority.contains('@') {
        let hint = "remove them: specs are published; if they were real, they are to be replaced";
        return Some(("holds a user name or password".into(), hint));
    }
    let name = rest.rsplit('/').next().unwrap_or_default();
    if authority.is_empty() || matches!(name, "" | "." | "..") {
        return Some(("names no file on a host".into(), "end the address with the file's name, or with `#/name`"));
    }
    None
}

/// Returns the scheme of an address and what follows its colon.
fn scheme(value: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = value.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(plain)).then_some((scheme, rest))
}

/// Returns a value as messages may show it.
pub(super) fn shown(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.escape_debug().to_string() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let rest = rest[..end].rfind('@').map_or(rest.to_owned(), |at| format!("…{}", &rest[at..]));
    format!("{scheme}://{rest}").escape_debug().to_string()
}

/// Returns a mistake for each name that several sources have: their files would lie on one another. Those under a
/// condition are passed over, since of two branches only one counts.
fn of_one_name(component: &ResolvedComponent, spec: &Spec, named: &[SourceRef]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for source in named.iter().filter(|source| is_certain(spec, source)) {
        let name = file_name(&source.value);
        let other = *first.entry(name.clone()).or_insert(&source.value);
        if other != source.value {
            let (other, this) = (shown(other), shown(&source.value));
            let message = format!("`{}`: sources `{other}` and `{this}` are both called `{name}`", component.name);
            let problem = at_declaration(component, Diagnostic::error("source-name", message));
            found.push(problem.hint("give one another name: `#/name` at the end of its address"));
        }
    }
    found
}

/// Returns whether rpm sees a source whatever is set.
fn is_certain(spec: &Spec, source: &SourceRef) -> bool {
    let line = source.lines.start;
    !spec.is_conditional(line) && !spec.line(line).trim_ascii_start().starts_with(b"%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_lead_elsewhere_are_refused() {
        for (value, what) in [
            ("--upload-file=/etc/shadow", "begins with `-`"),
            ("file:///etc/passwd", "has the scheme `file`"),
            ("file:passwd", "has the scheme `file`"),
            ("git+ssh://git@x.org/y.git", "has the scheme `git+ssh`"),
            ("HTTPS:x/y.tar", "has the scheme `HTTPS`"),
            ("https://me:secret@x.org/y.tar", "holds a user name or password"),
            ("https://%{user}@x.org/y.tar", "holds a user name or password"),
            ("https:///y.tar", "names no file on a host"),
            ("https://x.org/y/", "names no file on a host"),
            ("https://x.org/y#/..", "names no file on a host"),
            ("/etc/passwd", "is an absolute path"),
            ("../../y.tar", "leads out of its directory"),
            ("a\0b", "holds a control character"),
        ] {
            let found = wrong_value(&literal(value)).map(|(what, _)| what).unwrap_or_default();
            assert!(found.contains(what), "{value}: {found}");
        }
    }

    #[test]
    fn usual_values_are_taken() {
        for value in [
            "y.tar",
            "a..b.tar",
            "%{name}-%{version}.tar",
            "%{url}/y.tar",
            "%{pypi_source a b}",
            "https://x.org/y.tar",
            "HTTP://x.org:80/a@b/y.tar?c=@d",
            "ftp://x.org/y.tar",
            "https://x.org/get?a#/%{name}.tar",
            "https://x.org/%(echo %{version} | tr . /)",
            "sub/y.patch",
        ] {
            assert_eq!(wrong_value(&literal(value)), None, "{value}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(shown("https://me:secret@x.org/y"), "https://…@x.org/y");
        assert_eq!(shown("git+ssh://me:s@t@x.org"), "git+ssh://…@x.org");
        assert_eq!(shown("https://x.org/a@b"), "https://x.org/a@b");
        assert_eq!(shown("a\0\u{1b}b"), r"a\0\u{1b}b");
    }
}
