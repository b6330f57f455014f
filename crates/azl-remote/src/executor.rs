//! The executor that has runs done by a farm: an [errand](azl_action::errand) per run.
//!
//! The command is our own program on the worker, started directly: a shell between would hide failures. The program
//! composes the same root, and makes the same sandbox, as a run on this machine.
//!
//! **Invariant:** the digest of the action that we remember does not know where it was done; the program's digest is in
//! the farm's action only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azl_action::errand::{self, Status};
use azl_action::ports::{BlobStore, Executor, PortError};
use azl_action::{ActionResult, Blob, Run, Usage};
use azl_digest::Digest;
use azl_host::clock::Stopwatch;
use azl_host::files;
use azl_rpm::Arch;
use prost::Message;

use crate::api;
use crate::blobs::Payload;
use crate::error::RemoteError;
use crate::execution::{Earlier, Order, TRANSFER};
use crate::merkle::{self, Kind};
use crate::server::{Need, Server};

/// Has runs done by a server.
pub struct ReapiExecutor {
    server: Arc<Server>,
    /// Our program for each kind of worker.
    agents: BTreeMap<Arch, PathBuf>,
    digests: Mutex<BTreeMap<Arch, Digest>>,
}

/// An action as the farm sees it, with all it needs.
struct Request {
    payloads: Vec<Payload>,
    action: api::Digest,
    limit: Duration,
    platform: String,
}

/// Times that inputs are sent again which the server lost meanwhile.
const RESENDS: usize = 3;

impl ReapiExecutor {
    /// Makes an executor; `agents` are the programs that workers of each architecture can run.
    pub fn new(server: Arc<Server>, agents: BTreeMap<Arch, PathBuf>) -> Self {
        Self { server, agents, digests: Mutex::default() }
    }

    fn request(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore) -> Result<Request, PortError> {
        let mut blobs = BTreeMap::new();
        let mut payloads = Vec::new();
        let inputs: BTreeSet<Digest> =
            run.root.iter().chain(run.inputs.values().flatten()).map(|one| one.digest).collect();
        for digest in inputs {
            let payload = Payload::blob(store, digest)?;
            blobs.insert(digest.to_string(), (payload.digest.clone(), Kind::Data));
            payloads.push(payload);
        }
        let mut add = |payload: Payload| {
            payloads.push(payload.clone());
            payload.digest
        };
        let blobs = add(Payload::message(&merkle::directory(&blobs, &BTreeMap::new())));
        let json = serde_json::to_vec(run).map_err(|error| PortError::Input(error.to_string()))?;
        let files = BTreeMap::from([
            (errand::PROGRAM.to_owned(), (add(self.agent(run.arch)?), Kind::Program)),
            (errand::ACTION.to_owned(), (add(Payload::of(json)), Kind::Data)),
        ]);
        let root = merkle::directory(&files, &BTreeMap::from([(errand::BLOBS.to_owned(), blobs)]));
        let root = add(Payload::message(&root));
        let command = add(Payload::message(&command(run.arch)));
        let limit = Duration::from_secs(run.timeout);
        let action = api::Action {
            command_digest: Some(command),
            input_root_digest: Some(root),
            platform: Some(platform(run.arch)),
            // The command's own limit is the program's business, which says so when it ends it.
            timeout: Some(seconds(run.timeout + TRANSFER.as_secs())),
            ..api::Action::default()
        };
        let action = add(Payload::message(&action));
        Ok(Request { payloads, action, limit, platform: words(&platform(run.arch)) })
    }

    /// Returns our program for workers of an architecture.
    fn agent(&self, arch: Arch) -> Result<Payload, PortError> {
        let path = self.agents.get(&arch).ok_or_else(|| {
            PortError::Infrastructure(format!(
                "there is no program for workers of the architecture {arch}\n  hint: build `azl-agent` for it and set \
                 AZL_AGENT_{}=<path>",
                arch.rpm().to_uppercase()
            ))
        })?;
        let mut known = self.digests.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let digest = match known.get(&arch) {
            Some(digest) => *digest,
            None => files::digest(path).map_err(|error| PortError::Infrastructure(error.to_string()))?,
        };
        known.insert(arch, digest);
        Payload::file(path.clone(), digest)
    }

    async fn have_done(&self, request: &Request) -> Result<api::ActionResult, RemoteError> {
        let connection = &self.server.connection;
        let limits = connection.limits().await?;
        let lacks = |lack: String| PortError::Infrastructure(format!("{} {lack}", connection.address));
        limits.require(Need::Execution).map_err(lacks)?;
        let mut earlier = Earlier::Take;
        let mut resends = 0;
        loop {
            connection.upload(&request.payloads).await?;
            let order = Order {
                action: request.action.clone(),
                earlier,
                limit: request.limit,
                platform: request.platform.clone(),
            };
            let response = match connection.execute(order).await {
                Err(error) if error.is_missing_input() && resends < RESENDS => {
                    resends += 1;
                    continue;
                }
                other => other?,
            };
            let result = response.result.ok_or_else(|| odd("it ended without a result"))?;
            // Some servers keep failures; a failure is never taken from a cache.
            if response.cached_result && result.exit_code != 0 && earlier == Earlier::Take {
                earlier = Earlier::Ignore;
                continue;
            }
            return Ok(result);
        }
    }

