//! The shared cache against entries that should not be believed.

use azl_action::{Compute, Function, Usage};
use azl_store::LocalStore;

use super::*;
use crate::fake::{Served, serve};

/// A proof that is as easy to check as it is to make: the name of the key and the digest of the statement.
struct Plain {
    key: &'static str,
    trusted: &'static str,
}

impl Seal for Plain {
    fn seal(&self, statement: &[u8]) -> Result<String, String> {
        Ok(format!("{} {}", self.key, Digest::of(statement)))
    }

    fn check(&self, statement: &[u8], seal: &[u8]) -> Result<(), String> {
        match seal {
            b"" => Err("not signed".to_owned()),
            seal if seal == format!("{} {}", self.trusted, Digest::of(statement)).as_bytes() => Ok(()),
            _ => Err("signed by another key".to_owned()),
        }
    }
}

struct Bench {
    served: Served,
    directory: tempfile::TempDir,
}

fn bench() -> Bench {
    Bench { served: serve("main"), directory: tempfile::tempdir().expect("a temporary directory") }
}

fn action(parameter: u32) -> Action {
    Work::Compute(Compute {
        function: Function::Spdx,
        revision: 1,
        parameters: parameter.into(),
        inputs: BTreeMap::new(),
    })
}

impl Bench {
    fn store(&self, name: &str) -> LocalStore {
        LocalStore::open(self.directory.path().join(name)).expect("a store")
    }

    fn cache(&self, key: &'static str) -> ReapiCache {
        ReapiCache::new(Arc::clone(&self.served.server), Box::new(Plain { key, trusted: "ours" }))
    }

    fn publish(&self, key: &'static str, action: &Action) -> ActionResult {
        let store = self.store("first");
        let (output, log) = (store.put(b"package").expect("put"), store.put(b"").expect("put"));
        let outputs = BTreeMap::from([("p.rpm".to_owned(), output)]);
        let result = ActionResult { outputs, log: Some(log), millis: 5, usage: Usage::default() };
        self.cache(key).publish(action, &result, &store).expect("it is kept");
        result
    }

    fn refused(&self, action: &Action) -> String {
        let store = self.store("second");
        match self.cache("ours").fetch(action, &store) {
            Err(PortError::Input(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    fn change(&self, action: &Action, change: impl FnOnce(&mut api::ActionResult)) {
        let key = Key::of(action.digest()).action.hash;
        change(self.served.fake.know().results.get_mut(&key).expect("an entry"));
    }
}

#[test]
fn a_result_reaches_another_store_with_its_blobs() {
    let bench = bench();
    let result = bench.publish("ours", &action(1));
    let store = bench.store("second");
    assert_eq!(bench.cache("ours").fetch(&action(1), &store).expect("asked"), Some(result));
    assert_eq!(store.read(Digest::of(b"package")).expect("it is here"), b"package");
    assert_eq!(bench.cache("ours").fetch(&action(2), &store).expect("asked"), None);
}

#[test]
fn an_entry_by_another_key_or_by_nobody_is_refused() {
    let bench = bench();
    bench.publish("theirs", &action(1));
    assert!(bench.refused(&action(1)).contains("signed by another key"));
    bench.change(&action(1), |entry| entry.stderr_raw.clear());
    assert!(bench.refused(&action(1)).contains("not signed"));
}

#[test]
fn an_entry_that_was_made_for_another_action_is_refused() {
    let bench = bench();
    bench.publish("ours", &action(1));
    bench.publish("ours", &action(2));
    let of = |number| Key::of(action(number).digest()).action.hash;
    let swapped = bench.served.fake.know().results[&of(2)].clone();
    bench.change(&action(1), |entry| *entry = swapped);
    assert!(bench.refused(&action(1)).contains("was made for another action"));
}

#[test]
fn an_entry_whose_result_was_changed_is_refused() {
    let bench = bench();
    bench.publish("ours", &action(1));
    bench.change(&action(1), |entry| {
        let text = String::from_utf8(entry.stdout_raw.clone()).expect("JSON");
        entry.stdout_raw = text.replace("p.rpm", "q.rpm").into_bytes();
    });
    assert!(bench.refused(&action(1)).contains("is not used"));
}

#[test]
fn other_bytes_of_a_blob_are_refused_and_a_forgotten_blob_is_no_result() {
    let bench = bench();
    bench.publish("ours", &action(1));
    let hash = Digest::of(b"package").to_string();
    bench.served.fake.know().blobs.insert(hash.clone(), b"PACKAGE".to_vec());
    assert!(bench.refused(&action(1)).contains("gives other bytes"));
    assert!(!bench.store("second").contains(Digest::of(b"package")));
    bench.served.fake.know().blobs.remove(&hash);
    assert_eq!(bench.cache("ours").fetch(&action(1), &bench.store("second")).expect("asked"), None);
}

#[test]
fn text_that_a_server_moved_beside_its_answer_is_found() {
    let bench = bench();
    let result = bench.publish("ours", &action(1));
    let fake = &bench.served.fake;
    let key = Key::of(action(1).digest()).action.hash;
    let statement = fake.know().results[&key].stdout_raw.clone();
    let digest = fake.keep(&statement);
    bench.change(&action(1), |entry| {
        entry.stdout_raw.clear();
        entry.stdout_digest = Some(digest);
    });
    assert_eq!(bench.cache("ours").fetch(&action(1), &bench.store("second")).expect("asked"), Some(result));
}

#[test]
fn signatures_are_not_shared() {
    let bench = bench();
    let sign = azl_action::Sign { form: azl_action::SignForm::Rpm, payload: Vec::new(), key: "K".to_owned(), time: 1 };
    bench.publish("ours", &Work::Sign(sign));
    assert!(bench.served.fake.know().results.is_empty());
}
