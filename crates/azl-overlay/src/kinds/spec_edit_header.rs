//! `spec-edit-header`: changes the header line of a section.
//!
//! Either `header` is the whole new line, or `regex` and `replacement` (literal, as everywhere) change a part of the
//! line. All headers with this name and package change, in every `%if` branch. The result must be a header of the same
//! name; its package may be another. `expect` counts headers.

use azl_diagnostics::Diagnostic;
use azl_spec::SectionId;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, scope::package_name};
use crate::pattern::Pattern;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, SectionRef};

/// Changes a section header.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecEditHeader {
    /// Section, e.g. `%files`.
    #[schemars(with = "SectionRef")]
    section: Spanned<SectionRef>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
    /// New line, e.g. `%files -f x.lang devel`.
    #[schemars(with = "Option<OneLine>")]
    header: Option<Spanned<OneLine>>,
    /// Regular expression over the old line, in RE2 syntax.
    #[schemars(with = "Option<Pattern>")]
    regex: Option<Spanned<Pattern>>,
    /// What to put instead of what it matches; nothing if absent.
    #[schemars(with = "Option<OneLine>")]
    replacement: Option<Spanned<OneLine>>,
}

impl SpecEditHeader {
    fn rewrite(&self, header: &[u8]) -> Vec<u8> {
        if let Some(header) = &self.header {
            return header.get_ref().as_str().into();
        }
        let replacement = self.replacement.as_ref().map_or("", |text| text.get_ref().as_str());
        let replaced = self.regex.as_ref().map(|regex| regex.get_ref().replace(header, replacement));
        replaced.unwrap_or_else(|| header.to_owned())
    }
}

impl Behaviour for SpecEditHeader {
    fn contradiction(&self) -> Option<String> {
        match (&self.header, &self.regex, &self.replacement) {
            (Some(_), None, None) | (None, Some(_), _) => None,
            (None, None, _) => Some("give either `header` or `regex`".to_owned()),
            (Some(_), _, _) => {
                Some("`header` is the whole line: it goes with neither `regex` nor `replacement`".to_owned())
            }
        }
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let id = SectionId { name: self.section.get_ref().0, package: package_name(self.package.as_ref()) };
        let before = sources.spec.clone();
        let places =
            sources.spec.edit_headers(&id, |header| self.rewrite(header)).map_err(|error| site.edit(&error))?;
        match &self.regex {
            Some(regex) if sources.spec == before => {
                let message = format!("overlay `spec-edit-header` does not apply: no header of `{id}` changes");
                Err(site.refuse_at(regex.span(), "overlay-no-match", message))
            }
            _ => Ok(places),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    const TOML: &str = "type = 'spec-edit-header'\nsection = '%files'\npackage = 'y'\n";

    #[test]
    fn header_is_given_or_changed() {
        let spec = "%files\n/a\n%if x\n%files  y\n/b\n%endif\n";
        check(
            &format!("{TOML}header = '%files -f x.lang y'\n"),
            spec,
            &spec.replace("%files  y", "%files -f x.lang y"),
        );
        check(
            &format!("{TOML}regex = ' +y'\nreplacement = ' -n z'\n"),
            spec,
            &spec.replace("%files  y", "%files -n z"),
        );
    }

    #[test]
    fn result_that_is_no_such_header_is_refused() {
        for bad in ["%build", "files y", "", "%files %{y"] {
            let toml = format!("{TOML}header = '{bad}'\n");
            refused(&toml, "%files y\n", &["overlay-refused", "is no header of a section `%files`"]);
        }
    }

    #[test]
    fn no_match_and_unclear_overlays_are_refused() {
        refused(&format!("{TOML}header = '%files z'\n"), "%files\n", &["overlay-no-match", "no section `%files y`"]);
        refused(&format!("{TOML}regex = 'z'\n"), "%files y\n", &["overlay-no-match", "o/x.comp.toml:4:9"]);
        refused(TOML, "%files y\n", &["give either `header` or `regex`"]);
        let both = format!("{TOML}header = 'x'\nregex = 'z'\n");
        refused(&both, "%files y\n", &["overlay-contradiction"]);
    }
}
