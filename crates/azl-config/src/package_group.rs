//! `[package-groups.N]`: binary packages that are published alike.
//!
//! Not here: which component makes them.
//!
//! **Invariant:** a group names a package once.

use std::collections::BTreeMap;
use std::ops::Range;

use azl_overlay::{Reader, Table};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::publish::{PackageLayer, PackagePublishLayer};
use crate::spanned::Spanned;

/// Binary packages that are published alike.
#[derive(Debug, Clone)]
pub struct PackageGroup {
    /// What they have in common.
    pub description: Option<String>,
    /// Names of binary packages, and where each stands in the file.
    pub packages: BTreeMap<String, Range<usize>>,
    /// Where they go.
    pub publish: PackagePublishLayer,
    /// File that declares it.
    pub file: String,
}

/// `[package-groups.N]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(rename = "PackageGroup")]
pub(crate) struct PackageGroupShape {
    /// What they have in common.
    description: Option<String>,
    /// Names of binary packages.
    packages: Vec<Spanned<String>>,
    /// What the packages inherit.
    default_package_config: PackageLayer,
}

impl PackageGroup {
    /// Reads a package group.
    pub(crate) fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        let shape: PackageGroupShape = reader.shape(table).unwrap_or_default();
        let mut packages = BTreeMap::new();
        for package in shape.packages {
            let range = package.span();
            if package.get_ref().is_empty() {
                reader.error("package-group", range, "a package has no name");
            } else if packages.contains_key(package.get_ref()) {
                let message = format!("package `{}` is listed twice", package.get_ref());
                reader.error("package-group", range, message);
            } else {
                packages.insert(package.into_inner(), range);
            }
        }
        Self {
            description: shape.description,
            packages,
            publish: shape.default_package_config.publish,
            file: reader.file().to_owned(),
        }
    }
}
