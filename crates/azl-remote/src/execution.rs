//! One action on a server: queued, watched, waited for.
//!
//! A stream that breaks is taken up again where the action is; the server goes on meanwhile.
//!
//! **Invariant:** a wait ends: with a result, when its time is over, when nobody takes the action, or when somebody asks
//! to stop, and then the server is told.

use std::sync::atomic::Ordering;
use std::time::Duration;

use azl_action::ports::PortError;
use azl_host::clock::Stopwatch;
use azl_host::interrupt;
use bazel_remote_apis::google::longrunning::operation::Result as Outcome;
use bazel_remote_apis::google::longrunning::{CancelOperationRequest, Operation};
use prost::Message;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status, Streaming};

use crate::api;
use crate::error::{RemoteError, is_passing};
use crate::server::{Connection, GLANCE, SHA256, patiently};

/// An action to have done.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Its digest; action, command and inputs are on the server.
    pub(crate) action: api::Digest,
    /// Whether an earlier result will do.
    pub(crate) earlier: Earlier,
    /// Time that a worker may take.
    pub(crate) limit: Duration,
    /// The platform asked for, in words.
    pub(crate) platform: String,
}

/// What to do with an earlier result of the same action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    Take,
    Ignore,
}

/// Time given to a worker beyond the action's own, to fetch inputs and to bring outputs.
pub(crate) const TRANSFER: Duration = Duration::from_secs(900);

/// An action that is being waited for.
struct Wait<'c> {
    connection: &'c Connection,
    order: Order,
    /// The server's name for it, once it has one.
    operation: Option<String>,
    stage: i32,
    queued: Stopwatch,
    /// Since when a worker has it.
    begun: Option<Stopwatch>,
}

impl Connection {
    /// Has an action done and returns what the server says of it.
    pub(crate) async fn execute(&self, order: Order) -> Result<api::ExecuteResponse, RemoteError> {
        let mut wait =
            Wait { connection: self, order, operation: None, stage: 0, queued: Stopwatch::start(), begun: None };
        let response = wait.finish().await;
        if let (Err(_), Some(name)) = (&response, wait.operation.take()) {
            // Who gives up says so, but does not insist.
            let _ =
                timeout(Duration::from_secs(5), self.operations().cancel_operation(CancelOperationRequest { name }))
                    .await;
        }
        response
    }
}

