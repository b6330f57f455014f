//! The lowering key: what decides what a derivation lowers to, known without lowering it.
//!
//! Filling a closure means reading packages and searching. Who remembers which action came of which key can skip both
//! where nothing changed.
//!
//! **Invariant:** equal keys imply actions of equal digest. What a node gives is covered by its state; what the nodes in
//! its closures give, by its key, which its state covers.

use std::collections::BTreeMap;

use azl_digest::Digest;
use serde::Serialize;

use crate::action::{Derivation, Work};
use crate::graph::NodeId;
use crate::input::LowerError;

/// Raised, as part of the word, when the same holes over the same packages are filled in another way.
const KEY: &str = "lowering.v1";

impl Derivation {
    /// Returns the key; `state` gives that of each node whose outputs it needs ([`state`]).
    ///
    /// # Errors
    /// [`LowerError::NotReady`] if a state is not known.
    pub fn key(&self, state: &dyn Fn(&NodeId) -> Option<Digest>) -> Result<Digest, LowerError> {
        #[derive(Serialize)]
        struct Key<'a> {
            derivation: &'a Derivation,
            needs: BTreeMap<NodeId, Digest>,
        }
        if let Work::Fetch(fetch) = self {
            // Where a file is got from does not decide what it is: see the table of `action`.
            return Ok(azl_digest::canonical("lowering.v1.fetch", &fetch.identity()));
        }
        let ready = |node: NodeId| match state(&node) {
            Some(state) => Ok((node, state)),
            None => Err(LowerError::NotReady(node)),
        };
        let needs = self.needs().into_iter().map(ready).collect::<Result<_, _>>()?;
        Ok(azl_digest::canonical(KEY, &Key { derivation: self, needs }))
    }
}

