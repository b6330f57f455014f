//! `spec-set-bcond`: says whether a build condition is enabled by default.
//!
//! `%bcond_with` and `%bcond_without` become each other, `%bcond name …` gets `1` or `0` as its default, in every `%if`
//! branch. `expect` counts these lines.

use azl_diagnostics::Diagnostic;
use azl_spec::BcondDefault;
use serde::Deserialize;
use toml::Spanned;

use super::Behaviour;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::MacroName;

/// Sets the default of a build condition.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecSetBcond {
    /// Build condition, e.g. `tests`.
    #[schemars(with = "MacroName")]
    name: Spanned<MacroName>,
    /// What it is without `--with` and `--without`.
    default: OnOff,
}

/// A default.
#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnOff {
    /// Enabled.
    On,
    /// Disabled.
    Off,
}

impl Behaviour for SpecSetBcond {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let default = match self.default {
            OnOff::On => BcondDefault::On,
            OnOff::Off => BcondDefault::Off,
        };
        sources.spec.set_bcond(self.name.get_ref().as_str(), default).map_err(|error| site.edit(&error))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    const TOML: &str = "type = 'spec-set-bcond'\nname = 'tests'\ndefault = 'off'\n";

    #[test]
    fn all_spellings_change() {
        check(
            TOML,
            "%bcond_without tests\n%if a\n%bcond tests %[0%{?b}]\n%else\n%bcond tests 1\n%endif\n",
            "%bcond_with tests\n%if a\n%bcond tests 0\n%else\n%bcond tests 0\n%endif\n",
        );
        check(&TOML.replace("off", "on"), "%bcond_with tests\n", "%bcond_without tests\n");
    }

    #[test]
    fn unknown_condition_and_default_it_has_are_refused() {
        refused(TOML, "%bcond_with tests2\n", &["overlay-no-match", "no `%bcond` of `tests`", "o/x.comp.toml:1:8"]);
        refused(TOML, "%bcond_with tests\n", &["overlay-no-effect"]);
        refused(&TOML.replace("off", "of"), "", &["unknown value `of`", "did you mean `off`?"]);
    }
}
