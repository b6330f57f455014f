//! Slots: what all layers together say about one field, with who said it.
//!
//! Not here: which fields there are, which is `merge`.
//!
//! **Invariant:** what a slot holds and what it explains come from the same statements.

use std::collections::BTreeMap;
use std::ops::Range;

use azl_diagnostics::Span;
use azl_overlay::{OneLine, Overlay};

use crate::component::{ReleaseCalculation, SpecType};
use crate::layer::Writer;
use crate::publish::{Channel, PackageLayer};
use crate::snapshot::Snapshot;
use crate::source_file::{Origin, SourceFile};
use crate::spanned::Spanned;

/// Who states something, and where.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    pub(crate) writer: Writer<'a>,
    pub(crate) file: &'a str,
    pub(crate) range: Range<usize>,
}

impl Source<'_> {
    pub(crate) fn span(&self) -> Span {
        Span { file: self.file.to_owned(), start: self.range.start, end: self.range.end }
    }
}

/// A value as it can be shown.
pub(crate) trait Shown {
    fn shown(&self) -> String;
}

/// One effective value of a slot.
pub(crate) struct Statement<'a> {
    pub(crate) path: String,
    pub(crate) value: String,
    /// Absent for built-in defaults.
    pub(crate) source: Option<Source<'a>>,
    pub(crate) overrides: Vec<Span>,
}

/// What every slot can do.
pub(crate) trait Slot<'a> {
    /// Drops all values, or those of one key; returns whether there were any.
    fn unset(&mut self, key: Option<&str>, by: &Source<'a>) -> bool;

    /// Returns the effective values of the field at `path`.
    fn statements(&self, path: &str) -> Vec<Statement<'a>>;

    /// Returns which keys the field has.
    fn keys(&self) -> Keys {
        Keys::None
    }
}

/// Which keys a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// None: it has one value or a list.
    None,
    /// Any: they are names of the author's choice.
    Any,
}

/// A field with one value: the last one stated.
#[derive(Debug)]
pub(crate) struct Scalar<'a, T> {
    /// Statements in order; one without a value takes the ones before back.
    history: Vec<(Source<'a>, Option<&'a T>)>,
    default: Option<&'static str>,
}

impl<T> Default for Scalar<'_, T> {
    fn default() -> Self {
        Self { history: Vec::new(), default: None }
    }
}

impl<'a, T> Scalar<'a, T> {
    /// Makes a field that is `default` where nothing is stated.
    pub(crate) fn or(default: &'static str) -> Self {
        Self { history: Vec::new(), default: Some(default) }
    }

    pub(crate) fn state(&mut self, writer: Writer<'a>, file: &'a str, value: Option<&'a Spanned<T>>) {
        if let Some(value) = value {
            self.history.push((Source { writer, file, range: value.span() }, Some(value.get_ref())));
        }
    }

    pub(crate) fn get(&self) -> Option<&'a T> {
        self.history.last().and_then(|(_, value)| *value)
    }

    /// Returns who stated the effective value.
    pub(crate) fn source(&self) -> Option<&Source<'a>> {
        self.history.last().filter(|(_, value)| value.is_some()).map(|(source, _)| source)
    }
}

impl<'a, T: Shown> Slot<'a> for Scalar<'a, T> {
    fn unset(&mut self, _key: Option<&str>, by: &Source<'a>) -> bool {
        let stated = self.get().is_some();
        if stated {
            self.history.push((by.clone(), None));
        }
        stated
    }

    fn statements(&self, path: &str) -> Vec<Statement<'a>> {
        let spans = |of: &[(Source<'a>, Option<&'a T>)]| of.iter().map(|(source, _)| source.span()).collect();
        let path = path.to_owned();
        match (self.history.split_last(), self.default) {
            (Some(((source, Some(value)), before)), _) => {
                vec![Statement { path, value: value.shown(), source: Some(source.clone()), overrides: spans(before) }]
            }
            (_, Some(default)) => {
                vec![Statement { path, value: default.to_owned(), source: None, overrides: spans(&self.history) }]
            }
            _ => Vec::new(),
        }
    }
}

/// A field whose values grow layer by layer.
#[derive(Debug)]
pub(crate) struct List<'a, T> {
    values: Vec<(Source<'a>, &'a T)>,
    dropped: Vec<Span>,
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self { values: Vec::new(), dropped: Vec::new() }
    }
}

impl<'a, T> List<'a, T> {
    pub(crate) fn state(&mut self, writer: Writer<'a>, file: &'a str, range: Range<usize>, value: &'a T) {
        self.values.push((Source { writer, file, range }, value));
    }

    pub(crate) fn state_all(&mut self, writer: Writer<'a>, file: &'a str, values: &'a [Spanned<T>]) {
        for value in values {
            self.state(writer, file, value.span(), value.get_ref());
        }
    }

    /// Drops all values in favour of those that follow.
    pub(crate) fn replace(&mut self) {
        self.dropped.extend(self.values.drain(..).map(|(source, _)| source.span()));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Source<'a>, &'a T)> {
        self.values.iter().map(|(source, value)| (source, *value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &'a T> {
        self.values.iter().map(|(_, value)| *value)
    }
}

impl<'a, T: Shown> Slot<'a> for List<'a, T> {
    fn unset(&mut self, _key: Option<&str>, _by: &Source<'a>) -> bool {
        let stated = !self.values.is_empty();
        self.replace();
        stated
    }

    fn statements(&self, path: &str) -> Vec<Statement<'a>> {
        let statement = |(index, (source, value)): (usize, &(Source<'a>, &'a T))| Statement {
            path: format!("{path}[{index}]"),
            value: value.shown(),
            source: Some(source.clone()),
            overrides: self.dropped.clone(),
        };
        self.values.iter().enumerate().map(statement).collect()
    }
}