/// Returns what others may see of a finished node: its key and its outputs.
pub fn state(key: Digest, outputs: &BTreeMap<String, Digest>) -> Digest {
    azl_digest::canonical("state.v1", &(key, outputs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Boot, Compute, Fetch, Function, Origin, Run, Sign, SignForm, Wanted};
    use crate::input::{Hole, Select};
    use azl_rpm::Arch;

    fn id(name: &str) -> NodeId {
        NodeId(name.to_owned())
    }

    fn key(derivation: &Derivation) -> Digest {
        derivation.key(&|node| Some(Digest::of(node.0.as_bytes()))).expect("all is known")
    }

    fn closure() -> Hole {
        Hole::Closure { wants: vec!["w".into()], nodes: vec![id("n")], assume: vec!["a".into()] }
    }

    fn run() -> Run<Vec<Hole>> {
        Run {
            arch: Arch::X86_64,
            command: vec!["c".into()],
            env: BTreeMap::new(),
            root: vec![closure()],
            inputs: BTreeMap::new(),
            timeout: 1,
            as_root: false,
            sandbox_revision: 1,
        }
    }

    /// Every key of these differs from every other.
    fn all_differ(derivations: &[Derivation]) {
        for (at, one) in derivations.iter().enumerate() {
            for other in &derivations[at + 1..] {
                assert_ne!(key(one), key(other), "{one:?}\n{other:?}");
            }
        }
    }

    #[test]
    fn every_field_of_a_run_and_every_input_changes_the_key() {
        let with = |hole: Hole| Run { root: vec![hole], ..run() };
        let closure = |wants: &[&str], nodes: &[&str], assume: &[&str]| {
            let text = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
            with(Hole::Closure {
                wants: text(wants),
                nodes: nodes.iter().map(|n| id(n)).collect(),
                assume: text(assume),
            })
        };
        let input = BTreeMap::from([("i".to_owned(), vec![Hole::blob("b", Digest::of(b"b"))])]);
        let named = BTreeMap::from([("j".to_owned(), vec![Hole::blob("b", Digest::of(b"b"))])]);
        let runs = [
            run(),
            Run { arch: Arch::Aarch64, ..run() },
            Run { command: vec![], ..run() },
            Run { env: BTreeMap::from([("A".into(), "b".into())]), ..run() },
            Run { inputs: input, ..run() },
            Run { inputs: named, ..run() },
            Run { timeout: 2, ..run() },
            Run { as_root: true, ..run() },
            Run { sandbox_revision: 2, ..run() },
            closure(&["x"], &["n"], &["a"]),
            closure(&["w"], &["m"], &["a"]),
            closure(&["w"], &["n", "m"], &["a"]),
            closure(&["w"], &["n"], &[]),
            with(Hole::blob("b", Digest::of(b"b"))),
            with(Hole::blob("b", Digest::of(b"c"))),
            with(Hole::blob("c", Digest::of(b"b"))),
            with(Hole::outputs(&id("n"), Select::All)),
            with(Hole::outputs(&id("m"), Select::All)),
            with(Hole::outputs(&id("n"), Select::Packages)),
            with(Hole::outputs(&id("n"), Select::Name("x".into()))),
            with(Hole::outputs(&id("n"), Select::Suffix("x".into()))),
        ];
        all_differ(&runs.map(Work::Run));
    }

    #[test]
    fn every_field_of_the_other_kinds_changes_the_key() {
        let hole = |name: &str| vec![Hole::outputs(&id(name), Select::All)];
        let parameters = serde_json::json!({});
        let inputs = BTreeMap::from([("i".to_owned(), hole("n"))]);
        let compute = Compute { function: Function::Spdx, revision: 1, parameters, inputs };
        let sign = Sign { form: SignForm::Rpm, payload: hole("n"), key: "K".into(), time: 1 };
        let scenario = serde_json::json!({});
        let boot = Boot { image: hole("n"), monitor: hole("m"), runner: "kvm".into(), scenario };
        all_differ(&[
            Work::Compute(compute.clone()),
            Work::Compute(Compute { function: Function::Repodata, ..compute.clone() }),
            Work::Compute(Compute { revision: 2, ..compute.clone() }),
            Work::Compute(Compute { parameters: serde_json::json!({ "a": 1 }), ..compute.clone() }),
            Work::Compute(Compute { inputs: BTreeMap::new(), ..compute }),
            Work::Sign(sign.clone()),
            Work::Sign(Sign { form: SignForm::Detached, ..sign.clone() }),
            Work::Sign(Sign { payload: hole("m"), ..sign.clone() }),
            Work::Sign(Sign { key: "L".into(), ..sign.clone() }),
            Work::Sign(Sign { time: 2, ..sign }),
            Work::Boot(boot.clone()),
            Work::Boot(Boot { image: hole("m"), ..boot.clone() }),
            Work::Boot(Boot { monitor: hole("n"), ..boot.clone() }),
            Work::Boot(Boot { runner: "tcg".into(), ..boot.clone() }),
            Work::Boot(Boot { scenario: serde_json::json!({ "a": 1 }), ..boot }),
        ]);
    }

    #[test]
    fn a_fetch_is_keyed_by_what_is_wanted_not_by_where_it_is() {
        let fetch = |name: &str, url: &str, content: &[u8]| {
            let origins = vec![Origin::Url(url.to_owned())];
            let wanted = Wanted { sha256: Some(Digest::of(content)), sha512: None, size: None, origins };
            Work::Fetch(Fetch { files: BTreeMap::from([(name.to_owned(), wanted)]) })
        };
        assert_eq!(key(&fetch("f", "http://a/f", b"x")), key(&fetch("f", "http://b/f", b"x")));
        all_differ(&[fetch("f", "u", b"x"), fetch("f", "u", b"y"), fetch("g", "u", b"x"), Work::Run(run())]);
    }

    #[test]
    fn a_needed_node_changes_the_key_by_its_outputs_and_by_its_own_key() {
        let outputs = |content: &[u8]| BTreeMap::from([("o".to_owned(), Digest::of(content))]);
        let states = [
            state(Digest::of(b"k"), &outputs(b"1")),
            state(Digest::of(b"k"), &outputs(b"2")),
            state(Digest::of(b"l"), &outputs(b"1")),
            state(Digest::of(b"k"), &BTreeMap::from([("p".to_owned(), Digest::of(b"1"))])),
        ];
        let keys: std::collections::BTreeSet<Digest> =
            states.iter().map(|state| Work::Run(run()).key(&|_| Some(*state)).expect("known")).collect();
        assert_eq!(keys.len(), states.len());
        assert_eq!(Work::Run(run()).key(&|_| None), Err(LowerError::NotReady(id("n"))));
    }
}
