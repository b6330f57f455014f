//! `[tools]`: what other programs of the tree's makers are told.
//!
//! Not here: those programs.
//!
//! **Invariant:** of two files the later wins, key by key.

use schemars::JsonSchema;
use serde::Deserialize;

/// `[tools]`; its keys are in camel case in the format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Tools {
    /// Image Customizer.
    pub image_customizer: ImageCustomizer,
}

/// `[tools.imageCustomizer]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ImageCustomizer {
    /// Container image to run; the program's own choice if absent.
    pub container_tag: Option<String>,
}

impl Tools {
    /// Puts a later file's table on top.
    pub(crate) fn merge(&mut self, later: Self) {
        let tag = &mut self.image_customizer.container_tag;
        *tag = later.image_customizer.container_tag.or(tag.take());
    }
}
