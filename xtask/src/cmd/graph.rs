//! `graph`.

use azl_action::{Graph as Nodes, NodeId};
use azl_pipeline::error::Failure;
use azl_pipeline::forecast::{Forecast, Prospect};
use azl_pipeline::graph::{self, Direction, Form, Level, View};
use azl_pipeline::session::Session;
use azl_pipeline::{facts, inputs};
use azl_plan::Inputs;
use azl_plan::release::Goal;
use clap::{Args, ValueEnum};

use super::{Context, StageArg};

/// Show what a release consists of and what needs what; HTML is a page to walk through
#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// From this component, e.g. bash, or node, e.g. rpm:bash [default: all components]
    subject: Option<String>,
    #[command(flatten)]
    stage: StageArg,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Show nodes even where no node is named
    #[arg(long)]
    nodes: bool,
    /// What the subject needs [default]
    #[arg(long, conflicts_with = "needed_by")]
    needs: bool,
    /// What needs the subject
    #[arg(long)]
    needed_by: bool,
    /// Only so many steps from the subject
    #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Dot,
    Json,
    Html,
}

impl Graph {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.look("graph")?;
        let inputs = inputs::assemble(&checkout, &checkout.release.default_set, &session)?;
        let inputs = self.stage.apply(inputs, &checkout, &session)?;
        let nodes = plan(context, &inputs, &session)?;
        let forecast = Forecast::new(&nodes, &session.ports);
        let view = |level| View::new(&nodes, level, &|node| forecast.get(node).map_or("", Prospect::word));
        let is_node = self.nodes || self.subject.as_ref().is_some_and(|name| names_node(&nodes, name));
        let shown = view(if is_node { Level::Node } else { Level::Component });
        let direction = if self.needed_by { Direction::NeededBy } else { Direction::Needs };
        let point = self.subject.as_deref().map(|name| shown.find(name)).transpose()?;
        let from = point.map(|point| (point, direction, self.depth));
        let form = match self.format {
            Format::Text => Form::Text,
            Format::Dot => Form::Dot,
            Format::Json => Form::Json,
            Format::Html => {
                let title = format!("Release {}", inputs.version);
                let views = [&view(Level::Component), &view(Level::Node)];
                context.ui.print(&graph::page(&title, &views, self.subject.as_deref()));
                return Ok(());
            }
        };
        context.ui.print(&shown.show(from, form));
        Ok(())
    }
}

/// An image is a component to people and a node to the engine, under one name; the component is shown.
fn names_node(nodes: &Nodes, name: &str) -> bool {
    let id = NodeId(name.to_owned());
    nodes.get(&id).is_some() && !matches!(id.stage(), "image" | "repo" | "seed")
}

/// Plans the whole release.
pub(super) fn plan(context: &Context, inputs: &Inputs, session: &Session) -> Result<Nodes, Failure> {
    let (facts, _) = facts::learn(inputs, &session.ports, &context.ui, &session.settings.policy)?;
    Ok(azl_plan::plan(inputs, &facts, &Goal::Release)?)
}

/// Prints the nodes of the release.
pub(super) fn print(context: &Context, inputs: &Inputs, session: &Session) -> Result<(), Failure> {
    let nodes = plan(context, inputs, session)?;
    let forecast = Forecast::new(&nodes, &session.ports);
    let view = View::new(&nodes, Level::Node, &|node| forecast.get(node).map_or("", Prospect::word));
    context.ui.print(&view.show(None, Form::Text));
    Ok(())
}
