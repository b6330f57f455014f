//! `image`.

use std::path::Path;

use azl_diagnostics::Diagnostic;
use azl_image::{Difference, Listing};
use azl_pipeline::checkout::Checkout;
use azl_pipeline::error::Failure;
use azl_pipeline::image::held::{self, Held};
use azl_pipeline::image::sizes::Sizes;
use azl_pipeline::session::Session;
use azl_pipeline::{image, inputs};
use azl_plan::Inputs;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Context;

/// Compose an image from the signed repositories, or say what is in one
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Image {
    /// Image of images/
    name: Option<String>,
    #[command(subcommand)]
    question: Option<Question>,
}

/// What can be asked of images.
#[derive(Debug, Subcommand)]
enum Question {
    /// Say what a file or package is to an image, and through which requirements it got there
    Why {
        /// Absolute path of a file, or name of a package
        subject: String,
        /// Image of images/ [default: all of the default set]
        #[arg(long)]
        image: Option<String>,
    },
    /// Say how two images differ
    Diff {
        /// Image of images/, or the list of files (`….files.json`) that a release has beside an image
        before: String,
        /// The same
        after: String,
    },
    /// Say what the distribution's own image has and this one has not, and why; fail if that is not true
    Omissions {
        /// Image of images/
        name: String,
    },
    /// Say where the bytes of an image come from
    Sizes {
        /// Image of images/
        name: String,
    },
}

impl Image {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("image")?;
        let asked = Asked { context, checkout, session };
        match (&self.question, &self.name) {
            (Some(Question::Why { subject, image }), _) => asked.why(subject, image.as_deref()),
            (Some(Question::Diff { before, after }), _) => asked.diff(before, after),
            (Some(Question::Omissions { name }), _) => asked.omissions(name),
            (Some(Question::Sizes { name }), _) => asked.sizes(name),
            (None, Some(name)) => asked.compose(name),
            (None, None) => Err(Failure::configuration("no-image", "name an image of images/")),
        }
    }
}

struct Asked<'c> {
    context: &'c Context,
    checkout: Checkout,
    session: Session,
}

impl Asked<'_> {
    fn inputs(&self, image: &str) -> Result<Inputs, Failure> {
        inputs::assemble(&self.checkout, &self.checkout.set_with_image(image)?, &self.session)
    }

    fn compose(&self, name: &str) -> Result<(), Failure> {
        let files = image::compose(&self.inputs(name)?, name, &self.session, &self.context.ui)?;
        let text: String = files.iter().map(|(name, path)| format!("{name}  {}\n", path.display())).collect();
        self.context.ui.result(&text, &json!({ "event": "composed", "files": files }));
        Ok(())
    }

    fn why(&self, subject: &str, only: Option<&str>) -> Result<(), Failure> {
        let set = &self.checkout.release.sets[&self.checkout.release.default_set];
        let all: Vec<&str> = set.images.iter().map(String::as_str).collect();
        let mut answers = Vec::new();
        for name in only.map_or(all, |only| vec![only]) {
            let inputs = self.inputs(name)?;
            let listing = image::listing(&inputs, name, &self.session, &self.context.ui)?;
            if let Some(found) = Held::find(name, &listing, subject) {
                answers.push(held::explain(found, &inputs, &self.session, &self.context.ui)?);
            }
        }
        if answers.is_empty() {
            let error = Diagnostic::error("unknown-name", format!("no file or package `{subject}` is in the image"));
            return Err(error.hint("a file is named by its absolute path, links on the way followed").into());
        }
        let text: Vec<String> = answers.iter().map(ToString::to_string).collect();
        self.context.ui.result(&text.join("\n"), &json!({ "event": "image-why", "answers": answers }));
        Ok(())
    }

    fn diff(&self, before: &str, after: &str) -> Result<(), Failure> {
        let difference = Difference::of(&self.listing(before)?, &self.listing(after)?);
        self.context.ui.result(&difference.to_string(), &json!({ "event": "image-diff", "difference": difference }));
        Ok(())
    }

    fn omissions(&self, name: &str) -> Result<(), Failure> {
        let inputs = self.inputs(name)?;
        let list = &self.checkout.images[name].omissions;
        let wrong = image::contradictions(&inputs, (name, list), &self.session, &self.context.ui)?;
        self.context.ui.result(&list.to_string(), &json!({ "event": "image-omissions", "omissions": list }));
        if wrong.is_empty() { Ok(()) } else { Err(Failure::Verification(wrong.join("\n"))) }
    }

    fn sizes(&self, name: &str) -> Result<(), Failure> {
        let sizes = Sizes::of(&self.listing(name)?);
        self.context.ui.result(&sizes.to_string(), &json!({ "event": "image-sizes", "sizes": sizes }));
        Ok(())
    }

    /// Reads a list of files, or composes the image of that name.
    fn listing(&self, name: &str) -> Result<Listing, Failure> {
        match name.ends_with(image::LISTING) {
            true => image::read_listing(Path::new(name)),
            false => image::listing(&self.inputs(name)?, name, &self.session, &self.context.ui),
        }
    }
}
