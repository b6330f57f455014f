//! Reads TOML tables into shapes, reporting every mistake with its place.
//!
//! serde stops at the first mistake of a value. The reader records it, takes the key it is about out of the table and
//! reads again, until the table is good or nothing more can be learnt. Unknown keys are taken out all at once.
//!
//! **Invariant:** the time to read a table is linear in its size: it is read a limited number of times, and what is not
//! told of its mistakes is said to be left out.

use std::ops::Range;

use azl_diagnostics::{Diagnostic, closest};
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

/// How many unknown keys of one table are reported one by one.
const MAX_UNKNOWN: usize = 100;
/// How often one table is read; each time tells of one mistake or of all unknown keys of one table in it.
const MAX_READINGS: usize = 24;

/// A parsed table with its place.
pub type Table<'i> = Spanned<DeTable<'i>>;
/// A parsed value with its place.
pub type Value<'i> = Spanned<DeValue<'i>>;

/// Reads the tables of one file.
#[derive(Debug)]
pub struct Reader<'a> {
    file: &'a str,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    /// Makes a reader that reports mistakes of `file` to `diagnostics`.
    pub fn new(file: &'a str, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { file, diagnostics }
    }

    /// Returns the path of the file.
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// Parses the whole file. With syntax errors the result is `None`, since what could be read may mislead.
    pub fn document<'i>(&mut self, text: &'i str) -> Option<Table<'i>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let message = format!("not TOML: {}", error.message());
            self.report(Diagnostic::error("toml-syntax", message).at(self.file, error.span().unwrap_or(0..0)));
        }
        errors.is_empty().then_some(table)
    }

    /// Records a mistake.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Records an error at a place of the file.
    pub fn error(&mut self, code: &'static str, span: Range<usize>, message: impl Into<String>) {
        self.report(Diagnostic::error(code, message).at(self.file, span));
    }

    /// Takes a key out of a table.
    pub fn take<'i>(&mut self, table: &mut Table<'i>, key: &str) -> Option<Value<'i>> {
        table.get_mut().remove(key)
    }

    /// Takes a sub-table out of a table; reports it if it is no table.
    pub fn take_table<'i>(&mut self, table: &mut Table<'i>, key: &str) -> Option<Table<'i>> {
        let value = self.take(table, key)?;
        self.as_table(value, key)
    }

    /// Takes a text out of a table; reports it if it is none.
    pub fn take_text(&mut self, table: &mut Table<'_>, key: &str) -> Option<Spanned<String>> {
        let value = self.take(table, key)?;
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) => Some(Spanned::new(span, text.into_owned())),
            _ => {
                self.error("wrong-type", span, format!("`{key}` must be a string"));
                None
            }
        }
    }

    /// Takes an array of tables out of a table; reports every member that is no table.
    pub fn take_tables<'i>(&mut self, table: &mut Table<'i>, key: &str) -> Vec<Table<'i>> {
        let Some(value) = self.take(table, key) else {
            return Vec::new();
        };
        let span = value.span();
        let DeValue::Array(array) = value.into_inner() else {
            self.error("wrong-type", span, format!("`{key}` must be an array of tables"));
            return Vec::new();
        };
        array.iter().cloned().filter_map(|member| self.as_table(member, key)).collect()
    }

    /// Returns the named sub-tables of a table, in the order of their names, each with the place of its name.
    pub fn named_tables<'i>(&mut self, table: Table<'i>) -> Vec<(Spanned<String>, Table<'i>)> {
        let entries = table.into_inner().into_iter();
        let named = entries.filter_map(|(key, value)| {
            let name = Spanned::new(key.span(), key.into_inner().into_owned());
            self.as_table(value, name.as_ref()).map(|table| (name, table))
        });
        named.collect()
    }

    fn as_table<'i>(&mut self, value: Value<'i>, key: &str) -> Option<Table<'i>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Spanned::new(span, table)),
            _ => {
                self.error("wrong-type", span, format!("`{key}` must be a table"));
                None
            }
        }
    }

    /// Reads a table into a shape. All its mistakes are reported; the shape is returned if it is whole without the
    /// keys that were wrong.
    pub fn shape<T: DeserializeOwned>(&mut self, table: Table<'_>) -> Option<T> {
        self.shape_among(table, &[])
    }

    /// As [`shape`](Self::shape); `taken` are further keys of the table, taken out before and only named in hints.
    pub fn shape_among<T: DeserializeOwned>(&mut self, mut table: Table<'_>, taken: &[&str]) -> Option<T> {
        let mut taken_out: Vec<String> = Vec::new();
        for _ in 0..MAX_READINGS {
            let error = match T::deserialize(Deserializer::from(table.clone())) {
                Ok(shape) => return Some(shape),
                Err(error) => error,
            };
            let missing = backticked(error.message()).filter(|_| error.message().starts_with("missing field"));
            if missing.is_some_and(|key| taken_out.iter().any(|taken| taken == key)) {
                return None;
            }
            let span = error.span().unwrap_or_else(|| table.span());
            if let Some(unknown) = take_unknown(&mut table, &error, &span) {
                let known: Vec<_> = taken.iter().copied().chain(known_keys(&error)).collect();
                self.report_unknown(unknown.iter().map(|(key, range)| (key.as_str(), range.clone())), &known);
            } else {
                self.report(explain(&error, taken).at(self.file, span.clone()));
                taken_out.push(take_out(table.get_mut(), &span)?);
            }
        }
        let problem = Diagnostic::error("too-many-mistakes", "the table may have more mistakes than these");
        self.report(problem.at(self.file, table.span()).hint("correct these and run again"));
        None
    }

    /// Reports every key left in a table as unknown.
    pub fn finish(&mut self, table: &Table<'_>, known: &[&str]) {
        let keys = table.get_ref().keys();
        self.report_unknown(keys.map(|key| (key.get_ref().as_ref(), key.span())), known);
    }

    /// Reports unknown keys one by one, and beyond [`MAX_UNKNOWN`] how many more there are.
    fn report_unknown<'k>(&mut self, keys: impl Iterator<Item = (&'k str, Range<usize>)>, known: &[&str]) {
        let mut keys = keys;
        for (key, range) in keys.by_ref().take(MAX_UNKNOWN) {
            self.report(unknown_key(key, known).at(self.file, range));
        }
        if let Some((_, range)) = keys.next() {
            let message = format!("{} more unknown keys in this table", keys.count() + 1);
            let problem = Diagnostic::error("too-many-mistakes", message).at(self.file, range);
            self.report(problem.hint(format!("known keys: {}", known.join(", "))));
        }
    }
}

