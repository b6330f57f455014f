//! The JSON Schema (2020-12) of the format, made of the shapes that serde reads.
//!
//! The files below `schema/` are copies for editors, written by `cargo xtask codegen`; a test keeps them the same.
//!
//! Not here: rules between values, which only loading checks.
//!
//! **Invariant:** every object is closed, and no key is described that is not read.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::component::ComponentShape;
use crate::component_group::ComponentGroupShape;
use crate::distro::DistroShape;
use crate::image::Image;
use crate::overlay_file::OverlayFileShape;
use crate::package_group::PackageGroupShape;
use crate::project::Project;
use crate::publish::PackageLayer;
use crate::resource::ResourcesShape;
use crate::test_suite::TestSuiteShape;
use crate::tools::Tools;

/// A file of a tree in the azldev format.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "azldev")]
#[expect(dead_code, reason = "files are read table by table; the schema is made of it")]
struct FileShape {
    /// Address of a JSON Schema, for editors.
    #[serde(rename = "$schema")]
    schema: Option<String>,
    /// What the tree is and where its things go.
    project: Option<Project>,
    /// Globs or paths of further files, beside this one.
    includes: Option<Vec<String>>,
    /// Distributions, ours and those we take packaging from, by name.
    distros: Option<BTreeMap<String, DistroShape>>,
    /// Package repositories.
    resources: Option<ResourcesShape>,
    /// Groups of components by name.
    component_groups: Option<BTreeMap<String, ComponentGroupShape>>,
    /// Components by name.
    components: Option<BTreeMap<String, ComponentShape>>,
    /// Images by name.
    images: Option<BTreeMap<String, Image>>,
    /// What other programs are told.
    tools: Option<Tools>,
    /// What all components inherit.
    default_component_config: Option<ComponentShape>,
    /// What all binary packages inherit.
    default_package_config: Option<PackageLayer>,
    /// Groups of binary packages by name.
    package_groups: Option<BTreeMap<String, PackageGroupShape>>,
    /// Test suites by name.
    test_suites: Option<BTreeMap<String, TestSuiteShape>>,
}

/// Returns the JSON Schema of a file of the tree.
pub fn schema() -> Value {
    generate::<FileShape>()
}

/// Returns the JSON Schema of an overlay file.
pub fn overlay_file_schema() -> Value {
    generate::<OverlayFileShape>()
}

fn generate<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    RecursiveTransform(drop_null).transform(&mut schema);
    schema.to_value()
}

/// Takes `null` out: TOML has none, an absent key is what an optional value means.
fn drop_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|one| !one.is_null());
    }
    let Some(Value::Array(members)) = object.get_mut("anyOf") else { return };
    members.retain(|member| member.get("type").is_none_or(|kind| kind != "null"));
    if let [Value::Object(only)] = members.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests;
