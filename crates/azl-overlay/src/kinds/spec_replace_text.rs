//! `spec-replace-text`: replaces what a regular expression matches, over several lines.
//!
//! The expression sees the whole spec, headers included, or with `section` all lines below each header of it at once
//! (of all packages if there is no `package`). `(?m)` makes `^` and `$` the ends of lines, `(?s)` lets `.` match a
//! newline. Every line end is `\n` to the expression, and newlines of the replacement become the spec's own line ends.
//! The replacement is literal. `expect` counts matches.

use azl_diagnostics::Diagnostic;
use azl_spec::Scope;
use serde::Deserialize;
use toml::Spanned;

use super::Behaviour;
use super::scope::{is_in_scope, package_name, package_needs_section};
use crate::pattern::Pattern;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, SectionRef, SpecText};

/// Replaces text over several lines of the spec.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecReplaceText {
    /// Regular expression in RE2 syntax.
    #[schemars(with = "Pattern")]
    regex: Spanned<Pattern>,
    /// What to put instead; nothing if absent.
    #[schemars(with = "Option<SpecText>")]
    replacement: Option<Spanned<SpecText>>,
    /// Only this section.
    #[schemars(with = "Option<SectionRef>")]
    section: Option<Spanned<SectionRef>>,
    /// Only this sub-package's section.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecReplaceText {
    fn contradiction(&self) -> Option<String> {
        package_needs_section(self.section.as_ref(), self.package.as_ref())
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let regex = self.regex.get_ref();
        let name = self.section.as_ref().map(|section| section.get_ref().0);
        let package = package_name(self.package.as_ref());
        let replacement = self.replacement.as_ref().map_or("", |text| text.get_ref().as_str());
        let places = sources.spec.replace_text(
            if name.is_none() { Scope::Spec } else { Scope::Sections },
            |id| is_in_scope(id, name, package.as_deref()),
            |text| regex.matches(text),
            replacement.as_bytes(),
        );
        if places > 0 {
            return Ok(places);
        }
        let scope = name.map_or_else(String::new, |name| format!(" in `{name}`"));
        let message = format!("overlay `spec-replace-text` does not apply: nothing matches{scope}");
        Err(site.refuse_at(self.regex.span(), "overlay-no-match", message))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    #[test]
    fn expression_sees_several_lines() {
        let toml = "type = 'spec-replace-text'\nregex = '(?m)^b\\nc$'\nreplacement = \"$1\\ny\"\n";
        check(toml, "a\nb\nc\nd\n", "a\n$1\ny\nd\n");
        check(toml, "a\r\nb\r\nc\r\n", "a\r\n$1\r\ny\r\n");
        check("type = 'spec-replace-text'\nregex = '(?s)a.*d\\n'\n", "a\nb\nd\ne\n", "e\n");
    }

    #[test]
    fn section_limits_what_is_seen() {
        let toml = "type = 'spec-replace-text'\nregex = '(?s)a.*'\nreplacement = \"b\\n\"\nsection = '%files'\n";
        check(toml, "a\n%files\na\nc\n%files y\na\n%prep\na\n", "a\n%files\nb\n%files y\nb\n%prep\na\n");
        let one = format!("{toml}package = 'y'\nexpect = 1\n");
        check(&one, "%files\na\n%files y\na\n", "%files\na\n%files y\nb\n");
    }

    #[test]
    fn no_match_and_text_that_is_none_are_refused() {
        let toml = "type = 'spec-replace-text'\nregex = 'z'\nreplacement = \"y\"\n";
        refused(toml, "a\n", &["overlay-no-match", "nothing matches", "o/x.comp.toml:2:9"]);
        for bad in ["\\r\\n", "\\u0000"] {
            let toml = toml.replace("\"y\"", &format!("\"{bad}\""));
            refused(&toml, "z\n", &["no carriage return and no NUL", "o/x.comp.toml:3:15"]);
        }
        refused(&toml.replace("'z'", "'(?=z)'"), "z\n", &["invalid regular expression"]);
    }
}