impl Wait<'_> {
    async fn finish(&mut self) -> Result<api::ExecuteResponse, RemoteError> {
        let _permit = self.connection.permit().await?;
        let mut broken: Option<Stopwatch> = None;
        let mut pause = self.connection.patience.pause;
        loop {
            let heard = self.follow().await?;
            let status = match heard {
                Heard::Response(response) => return self.judged(*response),
                Heard::Broken(status) => status,
            };
            // The server may have forgotten the action: it is queued anew.
            if status.code() == Code::NotFound && self.operation.take().is_some() {
                continue;
            }
            let since = *broken.get_or_insert_with(Stopwatch::start);
            if !is_passing(status.code()) || since.elapsed() > self.connection.patience.refusals {
                return Err(self.connection.refused("do an action", &status));
            }
            patiently(sleep(pause)).await?;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    /// Opens a stream and listens until it says something final or breaks.
    async fn follow(&mut self) -> Result<Heard, RemoteError> {
        let mut stream = match patiently(self.open()).await? {
            Ok(stream) => stream,
            Err(status) => return Ok(Heard::Broken(status)),
        };
        loop {
            self.look()?;
            let Ok(message) = timeout(GLANCE, stream.message()).await else { continue };
            match message {
                Ok(Some(operation)) => {
                    if let Some(response) = self.note(operation)? {
                        return Ok(Heard::Response(Box::new(response)));
                    }
                }
                Ok(None) => return Ok(Heard::Broken(Status::unavailable("the stream ended before the action did"))),
                Err(status) => return Ok(Heard::Broken(status)),
            }
        }
    }

    async fn open(&self) -> Result<Streaming<Operation>, Status> {
        if let Some(name) = &self.operation {
            let request = api::WaitExecutionRequest { name: name.clone() };
            return Ok(self.connection.execution().wait_execution(request).await?.into_inner());
        }
        let request = api::ExecuteRequest {
            instance_name: self.connection.instance(),
            skip_cache_lookup: self.order.earlier == Earlier::Ignore,
            action_digest: Some(self.order.action.clone()),
            digest_function: SHA256,
            ..api::ExecuteRequest::default()
        };
        Ok(self.connection.execution().execute(request).await?.into_inner())
    }

    /// Takes in a message; returns the response if it is the last one.
    fn note(&mut self, operation: Operation) -> Result<Option<api::ExecuteResponse>, RemoteError> {
        if !operation.name.is_empty() {
            self.operation = Some(operation.name);
        }
        let metadata = operation.metadata.and_then(|any| api::ExecuteOperationMetadata::decode(&any.value[..]).ok());
        if let Some(metadata) = metadata {
            self.enter(metadata.stage);
        }
        if !operation.done {
            return Ok(None);
        }
        match operation.result {
            Some(Outcome::Response(any)) => api::ExecuteResponse::decode(&any.value[..]).map(Some).map_err(|error| {
                RemoteError::Dishonest(format!("{} answers what cannot be read: {error}", self.connection.address))
            }),
            Some(Outcome::Error(status)) => {
                let status = Status::new(Code::from(status.code), status.message);
                Err(self.connection.refused("do an action", &status))
            }
            None => Err(RemoteError::Dishonest(format!("{} ends an action without a result", self.connection.address))),
        }
    }

    fn enter(&mut self, stage: i32) {
        let executing = api::execution_stage::Value::Executing as i32;
        if stage == executing && self.begun.is_none() {
            self.begun = Some(Stopwatch::start());
            self.connection.executing.fetch_add(1, Ordering::Relaxed);
            self.connection.moved();
        }
        // A worker was lost; the server queues the action again.
        if stage == QUEUED && self.begun.take().is_some() {
            self.connection.executing.fetch_sub(1, Ordering::Relaxed);
            self.connection.moved();
        }
        if stage != self.stage {
            self.queued = Stopwatch::start();
        }
        self.stage = stage;
    }

    /// Looks at the clock, and whether somebody asks to stop.
    fn look(&self) -> Result<(), RemoteError> {
        if interrupt::requested() {
            return Err(PortError::Interrupted.into());
        }
        // A server that tells no stages has the action from the start.
        let begun = self.begun.or((self.stage == 0).then_some(self.queued));
        if begun.is_some_and(|begun| begun.elapsed() > self.order.limit + TRANSFER) {
            let seconds = (self.order.limit + TRANSFER).as_secs();
            return Err(self.given_up(format!("a worker did not answer within {seconds} s")));
        }
        let limit = self.connection.patience.queue;
        if self.stage == QUEUED && self.queued.elapsed() > limit && self.connection.stands_still(limit) {
            let message = format!(
                "no worker took an action within {} s; it asks for the platform {}\n  hint: start a worker that offers \
                 it, or wait longer: AZL_EXECUTOR_QUEUE=<seconds>",
                limit.as_secs(),
                self.order.platform
            );
            return Err(self.given_up(message));
        }
        Ok(())
    }

    fn given_up(&self, message: String) -> RemoteError {
        PortError::Infrastructure(format!("{}: {message}", self.connection.address)).into()
    }

    fn judged(&self, response: api::ExecuteResponse) -> Result<api::ExecuteResponse, RemoteError> {
        match &response.status {
            Some(status) if status.code != 0 => {
                let status = Status::new(Code::from(status.code), status.message.clone());
                Err(self.connection.refused("do an action", &status))
            }
            _ => Ok(response),
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.begun.is_some() {
            self.connection.executing.fetch_sub(1, Ordering::Relaxed);
        }
        self.connection.moved();
    }
}

const QUEUED: i32 = api::execution_stage::Value::Queued as i32;

enum Heard {
    Response(Box<api::ExecuteResponse>),
    Broken(Status),
}

impl Connection {
    /// Notes that an action of ours was begun or done.
    fn moved(&self) {
        if let Ok(mut progress) = self.progress.lock() {
            *progress = Stopwatch::start();
        }
    }

    /// Returns whether nothing of ours is done now, and nothing was for so long: a full farm is not an empty one.
    fn stands_still(&self, limit: Duration) -> bool {
        let since = self.progress.lock().map_or(Duration::ZERO, |progress| progress.elapsed());
        self.executing.load(Ordering::Relaxed) == 0 && since > limit
    }
}
