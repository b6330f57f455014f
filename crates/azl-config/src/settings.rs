//! `[project]` and the tables that only azldev's own tools act on: images, tools, resources, test suites.
//!
//! The latter are read strictly, so that a mistake in a shared tree is found here too, and otherwise kept out of the
//! way. Our own images have files of their own, which azldev does not read.

use std::collections::BTreeMap;

use azl_overlay::{Reader, Table};
use serde::Deserialize;

use crate::distro::DistroReference;

/// `[project]`. Paths are relative to the tree once read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Project {
    /// What the tree is.
    pub description: Option<String>,
    /// Where logs go.
    pub log_dir: Option<String>,
    /// Where work in progress is.
    pub work_dir: Option<String>,
    /// Where results go.
    pub output_dir: Option<String>,
    /// Where rendered specs are; `specs` if absent.
    pub rendered_specs_dir: Option<String>,
    /// Where locks are.
    pub lock_dir: Option<String>,
    /// The distribution this tree makes.
    pub default_distro: Option<DistroReference>,
    /// Read by nothing.
    pub default_author_email: Option<String>,
}

impl Project {
    /// Reads `[project]`; its paths become paths of the tree.
    pub(crate) fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        let span = table.span();
        let mut project: Self = reader.shape(table).unwrap_or_default();
        let directory = azl_overlay::directory_of(reader.file());
        let paths = [
            &mut project.log_dir,
            &mut project.work_dir,
            &mut project.output_dir,
            &mut project.rendered_specs_dir,
            &mut project.lock_dir,
        ];
        for path in paths.into_iter().flatten() {
            match azl_overlay::join(directory, path) {
                Ok(joined) => *path = joined,
                Err(error) => reader.error("path-outside-tree", span.clone(), error.to_string()),
            }
        }
        project
    }

    /// Puts a later file's table on top.
    pub(crate) fn merge(&mut self, later: Self) {
        let pick = |mine: &mut Option<String>, later: Option<String>| *mine = later.or(mine.take());
        pick(&mut self.description, later.description);
        pick(&mut self.log_dir, later.log_dir);
        pick(&mut self.work_dir, later.work_dir);
        pick(&mut self.output_dir, later.output_dir);
        pick(&mut self.rendered_specs_dir, later.rendered_specs_dir);
        pick(&mut self.lock_dir, later.lock_dir);
        pick(&mut self.default_author_email, later.default_author_email);
        self.default_distro = later.default_distro.or(self.default_distro.take());
    }

    /// Returns the directory of locks.
    pub fn lock_dir(&self) -> &str {
        self.lock_dir.as_deref().unwrap_or("locks")
    }

    /// Returns the directory of rendered specs.
    pub fn rendered_specs_dir(&self) -> &str {
        self.rendered_specs_dir.as_deref().unwrap_or("specs")
    }
}

/// `[images.N]` as azldev has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Image {
    /// What it is.
    pub description: Option<String>,
    /// Where it is defined.
    pub definition: Option<ImageDefinition>,
    /// What it can do; absent keys are unknown.
    pub capabilities: Capabilities,
    /// How it is tested.
    pub tests: ImageTests,
    /// Where it is published.
    pub publish: ImagePublish,
}

/// `definition` of an image.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageDefinition {
    /// Kind of definition.
    #[serde(rename = "type")]
    pub kind: ImageDefinitionType,
    /// Path relative to the declaring file.
    pub path: String,
    /// Profile of it.
    pub profile: Option<String>,
}

/// Kinds of image definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageDefinitionType {
    /// A kiwi description.
    Kiwi,
}

/// `capabilities` of an image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Capabilities {
    /// Boots on a machine.
    pub machine_bootable: Option<bool>,
    /// Is a container image.
    pub container: Option<bool>,
    /// Runs systemd.
    pub systemd: Option<bool>,
    /// Can install packages.
    pub runtime_package_management: Option<bool>,
}

/// `tests` of an image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ImageTests {
    /// Suites to run.
    pub test_suites: Vec<TestSuiteName>,
}

/// One of `tests.test-suites`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestSuiteName {
    /// Name of a `[test-suites.N]`.
    pub name: String,
}

/// `publish` of an image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImagePublish {
    /// Channels.
    pub channels: Vec<String>,
}

/// `[tools]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Tools {
    image_customizer: Option<ImageCustomizer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "read for its shape")]
struct ImageCustomizer {
    container_tag: Option<String>,
}

/// `[test-suites.N]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape")]
pub(crate) struct TestSuite {
    description: Option<String>,
    #[serde(rename = "type")]
    kind: TestSuiteType,
    pytest: Option<Pytest>,
    lisa: Option<Lisa>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TestSuiteType {
    Pytest,
    Lisa,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "read for its shape")]
struct Pytest {
    working_dir: Option<String>,
    test_paths: Option<Vec<String>>,
    extra_args: Option<Vec<String>>,
    install: Option<PytestInstall>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PytestInstall {
    Pyproject,
    Requirements,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "read for its shape")]
struct Lisa {
    framework: Option<LisaFramework>,
    test_cases: Option<Vec<String>>,
    pip_pre_install: Option<Vec<String>>,
    pip_extras: Option<Vec<String>>,
    extra_args: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "read for its shape")]
struct LisaFramework {
    git_url: String,
    #[serde(rename = "ref")]
    reference: String,
}

/// `[resources]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Resources {
    rpm_repos: BTreeMap<String, RpmRepo>,
    rpm_repo_set_templates: BTreeMap<String, RepoSetTemplate>,
    rpm_repo_sets: BTreeMap<String, RepoSet>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "read for its shape")]
struct RpmRepo {
    description: Option<String>,
    #[serde(rename = "type")]
    kind: Option<RpmRepoType>,
    base_uri: Option<String>,
    metalink: Option<String>,
    disable_gpg_check: Option<bool>,
    gpg_key: Option<String>,
    arches: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
enum RpmRepoType {
    #[serde(rename = "rpm-md")]
    RpmMd,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape")]
struct RepoSetTemplate {
    description: Option<String>,
    subrepos: Vec<Subrepo>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape")]
struct Subrepo {
    name: String,
    subpath: String,
    kind: SubrepoKind,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SubrepoKind {
    Binary,
    Debug,
    Source,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "read for its shape")]
struct RepoSet {
    description: Option<String>,
    template: String,
    base_uri: String,
    name_prefix: Option<String>,
    gpg_key: Option<String>,
    disable_gpg_check: Option<bool>,
    arches: Option<Vec<String>>,
    subrepos: Option<Vec<String>>,
}
