//! `spec-set-macro`: sets the body of a macro that the spec defines with `%global` or `%define`.
//!
//! All its definitions change, in every `%if` branch and in `%{!?name: %global name body}`; directive, blanks and
//! conditions stay, a body over several lines is replaced as a whole. Definitions with parameters are refused, and
//! those inside other macros' bodies are not seen. If there is no definition the overlay is refused, unless `define`
//! says with which directive to add one: below the comments the spec begins with. `expect` counts definitions.

use azl_diagnostics::Diagnostic;
use azl_spec::{Directive, EditError};
use serde::Deserialize;
use toml::Spanned;

use super::Behaviour;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{MacroName, OneLine};

/// Sets a macro.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecSetMacro {
    /// Macro, without `%`.
    #[schemars(with = "MacroName")]
    name: Spanned<MacroName>,
    /// Its body.
    #[schemars(with = "OneLine")]
    value: Spanned<OneLine>,
    /// How to define it where the spec does not.
    define: Option<DefineWith>,
}

/// Directive of a new definition.
#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DefineWith {
    /// `%define`.
    Define,
    /// `%global`.
    Global,
}

impl Behaviour for SpecSetMacro {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let (name, value) = (self.name.get_ref().as_str(), self.value.get_ref().as_str());
        let set = match (sources.spec.set_macro(name, value), self.define) {
            (Err(EditError::NoMacro(_)), Some(DefineWith::Define)) => {
                sources.spec.define_macro(Directive::Define, name, value).map(|()| 1)
            }
            (Err(EditError::NoMacro(_)), Some(DefineWith::Global)) => {
                sources.spec.define_macro(Directive::Global, name, value).map(|()| 1)
            }
            (set, _) => set,
        };
        set.map_err(|error| site.edit(&error))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    const TOML: &str = "type = 'spec-set-macro'\nname = 'with_x'\nvalue = '0'\n";

    #[test]
    fn every_definition_changes() {
        check(
            TOML,
            "%global  with_x 1\n%if a\n%define with_x\t%{y}\n%endif\n%{!?with_x:%global with_x 2}\n%global with_xy 1\n",
            "%global  with_x 0\n%if a\n%define with_x\t0\n%endif\n%{!?with_x:%global with_x 0}\n%global with_xy 1\n",
        );
        check(&format!("{TOML}expect = 1\n"), "%define with_x \\\n a \\\n b\nName: x\n", "%define with_x 0\nName: x\n");
    }

    #[test]
    fn missing_definition_is_added_only_on_request() {
        refused(TOML, "Name: x\n", &["overlay-no-match", "no `%global` or `%define` of `with_x`", "o/x.comp.toml:1:8"]);
        let add = format!("{TOML}define = 'global'\n");
        check(&add, "# c\nName: x\n", "# c\n%global with_x 0\nName: x\n");
        check(&add, "%global with_x 1\n", "%global with_x 0\n");
        refused(&format!("{TOML}define = 'local'\n"), "", &["unknown value `local`", "known values: define, global"]);
    }

    #[test]
    fn parameters_open_values_and_no_change_are_refused() {
        refused(TOML, "Name: x\n%define with_x(y) 1\n", &["overlay-refused", "at line 2"]);
        refused(&TOML.replace("'0'", "'%{x'"), "%define with_x 1\n", &["`%{x` leaves a macro open"]);
        refused(TOML, "%define with_x 0\n", &["overlay-no-effect"]);
        refused(&TOML.replace("with_x", "with-x"), "", &["not a macro name: `with-x`"]);
    }
}
