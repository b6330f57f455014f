//! `spec-remove-macro`: removes every `%global` and `%define` of a macro.
//!
//! Refused if the spec still calls it: rpm would leave `%{name}` as text. Questions such as `%{?name}` and
//! `%{!?name:…}` are answered differently from then on, which is what the overlay is for. `expect` counts definitions.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::Behaviour;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::MacroName;

/// Removes a macro.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecRemoveMacro {
    /// Macro, without `%`.
    #[schemars(with = "MacroName")]
    name: Spanned<MacroName>,
}

impl Behaviour for SpecRemoveMacro {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        sources.spec.remove_macro(self.name.get_ref().as_str()).map_err(|error| site.edit(&error))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    const TOML: &str = "type = 'spec-remove-macro'\nname = 'm'\n";

    #[test]
    fn all_definitions_go() {
        check(TOML, "%global m 1\n%if a\n%define m \\\n 2\n%endif\n%{?m:A: b}\n", "%if a\n%endif\n%{?m:A: b}\n");
    }

    #[test]
    fn macro_that_is_called_or_not_defined_is_refused() {
        refused(TOML, "%global m 1\nVersion: %{m}\n", &["overlay-refused", "`%m` is called at line 2"]);
        refused(TOML, "%global mm 1\n", &["overlay-no-match", "o/x.comp.toml:1:8"]);
    }
}
