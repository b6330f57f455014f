//! Follows includes from the root files and adds their tables up.
//!
//! A file comes before the files it includes, so an included file wins where tables are merged; a file included by two
//! routes is read once.

use azl_diagnostics::{Diagnostic, Span, has_errors};
use azl_overlay::{Descriptions, FileGlob, FileSet, Overlay, Reader, Table, directory_of, join};
use toml::Spanned;
use toml::de::DeValue;

use crate::component::{OverlayFileGlob, read_overlay_file};
use crate::document::Config;
use crate::validate::validate;

/// How to read a tree.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Files to begin with, in order; later ones win.
    pub roots: &'a [&'a str],
    /// Whether overlays must say why they exist.
    pub descriptions: Descriptions,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { roots: &["azldev.toml"], descriptions: Descriptions::Required }
    }
}

/// Loads a tree. `files` holds at least its TOML files, by path.
///
/// The configuration holds whatever could be read; it is to be used only if no diagnostic is an error.
pub fn load(files: &FileSet, options: Options<'_>) -> (Config, Vec<Diagnostic>) {
    let mut loading = Loading { files, options, open: Vec::new(), done: Vec::new(), diagnostics: Vec::new() };
    let mut config = Config::default();
    for root in options.roots {
        loading.read(&mut config, root, None);
    }
    for layer in config.layers_mut() {
        let globs = layer.overlay_files.clone();
        layer.overlays_of_files =
            globs.map(|globs| globs.iter().flat_map(|glob| loading.overlay_files(glob)).collect());
    }
    // References between tables mislead while tables are missing.
    if !has_errors(&loading.diagnostics) {
        loading.diagnostics.extend(validate(&config));
    }
    (config, loading.diagnostics)
}

struct Loading<'a> {
    files: &'a FileSet,
    options: Options<'a>,
    /// The files being read, each including the next.
    open: Vec<String>,
    done: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Loading<'a> {
    fn read(&mut self, config: &mut Config, path: &str, included_at: Option<Span>) {
        if self.open.iter().any(|open| open == path) {
            return self.report_cycle(path, included_at);
        }
        if self.done.iter().any(|done| done == path) {
            return;
        }
        let Some(text) = self.text(path, included_at) else { return };
        let mut reader = Reader::new(path, &mut self.diagnostics);
        let mut includes = Vec::new();
        if let Some(mut root) = reader.document(text) {
            includes = take_includes(&mut reader, &mut root);
            config.read(&mut reader, root, self.options.descriptions);
        }
        self.open.push(path.to_owned());
        for include in includes {
            for (file, span) in self.included(path, &include) {
                self.read(config, &file, Some(span));
            }
        }
        self.open.pop();
        self.done.push(path.to_owned());
    }

    fn report_cycle(&mut self, path: &str, included_at: Option<Span>) {
        let from = self.open.iter().position(|open| open == path).unwrap_or(0);
        let cycle = self.open[from..].iter().map(String::as_str).chain([path]).collect::<Vec<_>>();
        let message = format!("include cycle: `{}`", cycle.join("` → `"));
        self.diagnostics.push(Diagnostic { span: included_at, ..Diagnostic::error("include-cycle", message) });
    }

    fn text(&mut self, path: &str, included_at: Option<Span>) -> Option<&'a str> {
        let problem = match self.files.get(path) {
            None => Diagnostic::error("missing-file", format!("no file `{path}`")),
            Some(entry) => match std::str::from_utf8(&entry.bytes) {
                Ok(text) => return Some(text),
                Err(_) => Diagnostic::error("not-utf8", format!("not UTF-8: `{path}`")),
            },
        };
        self.diagnostics.push(Diagnostic { span: included_at, ..problem });
        None
    }

    /// Returns the files an include names: by glob, which may match none, or by a path, which must exist.
    fn included(&mut self, path: &str, include: &Spanned<String>) -> Vec<(String, Span)> {
        let span = Span { file: path.to_owned(), start: include.span().start, end: include.span().end };
        match join(directory_of(path), include.get_ref()) {
            Ok(pattern) => self.matching(&pattern, &span).into_iter().map(|file| (file, span.clone())).collect(),
            Err(error) => {
                let problem = Diagnostic::error("path-outside-tree", error.to_string());
                self.diagnostics.push(Diagnostic { span: Some(span), ..problem });
                Vec::new()
            }
        }
    }

    fn matching(&mut self, pattern: &str, span: &Span) -> Vec<String> {
        if !pattern.contains(['*', '?', '[', '{']) {
            return vec![pattern.to_owned()];
        }
        match FileGlob::new(pattern) {
            Ok(glob) => self.files.iter().map(|(path, _)| path.to_owned()).filter(|path| glob.matches(path)).collect(),
            Err(error) => {
                self.diagnostics
                    .push(Diagnostic { span: Some(span.clone()), ..Diagnostic::error("invalid-glob", error) });
                Vec::new()
            }
        }
    }

    /// Reads the overlay files of one glob in the order of their file names, then paths.
    fn overlay_files(&mut self, glob: &OverlayFileGlob) -> Vec<Overlay> {
        let mut paths = self.matching(&glob.glob, &glob.span);
        paths.sort_by(|a, b| file_name(a).cmp(file_name(b)).then_with(|| a.cmp(b)));
        let mut overlays = Vec::new();
        for path in paths {
            let Some(text) = self.text(&path, Some(glob.span.clone())) else { continue };
            let mut reader = Reader::new(&path, &mut self.diagnostics);
            if let Some(table) = reader.document(text) {
                overlays.extend(read_overlay_file(&mut reader, table, self.options.descriptions));
            }
        }
        overlays
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn take_includes(reader: &mut Reader<'_>, root: &mut Table<'_>) -> Vec<Spanned<String>> {
    let Some(value) = reader.take(root, "includes") else { return Vec::new() };
    let span = value.span();
    let DeValue::Array(array) = value.into_inner() else {
        reader.error("wrong-type", span, "`includes` must be an array of strings");
        return Vec::new();
    };
    let mut includes = Vec::new();
    for member in array.iter() {
        match member.get_ref() {
            DeValue::String(text) => includes.push(Spanned::new(member.span(), text.clone().into_owned())),
            _ => reader.error("wrong-type", member.span(), "`includes` must be an array of strings"),
        }
    }
    includes
}

#[cfg(test)]
mod tests;
