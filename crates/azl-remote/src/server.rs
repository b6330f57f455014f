//! A connection to a server: one channel, calls that are limited, retried and given up when somebody asks to stop.
//!
//! **Invariant:** no more calls are open at a time than [`Patience`] allows; a server that counts open calls refuses the
//! rest.

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use azl_action::ports::PortError;
use azl_host::clock::Stopwatch;
use azl_host::interrupt;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::{sleep, timeout};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::api;
use crate::endpoint::Address;
use crate::error::{RemoteError, is_passing};

/// How long a server is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Calls open at a time; each action that waits holds one.
    pub calls: usize,
    /// The first pause before a call is tried again; each is twice as long as the one before.
    pub pause: Duration,
    /// The time after which a server that refuses is given up.
    pub refusals: Duration,
    /// The time of one call that is not a stream.
    pub call: Duration,
    /// The time an action may be queued while no other one of ours is done, before it is said that nobody takes it.
    pub queue: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            calls: 64,
            pause: Duration::from_millis(100),
            refusals: Duration::from_secs(120),
            call: Duration::from_secs(120),
            queue: Duration::from_secs(300),
        }
    }
}

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often a wait looks whether somebody asked to stop.
pub(crate) const GLANCE: Duration = Duration::from_millis(200);
/// The largest message taken; servers batch up to 4 MiB and some more.
const LARGEST_MESSAGE: usize = 64 << 20;
/// Bytes in a second below which a transfer is taken for broken.
const SLOWEST: u64 = 64 << 10;
/// What all servers take in one message, with room for what surrounds the content.
const BATCH: u64 = (4 << 20) - (64 << 10);

/// What a server is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Doing actions.
    Execution,
    /// Keeping results that we write.
    Cache,
}

/// A server and the threads that talk to it.
pub struct Server {
    pub(crate) connection: Connection,
    runtime: Runtime,
}

/// What calls need; see [`Server`].
pub(crate) struct Connection {
    pub(crate) address: Address,
    pub(crate) patience: Patience,
    channel: Channel,
    permits: Semaphore,
    limits: OnceCell<Limits>,
    /// One upload at a time: parallel actions share most of their inputs.
    pub(crate) uploading: tokio::sync::Mutex<()>,
    /// Actions of ours that a worker has begun.
    pub(crate) executing: AtomicUsize,
    /// Since when no action of ours was begun or done.
    pub(crate) progress: Mutex<Stopwatch>,
}

/// What a server says it can do.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Bytes of content in one message.
    pub(crate) batch: u64,
    capabilities: api::ServerCapabilities,
}

impl Server {
    /// Prepares a connection; nothing is sent yet.
    ///
    /// # Errors
    /// If the address is none the transport understands, or this system has no more threads.
    pub fn new(address: Address, patience: Patience) -> Result<Self, PortError> {
        let odd =
            |error: &dyn std::fmt::Display| PortError::Infrastructure(format!("cannot talk to {address}: {error}"));
        let runtime =
            Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| odd(&error))?;
        let endpoint = Endpoint::from_shared(format!("http://{}", address.authority())).map_err(|error| odd(&error))?;
        // No HTTP/2 pings: servers take them for an attack while a stream is silent.
        let endpoint = endpoint.connect_timeout(Duration::from_secs(10)).tcp_keepalive(Some(Duration::from_secs(60)));
        let channel = {
            let _inside = runtime.enter();
            endpoint.connect_lazy()
        };
        let connection = Connection {
            address,
            patience,
            channel,
            permits: Semaphore::new(patience.calls),
            limits: OnceCell::new(),
            uploading: tokio::sync::Mutex::default(),
            executing: AtomicUsize::new(0),
            progress: Mutex::new(Stopwatch::start()),
        };
        Ok(Self { connection, runtime })
    }

    /// Returns the address.
    pub fn address(&self) -> &Address {
        &self.connection.address
    }

    /// Asks the server what it can do and returns that in words.
    ///
    /// # Errors
    /// If it does not answer, or cannot do what is needed.
    pub fn check(&self, need: Need) -> Result<String, PortError> {
        let limits = self.wait_for(self.connection.limits())?;
        limits
            .require(need)
            .map_err(|lack| PortError::Infrastructure(format!("{} {lack}", self.connection.address)))?;
        Ok(limits.describe())
    }

    pub(crate) fn wait_for<T>(&self, work: impl Future<Output = Result<T, RemoteError>>) -> Result<T, PortError> {
        self.runtime.block_on(work).map_err(PortError::from)
    }
}

/// Makes a client of one of the server's services.
macro_rules! client {
    ($name:ident, $service:ty) => {
        pub(crate) fn $name(&self) -> $service {
            <$service>::new(self.channel.clone())
                .max_decoding_message_size(LARGEST_MESSAGE)
                .max_encoding_message_size(LARGEST_MESSAGE)
        }
    };
}

