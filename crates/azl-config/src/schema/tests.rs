//! The schema and its copy.

use std::collections::BTreeSet;

use super::{overlay_file_schema, schema};
use crate::document::TABLES;
use serde_json::Value;

#[test]
fn copies_are_the_schemas() {
    let copies = [
        (include_str!("../../schema/azldev.schema.json"), schema()),
        (include_str!("../../schema/overlay-file.schema.json"), overlay_file_schema()),
    ];
    for (copy, schema) in copies {
        let copy: Value = serde_json::from_str(copy).expect("the copy is JSON");
        assert!(copy == schema, "write them again: cargo xtask codegen");
    }
}

#[test]
fn top_level_keys_are_those_that_are_read() {
    let schema = schema();
    let keys: BTreeSet<_> = schema["properties"].as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, TABLES.iter().copied().collect());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn every_object_is_closed_and_every_key_described() {
    for schema in [schema(), overlay_file_schema()] {
        let mut problems = Vec::new();
        look(&schema, "#", &mut problems);
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}

fn look(schema: &Value, path: &str, problems: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            problems.push(format!("{path} is open"));
        }
        for (key, value) in properties {
            if ["description", "$ref", "const"].iter().all(|one| value.get(one).is_none()) {
                problems.push(format!("{path}/{key} has no description"));
            }
        }
    }
    match schema {
        Value::Object(members) => {
            members.iter().for_each(|(key, member)| look(member, &format!("{path}/{key}"), problems));
        }
        Value::Array(members) => {
            members.iter().enumerate().for_each(|(at, member)| look(member, &format!("{path}/{at}"), problems));
        }
        Value::String(text) if text == "null" => problems.push(format!("{path} allows null")),
        _ => {}
    }
}

#[test]
fn overlays_are_told_apart_by_type() {
    let schema = schema();
    let members = schema["$defs"]["Overlay"]["oneOf"].as_array().expect("a `oneOf`").len();
    assert!(members >= 17, "{members}");
}
