//! A server in this process, on the loopback interface, that does what it is told: also what no server should.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use azl_digest::Digest;
use bazel_remote_apis::google::bytestream::{self, byte_stream_server};
use bazel_remote_apis::google::longrunning::Operation;
use bazel_remote_apis::google::longrunning::operation::Result as Outcome;
use bazel_remote_apis::google::protobuf::Any;
use bazel_remote_apis::google::rpc;
use prost::Message;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server as Transport;
use tonic::{Request, Response, Status, Streaming};

use crate::api;
use crate::blobs::named;
use crate::server::{Patience, Server};

/// What the worker of the fake does with an action.
pub(crate) type Worker = Box<dyn FnMut(&Fake, &api::Action) -> api::ActionResult + Send>;

/// What a stream of an action says next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Saying {
    /// It is in the queue, and stays there.
    Queued,
    /// The stream ends, as a broken connection does.
    Break,
    /// The call is refused.
    Refuse(tonic::Code),
    /// The worker's result, as fresh.
    Result,
    /// The worker's result, as one of an earlier time.
    Earlier,
}

/// Everything the fake knows, and how it behaves.
pub(crate) struct Knowledge {
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    pub(crate) results: BTreeMap<String, api::ActionResult>,
    pub(crate) digest_functions: Vec<i32>,
    pub(crate) batch: i64,
    /// What each next stream says; after them, the result.
    pub(crate) sayings: VecDeque<Vec<Saying>>,
    /// Calls of the execution service, by name.
    pub(crate) calls: Vec<String>,
    worker: Option<Worker>,
}

#[derive(Clone)]
pub(crate) struct Fake {
    knowledge: Arc<Mutex<Knowledge>>,
}

/// A fake that is being served, and a client of it.
pub(crate) struct Served {
    pub(crate) fake: Fake,
    pub(crate) server: Arc<Server>,
    _runtime: tokio::runtime::Runtime,
}

/// Gives up at once, so that no test waits.
const IMPATIENT: Patience = Patience {
    calls: 4,
    pause: Duration::from_millis(1),
    refusals: Duration::from_millis(400),
    call: Duration::from_secs(20),
    queue: Duration::from_secs(60),
};

/// Serves a fake.
pub(crate) fn serve(instance: &str) -> Served {
    serve_to(instance, IMPATIENT)
}

/// Serves a fake to a client that does not wait in a queue.
pub(crate) fn serve_to_the_hurried() -> Served {
    serve_to("", Patience { queue: Duration::ZERO, ..IMPATIENT })
}

fn serve_to(instance: &str, patience: Patience) -> Served {
    let knowledge = Knowledge {
        blobs: BTreeMap::new(),
        results: BTreeMap::new(),
        digest_functions: vec![api::digest_function::Value::Sha256 as i32],
        batch: 0,
        sayings: VecDeque::new(),
        calls: Vec::new(),
        worker: None,
    };
    let fake = Fake { knowledge: Arc::new(Mutex::new(knowledge)) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0))).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = Transport::builder()
        .add_service(api::capabilities_server::CapabilitiesServer::new(fake.clone()))
        .add_service(api::content_addressable_storage_server::ContentAddressableStorageServer::new(fake.clone()))
        .add_service(api::action_cache_server::ActionCacheServer::new(fake.clone()))
        .add_service(api::execution_server::ExecutionServer::new(fake.clone()))
        .add_service(byte_stream_server::ByteStreamServer::new(fake.clone()))
        .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener));
    runtime.spawn(async move { serving.await.expect("it serves") });
    let address = format!("reapi://127.0.0.1:{port}/{instance}").parse().expect("an address");
    let server = Arc::new(Server::new(address, patience).expect("a client"));
    Served { fake, server, _runtime: runtime }
}

