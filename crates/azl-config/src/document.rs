//! One TOML file by its top-level tables, and the whole tree they add up to.
//!
//! **Invariant:** a named table other than a distro is declared once in the tree.

use std::collections::{BTreeMap, BTreeSet};

use azl_diagnostics::{Diagnostic, Span};
use azl_overlay::{Descriptions, Overlay, Reader, Table, directory_of};

use crate::component::ComponentLayer;
use crate::component_group::ComponentGroup;
use crate::distro::Distro;
use crate::found::Found;
use crate::image::Image;
use crate::package_group::PackageGroup;
use crate::project::Project;
use crate::publish::{PackageLayer, PackagePublish};
use crate::resource::Resources;
use crate::spanned::Spanned;
use crate::test_suite::TestSuite;
use crate::tools::Tools;

/// The keys of a file.
pub(crate) const TABLES: &[&str] = &[
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
    /// Its own table; empty if the component is only found by a group.
    pub layer: ComponentLayer,
    /// Where its name stands, or the glob that found it.
    pub declared: Span,
    /// The group that found its spec, if one did.
    pub(crate) found: Option<Box<Found>>,
    /// Overlay files it takes, in order.
    pub(crate) overlay_files: Vec<String>,
}

impl Component {
    /// Returns the directory that its `overlay-files` are relative to: its file's, or its found spec's.
    pub(crate) fn directory(&self) -> &str {
        match &self.found {
            Some(found) if self.layer.file.is_empty() => directory_of(&found.path),
            _ => directory_of(&self.layer.file),
        }
    }
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
    /// `[test-suites]`.
    pub test_suites: BTreeMap<String, TestSuite>,
    /// `[resources]`.
    pub resources: Resources,
    /// `[tools]`.
    pub tools: Tools,
    /// `[default-component-config]` of all files, in the order they were read.
    pub default_component_config: Vec<ComponentLayer>,
    /// `default-package-config.publish`.
    pub default_publish: PackagePublish,
    /// Members of component groups, listed and found.
    pub(crate) members: BTreeMap<String, BTreeSet<String>>,
    /// The same by component.
    pub(crate) memberships: BTreeMap<String, BTreeSet<String>>,
    /// Overlays by overlay file.
    pub(crate) overlay_documents: BTreeMap<String, Vec<Overlay>>,
    /// Where `project.default-distro` is written.
    pub(crate) default_distro_file: String,
    /// Where named tables were declared, for duplicates.
    declared: BTreeMap<(&'static str, String), Span>,
}

impl Config {
    /// Adds what a file declares. `includes` have been taken out before.
    pub(crate) fn read(&mut self, reader: &mut Reader<'_>, mut root: Table<'_>, descriptions: Descriptions) {
        reader.take_text(&mut root, "$schema");
        self.read_settings(reader, &mut root);
        for (name, table) in named(reader, &mut root, "distros") {
            let distro = Distro::read(reader, table, descriptions);
            self.distros.entry(name.into_inner()).or_default().merge(distro);
        }
        if let Some(table) = reader.take_table(&mut root, "default-component-config") {
            self.default_component_config.push(ComponentLayer::read(reader, table, descriptions));
        }
        self.read_components(reader, &mut root, descriptions);
        self.read_packages_and_images(reader, &mut root);
        reader.finish(&root, TABLES);
    }

    fn read_settings(&mut self, reader: &mut Reader<'_>, root: &mut Table<'_>) {
        if let Some(table) = reader.take_table(root, "project") {
            let project = Project::read(reader, table);
            if project.default_distro.is_some() {
                self.default_distro_file = reader.file().to_owned();
            }
            self.project.merge(project);
        }
        if let Some(table) = reader.take_table(root, "default-package-config") {
            let layer: PackageLayer = reader.shape(table).unwrap_or_default();
            self.default_publish = std::mem::take(&mut self.default_publish).under(&layer.publish);
        }
        if let Some(table) = reader.take_table(root, "tools") {
            self.tools.merge(reader.shape(table).unwrap_or_default());
        }
        if let Some(table) = reader.take_table(root, "resources") {
            self.resources.read(reader, table);
        }
    }

    /// Returns every layer of the tree.
    pub(crate) fn all_layers(&self) -> impl Iterator<Item = &ComponentLayer> {
        self.default_layers().chain(self.components.values().map(|component| &component.layer))
    }

    /// Returns every layer that components inherit.
    pub(crate) fn default_layers(&self) -> impl Iterator<Item = &ComponentLayer> {
        let versions = self.distros.values().flat_map(|distro| distro.versions.values());
        versions
            .map(|version| &version.default_component_config)
            .chain(&self.default_component_config)
            .chain(self.component_groups.values().map(|group| &group.default_component_config))
    }

    fn read_components(&mut self, reader: &mut Reader<'_>, root: &mut Table<'_>, descriptions: Descriptions) {
        for (name, table) in named(reader, root, "components") {
            let layer = ComponentLayer::read(reader, table, descriptions);
            if self.declare(reader, "component", &name) {
                let declared = name.place(reader.file());
                let component = Component { layer, declared, found: None, overlay_files: Vec::new() };
                self.components.insert(name.into_inner(), component);
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
            let image = Image::read(reader, table);
            if self.declare(reader, "image", &name) {
                self.images.insert(name.into_inner(), image);
            }
        }
        for (name, table) in named(reader, root, "test-suites") {
            let suite = TestSuite::read(reader, &name, table);
            if self.declare(reader, "test suite", &name) {
                self.test_suites.extend(suite.map(|suite| (name.into_inner(), suite)));
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
        self.declared.insert(key, name.place(reader.file()));
        true
    }
}

fn named<'i>(reader: &mut Reader<'_>, root: &mut Table<'i>, key: &str) -> Vec<(Spanned<String>, Table<'i>)> {
    let tables = reader.take_table(root, key).map(|tables| reader.named_tables(tables)).unwrap_or_default();
    tables.into_iter().map(|(name, table)| (name.into(), table)).collect()
}
