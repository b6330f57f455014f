//! One node: lower it, look for its result, else have its action done and remember the result.
//!
//! **Invariant:** an action is done only while its claim is held, and after no result was found under the claim.
//! **Invariant:** what the shared cache says is used only after every blob it names was read and has its digest.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use azl_action::ports::{ActionCache, BlobStore, PortError, SharedCache};
use azl_action::{Action, ActionResult, NodeId, Work};
use azl_digest::Digest;
use azl_host::clock::Stopwatch;
use azl_host::lock::Attempt;

use super::walk::Walk;
use crate::events::Event;
use crate::history;

/// A node that is done.
pub(super) struct Done {
    pub(super) action: Digest,
    pub(super) result: ActionResult,
    pub(super) cached: bool,
}

/// What came of trying a node.
pub(super) enum Step {
    /// It is done.
    Done(Done),
    /// Another run does it.
    HeldBy(String),
}

/// The longest wait before another try.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Walk<'_> {
    pub(super) fn realise_node(&self, id: &NodeId) -> Result<Step, PortError> {
        let node = self.context.graph.get(id).expect("the schedule hands out nodes of its graph");
        let action = self.lower(id, &node.derivation)?;
        let digest = action.digest();
        let store = &self.context.ports.store;
        let known = |result| Ok(Step::Done(Done { action: digest, result, cached: true }));
        if let Some(result) = store.get(digest) {
            return known(result);
        }
        let claim = match store.claim(digest, &id.0)? {
            Attempt::Held(claim) => claim,
            Attempt::HeldBy(holder) => return Ok(Step::HeldBy(holder)),
        };
        // Another run may have done it until now.
        let found = store.get(digest).or_else(|| self.fetch_shared(&action, digest));
        let step = match found {
            Some(result) => known(result),
            None => self.do_action(id, &action, digest),
        };
        claim.discard();
        step
    }

    fn do_action(&self, id: &NodeId, action: &Action, digest: Digest) -> Result<Step, PortError> {
        let node = self.context.graph.number(id).expect("the schedule hands out nodes of its graph");
        self.context.reporter.report(&Event::Started {
            node: id.0.clone(),
            kind: action.kind().to_owned(),
            action: digest.to_string(),
            expected_millis: self.estimate.expected()[node],
            path_millis: self.estimate.path(node),
        });
        history::record(&self.context.ports.store, id, action);
        let result = self.try_action(id, action, digest)?;
        ActionCache::put(&*self.context.ports.store, digest, &result)?;
        self.publish(action, &result);
        Ok(Step::Done(Done { action: digest, result, cached: false }))
    }

    /// Does an action, and does it again if something round it failed.
    fn try_action(&self, id: &NodeId, action: &Action, digest: Digest) -> Result<ActionResult, PortError> {
        for attempt in 1.. {
            match self.perform(action, digest) {
                Err(PortError::Infrastructure(message)) if attempt <= self.context.policy.retries => {
                    self.context.reporter.report(&Event::Retried { node: id.0.clone(), attempt, message });
                    (self.context.surroundings.pause)(pause_before(attempt));
                }
                other => return other,
            }
            if self.is_interrupted() {
                break;
            }
        }
        Err(PortError::Interrupted)
    }

    fn perform(&self, action: &Action, digest: Digest) -> Result<ActionResult, PortError> {
        let ports = self.context.ports;
        let store: &dyn BlobStore = &*ports.store;
        let log: PathBuf = ports.store.log_path(digest);
        let watch = Stopwatch::start();
        let mut result = match action {
            Work::Fetch(fetch) => ports.fetcher.fetch(fetch, store),
            Work::Run(run) => ports.executor.run(run, store, &log),
            Work::Compute(compute) => crate::compute::compute(compute, store),
            Work::Sign(sign) => ports.signer.sign(sign, store),
            Work::Boot(boot) => ports.hypervisor.boot(boot, store, &log),
        }?;
        result.millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(result)
    }

    /// The cache that is shared with other machines, while it does as it should.
    fn shared(&self) -> Option<&dyn SharedCache> {
        self.context.ports.shared.as_deref().filter(|_| !self.unshared.load(Ordering::Relaxed))
    }

    fn fetch_shared(&self, action: &Action, digest: Digest) -> Option<ActionResult> {
        let store = &*self.context.ports.store;
        let result = match self.shared()?.fetch(action, store) {
            Ok(result) => result?,
            // One entry is bad; ours takes its place. Who can write one must not be able to switch the cache off.
            Err(PortError::Input(message)) => {
                self.context.reporter.report(&Event::Note { message });
                return None;
            }
            Err(error) => return self.go_on_unshared(&error.to_string()),
        };
        let mut blobs = result.outputs.values().chain(&result.log);
        let kept = blobs.try_for_each(|blob| store.path(*blob).map(drop));
        match kept.and_then(|()| ActionCache::put(store, digest, &result)) {
            Ok(()) => Some(result),
            Err(error) => self.go_on_unshared(&format!("it answered with something else than it said: {error}")),
        }
    }

    fn publish(&self, action: &Action, result: &ActionResult) {
        if let Some(Err(error)) = self.shared().map(|shared| shared.publish(action, result, &*self.context.ports.store))
        {
            self.go_on_unshared(&error.to_string());
        }
    }

    /// Says once what is wrong with the shared cache and asks it no more.
    fn go_on_unshared(&self, why: &str) -> Option<ActionResult> {
        if !self.unshared.swap(true, Ordering::Relaxed) {
            let message = format!("the shared cache is left alone from here on: {why}");
            self.context.reporter.report(&Event::Note { message });
        }
        None
    }
}

/// Doubles with each try.
fn pause_before(attempt: u32) -> Duration {
    Duration::from_secs(1 << (attempt - 1).min(10)).min(LONGEST_PAUSE)
}
