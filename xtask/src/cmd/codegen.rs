//! `codegen`.

use azl_host::files;
use azl_pipeline::error::Failure;
use clap::Args;

use super::Context;

/// A file and what makes it.
type Generated = (&'static str, fn() -> serde_json::Value);

const GENERATED: &[Generated] = &[
    ("crates/azl-config/schema/azldev.schema.json", azl_config::schema),
    ("crates/azl-config/schema/overlay-file.schema.json", azl_config::overlay_file_schema),
];

/// Write the files of this repository that are made from its code: JSON Schemas of the TOML format
#[derive(Debug, Args)]
pub(crate) struct Codegen {
    /// Change nothing; fail if a file is not what is generated
    #[arg(long)]
    check: bool,
}

impl Codegen {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut stale = Vec::new();
        for (path, generate) in GENERATED {
            let host = context.root.join(path);
            let wanted = format!("{:#}\n", generate());
            if files::exists(&host) && files::read(&host)? == wanted.as_bytes() {
                continue;
            }
            stale.push(*path);
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
