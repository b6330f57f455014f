//! `explain <component>`: every effective value of a component, and the line that gave it.

use std::fmt;

use azl_config::{Effective, file_and_line};
use azl_diagnostics::Span;
use serde::Serialize;

use crate::error::Failure;
use crate::tree::Tree;

/// One value with the places it comes from.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedField {
    /// Dotted path, e.g. `build.check.skip`.
    pub field: String,
    /// The value as text.
    pub value: String,
    /// Who wrote it: the component, a group, a default.
    pub layer: String,
    /// `file:line` where it is written, if it is.
    pub place: Option<String>,
    /// `file:line` of what it overrides, from the bottom up.
    pub overrides: Vec<String>,
}

/// The values of a component.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Component.
    pub component: String,
    /// Its fields.
    pub fields: Vec<ExplainedField>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.fields.iter().map(|field| field.field.len()).max().unwrap_or(0);
        for field in &self.fields {
            let place = field.place.as_deref().unwrap_or("not written");
            let (name, value, layer) = (&field.field, field.value.replace('\n', "\\n"), &field.layer);
            writeln!(f, "{name:<width$}  {value}\n{:<width$}    {layer}, {place}", "")?;
            for place in &field.overrides {
                writeln!(f, "{:<width$}    over {place}", "")?;
            }
        }
        Ok(())
    }
}

/// Explains a component, or one field or table of it.
///
/// # Errors
/// If there is no such component or field, with the nearest known name.
pub fn explain(tree: &Tree, component: &str, field: Option<&str>) -> Result<Explanation, Failure> {
    let effective = tree.config().explain(component, field)?;
    let fields = effective.into_iter().map(|one| explained(tree, one)).collect();
    Ok(Explanation { component: component.to_owned(), fields })
}

fn explained(tree: &Tree, effective: Effective) -> ExplainedField {
    let place = |span: &Span| file_and_line(span, tree.authored().text(&span.file).unwrap_or_default());
    ExplainedField {
        place: effective.written.as_ref().map(place),
        overrides: effective.overrides.iter().map(place).collect(),
        layer: effective.layer.to_string(),
        field: effective.field,
        value: effective.value,
    }
}
