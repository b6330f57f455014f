//! `graph`.

use azl_pipeline::error::Failure;
use azl_pipeline::graph::{self, Form};
use azl_pipeline::session::Session;
use azl_pipeline::{facts, inputs};
use azl_plan::Inputs;
use azl_plan::release::Goal;
use clap::{Args, ValueEnum};

use super::{Context, StageArg};

/// Show what a release consists of: its nodes and what each needs
#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// Only nodes whose name contains this
    #[arg(default_value = "")]
    filter: String,
    #[command(flatten)]
    stage: StageArg,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Style::Text)]
    style: Style,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Style {
    Text,
    Dot,
    Json,
}

impl Graph {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("graph")?;
        let inputs = inputs::assemble(&checkout, &checkout.release.default_set, &session)?;
        let inputs = self.stage.apply(inputs, &checkout, &session)?;
        let form = match self.style {
            Style::Text => Form::Text,
            Style::Dot => Form::Dot,
            Style::Json => Form::Json,
        };
        show(context, &inputs, &session, &self.filter, form)
    }
}

/// Prints the graph of the release as text, or as JSON if that is asked for.
pub(super) fn print(context: &Context, inputs: &Inputs, session: &Session, filter: &str) -> Result<(), Failure> {
    show(context, inputs, session, filter, Form::Text)
}

fn show(context: &Context, inputs: &Inputs, session: &Session, filter: &str, form: Form) -> Result<(), Failure> {
    let (facts, _) = facts::learn(inputs, &session.ports, &context.ui, &session.settings.policy)?;
    let graph = azl_plan::plan(inputs, &facts, &Goal::Release)?;
    context.ui.print(&graph::show(&graph, filter, form));
    Ok(())
}
