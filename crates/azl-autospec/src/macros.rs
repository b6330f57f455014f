//! Macros by name: what the caller knows of the distribution, and what a spec defines.

use std::collections::BTreeMap;

/// The body of a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// Text to be expanded again where the macro is called.
    Text(String),
    /// The macro is defined, but its body could not be expanded, or it takes parameters; the text stands for it.
    Symbolic(String),
    /// The macro is defined under a condition nobody could judge; the text stands for all that is known.
    Doubtful(String),
}

/// Macro definitions. What is not here counts as undefined in `%{?x}` and as unknown in `%{x}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Macros {
    bodies: BTreeMap<String, Body>,
}

impl Macros {
    /// Makes an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a macro without parameters, such as `dist` or `fedora`; the body may call others.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, body: impl Into<String>) -> Self {
        self.define(&name.into(), Body::Text(body.into()));
        self
    }

    pub(crate) fn define(&mut self, name: &str, body: Body) {
        self.bodies.insert(name.to_owned(), body);
    }

    pub(crate) fn undefine(&mut self, name: &str) {
        self.bodies.remove(name);
    }

    pub(crate) fn body(&self, name: &str) -> Option<&Body> {
        self.bodies.get(name)
    }

    /// Says whether a macro is defined; `None` if that depends on a condition nobody could judge.
    pub(crate) fn defines(&self, name: &str) -> Option<bool> {
        match self.body(name) {
            Some(Body::Doubtful(_)) => None,
            body => Some(body.is_some()),
        }
    }
}
