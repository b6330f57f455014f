//! One TOML file by its top-level tables, and the whole tree they add up to.
//!
//! **Invariant:** a named table other than a distro is declared once in the tree.

use std::collections::BTreeMap;

use azl_diagnostics::{Diagnostic, Span};
use azl_overlay::{Descriptions, Reader, Table};
use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::component::{ComponentLayer, PackageShape, Publish};
use crate::distro::Distro;
use crate::group::{ComponentGroup, PackageGroup};
use crate::settings::{Image, Project, Resources, TestSuite, Tools};

const TABLES: &[&str] = &[
    "$schema",
    "project",
    "includes",
    "distros",
    "resources",
    "component-groups",
    "components",
    "images",
    "tools",
    "default-component-config",
    "default-package-config",
    "package-groups",
    "test-suites",
];

/// A component as declared.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its own table.
    pub layer: ComponentLayer,
    /// Where its name stands.
    pub declared: Span,
}

/// The whole configuration of a tree.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `[project]`.
    pub project: Project,
    /// `[distros]`.
    pub distros: BTreeMap<String, Distro>,
    /// `[components]`.
    pub components: BTreeMap<String, Component>,
    /// `[component-groups]`.
    pub component_groups: BTreeMap<String, ComponentGroup>,
    /// `[package-groups]`.
    pub package_groups: BTreeMap<String, PackageGroup>,
    /// `[images]` in azldev's sense.
    pub images: BTreeMap<String, Image>,
    /// `[default-component-config]` of all files, in the order they were read.
    pub default_component_config: Vec<ComponentLayer>,
    /// `default-package-config.publish`.
    pub default_publish: Publish,
    /// Names of `[test-suites]`.
    pub test_suites: Vec<String>,
    /// Where named tables were declared, for duplicates.
    declared: BTreeMap<(&'static str, String), Span>,
}

impl Config {
    /// Adds what a file declares. `includes` have been taken out before.
    pub(crate) fn read(&mut self, reader: &mut Reader<'_>, mut root: Table<'_>, descriptions: Descriptions) {
        reader.take_text(&mut root, "$schema");
        if let Some(table) = reader.take_table(&mut root, "project") {
            self.project.merge(Project::read(reader, table));
        }
        for (name, table) in named(reader, &mut root, "distros") {
            let distro = Distro::read(reader, table, descriptions);
            self.distros.entry(name.into_inner()).or_default().merge(distro);
        }
        if let Some(table) = reader.take_table(&mut root, "default-component-config") {
            self.default_component_config.push(ComponentLayer::read(reader, table, descriptions));
        }
        if let Some(table) = reader.take_table(&mut root, "default-package-config") {
            let shape: PackageShape = reader.shape(table).unwrap_or_default();
            self.default_publish = self.default_publish.merged(&shape.publish);
        }
        self.read_components(reader, &mut root, descriptions);
        self.read_packages_and_images(reader, &mut root);
        for key in ["tools", "resources"] {
            if let Some(table) = reader.take_table(&mut root, key) {
                check_shape(reader, table, key);
            }
        }
        reader.finish(&root, TABLES);
    }

    /// Returns every layer of the tree.
    pub(crate) fn layers_mut(&mut self) -> impl Iterator<Item = &mut ComponentLayer> {
        let versions = self.distros.values_mut().flat_map(|distro| distro.versions.values_mut());
        versions
            .map(|version| &mut version.default_component_config)
            .chain(&mut self.default_component_config)
            .chain(self.component_groups.values_mut().map(|group| &mut group.default_component_config))
            .chain(self.components.values_mut().map(|component| &mut component.layer))
    }

    fn read_components(&mut self, reader: &mut Reader<'_>, root: &mut Table<'_>, descriptions: Descriptions) {
        for (name, table) in named(reader, root, "components") {
            let layer = ComponentLayer::read(reader, table, descriptions);
            if self.declare(reader, "component", &name) {
                let declared = place(reader, &name);
                self.components.insert(name.into_inner(), Component { layer, declared });
            }
        }
        for (name, table) in named(reader, root, "component-groups") {
            let group = ComponentGroup::read(reader, table, descriptions);
            if self.declare(reader, "component group", &name) {
                self.component_groups.insert(name.into_inner(), group);
            }
        }
    }

    fn read_packages_and_images(&mut self, reader: &mut Reader<'_>, root: &mut Table<'_>) {
        for (name, table) in named(reader, root, "package-groups") {
            let group = PackageGroup::read(reader, table);
            if self.declare(reader, "package group", &name) {
                self.package_groups.insert(name.into_inner(), group);
            }
        }
        for (name, table) in named(reader, root, "images") {
            let image = reader.shape(table).unwrap_or_default();
            if self.declare(reader, "image", &name) {
                self.images.insert(name.into_inner(), image);
            }
        }
        for (name, table) in named(reader, root, "test-suites") {
            let whole = reader.shape::<TestSuite>(table).is_some();
            if self.declare(reader, "test suite", &name) && whole {
                self.test_suites.push(name.into_inner());
            }
        }
    }

    /// Notes a declaration; a second one of the same name is reported and refused.
    fn declare(&mut self, reader: &mut Reader<'_>, what: &'static str, name: &Spanned<String>) -> bool {
        let key = (what, name.get_ref().clone());
        if let Some(first) = self.declared.get(&key) {
            let message = format!("{what} `{}` is defined twice", name.get_ref());
            let diagnostic = Diagnostic::error("defined-twice", message).at(reader.file(), name.span());
            reader.report(diagnostic.hint(format!("it is also defined in {}", first.file)));
            return false;
        }
        self.declared.insert(key, place(reader, name));
        true
    }
}

fn named<'i>(reader: &mut Reader<'_>, root: &mut Table<'i>, key: &str) -> Vec<(Spanned<String>, Table<'i>)> {
    match reader.take_table(root, key) {
        Some(tables) => reader.named_tables(tables),
        None => Vec::new(),
    }
}

fn place(reader: &Reader<'_>, name: &Spanned<String>) -> Span {
    Span { file: reader.file().to_owned(), start: name.span().start, end: name.span().end }
}

fn check_shape(reader: &mut Reader<'_>, table: Table<'_>, key: &str) {
    fn check<T: DeserializeOwned>(reader: &mut Reader<'_>, table: Table<'_>) {
        let _: Option<T> = reader.shape(table);
    }
    match key {
        "tools" => check::<Tools>(reader, table),
        _ => check::<Resources>(reader, table),
    }
}