/// A field with one value by key.
#[derive(Debug)]
pub(crate) struct Map<'a, T>(BTreeMap<&'a str, Scalar<'a, T>>);

impl<T> Default for Map<'_, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'a, T> Map<'a, T> {
    pub(crate) fn state(&mut self, writer: Writer<'a>, file: &'a str, key: &'a Spanned<String>, value: &'a T) {
        let source = Source { writer, file, range: key.span() };
        self.0.entry(key.get_ref()).or_default().history.push((source, Some(value)));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a T)> {
        self.0.iter().filter_map(|(key, value)| Some((*key, value.get()?)))
    }
}

impl<'a, T: Shown> Slot<'a> for Map<'a, T> {
    fn unset(&mut self, key: Option<&str>, by: &Source<'a>) -> bool {
        match key {
            Some(key) => self.0.get_mut(key).is_some_and(|value| value.unset(None, by)),
            None => any_of(self.0.values_mut().map(|value| value.unset(None, by))),
        }
    }

    fn statements(&self, path: &str) -> Vec<Statement<'a>> {
        self.0.iter().flat_map(|(key, value)| value.statements(&format!("{path}.{key}"))).collect()
    }

    fn keys(&self) -> Keys {
        Keys::Any
    }
}

/// `packages`: the channels of binary packages.
#[derive(Debug, Default)]
pub(crate) struct Packages<'a>(pub(crate) BTreeMap<&'a str, PackageSlots<'a>>);

/// What is stated about one binary package.
#[derive(Debug, Default)]
pub(crate) struct PackageSlots<'a> {
    pub(crate) rpm: Scalar<'a, Channel>,
    pub(crate) debuginfo: Scalar<'a, Channel>,
    pub(crate) old: Scalar<'a, Channel>,
}

impl<'a> PackageSlots<'a> {
    fn unset(&mut self, by: &Source<'a>) -> bool {
        let slots = [&mut self.rpm, &mut self.debuginfo, &mut self.old];
        any_of(slots.into_iter().map(|slot| slot.unset(None, by)))
    }

    fn slots(&self) -> [(&'static str, &Scalar<'a, Channel>); 3] {
        [
            ("publish.rpm-channel", &self.rpm),
            ("publish.debuginfo-channel", &self.debuginfo),
            ("publish.channel", &self.old),
        ]
    }
}

impl<'a> Packages<'a> {
    pub(crate) fn state(&mut self, writer: Writer<'a>, file: &'a str, packages: &'a BTreeMap<String, PackageLayer>) {
        for (name, package) in packages {
            let slots = self.0.entry(name).or_default();
            slots.rpm.state(writer, file, package.publish.rpm_channel.as_ref());
            slots.debuginfo.state(writer, file, package.publish.debuginfo_channel.as_ref());
            slots.old.state(writer, file, package.publish.channel.as_ref());
        }
    }
}

impl<'a> Slot<'a> for Packages<'a> {
    fn unset(&mut self, key: Option<&str>, by: &Source<'a>) -> bool {
        match key {
            Some(key) => self.0.get_mut(key).is_some_and(|slots| slots.unset(by)),
            None => any_of(self.0.values_mut().map(|slots| slots.unset(by))),
        }
    }

    fn statements(&self, path: &str) -> Vec<Statement<'a>> {
        let of = |(name, slots): (&&str, &PackageSlots<'a>)| -> Vec<_> {
            slots.slots().into_iter().flat_map(|(key, slot)| slot.statements(&format!("{path}.{name}.{key}"))).collect()
        };
        self.0.iter().flat_map(of).collect()
    }

    fn keys(&self) -> Keys {
        Keys::Any
    }
}

/// Returns whether any is true, after all have been computed: each drops something.
fn any_of(dropped: impl Iterator<Item = bool>) -> bool {
    dropped.filter(|dropped| *dropped).count() > 0
}

impl Shown for String {
    fn shown(&self) -> String {
        self.clone()
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for OneLine {
    fn shown(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Shown for Channel {
    fn shown(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Shown for Snapshot {
    fn shown(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Shown for SpecType {
    fn shown(&self) -> String {
        let name = match self {
            Self::Local => "local",
            Self::Upstream => "upstream",
        };
        name.to_owned()
    }
}

impl Shown for ReleaseCalculation {
    fn shown(&self) -> String {
        let name = match self {
            Self::Auto => "auto",
            Self::Autorelease => "autorelease",
            Self::Static => "static",
            Self::Manual => "manual",
        };
        name.to_owned()
    }
}

impl Shown for Overlay {
    fn shown(&self) -> String {
        match &self.description {
            Some(description) => format!("{}: {}", self.kind.name(), description.trim()),
            None => self.kind.name().to_owned(),
        }
    }
}

impl Shown for SourceFile {
    fn shown(&self) -> String {
        let origin = match &self.origin {
            Origin::Download { uri } => format!("download {uri}"),
            Origin::Custom { script, .. } => format!("custom {script}"),
            Origin::Overlay => "overlay".to_owned(),
        };
        let hash = match (&self.hash, self.hash_type) {
            (Some(hash), Some(kind)) => format!(", {} {}", kind.name(), hash.get_ref()),
            _ => String::new(),
        };
        format!("{}: {origin}{hash}", self.filename.get_ref())
    }
}

impl<T: Shown> Shown for Spanned<T> {
    fn shown(&self) -> String {
        self.get_ref().shown()
    }
}