impl Fake {
    pub(crate) fn know(&self) -> MutexGuard<'_, Knowledge> {
        self.knowledge.lock().expect("no test panicked with it")
    }

    pub(crate) fn keep(&self, bytes: &[u8]) -> api::Digest {
        let digest = named(Digest::of(bytes), bytes.len() as u64);
        self.know().blobs.insert(digest.hash.clone(), bytes.to_vec());
        digest
    }

    pub(crate) fn blob(&self, digest: Option<&api::Digest>) -> Vec<u8> {
        let hash = digest.map(|digest| digest.hash.clone()).unwrap_or_default();
        self.know().blobs.get(&hash).cloned().unwrap_or_default()
    }

    pub(crate) fn employ(&self, worker: impl FnMut(&Fake, &api::Action) -> api::ActionResult + Send + 'static) {
        self.know().worker = Some(Box::new(worker));
    }

    fn perform(&self, action: &api::Digest) -> api::ActionResult {
        let action = api::Action::decode(&self.blob(Some(action))[..]).expect("an action");
        let mut worker = self.know().worker.take().expect("a test that executes employs a worker");
        let result = worker(self, &action);
        self.know().worker = Some(worker);
        result
    }

    /// Returns a stream that says what comes next for an action.
    fn say(&self, action: &api::Digest) -> Result<Response<Operations>, Status> {
        let sayings = self.know().sayings.pop_front().unwrap_or_else(|| vec![Saying::Result]);
        if let Some(Saying::Refuse(code)) = sayings.first() {
            return Err(Status::new(*code, "told to refuse"));
        }
        let silent = sayings.last() == Some(&Saying::Queued);
        let name = action.hash.clone();
        let mut messages = Vec::new();
        for saying in sayings {
            let stage = if saying == Saying::Queued { 2 } else { 4 };
            let done = matches!(saying, Saying::Result | Saying::Earlier);
            if saying == Saying::Break {
                break;
            }
            let result = done.then(|| {
                let result = Some(self.perform(action));
                let cached_result = saying == Saying::Earlier;
                Outcome::Response(packed(&api::ExecuteResponse { result, cached_result, ..Default::default() }))
            });
            let metadata = packed(&api::ExecuteOperationMetadata { stage, ..Default::default() });
            messages.push(Ok(Operation { name: name.clone(), metadata: Some(metadata), done, result }));
        }
        let said = tokio_stream::iter(messages);
        let stream: Operations = if silent { Box::pin(said.chain(tokio_stream::pending())) } else { Box::pin(said) };
        Ok(Response::new(stream))
    }
}

fn packed(message: &impl Message) -> Any {
    Any { type_url: String::new(), value: message.encode_to_vec() }
}

/// Makes the result of an action that left these files; `out/…` is its output directory.
pub(crate) fn result(fake: &Fake, exit_code: i32, files: &[(&str, &[u8])]) -> api::ActionResult {
    let mut root = api::Directory::default();
    let mut output_files = Vec::new();
    for (path, bytes) in files {
        let digest = Some(fake.keep(bytes));
        match path.strip_prefix("out/") {
            Some(name) => root.files.push(api::FileNode { name: name.to_owned(), digest, ..Default::default() }),
            None => output_files.push(api::OutputFile { path: (*path).to_owned(), digest, ..Default::default() }),
        }
    }
    let tree = fake.keep(&api::Tree { root: Some(root), children: Vec::new() }.encode_to_vec());
    let out = api::OutputDirectory { path: "out".to_owned(), tree_digest: Some(tree), ..Default::default() };
    api::ActionResult { exit_code, output_files, output_directories: vec![out], ..Default::default() }
}

type Operations = Pin<Box<dyn Stream<Item = Result<Operation, Status>> + Send>>;
type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl api::capabilities_server::Capabilities for Fake {
    async fn get_capabilities(&self, _: Request<api::GetCapabilitiesRequest>) -> Answer<api::ServerCapabilities> {
        let knowledge = self.know();
        let cache = api::CacheCapabilities {
            digest_functions: knowledge.digest_functions.clone(),
            action_cache_update_capabilities: Some(api::ActionCacheUpdateCapabilities { update_enabled: true }),
            max_batch_total_size_bytes: knowledge.batch,
            ..Default::default()
        };
        let execution = api::ExecutionCapabilities { exec_enabled: true, ..Default::default() };
        Ok(Response::new(api::ServerCapabilities {
            cache_capabilities: Some(cache),
            execution_capabilities: Some(execution),
            ..Default::default()
        }))
    }
}

#[tonic::async_trait]
impl api::content_addressable_storage_server::ContentAddressableStorage for Fake {
    async fn find_missing_blobs(
        &self,
        request: Request<api::FindMissingBlobsRequest>,
    ) -> Answer<api::FindMissingBlobsResponse> {
        let knowledge = self.know();
        let mut missing_blob_digests = request.into_inner().blob_digests;
        missing_blob_digests.retain(|digest| !knowledge.blobs.contains_key(&digest.hash));
        Ok(Response::new(api::FindMissingBlobsResponse { missing_blob_digests }))
    }

    async fn batch_update_blobs(
        &self,
        request: Request<api::BatchUpdateBlobsRequest>,
    ) -> Answer<api::BatchUpdateBlobsResponse> {
        self.know().calls.push("batch-update".to_owned());
        for one in request.into_inner().requests {
            self.keep(&one.data);
        }
        Ok(Response::new(api::BatchUpdateBlobsResponse::default()))
    }

    async fn batch_read_blobs(
        &self,
        request: Request<api::BatchReadBlobsRequest>,
    ) -> Answer<api::BatchReadBlobsResponse> {
        let knowledge = self.know();
        let answer = |digest: api::Digest| {
            let data = knowledge.blobs.get(&digest.hash).cloned();
            let code = if data.is_some() { 0 } else { tonic::Code::NotFound as i32 };
            api::batch_read_blobs_response::Response {
                digest: Some(digest),
                data: data.unwrap_or_default(),
                compressor: 0,
                status: Some(rpc::Status { code, ..Default::default() }),
            }
        };
        let responses = request.into_inner().digests.into_iter().map(answer).collect();
        Ok(Response::new(api::BatchReadBlobsResponse { responses }))
    }

