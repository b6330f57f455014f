//! Keys under which a run remembers what a derivation was lowered to, so that the next run need not lower it again.
//!
//! Lowering a derivation is a function of the derivation, of what each node that it needs gave, and of how those came
//! to be (a closure of packages looks through the nodes to their own providers). So: a node's *key* is taken over its
//! fingerprint and the seals of what it needs; its *seal*, over its key and what it gave.
//!
//! Not here: where keys are kept.
//!
//! **Invariant:** equal keys mean equal actions, as long as [`LOWERING`] is raised whenever lowering gives another action for
//! the same derivation and outputs. Unequal keys mean nothing; then the derivation is lowered.

use azl_digest::{Digest, Hasher};

use crate::action::Derivation;

/// Raised by hand when the same holes over the same packages are filled in another way, so that what an older program
/// lowered to is not remembered.
pub const LOWERING: u32 = 2;

impl Derivation {
    /// Returns the digest of the derivation as it is written, holes included.
    pub fn fingerprint(&self) -> Digest {
        azl_digest::canonical("derivation.v1", self)
    }
}

/// Returns the key of a node with this fingerprint, given the seals of the nodes it needs in order of their names.
pub fn key(fingerprint: Digest, needs: impl IntoIterator<Item = Digest>) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(b"key.v1\0");
    hasher.update(&LOWERING.to_le_bytes());
    hasher.update(fingerprint.as_bytes());
    for seal in needs {
        hasher.update(seal.as_bytes());
    }
    hasher.finish().0
}

/// Returns the seal of a node with this key that gave these outputs, by the identity of its result.
pub fn seal(key: Digest, result: Digest) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(b"seal.v1\0");
    hasher.update(key.as_bytes());
    hasher.update(result.as_bytes());
    hasher.finish().0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Compute, Function, Hole, NodeId, Select, Work};

    fn derivation(select: Select) -> Derivation {
        Work::Compute(Compute {
            function: Function::Spdx,
            revision: 1,
            parameters: serde_json::Value::Null,
            inputs: BTreeMap::from([("in".to_owned(), vec![Hole::outputs(&NodeId("a".to_owned()), select)])]),
        })
    }

    #[test]
    fn a_key_changes_with_the_derivation_and_with_everything_below() {
        let [one, other] = [b"1", b"2"].map(|bytes| Digest::of(bytes));
        let fingerprint = derivation(Select::All).fingerprint();
        assert_ne!(fingerprint, derivation(Select::Packages).fingerprint());
        let base = key(fingerprint, [seal(one, one)]);
        assert_eq!(base, key(fingerprint, [seal(one, one)]));
        for changed in
            [key(fingerprint, [seal(one, other)]), key(fingerprint, [seal(other, one)]), key(fingerprint, [])]
        {
            assert_ne!(changed, base);
        }
    }
}
