//! `shell`: a prompt where a node's last action runs, or failed.
//!
//! **Invariant:** nothing done at the prompt reaches the store.

use std::sync::Arc;

use azl_action::ports::RootComposer;
use azl_action::{Action, NodeId};
use azl_exec::{Begin, Bubblewrap, Conditions, Limits};

use crate::error::Failure;
use crate::history;
use crate::session::Session;

/// Opens a prompt in the sandbox of the node's last action, whether that succeeded or not.
///
/// # Errors
/// If the node never ran a command with this store, or what its root is made of is not there any more.
pub fn enter(node: &NodeId, begin: Begin, session: &Session) -> Result<String, Failure> {
    let last = history::read(&session.ports.store, node).map(|history| history.current);
    let Some(action) = last else {
        let message = format!("`{node}` was never done with this store");
        return Err(Failure::configuration("unknown-node", format!("{message}\n  hint: cargo xtask graph --nodes")));
    };
    let Action::Run(run) = action else {
        let message = format!("`{node}` is a {}: it runs no command, so there is nothing to enter", action.kind());
        return Err(Failure::configuration("no-sandbox", message));
    };
    let composer: Arc<dyn RootComposer> = Arc::clone(&session.roots) as Arc<dyn RootComposer>;
    let limits = Limits::from_environment().map_err(|error| Failure::configuration("limit", error))?;
    let sandbox = Bubblewrap::new(composer, Conditions::default())?.limited(limits);
    sandbox.enter(&run, begin, &*session.ports.store)?;
    Ok(run.command.join(" "))
}