    type GetTreeStream = tokio_stream::Pending<Result<api::GetTreeResponse, Status>>;

    async fn get_tree(&self, _: Request<api::GetTreeRequest>) -> Answer<Self::GetTreeStream> {
        Err(Status::unimplemented("get_tree"))
    }

    async fn split_blob(&self, _: Request<api::SplitBlobRequest>) -> Answer<api::SplitBlobResponse> {
        Err(Status::unimplemented("split_blob"))
    }

    type GetChunkMappingStream = tokio_stream::Pending<Result<api::GetChunkMappingResponse, Status>>;

    async fn get_chunk_mapping(&self, _: Request<api::GetChunkMappingRequest>) -> Answer<Self::GetChunkMappingStream> {
        Err(Status::unimplemented("get_chunk_mapping"))
    }

    async fn splice_blob(&self, _: Request<api::SpliceBlobRequest>) -> Answer<api::SpliceBlobResponse> {
        Err(Status::unimplemented("splice_blob"))
    }

    async fn register_chunk_mapping(
        &self,
        _: Request<Streaming<api::RegisterChunkMappingRequest>>,
    ) -> Answer<api::RegisterChunkMappingResponse> {
        Err(Status::unimplemented("register_chunk_mapping"))
    }
}

#[tonic::async_trait]
impl api::action_cache_server::ActionCache for Fake {
    async fn get_action_result(&self, request: Request<api::GetActionResultRequest>) -> Answer<api::ActionResult> {
        let hash = request.into_inner().action_digest.unwrap_or_default().hash;
        self.know().results.get(&hash).cloned().map(Response::new).ok_or_else(|| Status::not_found("no result"))
    }

    async fn update_action_result(
        &self,
        request: Request<api::UpdateActionResultRequest>,
    ) -> Answer<api::ActionResult> {
        let request = request.into_inner();
        let result = request.action_result.unwrap_or_default();
        self.know().results.insert(request.action_digest.unwrap_or_default().hash, result.clone());
        Ok(Response::new(result))
    }
}

#[tonic::async_trait]
impl api::execution_server::Execution for Fake {
    type ExecuteStream = Operations;

    async fn execute(&self, request: Request<api::ExecuteRequest>) -> Answer<Operations> {
        let request = request.into_inner();
        let again = if request.skip_cache_lookup { "execute-anew" } else { "execute" };
        self.know().calls.push(again.to_owned());
        self.say(&request.action_digest.unwrap_or_default())
    }

    type WaitExecutionStream = Operations;

    async fn wait_execution(&self, request: Request<api::WaitExecutionRequest>) -> Answer<Operations> {
        self.know().calls.push("wait".to_owned());
        self.say(&api::Digest { hash: request.into_inner().name, size_bytes: 0 })
    }
}

#[tonic::async_trait]
impl byte_stream_server::ByteStream for Fake {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<bytestream::ReadResponse, Status>> + Send>>;

    async fn read(&self, request: Request<bytestream::ReadRequest>) -> Answer<Self::ReadStream> {
        let name = request.into_inner().resource_name;
        self.know().calls.push(format!("read {name}"));
        let hash = name.rsplit('/').nth(1).unwrap_or_default();
        let bytes = self.know().blobs.get(hash).cloned().ok_or_else(|| Status::not_found("no blob"))?;
        let pieces: Vec<_> =
            bytes.chunks(1000).map(|data| Ok(bytestream::ReadResponse { data: data.to_vec() })).collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }

    async fn write(&self, request: Request<Streaming<bytestream::WriteRequest>>) -> Answer<bytestream::WriteResponse> {
        let mut stream = request.into_inner();
        let mut bytes = Vec::new();
        while let Some(piece) = stream.message().await? {
            if !piece.resource_name.is_empty() {
                self.know().calls.push(format!("write {}", piece.resource_name));
            }
            bytes.extend(piece.data);
        }
        let committed_size = i64::try_from(bytes.len()).unwrap_or(-1);
        self.keep(&bytes);
        Ok(Response::new(bytestream::WriteResponse { committed_size }))
    }

    async fn query_write_status(
        &self,
        _: Request<bytestream::QueryWriteStatusRequest>,
    ) -> Answer<bytestream::QueryWriteStatusResponse> {
        Err(Status::unimplemented("query_write_status"))
    }
}

/// Returns what a worker finds in the input root: files by path.
pub(crate) fn input(fake: &Fake, action: &api::Action) -> BTreeMap<String, Vec<u8>> {
    let root = api::Directory::decode(&fake.blob(action.input_root_digest.as_ref())[..]).expect("a directory");
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), root)];
    while let Some((prefix, directory)) = open.pop() {
        for file in directory.files {
            found.insert(format!("{prefix}{}", file.name), fake.blob(file.digest.as_ref()));
        }
        for below in directory.directories {
            let child = api::Directory::decode(&fake.blob(below.digest.as_ref())[..]).expect("a directory");
            open.push((format!("{prefix}{}/", below.name), child));
        }
    }
    found
}