/// Returns the diagnostic for a key that is not among the known ones.
fn unknown_key(key: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error("unknown-key", format!("unknown key `{key}`"));
    match closest(key, known.iter().copied()) {
        Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
        None => diagnostic.hint(format!("known keys: {}", known.join(", "))),
    }
}

/// Returns the keys that serde names as known behind the unknown one.
fn known_keys(error: &Error) -> impl Iterator<Item = &str> {
    error.message().split('`').skip(3).step_by(2)
}

/// Puts serde's words into ours.
fn explain(error: &Error, taken: &[&str]) -> Diagnostic {
    let message = error.message();
    let mut names = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        // Of a table that is told apart by one of its values, serde knows no key's place.
        let known: Vec<_> = taken.iter().copied().chain(known_keys(error)).collect();
        return unknown_key(names.next().unwrap_or_default(), &known);
    }
    if message.starts_with("missing field") {
        return Diagnostic::error("missing-key", format!("missing key `{}`", names.next().unwrap_or_default()));
    }
    if message.starts_with("unknown variant") {
        let value = names.next().unwrap_or_default();
        let known: Vec<_> = names.collect();
        let diagnostic = Diagnostic::error("wrong-value", format!("unknown value `{value}`"));
        let hint = match closest(value, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known values: {}", known.join(", ")),
        };
        return diagnostic.hint(hint);
    }
    let code = if message.starts_with("invalid type") { "wrong-type" } else { "wrong-value" };
    Diagnostic::error(code, message.trim_end())
}

