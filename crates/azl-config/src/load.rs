//! Follows includes from the root files and adds their tables up.
//!
//! A file comes before the files it includes, so an included file wins where tables are merged; a file included by two
//! routes is read once.

use std::collections::{BTreeMap, BTreeSet};

use azl_diagnostics::{Diagnostic, Span, has_errors};
use azl_overlay::{Descriptions, FileGlob, FileSet, Overlay, Reader, Table, directory_of, join};
use toml::de::DeValue;

use crate::document::Config;
use crate::matching::matching_files;
use crate::overlay_file::read_overlay_file;
use crate::spanned::Spanned;
use crate::validate::validate;

/// The largest TOML file that is read, in bytes; the largest real one has half a megabyte.
pub const MAX_FILE_SIZE: usize = 16 << 20;

/// How many files may include one another in a row; real trees need three.
const MAX_INCLUDE_DEPTH: usize = 64;

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
    let mut loading = Loading::new(files, options);
    let mut config = Config::default();
    for root in options.roots {
        loading.read(&mut config, root, None);
    }
    loading.diagnostics.extend(config.find_members(files));
    loading.take_overlay_files(&mut config);
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
    done: BTreeSet<String>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Loading<'a> {
    fn new(files: &'a FileSet, options: Options<'a>) -> Self {
        Self { files, options, open: Vec::new(), done: BTreeSet::new(), diagnostics: Vec::new() }
    }

    fn read(&mut self, config: &mut Config, path: &str, included_at: Option<Span>) {
        if self.open.iter().any(|open| open == path) {
            return self.report_cycle(path, included_at);
        }
        if self.done.contains(path) {
            return;
        }
        if self.open.len() == MAX_INCLUDE_DEPTH {
            let message = format!("`{path}` is included by {MAX_INCLUDE_DEPTH} files in a row");
            let problem = Diagnostic { span: included_at, ..Diagnostic::error("include-depth", message) };
            return self.diagnostics.push(problem.hint("include it from a file nearer to the root"));
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
        self.done.insert(path.to_owned());
    }

    fn report_cycle(&mut self, path: &str, included_at: Option<Span>) {
        let from = self.open.iter().position(|open| open == path).unwrap_or(0);
        let cycle = self.open[from..].iter().map(String::as_str).chain([path]).collect::<Vec<_>>();
        let message = format!("include cycle: `{}`", cycle.join("` → `"));
        self.diagnostics.push(Diagnostic { span: included_at, ..Diagnostic::error("include-cycle", message) });
    }

    fn text(&mut self, path: &str, included_at: Option<Span>) -> Option<&'a str> {
        let problem = match self.files.get(path) {
            None => missing_file(self.files, path),
            Some(entry) if entry.bytes.len() > MAX_FILE_SIZE => {
                let message = format!("`{path}` has {} bytes, more than {MAX_FILE_SIZE}", entry.bytes.len());
                Diagnostic::error("file-too-large", message).hint("split it and include the parts")
            }
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
        let span = include.place(path);
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
        if !is_glob(pattern) {
            return vec![pattern.to_owned()];
        }
        match FileGlob::new(pattern) {
            Ok(glob) => matching_files(self.files, &glob).map(str::to_owned).collect(),
            Err(error) => {
                self.diagnostics
                    .push(Diagnostic { span: Some(span.clone()), ..Diagnostic::error("invalid-glob", error) });
                Vec::new()
            }
        }
    }

    /// Reads the overlay files that components take and notes their paths.
    fn take_overlay_files(&mut self, config: &mut Config) {
        if config.all_layers().all(|layer| layer.overlay_files.is_none()) {
            return;
        }
        let mut matched: BTreeMap<(String, Span), Vec<String>> = BTreeMap::new();
        let mut taken: Vec<(String, Vec<String>)> = Vec::new();
        for (name, component) in &config.components {
            let merged = config.merged(name, component);
            let mut paths: Vec<String> = Vec::new();
            for (source, pattern) in merged.overlay_files.iter() {
                let key = (component.directory().to_owned(), source.span());
                let found = matched
                    .entry(key)
                    .or_insert_with_key(|(directory, span)| self.overlay_file_paths(directory, pattern, span));
                paths.extend(found.iter().cloned());
            }
            if !paths.is_empty() {
                taken.push((name.clone(), paths));
            }
        }
        let mut documents = BTreeMap::new();
        for ((_, span), paths) in &matched {
            for path in paths {
                documents.entry(path.clone()).or_insert_with(|| self.overlay_file(path, span));
            }
        }
        config.overlay_documents = documents;
        for (name, paths) in taken {
            if let Some(component) = config.components.get_mut(&name) {
                let mut seen = BTreeSet::new();
                component.overlay_files = paths.into_iter().filter(|path| seen.insert(path.clone())).collect();
            }
        }
    }

    /// Returns the paths of one pattern in the order of their file names, then paths.
    fn overlay_file_paths(&mut self, directory: &str, pattern: &str, span: &Span) -> Vec<String> {
        let mut paths = match join(directory, pattern) {
            Ok(pattern) => self.matching(&pattern, span),
            Err(error) => {
                let problem = Diagnostic::error("path-outside-tree", error.to_string());
                self.diagnostics.push(Diagnostic { span: Some(span.clone()), ..problem });
                Vec::new()
            }
        };
        paths.sort_by(|a, b| file_name(a).cmp(file_name(b)).then_with(|| a.cmp(b)));
        paths
    }

    fn overlay_file(&mut self, path: &str, span: &Span) -> Vec<Overlay> {
        let Some(text) = self.text(path, Some(span.clone())) else { return Vec::new() };
        let mut reader = Reader::new(path, &mut self.diagnostics);
        let table = reader.document(text);
        table.map(|table| read_overlay_file(&mut reader, table, self.options.descriptions)).unwrap_or_default()
    }
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '{'])
}

fn missing_file(files: &FileSet, path: &str) -> Diagnostic {
    let problem = Diagnostic::error("missing-file", format!("no file `{path}`"));
    let near =
        azl_diagnostics::closest(path, files.iter().map(|(path, _)| path).filter(|path| path.ends_with(".toml")));
    match near {
        Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
        None => problem,
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
