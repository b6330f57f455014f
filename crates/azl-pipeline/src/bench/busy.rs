//! How well the processors were used by the largest run that this store remembers: its wall time beside what no schedule
//! could do better.

use crate::events::Event;
use crate::runs;
use crate::session::Session;

use super::build::{Measure, Verdict};

const CLAIM: &str = "keeps cores busy";
const PROMISE: &str = "wall time at most 1.15 times the longer of critical path and processor time by cores";

/// What one run took, in seconds.
struct Taken {
    id: String,
    packages: usize,
    wall: f64,
    critical: f64,
    cpu: f64,
    cores: usize,
}

/// Judges the run that built most packages.
pub(super) fn measure(session: &Session) -> Measure {
    let runs = runs::list(session.ports.store.root());
    let Some(taken) = runs.iter().filter_map(taken).max_by_key(|taken| taken.packages) else {
        return Measure::absent(CLAIM, PROMISE, "no run of this store built a package: `cargo xtask release`");
    };
    let share = taken.cpu / taken.cores.max(1) as f64;
    let bound = taken.critical.max(share);
    let ratio = taken.wall / bound;
    Measure {
        claim: CLAIM,
        ours: format!(
            "run {}, {} components built: {:.0} s, {ratio:.2} of the bound",
            taken.id, taken.packages, taken.wall
        ),
        peer: format!(
            "critical path {:.0} s as it took, {:.0} s of processor time on {} cores: {share:.0} s",
            taken.critical, taken.cpu, taken.cores
        ),
        promise: PROMISE,
        verdict: Verdict::of(ratio <= 1.15),
    }
}

fn taken(run: &runs::Run) -> Option<Taken> {
    let events = run.events();
    events.iter().rev().find_map(|stamped| match &stamped.event {
        Event::Summary { seconds, critical_millis, cpu_millis, stages, .. } => {
            let built = stages.iter().find(|stage| stage.stage == "rpm").map_or(0, |stage| stage.actions);
            (built > 0).then(|| Taken {
                id: run.record.id.clone(),
                packages: built,
                wall: *seconds,
                critical: *critical_millis as f64 / 1000.0,
                cpu: *cpu_millis as f64 / 1000.0,
                cores: run.record.host.cores,
            })
        }
        _ => None,
    })
}
