//! Names of components: directories, branches and file names are made of them, on file systems of all kinds.

use std::collections::BTreeMap;

use azl_diagnostics::Diagnostic;

use crate::document::{Component, Config};

/// Checks the names of all components.
pub(super) fn check(config: &Config, found: &mut Vec<Diagnostic>) {
    let mut folded: BTreeMap<String, (&str, &Component)> = BTreeMap::new();
    for (name, component) in &config.components {
        if let Some(problem) = name_problem(name) {
            found.push(Diagnostic { span: Some(component.declared.clone()), ..problem });
            continue;
        }
        if let Some((other, first)) = folded.insert(name.to_ascii_lowercase(), (name, component)) {
            let message = format!("components `{other}` and `{name}` differ only in case");
            let problem = Diagnostic::error("component-name", message).hint(format!(
                "`{other}` is declared in {}; file systems and addresses that ignore case cannot hold both",
                first.declared.file
            ));
            found.push(Diagnostic { span: Some(component.declared.clone()), ..problem });
        }
    }
}

/// Returns what is wrong with a name by itself. All names being ASCII, no two look alike by their script.
fn name_problem(name: &str) -> Option<Diagnostic> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    if let Some(odd) = name.chars().find(|c| !plain(*c)) {
        let code_point = format!("U+{:04X}", u32::from(odd));
        let message = format!("not a component name: `{}` holds {code_point}", name.escape_debug());
        let problem = Diagnostic::error("component-name", message);
        return Some(problem.hint("names are ASCII letters, digits, `.`, `-`, `_` and `+`"));
    }
    (name.is_empty() || name.starts_with(['.', '-'])).then(|| {
        let problem = Diagnostic::error("component-name", format!("not a component name: `{name}`"));
        problem.hint("names begin with an ASCII letter, a digit, `_` or `+`")
    })
}
