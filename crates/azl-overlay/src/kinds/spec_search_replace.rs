//! `spec-search-replace`: replaces what a regular expression matches, line by line.
//!
//! Every physical line is matched on its own, without its line end: `^` and `$` are the line's ends. Header lines of
//! sections are never changed. The replacement is literal (`$1` stays `$1`) and may hold newlines. With `section` but
//! no `package`, that section of all packages is meant.

use azl_diagnostics::Diagnostic;
use regex::bytes::NoExpand;
use serde::Deserialize;
use toml::Spanned;

use super::Behaviour;
use super::scope::{is_in_scope, package_name, package_needs_section};
use crate::overlay::Site;
use crate::sources::Sources;
use crate::values::{OneLine, Pattern, SectionRef};

/// Replaces text in the spec.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecSearchReplace {
    /// Regular expression in RE2 syntax.
    regex: Spanned<Pattern>,
    /// What to put instead; nothing if absent.
    #[serde(default)]
    replacement: String,
    /// Only this section.
    section: Option<Spanned<SectionRef>>,
    /// Only this sub-package's section.
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecSearchReplace {
    fn contradiction(&self) -> Option<String> {
        package_needs_section(self.section.as_ref(), self.package.as_ref())
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<(), Diagnostic> {
        let regex = self.regex.get_ref().regex();
        let name = self.section.as_ref().map(|section| section.get_ref().0);
        let package = package_name(self.package.as_ref());
        let changed = sources.spec.rewrite_lines(
            |id| is_in_scope(id, name, package.as_deref()),
            |line| {
                let replaced =
                    regex.is_match(line).then(|| regex.replace_all(line, NoExpand(self.replacement.as_bytes())));
                replaced.map(std::borrow::Cow::into_owned)
            },
        );
        if changed > 0 {
            return Ok(());
        }
        let scope = name.map_or_else(String::new, |name| format!(" in `{name}`"));
        let message = format!("overlay `spec-search-replace` does not apply: no line changes{scope}");
        let diagnostic = site.refuse_at(self.regex.span(), "overlay-no-match", message);
        Err(diagnostic.hint("the expression sees one line at a time, and no section headers"))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    #[test]
    fn lines_are_matched_one_by_one_and_headers_never() {
        check(
            "type = 'spec-search-replace'\nregex = '^a$'\nreplacement = 'b'\n",
            "a\n%files a\na\naa\n",
            "b\n%files a\nb\naa\n",
        );
        check("type = 'spec-search-replace'\nregex = '.*files.*'\n", "x files\n%files\nfiles\n", "\n%files\n\n");
    }

    #[test]
    fn braces_need_no_escape_and_dollars_are_literal() {
        let toml = "type = 'spec-search-replace'\nregex = 'p < %{SOURCE3}'\nreplacement = \"$0\\n$1\"\n";
        check(toml, "%prep\np < %{SOURCE3} x\n", "%prep\n$0\n$1 x\n");
    }

    #[test]
    fn section_without_package_means_all_packages() {
        let all = "type = 'spec-search-replace'\nsection = '%files'\nregex = 'a'\nreplacement = 'b'\n";
        check(all, "a\n%files\na\n%files y\na\n", "a\n%files\nb\n%files y\nb\n");
        let one = format!("{all}package = 'y'\n");
        check(&one, "a\n%files\na\n%files y\na\n", "a\n%files\na\n%files y\nb\n");
    }

    #[test]
    fn match_without_effect_is_refused_at_the_expression() {
        let toml = "type = 'spec-search-replace'\nregex = 'a'\nreplacement = 'a'\n";
        refused(toml, "a\n", &["no line changes", "o/x.comp.toml:2:9"]);
        refused("type = 'spec-search-replace'\nregex = '(?=a)'\n", "a\n", &["invalid regular expression: look-around"]);
    }
}
