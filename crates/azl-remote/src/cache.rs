//! The shared cache: results of actions by any machine, each with a proof of who made it.
//!
//! ```text
//! key     digest of an action of the interface whose input root holds the digest of ours
//! outputs the blobs of the result, as files
//! stdout  the statement: our action's digest, our result, the sizes of its blobs, as JSON
//! stderr  the seal: a detached signature over the statement
//! ```
//!
//! Signatures and boots are not shared: a signature is cheap and its key's own, a boot is a test of this machine too.
//!
//! Not here: keys. [`Seal`] is connected to them from outside.
//!
//! **Invariant:** a result is used only if a trusted key sealed it for this very action and every blob has the bytes that
//! the statement names.

use std::collections::BTreeMap;
use std::sync::Arc;

use azl_action::ports::{BlobStore, PortError, SharedCache};
use azl_action::{Action, ActionResult, Work};
use azl_digest::Digest;
use azl_host::files;
use serde::{Deserialize, Serialize};

use crate::api;
use crate::blobs::{Payload, named};
use crate::error::RemoteError;
use crate::merkle::{self, Kind};
use crate::server::{Connection, Need, SHA256, Server};

/// Makes and checks proofs of who made a result.
pub trait Seal: Send + Sync {
    /// Returns a proof that this machine's key made a statement.
    ///
    /// # Errors
    /// Why the key cannot sign.
    fn seal(&self, statement: &[u8]) -> Result<String, String>;

    /// Checks that a trusted key made a statement.
    ///
    /// # Errors
    /// What is wrong with the proof.
    fn check(&self, statement: &[u8], seal: &[u8]) -> Result<(), String>;
}

/// Shares results through the action cache of a server.
pub struct ReapiCache {
    server: Arc<Server>,
    seal: Box<dyn Seal>,
}

/// What is sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Statement {
    /// Says what this is, so that no other signed text can be taken for it.
    kind: String,
    action: Digest,
    result: ActionResult,
    /// Bytes of each blob.
    sizes: BTreeMap<Digest, u64>,
}

const KIND: &str = "azl-result.v1";
/// The file of the input root that holds the digest of our action.
const ACTION: &str = "action";

impl ReapiCache {
    /// Shares through a server.
    pub fn new(server: Arc<Server>, seal: Box<dyn Seal>) -> Self {
        Self { server, seal }
    }

    async fn look_up(&self, action: Digest, store: &dyn BlobStore) -> Result<Option<ActionResult>, RemoteError> {
        let connection = &self.server.connection;
        let key = Key::of(action);
        let Some(entry) = entry(connection, &key).await? else { return Ok(None) };
        let statement = text(connection, &entry.stdout_raw, entry.stdout_digest.as_ref()).await?;
        let seal = text(connection, &entry.stderr_raw, entry.stderr_digest.as_ref()).await?;
        let statement = self.believed(action, &statement, &seal)?;
        let wanted: Vec<api::Digest> = statement.sizes.iter().map(|(digest, size)| named(*digest, *size)).collect();
        match connection.download(&wanted, store).await {
            Ok(()) => Ok(Some(statement.result)),
            // A server may forget blobs before it forgets who refers to them.
            Err(error) if error.is_absence() => Ok(None),
            Err(RemoteError::Dishonest(why)) => Err(self.refused(action, &why)),
            Err(error) => Err(error),
        }
    }

    fn refused(&self, action: Digest, why: &str) -> RemoteError {
        let address = self.server.address();
        PortError::Input(format!("the entry of {address} for action {action} is not used: {why}")).into()
    }

    /// Reads a statement whose seal is good.
    fn believed(&self, action: Digest, statement: &[u8], seal: &[u8]) -> Result<Statement, RemoteError> {
        let refused = |why: &str| self.refused(action, why);
        self.seal.check(statement, seal).map_err(|why| refused(&why))?;
        let said: Statement = serde_json::from_slice(statement).map_err(|error| refused(&error.to_string()))?;
        if said.kind != KIND {
            return Err(refused("it is a statement of another kind"));
        }
        if said.action != action {
            return Err(refused(&format!("it was made for another action, {}", said.action)));
        }
        let named = said.result.outputs.values().chain(&said.result.log).all(|blob| said.sizes.contains_key(blob));
        if named { Ok(said) } else { Err(refused("it names a blob without a size")) }
    }

