//! Building one component again, under all variations at once or one at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use azl_action::ports::{BlobStore, Executor, PortError, RootComposer};
use azl_action::{Usage, Work};
use azl_digest::Digest;
use azl_exec::Bubblewrap;
use azl_host::clock::Stopwatch;

use super::report::{ComponentReport, Trial, Verdict};
use super::scratch::Scratch;
use super::variation::{self, Usual, Variation};
use super::{Component, Equal, Manner, Search, compare};
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::session::Session;

/// What a build gave: file name → digest.
type Outputs = BTreeMap<String, Digest>;

const LIBRARY_NOTICED: &str = "the clock was not varied: the build notices the library that does it. With the library \
    the result is the same whatever the clock says, without it that of the first build";

/// What every build again has in common.
pub(super) struct Bench<'a> {
    pub(super) session: &'a Session,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) manner: Manner,
    /// Where packages that differ are kept.
    pub(super) directory: PathBuf,
    /// What is varied.
    pub(super) usual: Usual,
}

impl Bench<'_> {
    /// Builds a component under all variations; if that fails or differs, as often as it takes to say why.
    pub(super) fn component(&self, component: &Component) -> Result<ComponentReport, Failure> {
        let wanted = Variation::ALL.into_iter().filter(|variation| !self.manner.without.contains(variation));
        let (possible, impossible): (Vec<Variation>, Vec<Variation>) =
            wanted.partition(|variation| variation.obstacle().is_none());
        let mut notes: Vec<String> = impossible
            .into_iter()
            .filter_map(|variation| Some(format!("{} not varied: {}", variation.name(), variation.obstacle()?)))
            .collect();
        notes.extend(self.manner.without.iter().map(|left| format!("{} not varied: as asked", left.name())));
        let mut trials = vec![self.trial(component, &possible)?];
        let library_there = possible.contains(&Variation::Clock);
        let notices_library =
            library_there && !trials[0].is_good() && self.notices_library(component, &possible, &mut trials)?;
        if notices_library {
            notes.push(LIBRARY_NOTICED.to_owned());
        }
        let mut report = ComponentReport { component: component.name.clone(), trials, notices_library, notes };
        if !report.is_good() && self.manner.search == Search::Bisect {
            // What differs with nothing varied differs from one moment to the next, whatever is blamed below.
            report.trials.push(self.trial(component, &[])?);
            for variation in possible {
                report.trials.push(self.trial(component, &[variation])?);
            }
        }
        Ok(report)
    }

    /// Finds out whether a build that went otherwise notices the library that makes the clock be ahead, not the clock: it
    /// is reproducible without the library, and with the library the same whatever the clock says.
    fn notices_library(
        &self,
        component: &Component,
        possible: &[Variation],
        trials: &mut Vec<Trial>,
    ) -> Result<bool, Failure> {
        let mut variations: Vec<Variation> = possible.iter().copied().filter(|v| *v != Variation::Clock).collect();
        trials.push(self.trial(component, &variations)?);
        if !trials[1].is_good() {
            return Ok(false);
        }
        variations.insert(0, Variation::ClockLibrary);
        trials.push(self.trial(component, &variations)?);
        Ok(trials[0].gave == trials[2].gave)
    }

    fn trial(&self, component: &Component, variations: &[Variation]) -> Result<Trial, Failure> {
        let watch = Stopwatch::start();
        let names: Vec<&str> = variations.iter().map(|variation| variation.name()).collect();
        let node = format!("again:{} ({})", component.name, names.join(", "));
        let last = component.runs.last().map(|done| Work::Run(done.run.clone()).digest().to_string());
        let action = last.unwrap_or_default();
        self.reporter.report(&Event::Started {
            node: node.clone(),
            kind: "run".to_owned(),
            action: action.clone(),
            expected_millis: 0,
            path_millis: 0,
        });
        let (verdict, gave) = self.attempt(component, variations)?;
        let millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.reporter.report(&Event::Finished {
            node,
            cached: false,
            millis,
            usage: Usage::default(),
            action,
            expected_millis: 0,
            chain_millis: millis,
            via: None,
        });
        Ok(Trial { variations: variations.to_vec(), verdict, gave, packages: component.packages().count(), millis })
    }

    /// Builds once more; returns how it compares and what it gave.
    fn attempt(&self, component: &Component, variations: &[Variation]) -> Result<(Verdict, Outputs), Failure> {
        let conditions = variation::varied(&self.usual, variations);
        let composer: Arc<dyn RootComposer> = Arc::clone(&self.session.roots) as Arc<dyn RootComposer>;
        let executor = Bubblewrap::new(composer, conditions.clone())?;
        let store = &*self.session.ports.store;
        let scratch = Scratch::new(store)?;
        let done = match build(component, &executor, &scratch) {
            Ok(second) => {
                let clues = variation::clues(&self.usual.conditions, &conditions);
                let kept = self.kept(component, variations);
                let builds = compare::Builds { first: store, second: &scratch, clues: &clues, kept: &kept };
                (builds.compare(&component.packages().collect(), &second, self.manner.equal)?, second)
            }
            Err(PortError::Work { message, log }) => {
                let kept = log.map(|log| compare::keep_log(&log, &self.kept(component, variations))).transpose()?;
                (Verdict::NotBuilt { message, log: kept }, Outputs::new())
            }
            Err(other) => return Err(other.into()),
        };
        scratch.remove()?;
        Ok(done)
    }

    /// Where the files of one trial are kept.
    fn kept(&self, component: &Component, variations: &[Variation]) -> PathBuf {
        let label = match variations {
            [] => "nothing".to_owned(),
            [only] => only.name().replace(' ', "-"),
            [Variation::ClockLibrary, ..] => "library".to_owned(),
            several if several.len() == Variation::ALL.len() => "all".to_owned(),
            _ => "some".to_owned(),
        };
        self.directory.join(&component.name).join(label)
    }
}

/// Does the actions of a component again; returns all their outputs.
fn build(component: &Component, executor: &dyn Executor, scratch: &Scratch<'_>) -> Result<Outputs, PortError> {
    let mut outputs = Outputs::new();
    for (number, done) in component.runs.iter().enumerate() {
        let log = scratch.file(&format!("{number}.log"));
        outputs.extend(executor.run(&done.run, scratch as &dyn BlobStore, &log)?.outputs);
    }
    Ok(outputs)
}

impl Component {
    /// Returns what the first build gave, by name.
    fn packages(&self) -> impl Iterator<Item = (String, Digest)> + '_ {
        self.runs.iter().flat_map(|done| done.outputs.iter().map(|(name, digest)| (name.clone(), *digest)))
    }
}

impl Equal {
    /// Returns whether equal packages are kept.
    pub(super) fn keeps(self) -> bool {
        self == Self::Keep
    }
}