    async fn bring_home(
        &self,
        result: &api::ActionResult,
        store: &dyn BlobStore,
        log: &Path,
    ) -> Result<ActionResult, RemoteError> {
        let status = match self.file(result, errand::STATUS).await? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| odd(&error.to_string()))?,
            None => return Err(self.said_nothing(result).await),
        };
        let logged = self.fetch_log(result, store, log).await?;
        if result.exit_code != i32::from(Status::exit_code(&status)) {
            return Err(odd(&format!("exit code {} does not go with {status:?}", result.exit_code)));
        }
        match status {
            Status::Done => {}
            Status::Failed(message) => return Err(PortError::Work { message, log: Some(log.to_owned()) }.into()),
            Status::Input(message) => return Err(PortError::Input(message).into()),
            Status::Worker(message) => {
                return Err(
                    PortError::Infrastructure(format!("on a worker of {}: {message}", self.server.address())).into()
                );
            }
        }
        let usage =
            self.file(result, errand::USAGE).await?.and_then(|bytes| serde_json::from_slice::<Usage>(&bytes).ok());
        let outputs = self.outputs(result, store).await?;
        Ok(ActionResult { outputs, log: logged, millis: 0, usage: usage.unwrap_or_default() })
    }

    async fn outputs(
        &self,
        result: &api::ActionResult,
        store: &dyn BlobStore,
    ) -> Result<BTreeMap<String, Digest>, RemoteError> {
        let connection = &self.server.connection;
        let directory = result.output_directories.iter().find(|directory| directory.path == errand::OUT);
        let tree = directory.and_then(|directory| directory.tree_digest.as_ref());
        let tree = tree.ok_or_else(|| odd(&format!("its output `{}` is missing", errand::OUT)))?;
        let bytes = connection.read(tree).await?;
        let tree = api::Tree::decode(&bytes[..]).map_err(|error| odd(&error.to_string()))?;
        let files = merkle::files(&tree)?;
        let wanted: Vec<api::Digest> = files.values().cloned().collect();
        connection.download(&wanted, store).await?;
        files.into_iter().map(|(name, digest)| Ok((name, crate::blobs::parsed(&digest)?.0))).collect()
    }

    async fn fetch_log(
        &self,
        result: &api::ActionResult,
        store: &dyn BlobStore,
        log: &Path,
    ) -> Result<Option<Digest>, RemoteError> {
        let Some(digest) = output(result, errand::LOG).and_then(|file| file.digest.as_ref()) else { return Ok(None) };
        self.server.connection.download(std::slice::from_ref(digest), store).await?;
        let (digest, _) = crate::blobs::parsed(digest)?;
        let local = |error: azl_host::FileError| PortError::Infrastructure(error.to_string());
        files::write_atomic(log, &store.read(digest)?).map_err(local)?;
        Ok(Some(digest))
    }

    /// Returns the bytes of a small output file.
    async fn file(&self, result: &api::ActionResult, name: &str) -> Result<Option<Vec<u8>>, RemoteError> {
        match output(result, name).and_then(|file| file.digest.as_ref()) {
            Some(digest) => self.server.connection.read(digest).await.map(Some),
            None => Ok(None),
        }
    }

    /// Our program did not get as far as saying how it went.
    async fn said_nothing(&self, result: &api::ActionResult) -> RemoteError {
        let mut said = String::from_utf8_lossy(&result.stderr_raw).trim().to_owned();
        if let (true, Some(digest)) = (said.is_empty(), &result.stderr_digest) {
            let bytes = self.server.connection.read(digest).await.unwrap_or_default();
            said = String::from_utf8_lossy(&bytes).trim().to_owned();
        }
        odd(&format!(
            "our program on the worker ended with {} before it could say how it went\n{said}",
            result.exit_code
        ))
    }
}

impl Executor for ReapiExecutor {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError> {
        let watch = Stopwatch::start();
        let request = self.request(run, store)?;
        let mut done = self.server.wait_for(async {
            let result = self.have_done(&request).await?;
            self.bring_home(&result, store, log).await
        })?;
        done.millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(done)
    }
}

fn seconds(seconds: u64) -> bazel_remote_apis::google::protobuf::Duration {
    bazel_remote_apis::google::protobuf::Duration { seconds: i64::try_from(seconds).unwrap_or(i64::MAX), nanos: 0 }
}

fn odd(problem: &str) -> RemoteError {
    RemoteError::Dishonest(format!("the result of an action on the farm cannot be used: {problem}"))
}

fn output<'r>(result: &'r api::ActionResult, name: &str) -> Option<&'r api::OutputFile> {
    result.output_files.iter().find(|file| file.path == name)
}

/// The interface's older and newer way to name outputs; a server heeds the one it knows.
fn command(arch: Arch) -> api::Command {
    let files = [errand::LOG, errand::STATUS, errand::USAGE].map(str::to_owned);
    let mut paths: Vec<String> = files.iter().cloned().chain([errand::OUT.to_owned()]).collect();
    paths.sort();
    #[expect(deprecated, reason = "servers of API 2.0 know nothing else")]
    api::Command {
        arguments: vec![format!("./{}", errand::PROGRAM)],
        output_files: files.to_vec(),
        output_directories: vec![errand::OUT.to_owned()],
        output_paths: paths,
        platform: Some(platform(arch)),
        ..api::Command::default()
    }
}

/// Names of the interface's platform lexicon, sorted.
fn platform(arch: Arch) -> api::Platform {
    let isa = match arch {
        Arch::X86_64 => "x86-64",
        Arch::Aarch64 => "arm-a64",
    };
    let property =
        |(name, value): (&str, &str)| api::platform::Property { name: name.to_owned(), value: value.to_owned() };
    api::Platform { properties: [("ISA", isa), ("OSFamily", "linux")].map(property).to_vec() }
}

fn words(platform: &api::Platform) -> String {
    let words: Vec<String> = platform.properties.iter().map(|one| format!("{}={}", one.name, one.value)).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
