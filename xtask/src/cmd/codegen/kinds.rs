//! The page on overlay kinds: what the header of each kind's file says, and the keys its schema has.

use std::fmt::Write as _;
use std::path::Path;

use azl_host::{FileError, files};
use serde_json::Value;

const KINDS: &str = "crates/azl-overlay/src/kinds";

const INTRODUCTION: &str = "# Overlay kinds

Written by `cargo xtask codegen` from the files in `crates/azl-overlay/src/kinds`. Every kind takes `description` (why
Azure Linux differs here) and `expect` (at how many places it must apply; at least one if absent).
";

/// Returns the page, made of the checkout at `root`.
///
/// # Errors
/// If a kind's file cannot be read.
pub(super) fn page(root: &Path) -> Result<String, FileError> {
    let mut page = INTRODUCTION.to_owned();
    let schema = azl_config::schema();
    let none = Vec::new();
    for kind in schema["$defs"]["Overlay"]["oneOf"].as_array().unwrap_or(&none) {
        let name = kind["title"].as_str().unwrap_or_default();
        let source = files::read_to_string(root.join(KINDS).join(format!("{}.rs", name.replace('-', "_"))))?;
        let _ = write!(page, "\n## {name}\n\n{}\n\n", header(name, &source));
        keys(kind, &mut page);
    }
    Ok(page)
}

/// Returns the header of a module, without the name it begins with.
fn header(name: &str, source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let text: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let text = text.join("\n");
    let said = text.strip_prefix(&format!("`{name}`: ")).unwrap_or(&text);
    let mut letters = said.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn keys(kind: &Value, page: &mut String) {
    let required: Vec<&str> = kind["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    page.push_str("| key | | |\n|---|---|---|\n");
    for (key, value) in kind["properties"].as_object().into_iter().flatten() {
        if !["type", "description", "expect"].contains(&key.as_str()) {
            let needed = if required.contains(&key.as_str()) { "required" } else { "" };
            let meaning = value["description"].as_str().unwrap_or_default().replace('\n', " ");
            let _ = writeln!(page, "| `{key}` | {needed} | {meaning} |");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_loses_its_name_and_begins_a_sentence() {
        let source = "//! `file-add`: adds a file.\n//!\n//! Twice.\n\nuse x;\n//! no\n";
        assert_eq!(header("file-add", source), "Adds a file.\n\nTwice.");
    }
}
