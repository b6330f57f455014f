//! `tidy`.

use azl_pipeline::error::Failure;
use clap::Args;

use super::Context;
use crate::tidy;

/// Check the repository's own rules
#[derive(Debug, Args)]
pub(crate) struct Tidy {}

impl Tidy {
    #[expect(clippy::unused_self, reason = "every verb has the same shape")]
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let tree = tidy::gather(&context.root)?;
        let findings = tidy::check(&tree);
        if azl_diagnostics::has_errors(&findings) {
            return Err(Failure::Configuration(findings));
        }
        if !findings.is_empty() {
            context.ui.print(&format!("{}\n", crate::ui::render(&findings, Some(&context.root))));
        }
        let rules: Vec<&str> = tidy::RULES.iter().map(|rule| rule.demand).collect();
        context.ui.print(&format!("tidy: {} rules hold: {}\n", rules.len(), rules.join("; ")));
        Ok(())
    }
}
