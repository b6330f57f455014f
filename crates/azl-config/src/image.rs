//! `[images.N]` as azldev has it.
//!
//! Not here: our own images, which have files of their own that azldev does not read.
//!
//! **Invariant:** a definition's path is a path of the tree.

use azl_overlay::{Reader, Table};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::tree_path;
use crate::publish::Channel;
use crate::spanned::Spanned;

/// `[images.N]` as azldev has it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
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
    /// File that declares it.
    #[serde(skip)]
    pub file: String,
}

/// `definition` of an image.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageDefinition {
    /// Kind of definition.
    #[serde(rename = "type")]
    pub kind: ImageDefinitionType,
    /// Path of it; relative to the declaring file as written, to the tree once read.
    pub path: Spanned<String>,
    /// Profile of it.
    pub profile: Option<String>,
}

/// Kinds of image definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageDefinitionType {
    /// A kiwi description.
    Kiwi,
}

/// `capabilities` of an image.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ImageTests {
    /// Suites to run.
    pub test_suites: Vec<TestSuiteName>,
}

/// One of `tests.test-suites`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestSuiteName {
    /// Name of a `[test-suites.N]`.
    pub name: Spanned<String>,
}

/// `publish` of an image.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImagePublish {
    /// Channels.
    pub channels: Vec<Channel>,
}

impl Image {
    /// Reads an image table.
    pub(crate) fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        let mut image: Self = reader.shape(table).unwrap_or_default();
        image.file = reader.file().to_owned();
        image.definition = image.definition.and_then(|definition| {
            let path = tree_path(reader, definition.path)?;
            Some(ImageDefinition { path, ..definition })
        });
        image
    }
}
