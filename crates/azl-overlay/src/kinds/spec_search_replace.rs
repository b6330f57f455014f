//! `spec-search-replace`: replaces what a regular expression matches, line by line.
//!
//! Every physical line is matched on its own, without its line end: `^` and `$` are the line's ends. The replacement
//! is literal (`$1` stays `$1`) and may hold newlines. Without `section` all lines are seen, section headers as well
//! (azldev never sees those); with it, the lines below the headers of that section, of all packages if there is no
//! `package`.

use azl_diagnostics::Diagnostic;
use azl_spec::Headers;
use serde::Deserialize;
use toml::Spanned;

use super::scope::{is_in_scope, package_name, package_needs_section};
use super::{Behaviour, as_azldev};
use crate::pattern::Pattern;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, SectionRef, SpecText};

/// Replaces text in the spec.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecSearchReplace {
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

impl Behaviour for SpecSearchReplace {
    fn contradiction(&self) -> Option<String> {
        package_needs_section(self.section.as_ref(), self.package.as_ref())
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let regex = self.regex.get_ref();
        let name = self.section.as_ref().map(|section| section.get_ref().0);
        let package = package_name(self.package.as_ref());
        let replacement = self.replacement.as_ref().map_or("", |text| text.get_ref().as_str());
        let mut places = 0;
        let changed = sources.spec.rewrite_lines(
            if name.is_none() { Headers::Included } else { Headers::Excluded },
            |id| is_in_scope(id, name, package.as_deref()),
            |line| {
                let matches = regex.matches(line).len();
                places += matches;
                (matches > 0).then(|| regex.replace(line, replacement))
            },
        );
        if changed > 0 {
            return Ok(places);
        }
        let scope = name.map_or_else(String::new, |name| format!(" in `{name}`"));
        let message = format!("overlay `spec-search-replace` does not apply: no line changes{scope}");
        let diagnostic = site.refuse_at(self.regex.span(), "overlay-no-match", message);
        Err(diagnostic.hint("the expression sees one line at a time; `spec-replace-text` sees several"))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let section = self.section.as_ref().map_or("", |section| section.get_ref().as_written());
        let replacement = self.replacement.as_ref().map_or("", |text| text.get_ref().as_str());
        Some(as_azldev::edit_spec(sources, site, |spec| {
            let rewrite = |line: &[u8]| self.regex.get_ref().replace(line, replacement);
            spec.rewrite_lines(section, as_azldev::package(self.package.as_ref()), rewrite)
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    #[test]
    fn lines_are_matched_one_by_one() {
        check(
            "type = 'spec-search-replace'\nregex = '^a$'\nreplacement = 'b'\n",
            "a\n%files a\na\naa\n",
            "b\n%files a\nb\naa\n",
        );
        let toml = "type = 'spec-search-replace'\nregex = 'files'\nreplacement = 'f'\n";
        check(&format!("{toml}section = '%files'\n"), "files\n%files\nfiles\n", "files\n%files\nf\n");
    }

    #[test]
    fn header_is_seen_unless_the_search_is_within_a_section() {
        let toml = "type = 'spec-search-replace'\nregex = '^%files a$'\nreplacement = '%files b'\n";
        check(toml, "a\n%files a\nx\n", "a\n%files b\nx\n");
        refused(&format!("{toml}section = '%files'\n"), "%files a\nx\n", &["no line changes in `%files`"]);
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

    #[test]
    fn azldev_does_not_see_headers() {
        let toml = "type = 'spec-search-replace'\nregex = 'a'\nreplacement = 'b'\n";
        check_azldev(toml, "%files a\na\n", "%files a\nb\n", "line 1 is `%files a`, not `%files b`");
    }

    #[test]
    fn azldev_begins_a_section_where_a_line_becomes_a_header() {
        let toml = "type = 'spec-search-replace'\nsection = '%build'\nregex = '^x$'\nreplacement = '%install'\n";
        check_azldev(toml, "%build\nx\nx\n%check\n", "%build\n%install\nx\n%check\n", "line 3 is `x`, not `%install`");
    }

    #[test]
    fn replacement_with_carriage_return_or_nul_is_refused() {
        for bad in ["\\r\\n", "\\u0000"] {
            let toml = format!("type = 'spec-search-replace'\nregex = 'a'\nreplacement = \"{bad}\"\n");
            refused(&toml, "a\n", &["no carriage return and no NUL", "o/x.comp.toml:3:15"]);
        }
    }

    #[test]
    fn expression_that_other_engines_choke_on_takes_linear_time() {
        let toml = "type = 'spec-search-replace'\nregex = '^(a+)+(b|a|aa)*$'\nreplacement = 'x'\n";
        refused(toml, &format!("{}c\n", "a".repeat(100_000)), &["no line changes"]);
    }
}