    fn statement(action: Digest, result: &ActionResult, store: &dyn BlobStore) -> Result<Statement, PortError> {
        let mut sizes = BTreeMap::new();
        for blob in result.outputs.values().chain(&result.log) {
            sizes.insert(*blob, files::size(store.path(*blob)?).ok_or(PortError::LostBlob(*blob))?);
        }
        Ok(Statement { kind: KIND.to_owned(), action, result: result.clone(), sizes })
    }

    async fn offer(&self, action: Digest, result: &ActionResult, store: &dyn BlobStore) -> Result<(), RemoteError> {
        let connection = &self.server.connection;
        let lacks = |lack: String| PortError::Infrastructure(format!("{} {lack}", connection.address));
        connection.limits().await?.require(Need::Cache).map_err(lacks)?;
        let key = Key::of(action);
        let said = Self::statement(action, result, store)?;
        let statement = serde_json::to_vec(&said).map_err(|error| PortError::Input(error.to_string()))?;
        let seal = self.seal.seal(&statement).map_err(PortError::Infrastructure)?;
        let mut payloads = key.payloads.clone();
        for digest in said.sizes.keys() {
            payloads.push(Payload::blob(store, *digest)?);
        }
        connection.upload(&payloads).await?;
        let output = |(digest, size): (&Digest, &u64)| api::OutputFile {
            path: digest.to_string(),
            digest: Some(named(*digest, *size)),
            ..api::OutputFile::default()
        };
        let entry = api::ActionResult {
            output_files: said.sizes.iter().map(output).collect(),
            stdout_raw: statement,
            stderr_raw: seal.into_bytes(),
            ..api::ActionResult::default()
        };
        keep(connection, &key, entry).await
    }
}

impl SharedCache for ReapiCache {
    fn fetch(&self, action: &Action, store: &dyn BlobStore) -> Result<Option<ActionResult>, PortError> {
        if !is_shared(action) {
            return Ok(None);
        }
        self.server.wait_for(self.look_up(action.digest(), store))
    }

    fn publish(&self, action: &Action, result: &ActionResult, store: &dyn BlobStore) -> Result<(), PortError> {
        if !is_shared(action) {
            return Ok(());
        }
        self.server.wait_for(self.offer(action.digest(), result, store))
    }
}

fn is_shared(action: &Action) -> bool {
    matches!(action, Work::Fetch(_) | Work::Run(_) | Work::Compute(_))
}

/// Our action as an action of the interface, which nobody executes.
struct Key {
    action: api::Digest,
    payloads: Vec<Payload>,
}

impl Key {
    fn of(action: Digest) -> Self {
        let name = Payload::of(action.to_string().into_bytes());
        let files = BTreeMap::from([(ACTION.to_owned(), (name.digest.clone(), Kind::Data))]);
        let root = Payload::message(&merkle::directory(&files, &BTreeMap::new()));
        let command = Payload::message(&api::Command { arguments: vec![KIND.to_owned()], ..api::Command::default() });
        let wrapped = Payload::message(&api::Action {
            command_digest: Some(command.digest.clone()),
            input_root_digest: Some(root.digest.clone()),
            ..api::Action::default()
        });
        Self { action: wrapped.digest.clone(), payloads: vec![name, root, command, wrapped] }
    }
}

async fn entry(connection: &Connection, key: &Key) -> Result<Option<api::ActionResult>, RemoteError> {
    connection.limits().await?;
    let ask = || async {
        let request = api::GetActionResultRequest {
            instance_name: connection.instance(),
            action_digest: Some(key.action.clone()),
            inline_stdout: true,
            inline_stderr: true,
            digest_function: SHA256,
            ..api::GetActionResultRequest::default()
        };
        Ok(connection.in_time(0, connection.results().get_action_result(request)).await?.into_inner())
    };
    match connection.call("look up a result", ask).await {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if error.is_absence() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn keep(connection: &Connection, key: &Key, entry: api::ActionResult) -> Result<(), RemoteError> {
    let send = || async {
        let request = api::UpdateActionResultRequest {
            instance_name: connection.instance(),
            action_digest: Some(key.action.clone()),
            action_result: Some(entry.clone()),
            digest_function: SHA256,
            ..api::UpdateActionResultRequest::default()
        };
        connection.in_time(0, connection.results().update_action_result(request)).await.map(drop)
    };
    connection.call("keep a result", send).await
}

/// Returns what an entry says, in the answer or beside it.
async fn text(connection: &Connection, raw: &[u8], digest: Option<&api::Digest>) -> Result<Vec<u8>, RemoteError> {
    match digest {
        Some(digest) if raw.is_empty() => connection.read(digest).await,
        _ => Ok(raw.to_vec()),
    }
}

#[cfg(test)]
mod tests;
