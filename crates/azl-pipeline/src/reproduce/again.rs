//! Building one component again, under all variations at once or one at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use azl_action::ports::{BlobStore, Executor, PortError, RootComposer};
use azl_action::{Usage, Work};
use azl_digest::Digest;
use azl_exec::{Bubblewrap, Conditions};
use azl_host::clock::Stopwatch;

use super::report::{ComponentReport, Trial, Verdict};
use super::scratch::Scratch;
use super::variation::{self, Variation};
use super::{Component, Equal, Manner, Search, compare};
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::session::Session;

/// What every build again has in common.
pub(super) struct Bench<'a> {
    pub(super) session: &'a Session,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) manner: Manner,
    /// Where packages that differ are kept.
    pub(super) directory: PathBuf,
    /// The conditions of the first build.
    pub(super) usual: Conditions,
}

impl Bench<'_> {
    /// Builds a component under all variations; if that fails or differs, as often as it takes to say why.
    pub(super) fn component(&self, component: &Component) -> Result<ComponentReport, Failure> {
        let (possible, impossible): (Vec<Variation>, Vec<Variation>) =
            Variation::ALL.into_iter().partition(|variation| variation.obstacle().is_none());
        let mut notes: Vec<String> = impossible
            .into_iter()
            .filter_map(|variation| Some(format!("{} not varied: {}", variation.name(), variation.obstacle()?)))
            .collect();
        let mut trials = vec![self.trial(component, &possible)?];
        if matches!(trials[0].verdict, Verdict::NotBuilt { .. }) {
            let rest: Vec<Variation> = possible.iter().copied().filter(|v| *v != Variation::Clock).collect();
            trials.push(self.trial(component, &rest)?);
            if !matches!(trials[1].verdict, Verdict::NotBuilt { .. }) {
                notes.push("does not build when the clock is ahead; built again without that".to_owned());
            }
        }
        let good = trials.iter().all(|trial| trial.verdict == Verdict::Identical);
        if !good && self.manner.search == Search::Bisect {
            // What differs with nothing varied differs from one moment to the next, whatever is blamed below.
            trials.push(self.trial(component, &[])?);
            for variation in possible {
                trials.push(self.trial(component, &[variation])?);
            }
        }
        Ok(ComponentReport { component: component.name.clone(), trials, notes })
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
        let verdict = self.verdict(component, variations)?;
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
        Ok(Trial { variations: variations.to_vec(), verdict, packages: component.packages().count(), millis })
    }

    fn verdict(&self, component: &Component, variations: &[Variation]) -> Result<Verdict, Failure> {
        let conditions = variation::varied(&self.usual, variations);
        let composer: Arc<dyn RootComposer> = Arc::clone(&self.session.roots) as Arc<dyn RootComposer>;
        let executor = Bubblewrap::new(composer, conditions.clone())?;
        let store = &*self.session.ports.store;
        let scratch = Scratch::new(store)?;
        let verdict = match build(component, &executor, &scratch) {
            Ok(second) => {
                let clues = variation::clues(&self.usual, &conditions);
                let kept = self.kept(component, variations);
                let builds = compare::Builds { first: store, second: &scratch, clues: &clues, kept: &kept };
                builds.compare(&component.packages().collect(), &second, self.manner.equal)?
            }
            Err(PortError::Work { message, log }) => {
                let kept = log.map(|log| compare::keep_log(&log, &self.kept(component, variations))).transpose()?;
                Verdict::NotBuilt { message, log: kept }
            }
            Err(other) => return Err(other.into()),
        };
        scratch.remove()?;
        Ok(verdict)
    }

    /// Where the files of one trial are kept.
    fn kept(&self, component: &Component, variations: &[Variation]) -> PathBuf {
        let label = match variations {
            [] => "nothing".to_owned(),
            [only] => only.name().replace(' ', "-"),
            several if several.len() == Variation::ALL.len() => "all".to_owned(),
            _ => "some".to_owned(),
        };
        self.directory.join(&component.name).join(label)
    }
}

/// Does the actions of a component again; returns all their outputs.
fn build(
    component: &Component,
    executor: &dyn Executor,
    scratch: &Scratch<'_>,
) -> Result<BTreeMap<String, Digest>, PortError> {
    let mut outputs = BTreeMap::new();
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
