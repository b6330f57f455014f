//! `build` of a component: macros, `%check`, known failures, hints.
//!
//! Not here: what rendering makes of them.
//!
//! **Invariant:** macro and condition names are names rpm takes.

use std::collections::BTreeMap;

use azl_diagnostics::Diagnostic;
use azl_overlay::OneLine;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::spanned::Spanned;

/// `build` of a component.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct BuildLayer {
    /// Build conditions to switch on.
    pub with: Vec<Spanned<String>>,
    /// Build conditions to switch off.
    pub without: Vec<Spanned<String>>,
    /// Macros to define, by name without `%`.
    #[schemars(with = "BTreeMap<String, OneLine>")]
    pub defines: BTreeMap<Spanned<String>, Spanned<OneLine>>,
    /// Names to take out of what `with`, `without` and `defines` of all layers made.
    pub undefines: Vec<Spanned<String>>,
    /// Whether the upstream version and release are passed to the build as macros.
    pub emit_upstream_provenance: Option<Spanned<bool>>,
    /// `%check`.
    pub check: CheckLayer,
    /// Builds that are known to fail.
    pub failure: FailureLayer,
    /// What a scheduler may want to know.
    pub hints: HintsLayer,
}

/// `build.check`; `skip_reason` has an underscore in the format.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckLayer {
    /// Whether `%check` is switched off.
    pub skip: Option<Spanned<bool>>,
    /// Why.
    pub skip_reason: Option<Spanned<OneLine>>,
}

/// `build.failure`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FailureLayer {
    /// Whether the build is known to fail.
    pub expected: Option<Spanned<bool>>,
    /// Why.
    pub expected_reason: Option<Spanned<String>>,
}

/// `build.hints`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HintsLayer {
    /// Whether the build takes much time or memory.
    pub expensive: Option<Spanned<bool>>,
}

impl BuildLayer {
    /// Returns what is wrong with the layer's own values.
    pub(crate) fn problems(&self, file: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut report = |span, message: String| found.push(Diagnostic::error("build", message).at(file, span));
        for condition in self.with.iter().chain(&self.without) {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.');
            if condition.get_ref().is_empty() || !condition.get_ref().chars().all(plain) {
                report(condition.span(), format!("not a build condition: `{}`", condition.get_ref()));
            }
        }
        for name in self.defines.keys().filter(|name| !is_macro_name(name.get_ref())) {
            report(name.span(), format!("not a macro name: `{}`", name.get_ref()));
        }
        if let Some(skip) = self.check.skip.as_ref().filter(|skip| *skip.get_ref())
            && !said(self.check.skip_reason.as_ref().map(|reason| reason.get_ref().as_str()))
        {
            report(skip.span(), "`check.skip` without `skip_reason`".into());
        }
        if let Some(expected) = self.failure.expected.as_ref().filter(|expected| *expected.get_ref())
            && !said(self.failure.expected_reason.as_ref().map(|reason| reason.get_ref().as_str()))
        {
            report(expected.span(), "`failure.expected` without `expected-reason`".into());
        }
        found
    }
}

/// Returns whether rpm takes this as the name of a macro: three characters at least.
fn is_macro_name(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain && text.len() >= 3 && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns whether a reason says something.
pub(crate) fn said(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}
