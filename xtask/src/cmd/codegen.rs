//! `codegen`.

mod kinds;

use std::path::Path;

use azl_host::{FileError, files};
use azl_pipeline::error::Failure;
use clap::Args;

use super::Context;

/// Returns the generated files by path, with what they are to hold.
fn generated(root: &Path) -> Result<Vec<(&'static str, String)>, FileError> {
    Ok(vec![
        ("crates/azl-config/schema/azldev.schema.json", format!("{:#}\n", azl_config::schema())),
        ("crates/azl-config/schema/overlay-file.schema.json", format!("{:#}\n", azl_config::overlay_file_schema())),
        ("overlays/KINDS.md", kinds::page(root)?),
    ])
}

/// Write the files of this repository that are made from its code: JSON Schemas of the TOML format, the page on overlay kinds
#[derive(Debug, Args)]
pub(crate) struct Codegen {
    /// Change nothing; fail if a file is not what is generated
    #[arg(long)]
    pub(super) check: bool,
}

impl Codegen {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut stale = Vec::new();
        for (path, wanted) in generated(&context.root)? {
            let host = context.root.join(path);
            if files::exists(&host) && files::read(&host)? == wanted.as_bytes() {
                continue;
            }
            stale.push(path);
            if !self.check {
                files::write_atomic(&host, wanted.as_bytes())?;
            }
        }
        if self.check && !stale.is_empty() {
            let message = format!("not what is generated: {}\n  hint: cargo xtask codegen", stale.join(", "));
            return Err(Failure::Verification(message));
        }
        let verb = if stale.is_empty() { "nothing to write" } else { "wrote" };
        context.ui.print(&format!("{verb} {}\n", stale.join(", ")));
        Ok(())
    }
}
