//! `image`.

use azl_pipeline::error::Failure;
use azl_pipeline::{image, inputs};
use clap::Args;
use serde_json::json;

use super::Context;

/// Compose an image from the signed repositories
#[derive(Debug, Args)]
pub(crate) struct Image {
    /// Image of images/
    name: String,
}

impl Image {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("image")?;
        let inputs = inputs::assemble(&checkout, &checkout.set_with_image(&self.name)?, &session)?;
        let files = image::compose(&inputs, &self.name, &session, &context.ui)?;
        let text: String = files.iter().map(|(name, path)| format!("{name}  {}\n", path.display())).collect();
        context.ui.result(&text, &json!({ "event": "composed", "files": files }));
        Ok(())
    }
}
