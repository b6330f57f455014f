//! Plans a synthetic distribution and schedules it, to be timed from outside: `/usr/bin/time -v target/debug/examples/measure`.
//! An argument stops earlier: `facts`, `plan`.

use azl_action::Schedule;
use azl_plan::release::Goal;
use azl_plan::synthetic::{Shape, distribution};

fn main() {
    let until = std::env::args().nth(1).unwrap_or_default();
    let (inputs, facts) = distribution(Shape::AZURE_LINUX);
    if until == "facts" {
        return;
    }
    let graph = azl_plan::plan(&inputs, &facts, &Goal::Release).unwrap_or_else(|errors| {
        let first: Vec<String> = errors.iter().take(3).map(ToString::to_string).collect();
        panic!("{} errors, e.g. {}", errors.len(), first.join("\n"))
    });
    let edges: usize = graph.nodes().keys().map(|id| graph.needs(id).len()).sum();
    assert!(edges > 60_000);
    if until == "plan" {
        return;
    }
    let mut schedule = Schedule::new(&graph);
    while let Some(id) = schedule.take_next() {
        schedule.succeed(&id);
    }
    assert!(schedule.is_finished());
}