fn backticked(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

/// Takes all keys out that are unknown in the table in which serde met one; returns them in order of their places.
fn take_unknown(table: &mut Table<'_>, error: &Error, span: &Range<usize>) -> Option<Vec<(String, Range<usize>)>> {
    if !error.message().starts_with("unknown field") {
        return None;
    }
    let holder = holder(table.get_mut(), span)?;
    let known: Vec<_> = known_keys(error).collect();
    let keys = holder.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
    let mut unknown: Vec<_> = keys.map(|key| (key.get_ref().clone().into_owned(), key.span())).collect();
    unknown.sort_by_key(|(_, range)| range.start);
    for (key, _) in &unknown {
        holder.remove(key.as_str());
    }
    Some(unknown)
}

/// Returns the table that has a key at this place.
fn holder<'t, 'i>(table: &'t mut DeTable<'i>, span: &Range<usize>) -> Option<&'t mut DeTable<'i>> {
    if table.keys().any(|key| key.span() == *span) {
        return Some(table);
    }
    table.iter_mut().find_map(|(_, value)| holder_in_value(value.get_mut(), span))
}

fn holder_in_value<'t, 'i>(value: &'t mut DeValue<'i>, span: &Range<usize>) -> Option<&'t mut DeTable<'i>> {
    match value {
        DeValue::Table(table) => holder(table, span),
        DeValue::Array(array) => array.iter_mut().find_map(|member| holder_in_value(member.get_mut(), span)),
        _ => None,
    }
}

/// Takes the key out whose name or value has this place; returns its name.
fn take_out(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<String> {
    let found = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span);
    if let Some(name) = found.map(|(key, _)| key.get_ref().clone().into_owned()) {
        table.remove(name.as_str());
        return Some(name);
    }
    table.iter_mut().find_map(|(_, value)| take_out_of_value(value.get_mut(), span))
}

fn take_out_of_value(value: &mut DeValue<'_>, span: &Range<usize>) -> Option<String> {
    match value {
        DeValue::Table(table) => take_out(table, span),
        DeValue::Array(array) => {
            if let Some(at) = array.iter().position(|member| member.span() == *span) {
                let kept = array.iter().enumerate().filter(|(index, _)| *index != at);
                let kept: Vec<_> = kept.map(|(_, member)| member.clone()).collect();
                *value = DeValue::Array(kept.into_iter().collect());
                return Some(String::new());
            }
            array.iter_mut().find_map(|member| take_out_of_value(member.get_mut(), span))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use azl_diagnostics::render_all;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        name: String,
        #[serde(default)]
        counts: Vec<u8>,
        #[serde(default)]
        sizes: BTreeMap<String, u8>,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        size: u8,
    }

    fn read(text: &str) -> (Option<Shape>, String) {
        let mut diagnostics = Vec::new();
        let mut reader = Reader::new("x.toml", &mut diagnostics);
        let shape = reader.document(text).and_then(|table| reader.shape(table));
        (shape, render_all(&diagnostics, |_| Some(text)))
    }

    #[test]
    fn every_mistake_of_a_table_is_reported_in_one_run() {
        let (shape, report) = read("name = 'x'\nnam = 'y'\nbogus = 1\ncounts = [1, 'two', 3, 'four']\n");
        assert_eq!(shape.map(|shape| (shape.name, shape.counts)), Some(("x".into(), vec![1, 3])));
        for expected in [
            "x.toml:2:1",
            "did you mean `name`?",
            "x.toml:3:1",
            "known keys: name, counts, sizes, inner",
            "x.toml:4:14",
            "x.toml:4:24",
        ] {
            assert!(report.contains(expected), "{expected} in\n{report}");
        }
    }

    #[test]
    fn key_of_a_wrong_type_is_not_also_reported_missing() {
        let (shape, report) = read("name = 3\n");
        assert!(shape.is_none());
        assert_eq!(report.matches("error[").count(), 1, "{report}");
    }

    #[test]
    fn unknown_keys_inside_a_known_one_are_reported_with_its_own_names() {
        let (shape, report) =
            read("inner = [{ a = 1, b = 2, size = 3 }, { c = 1, size = 4 }]\nname = 'x'\nd = 1\nsizes.a = 5");
        let sizes = shape.map(|shape| (shape.inner.iter().map(|inner| inner.size).sum(), shape.sizes["a"]));
        assert_eq!(sizes, Some((7, 5)));
        assert_eq!(report.matches("known keys: size").count(), 3, "{report}");
        assert_eq!(report.matches("error[").count(), 4, "{report}");
    }

    /// B027.
    #[test]
    fn a_hundred_thousand_mistakes_take_linear_time_and_the_last_report_counts_the_rest() {
        let many = 100_000;
        let unknown: String = (0..many).map(|number| format!("k{number} = 1\n")).collect();
        let (_, report) = read(&format!("name = 'x'\n{unknown}"));
        assert_eq!(report.matches("error[unknown-key]").count(), MAX_UNKNOWN);
        assert!(report.contains("error[too-many-mistakes]: 99900 more unknown keys in this table"));
        let wrong: String = (0..many).map(|number| format!("sizes.k{number} = 'one'\n")).collect();
        let (shape, report) = read(&format!("name = 'x'\n{wrong}"));
        assert!(shape.is_none());
        assert_eq!(report.matches("error[wrong-type]").count(), MAX_READINGS);
        assert!(report.contains("error[too-many-mistakes]: the table may have more mistakes than these"));
    }

    #[test]
    fn all_syntax_errors_are_reported() {
        let (_, report) = read("a = \nb = 1\nc = = 2\n");
        assert!(report.matches("error[toml-syntax]").count() >= 2, "{report}");
    }
}
