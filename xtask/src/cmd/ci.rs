//! `ci`.

use azl_pipeline::error::Failure;
use clap::Args;

use super::{Context, test, tidy};

/// Do exactly what continuous integration does: tidy, then every test tier
#[derive(Debug, Args)]
pub(crate) struct Ci {}

impl Ci {
    #[expect(clippy::unused_self, reason = "every verb has the same shape")]
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        tidy::Tidy {}.run(context)?;
        test::Test::all().run(context)
    }
}
