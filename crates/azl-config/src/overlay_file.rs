//! Overlay files: one change each, `[metadata]` that says why and `[[overlays]]` that make it.
//!
//! Not here: which components take them.
//!
//! **Invariant:** the metadata is the file's; an overlay has none of its own.

use std::sync::Arc;

use azl_overlay::{Descriptions, Metadata, Overlay, Reader, Table};
use schemars::JsonSchema;

/// An overlay file: one logical change.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OverlayFile")]
#[expect(dead_code, reason = "read table by table; the schema is made of it")]
pub(crate) struct OverlayFileShape {
    /// Why the change exists.
    metadata: Metadata,
    /// What it changes, in order.
    #[schemars(length(min = 1))]
    overlays: Vec<Overlay>,
}

/// Reads an overlay file: `[metadata]` and at least one of `[[overlays]]`.
pub(crate) fn read_overlay_file(
    reader: &mut Reader<'_>,
    mut table: Table<'_>,
    descriptions: Descriptions,
) -> Vec<Overlay> {
    let span = table.span();
    let metadata = reader.take_table(&mut table, "metadata");
    let tables = reader.take_tables(&mut table, "overlays");
    reader.finish(&table, &["metadata", "overlays"]);
    if tables.is_empty() {
        reader.error("empty-overlay-file", span.clone(), "overlay file without `[[overlays]]`");
    }
    let metadata = match metadata {
        None => {
            reader.error("missing-key", span, "overlay file without `[metadata]`");
            None
        }
        Some(table) => read_metadata(reader, table),
    };
    let overlays = tables.into_iter().filter_map(|table| Overlay::read(reader, table, descriptions));
    overlays.map(|overlay| Overlay { metadata: metadata.clone(), ..overlay }).collect()
}

/// Reads a `[metadata]` table, as overlay files and component groups have it.
pub(crate) fn read_metadata(reader: &mut Reader<'_>, table: Table<'_>) -> Option<Arc<Metadata>> {
    let span = table.span();
    let metadata: Metadata = reader.shape(table)?;
    if let Some(problem) = metadata.contradiction() {
        reader.error("metadata-contradiction", span.clone(), problem);
    }
    for link in metadata.commits.iter().chain(&metadata.bugs) {
        if !link.url.starts_with("http://") && !link.url.starts_with("https://") {
            reader.error("metadata-link", span.clone(), format!("not an `http` or `https` address: `{}`", link.url));
        }
    }
    Some(Arc::new(metadata))
}
