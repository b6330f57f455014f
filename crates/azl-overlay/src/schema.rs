//! JSON Schema of overlays: a `oneOf` by `type`, made of the very shapes the reader uses.
//!
//! Not here: what JSON Schema cannot say, such as that a regular expression compiles; the reader checks that.
//!
//! **Invariant:** every kind of the table is a member, with the keys all kinds share.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::kinds;
use crate::overlay::Overlay;
use crate::pattern::Pattern;
use crate::values::{
    Day, DependencyTag, FileGlob, FileName, MacroName, OneLine, RelativeFile, SectionRef, SpecText, TagName,
};

/// Makes a value type a described text with an optional pattern.
macro_rules! text_schema {
    ($($kind:ident, $description:literal, $pattern:literal;)*) => {$(
        impl JsonSchema for $kind {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $description, "pattern": $pattern })
            }
        }
    )*};
}

text_schema! {
    TagName, "Name of a tag, such as `Requires` or `Requires(post)`.", r"^[A-Za-z][A-Za-z0-9]*(\(.*\))?$";
    OneLine, "One line of text.", r"^[^\r\n]*$";
    RelativeFile, "Path below the component's sources.", r"^[^/\\][^\\]*$";
    FileName, "File name without directory.", r"^[^/]+$";
    FileGlob, "Glob over the component's files; `**` crosses directories.", r"^[^/]";
    Pattern, "Regular expression in RE2 syntax.", r"^";
    SectionRef, "Section of a spec, such as `%files`.", r"^%";
    SpecText, "Text for a spec, of one line or several.", r"^[^\r]*$";
    MacroName, "Name of a macro or a build condition.", r"^[A-Za-z_][A-Za-z0-9_]*$";
    DependencyTag, "Name of a tag that holds dependencies, such as `BuildRequires`.", r"^[A-Za-z][A-Za-z0-9]*(\(.*\))?$";
    Day, "Day of the calendar, as in `2026-02-24`.", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
}

impl JsonSchema for Overlay {
    fn schema_name() -> Cow<'static, str> {
        "Overlay".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let members = kinds::schemas(generator).into_iter().map(|(name, schema)| with_common_keys(name, schema));
        let members: Vec<Value> = members.map(Value::from).collect();
        json_schema!({ "description": "One deviation from upstream's packaging.", "oneOf": members })
    }
}

/// Adds what [`Overlay`] itself reads.
fn with_common_keys(name: &str, mut schema: Schema) -> Schema {
    schema.insert("title".into(), json!(name));
    let object = schema.ensure_object();
    let properties = object.entry("properties").or_insert_with(|| json!({}));
    properties["type"] = json!({ "description": "Kind of the overlay.", "const": name });
    properties["description"] = json!({ "description": "Why the overlay exists.", "type": "string" });
    properties["expect"] =
        json!({ "description": "At how many places it must apply.", "type": "integer", "minimum": 1 });
    let required = object.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required {
        required.insert(0, json!("type"));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_a_closed_object_with_the_common_keys() {
        let schema = Overlay::json_schema(&mut SchemaGenerator::default());
        let members = schema.get("oneOf").and_then(Value::as_array).expect("a `oneOf`");
        let names: Vec<_> =
            members.iter().filter_map(|member| member["properties"]["type"]["const"].as_str()).collect();
        assert_eq!(names, kinds::NAMES);
        for member in members {
            assert_eq!(member["additionalProperties"], json!(false), "{member}");
            assert_eq!(member["required"][0], json!("type"), "{member}");
            assert_eq!(member["properties"]["expect"]["minimum"], json!(1), "{member}");
            assert!(member["description"].is_string(), "{member}");
        }
        let tag = members.iter().find(|member| member["title"] == json!("spec-add-tag")).expect("a kind");
        assert_eq!(tag["required"], json!(["type", "tag", "value"]));
    }
}
