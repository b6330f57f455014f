//! `section` and `package` as the line kinds share them.

use azl_spec::{SectionId, SectionName, leaves_macro_open};
use toml::Spanned;

use crate::values::{OneLine, SectionRef, SpecText};

/// Returns the section these two keys name; `None` without `section`.
pub(super) fn section_id(
    section: Option<&Spanned<SectionRef>>,
    package: Option<&Spanned<OneLine>>,
) -> Option<SectionId> {
    section.map(|section| SectionId { name: section.get_ref().0, package: package_name(package) })
}

/// Returns the package as the spec tree takes it.
pub(super) fn package_name(package: Option<&Spanned<OneLine>>) -> Option<String> {
    package.map(|package| package.get_ref().as_str().to_owned()).filter(|package| !package.is_empty())
}

/// Returns lines as the spec tree takes them.
pub(super) fn texts(lines: &[SpecText]) -> Vec<String> {
    lines.iter().map(|line| line.as_str().to_owned()).collect()
}

/// Says what is wrong with lines that would take the lines behind them as their own.
pub(super) fn open_lines(lines: &[SpecText]) -> Option<String> {
    let open = leaves_macro_open(texts(lines).join("\n").as_bytes());
    open.then(|| "`lines` leave a macro open, which would swallow the text behind them".to_owned())
}

/// Says what is wrong with a `package` that has no `section`.
pub(super) fn package_needs_section(
    section: Option<&Spanned<SectionRef>>,
    package: Option<&Spanned<OneLine>>,
) -> Option<String> {
    let lonely = section.is_none() && package.is_some();
    lonely.then(|| "`package` without `section`: say which section of the package is meant".to_owned())
}

/// Returns whether a section is one of name and, if given, package.
pub(super) fn is_in_scope(id: &SectionId, name: Option<SectionName>, package: Option<&str>) -> bool {
    name.is_none_or(|name| id.name == name) && package.is_none_or(|package| id.package.as_deref() == Some(package))
}
