//! Whether overlays keep specs right by rpm's own judgement: the engine's fixtures and every component of the tree, before
//! and after each overlay, as the sandbox's `rpmspec` sees them with our macros.
//!
//! Not here: what an overlay's result should be, which the fixtures' own test says without rpm.
//!
//! **Invariant:** each spec is judged beside the files it has at that moment, never beside those of another step.

mod judgement;
mod passage;

use std::collections::BTreeMap;

use azl_action::ports::{BlobStore, PortError};
use azl_action::{ActionResult, Blob};
use azl_overlay::directory_of;
use azl_plan::parse::{self, Specs, VERDICTS};
use azl_plan::release::Goal;
use azl_plan::{Facts, Inputs};

use crate::check::Row;
use crate::checkout::Checkout;
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::realise::realise;
use crate::session::Session;
use judgement::{Judgement, Verdicts, verdicts};
use passage::Passage;

/// Asks rpm and returns a row for the fixtures and one for the tree.
///
/// # Errors
/// If a fixture or component cannot be read, an overlay does not apply, or rpm cannot be asked.
pub fn rows(
    checkout: &Checkout,
    inputs: &Inputs,
    facts: &Facts,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<Vec<Row>, Failure> {
    let fixtures = passage::fixtures(checkout.tree.root())?;
    let tree = passage::components(checkout)?;
    let store: &dyn BlobStore = &*session.ports.store;
    let sets = [("fixtures", &fixtures), ("tree", &tree)];
    let specs: Result<BTreeMap<_, _>, _> =
        sets.iter().map(|(name, passages)| Ok(((*name).to_owned(), put(passages, store)?))).collect();
    let graph = azl_plan::plan(inputs, facts, &Goal::Specs(specs.map_err(|error: PortError| Failure::from(error))?))?;
    reporter.report(&Event::Stage { name: "parse".to_owned(), nodes: graph.nodes().len() });
    let realised = realise(&graph, &session.ports, reporter, &session.settings.policy)?;
    let judge = |set: &str, passages: &[Passage]| -> Result<Judgement, Failure> {
        Ok(Judgement::of(passages, &read(&realised.results[&parse::node(set)], store)?))
    };
    Ok(vec![judge("fixtures", &fixtures)?.row_of_fixtures(), judge("tree", &tree)?.row_of_tree()])
}

/// Puts every file of every step into the store and returns them by directory.
fn put(passages: &[Passage], store: &dyn BlobStore) -> Result<Specs, PortError> {
    let mut specs = Specs::new();
    for (directory, step) in passages.iter().flat_map(Passage::directories) {
        for (path, entry) in step.files.iter() {
            let blob =
                Blob { name: path.rsplit('/').next().unwrap_or(path).to_owned(), digest: store.put(&entry.bytes)? };
            let below = format!("{directory}/{}", directory_of(path));
            specs.entry(below.trim_end_matches('/').to_owned()).or_default().push(blob);
        }
    }
    Ok(specs)
}

fn read(result: &ActionResult, store: &dyn BlobStore) -> Result<Verdicts, Failure> {
    let missing = || Failure::Infrastructure(format!("rpmspec's answers have no `{VERDICTS}`"));
    let digest = result.outputs.get(VERDICTS).ok_or_else(missing)?;
    Ok(verdicts(&String::from_utf8_lossy(&store.read(*digest)?)))
}