impl Connection {
    client!(content, api::content_addressable_storage_client::ContentAddressableStorageClient<Channel>);
    client!(results, api::action_cache_client::ActionCacheClient<Channel>);
    client!(execution, api::execution_client::ExecutionClient<Channel>);
    client!(streams, bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient<Channel>);
    client!(operations, bazel_remote_apis::google::longrunning::operations_client::OperationsClient<Channel>);
    client!(abilities, api::capabilities_client::CapabilitiesClient<Channel>);

    pub(crate) fn instance(&self) -> String {
        self.address.instance().to_owned()
    }

    /// Returns what the server can do, asked once; one without SHA-256 is refused.
    pub(crate) async fn limits(&self) -> Result<&Limits, RemoteError> {
        self.limits.get_or_try_init(|| self.ask_limits()).await
    }

    async fn ask_limits(&self) -> Result<Limits, RemoteError> {
        let request = || api::GetCapabilitiesRequest { instance_name: self.instance() };
        let ask =
            || async move { Ok(self.in_time(0, self.abilities().get_capabilities(request())).await?.into_inner()) };
        let capabilities = self.call("say what it can do", ask).await?;
        let cache = capabilities.cache_capabilities.clone().unwrap_or_default();
        if !cache.digest_functions.contains(&SHA256) {
            let message = format!("{} does not offer SHA-256, the only digest function used here", self.address);
            return Err(RemoteError::Dishonest(message));
        }
        let batch = u64::try_from(cache.max_batch_total_size_bytes).ok().filter(|limit| *limit > 0).unwrap_or(BATCH);
        Ok(Limits { batch: batch.min(BATCH), capabilities })
    }

    /// Makes a call until it is answered: pauses and tries again while the server is busy or away.
    pub(crate) async fn call<T, F, A>(&self, what: &str, attempt: F) -> Result<T, RemoteError>
    where
        F: Fn() -> A,
        A: Future<Output = Result<T, Status>>,
    {
        let watch = Stopwatch::start();
        let mut pause = self.patience.pause;
        loop {
            let status = match self.try_once(&attempt).await? {
                Ok(value) => return Ok(value),
                Err(status) => status,
            };
            if !is_passing(status.code()) || watch.elapsed() > self.patience.refusals {
                return Err(self.refused(what, &status));
            }
            patiently(sleep(pause)).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_once<T, F, A>(&self, attempt: &F) -> Result<Result<T, Status>, RemoteError>
    where
        F: Fn() -> A,
        A: Future<Output = Result<T, Status>>,
    {
        let _permit = patiently(self.permits.acquire()).await?;
        patiently(attempt()).await
    }

    /// Limits a part of a call that moves `bytes`.
    pub(crate) async fn in_time<T>(
        &self,
        bytes: u64,
        part: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        let limit = self.patience.call + Duration::from_secs(bytes / SLOWEST);
        timeout(limit, part).await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")))
    }

    /// Waits for the right to keep a call open.
    pub(crate) async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, RemoteError> {
        patiently(self.permits.acquire()).await?.map_err(|closed| RemoteError::Dishonest(closed.to_string()))
    }

    pub(crate) fn refused(&self, what: &str, status: &Status) -> RemoteError {
        RemoteError::Refused {
            server: self.address.to_string(),
            what: what.to_owned(),
            code: status.code(),
            message: status.message().to_owned(),
        }
    }
}

pub(crate) const SHA256: i32 = api::digest_function::Value::Sha256 as i32;

impl Limits {
    /// Says what is lacking.
    pub(crate) fn require(&self, need: Need) -> Result<(), String> {
        match need {
            Need::Execution if !self.executes() => Err("does not execute actions".to_owned()),
            Need::Cache if !self.keeps_results() => Err("does not let us write to its action cache".to_owned()),
            Need::Execution | Need::Cache => Ok(()),
        }
    }

    fn executes(&self) -> bool {
        self.capabilities.execution_capabilities.as_ref().is_some_and(|execution| execution.exec_enabled)
    }

    fn keeps_results(&self) -> bool {
        let cache = self.capabilities.cache_capabilities.as_ref();
        let update = cache.and_then(|cache| cache.action_cache_update_capabilities.as_ref());
        update.is_some_and(|update| update.update_enabled)
    }

    fn describe(&self) -> String {
        let version = self.capabilities.high_api_version.as_ref();
        let version = version.map_or("2".to_owned(), |version| format!("{}.{}", version.major, version.minor));
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        let (executes, keeps) = (yes(self.executes()), yes(self.keeps_results()));
        format!("API {version}; executes actions: {executes}; keeps results: {keeps}")
    }
}

/// Waits, but not longer than until somebody asks this program to stop.
pub(crate) async fn patiently<F: Future>(future: F) -> Result<F::Output, RemoteError> {
    let mut future = std::pin::pin!(future);
    loop {
        if interrupt::requested() {
            return Err(PortError::Interrupted.into());
        }
        if let Ok(output) = timeout(GLANCE, &mut future).await {
            return Ok(output);
        }
    }
}
