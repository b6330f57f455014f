//! A value with its place in the file it is written in, as serde reads it and as the schema describes it.
//!
//! Not here: which file that is; the layer or table that holds the value knows.
//!
//! **Invariant:** equality and order are the value's alone.

use std::borrow::Cow;
use std::ops::Range;

use azl_diagnostics::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

/// A value and the bytes it is written in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spanned<T>(toml::Spanned<T>);

impl<T> Spanned<T> {
    /// Makes a value with a place.
    pub fn new(range: Range<usize>, value: T) -> Self {
        Self(toml::Spanned::new(range, value))
    }

    /// Returns the value.
    pub fn get_ref(&self) -> &T {
        self.0.get_ref()
    }

    /// Returns the value without its place.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }

    /// Returns the bytes it is written in.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }

    /// Returns the place in a file.
    pub fn place(&self, file: &str) -> Span {
        Span { file: file.to_owned(), start: self.span().start, end: self.span().end }
    }

    /// Returns another value at the same place.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(self.span(), change(self.into_inner()))
    }
}

impl<T> From<toml::Spanned<T>> for Spanned<T> {
    fn from(value: toml::Spanned<T>) -> Self {
        Self(value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        toml::Spanned::deserialize(deserializer).map(Self)
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A named table or merged value with the place of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared<T> {
    /// What is declared.
    pub value: T,
    /// Where.
    pub declared: Span,
}
