//! A TOML table read key by key: wrong types and missing keys become diagnostics, keys nobody asked for become
//! `unknown-key` with a suggestion.
//!
//! **Invariant:** [`TableReader::finish`] is the only way out, so that no unknown key is missed.

use azl_diagnostics::{Diagnostic, Span, closest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Located;

/// Reads one table.
pub(super) struct TableReader<'t> {
    file: &'t str,
    name: String,
    table: &'t DeTable<'t>,
    span: std::ops::Range<usize>,
    known: Vec<&'static str>,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> TableReader<'t> {
    /// Starts reading; `name` is the dotted path of the table, empty at the top.
    pub(super) fn new(file: &'t str, name: &str, table: &'t DeTable<'t>, span: std::ops::Range<usize>) -> Self {
        Self { file, name: name.to_owned(), table, span, known: Vec::new(), diagnostics: Vec::new() }
    }

    /// Reports every key that was never asked for and returns all findings.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        for key in self.table.keys() {
            if self.known.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let message = format!("unknown key `{}` in {}", key.get_ref(), self.title());
            let mut diagnostic = Diagnostic::error("unknown-key", message).at(self.file, key.span());
            diagnostic = match closest(key.get_ref(), self.known.iter().copied()) {
                Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
                None => diagnostic.hint(format!("known keys: {}", self.known.join(", "))),
            };
            self.diagnostics.push(diagnostic);
        }
        self.diagnostics
    }

    /// Reports a mistake in the value of `key`, or in the table if the key is absent.
    pub(super) fn refuse(&mut self, code: &'static str, key: &str, message: impl Into<String>) {
        let range = self.lookup(key).map_or(self.span.clone(), Spanned::span);
        self.diagnostics.push(Diagnostic::error(code, message).at(self.file, range));
    }

    /// Reports a mistake at a place.
    pub(super) fn refuse_at(&mut self, code: &'static str, span: &Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, message).at(self.file, span.start..span.end));
    }

    /// Takes over the findings of a table inside this one.
    pub(super) fn absorb(&mut self, inner: TableReader<'_>) {
        self.diagnostics.extend(inner.finish());
    }

    /// Returns whether the key is written.
    pub(super) fn has(&self, key: &str) -> bool {
        self.lookup(key).is_some()
    }

    /// Reads a string that must be there.
    pub(super) fn string(&mut self, key: &'static str) -> Option<Located<String>> {
        let value = self.required(key)?;
        self.as_string(key, value)
    }

    /// Reads a string that may be absent.
    pub(super) fn optional_string(&mut self, key: &'static str) -> Option<Located<String>> {
        let value = self.optional(key)?;
        self.as_string(key, value)
    }

    /// Reads an integer of at least 0 that may be absent.
    pub(super) fn integer(&mut self, key: &'static str) -> Option<u64> {
        let value = self.optional(key)?;
        let number = value.get_ref().as_integer().and_then(|i| u64::from_str_radix(i.as_str(), i.radix()).ok());
        if number.is_none() {
            self.wrong_type(key, "an integer of at least 0", value);
        }
        number
    }

    /// Reads `true` or `false` that may be absent.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.optional(key)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            self.wrong_type(key, "`true` or `false`", value);
        }
        boolean
    }

    /// Reads a list of strings that may be absent.
    pub(super) fn strings(&mut self, key: &'static str) -> Vec<Located<String>> {
        let Some(value) = self.optional(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, "a list of strings", value);
            return Vec::new();
        };
        array.iter().filter_map(|item| self.as_string(key, item)).collect()
    }

    /// Reads a table of strings that may be absent.
    pub(super) fn string_map(&mut self, key: &'static str) -> Vec<(String, String)> {
        let Some(value) = self.optional(key) else {
            return Vec::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, "a table of strings", value);
            return Vec::new();
        };
        let entry = |this: &mut Self, name: &str, item| Some((name.to_owned(), this.as_string(key, item)?.value));
        table.iter().filter_map(|(name, item)| entry(self, name.get_ref(), item)).collect()
    }

    /// Opens a table that may be absent.
    pub(super) fn table(&mut self, key: &'static str) -> Option<TableReader<'t>> {
        let value = self.optional(key)?;
        let inner = value.get_ref().as_table();
        if inner.is_none() {
            self.wrong_type(key, "a table", value);
        }
        Some(TableReader::new(self.file, &self.dotted(key), inner?, value.span()))
    }

    /// Opens each table of an array of tables that may be absent.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<TableReader<'t>> {
        let Some(value) = self.optional(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, "an array of tables", value);
            return Vec::new();
        };
        let mut readers = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(inner) => readers.push(TableReader::new(self.file, &self.dotted(key), inner, item.span())),
                None => self.wrong_type(key, "an array of tables", item),
            }
        }
        readers
    }

    fn required(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        let value = self.optional(key);
        if value.is_none() {
            let message = format!("key `{key}` is missing in {}", self.title());
            self.diagnostics.push(Diagnostic::error("missing-key", message).at(self.file, self.span.clone()));
        }
        value
    }

    fn optional(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.push(key);
        self.lookup(key)
    }

    fn lookup(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn as_string(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Located<String>> {
        let range = value.span();
        let span = Span { file: self.file.to_owned(), start: range.start, end: range.end };
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, "a string", value);
        }
        Some(Located { value: text?.to_owned(), span })
    }

    fn wrong_type(&mut self, key: &str, expected: &str, found: &Spanned<DeValue<'_>>) {
        let message = format!("`{}` must be {expected}, not {}", self.dotted(key), found.get_ref().type_str());
        self.diagnostics.push(Diagnostic::error("wrong-type", message).at(self.file, found.span()));
    }

    fn dotted(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn title(&self) -> String {
        if self.name.is_empty() { "an image file".to_owned() } else { format!("`{}`", self.name) }
    }
}
