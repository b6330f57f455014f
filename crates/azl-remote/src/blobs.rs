//! Content, to a server and from it.
//!
//! **Invariant:** what is received has the size and SHA-256 that were asked for, or it is refused by name.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use azl_action::ports::{BlobStore, PortError};
use azl_digest::{Digest, Hasher};
use azl_host::{FileError, environment, files};
use bazel_remote_apis::google::bytestream::{ReadRequest, WriteRequest};
use tonic::{Code, Status};

use crate::api;
use crate::error::RemoteError;
use crate::server::{Connection, SHA256};

/// Bytes of content in one message of a stream.
const PIECE: usize = 1 << 20;

/// Content to send.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    pub(crate) digest: api::Digest,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Payload {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { digest: named(Digest::of(&bytes), bytes.len() as u64), source: Source::Bytes(bytes) }
    }

    pub(crate) fn message(message: &impl prost::Message) -> Self {
        Self::of(message.encode_to_vec())
    }

    /// Takes a file whose digest is known.
    pub(crate) fn file(path: PathBuf, digest: Digest) -> Result<Self, PortError> {
        let size = files::size(&path).ok_or(PortError::LostBlob(digest))?;
        Ok(Self { digest: named(digest, size), source: Source::File(path) })
    }

    pub(crate) fn blob(store: &dyn BlobStore, digest: Digest) -> Result<Self, PortError> {
        Self::file(store.path(digest)?, digest)
    }

    fn read(&self) -> Result<Vec<u8>, PortError> {
        match &self.source {
            Source::Bytes(bytes) => Ok(bytes.clone()),
            Source::File(path) => files::read(path).map_err(local),
        }
    }
}

/// Returns a digest as the interface has it.
pub(crate) fn named(digest: Digest, size: u64) -> api::Digest {
    api::Digest { hash: digest.to_string(), size_bytes: i64::try_from(size).unwrap_or(i64::MAX) }
}

/// Reads a digest of the interface.
pub(crate) fn parsed(digest: &api::Digest) -> Result<(Digest, u64), RemoteError> {
    let size = u64::try_from(digest.size_bytes).ok();
    let both = digest.hash.parse().ok().zip(size);
    both.ok_or_else(|| {
        RemoteError::Dishonest(format!("the server names content `{}`, which is no SHA-256", digest.hash))
    })
}

fn local(error: FileError) -> PortError {
    PortError::Infrastructure(error.to_string())
}

impl Connection {
    /// Sends what the server does not have yet.
    pub(crate) async fn upload(&self, payloads: &[Payload]) -> Result<(), RemoteError> {
        let _one = self.uploading.lock().await;
        let absent = self.absent(payloads).await?;
        let limit = self.limits().await?.batch;
        let (small, large): (Vec<_>, Vec<_>) = absent.into_iter().partition(|payload| size(&payload.digest) <= limit);
        for batch in batches(&small, limit, |payload| size(&payload.digest)) {
            self.send_batch(batch).await?;
        }
        for payload in large {
            self.send_stream(payload).await?;
        }
        Ok(())
    }

    /// Returns what the server does not have; the empty blob is everywhere.
    async fn absent<'p>(&self, payloads: &'p [Payload]) -> Result<Vec<&'p Payload>, RemoteError> {
        let all: BTreeMap<&str, &Payload> =
            payloads.iter().map(|payload| (payload.digest.hash.as_str(), payload)).collect();
        let digests: Vec<api::Digest> = all.values().map(|payload| payload.digest.clone()).collect();
        let ask = || async {
            let request = api::FindMissingBlobsRequest {
                instance_name: self.instance(),
                blob_digests: digests.clone(),
                digest_function: SHA256,
            };
            Ok(self.in_time(0, self.content().find_missing_blobs(request)).await?.into_inner().missing_blob_digests)
        };
        let missing = self.call("say which blobs it lacks", ask).await?;
        Ok(missing.iter().filter_map(|digest| all.get(digest.hash.as_str()).copied()).collect())
    }

    async fn send_batch(&self, batch: &[&Payload]) -> Result<(), RemoteError> {
        let mut requests = Vec::new();
        for payload in batch {
            let data = payload.read()?;
            let digest = Some(payload.digest.clone());
            requests.push(api::batch_update_blobs_request::Request { digest, data, compressor: 0 });
        }
        let total = batch.iter().map(|payload| size(&payload.digest)).sum();
        let send = || async {
            let instance_name = self.instance();
            let request =
                api::BatchUpdateBlobsRequest { instance_name, requests: requests.clone(), digest_function: SHA256 };
            let answer = self.in_time(total, self.content().batch_update_blobs(request)).await?.into_inner();
            answer.responses.into_iter().try_for_each(|one| accepted(one.status))
        };
        self.call("take blobs", send).await
    }

    async fn send_stream(&self, payload: &Payload) -> Result<(), RemoteError> {
        let api::Digest { hash, size_bytes } = &payload.digest;
        let resource = self.address.resource(&format!("uploads/{}/blobs/{hash}/{size_bytes}", unique()));
        let total = size(&payload.digest);
        let send = || async {
            let pieces =
                Pieces::open(payload, resource.clone()).map_err(|error| Status::internal(error.to_string()))?;
            self.in_time(total, self.streams().write(tokio_stream::iter(pieces))).await.map(drop)
        };
        self.call(&format!("take blob {hash}"), send).await
    }

    /// Brings content into the store.
    pub(crate) async fn download(&self, wanted: &[api::Digest], store: &dyn BlobStore) -> Result<(), RemoteError> {
        let mut absent = BTreeMap::new();
        for digest in wanted {
            let (known, size) = parsed(digest)?;
            if size == 0 {
                store.put(&[])?;
            } else if !store.contains(known) {
                absent.insert(known, size);
            }
        }
        let limit = self.limits().await?.batch;
        let (small, large): (Vec<_>, Vec<_>) = absent.into_iter().partition(|(_, size)| *size <= limit);
        for batch in batches(&small, limit, |(_, size)| *size) {
            for (_, bytes) in self.receive_batch(batch).await? {
                store.put(&bytes)?;
            }
        }
        for (digest, size) in large {
            let file = store.scratch("download")?.join(digest.to_string());
            self.receive_stream(digest, size, &file).await?;
            store.take(&file)?;
        }
        Ok(())
    }

    /// Returns small content without keeping it.
    pub(crate) async fn read(&self, digest: &api::Digest) -> Result<Vec<u8>, RemoteError> {
        let wanted = parsed(digest)?;
        if wanted.1 == 0 {
            return Ok(Vec::new());
        }
        if wanted.1 > self.limits().await?.batch {
            let message = format!("{} offers {} bytes where a few were expected", self.address, wanted.1);
            return Err(RemoteError::Dishonest(message));
        }
        let mut received = self.receive_batch(&[wanted]).await?;
        Ok(received.pop().map(|(_, bytes)| bytes).unwrap_or_default())
    }

    async fn receive_batch(&self, batch: &[(Digest, u64)]) -> Result<Vec<(Digest, Vec<u8>)>, RemoteError> {
        let digests: Vec<api::Digest> = batch.iter().map(|(digest, size)| named(*digest, *size)).collect();
        let ask = || async {
            let request = api::BatchReadBlobsRequest {
                instance_name: self.instance(),
                digests: digests.clone(),
                acceptable_compressors: Vec::new(),
                digest_function: SHA256,
            };
            let total = batch.iter().map(|(_, size)| size).sum();
            let answer = self.in_time(total, self.content().batch_read_blobs(request)).await?.into_inner();
            answer.responses.iter().try_for_each(|one| accepted(one.status.clone()))?;
            Ok(answer.responses)
        };
        let answers = self.call("give blobs", ask).await?;
        let mut by_name: BTreeMap<Digest, Vec<u8>> = BTreeMap::new();
        for answer in answers {
            by_name.insert(Digest::of(&answer.data), answer.data);
        }
        let take = |(digest, _): &(Digest, u64)| {
            let bytes = by_name.remove(digest).ok_or_else(|| self.other_bytes(*digest))?;
            Ok((*digest, bytes))
        };
        batch.iter().map(take).collect()
    }

    async fn receive_stream(&self, digest: Digest, size: u64, file: &Path) -> Result<(), RemoteError> {
        let resource_name = self.address.resource(&format!("blobs/{digest}/{size}"));
        let what = format!("give blob {digest}");
        let ask = || async {
            let request = ReadRequest { resource_name: resource_name.clone(), read_offset: 0, read_limit: 0 };
            let mut stream = self.in_time(0, self.streams().read(request)).await?.into_inner();
            let mut into = Receiver::create(file)?;
            while let Some(piece) = self.in_time(0, stream.message()).await? {
                into.add(&piece.data, size)?;
            }
            Ok(into.hasher.finish().0)
        };
        let found = self.call(&what, ask).await?;
        if found == digest { Ok(()) } else { Err(self.other_bytes(digest)) }
    }

    fn other_bytes(&self, digest: Digest) -> RemoteError {
        RemoteError::Dishonest(format!("{} gives other bytes for blob {digest}; they are not used", self.address))
    }
}

/// A file being received.
struct Receiver {
    file: std::fs::File,
    hasher: Hasher,
    count: u64,
}

impl Receiver {
    fn create(path: &Path) -> Result<Self, Status> {
        let file = files::create(path).map_err(|error| Status::internal(error.to_string()))?;
        Ok(Self { file, hasher: Hasher::new(), count: 0 })
    }

    /// Takes no more than was announced, whatever is sent.
    fn add(&mut self, data: &[u8], size: u64) -> Result<(), Status> {
        self.count += data.len() as u64;
        if self.count > size {
            return Err(Status::data_loss("it sends more bytes than it announced"));
        }
        self.hasher.update(data);
        self.file.write_all(data).map_err(|error| Status::internal(error.to_string()))
    }
}

/// The messages that carry one blob.
struct Pieces {
    source: Box<dyn Read + Send>,
    resource: String,
    offset: u64,
    size: u64,
}

impl Pieces {
    fn open(payload: &Payload, resource: String) -> Result<Self, FileError> {
        let source: Box<dyn Read + Send> = match &payload.source {
            Source::Bytes(bytes) => Box::new(std::io::Cursor::new(bytes.clone())),
            Source::File(path) => Box::new(files::open(path)?),
        };
        Ok(Self { source, resource, offset: 0, size: size(&payload.digest) })
    }
}

impl Iterator for Pieces {
    type Item = WriteRequest;

    /// A file that cannot be read to its announced end ends the stream early, which the server refuses.
    fn next(&mut self) -> Option<WriteRequest> {
        let left = self.size - self.offset;
        if left == 0 {
            return None;
        }
        let mut data = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
        self.source.read_exact(&mut data).ok()?;
        let write_offset = i64::try_from(self.offset).ok()?;
        self.offset += data.len() as u64;
        // Only the first message has to name the resource.
        let resource_name = std::mem::take(&mut self.resource);
        Some(WriteRequest { resource_name, write_offset, finish_write: self.offset == self.size, data })
    }
}

fn size(digest: &api::Digest) -> u64 {
    u64::try_from(digest.size_bytes).unwrap_or(0)
}

fn accepted(status: Option<bazel_remote_apis::google::rpc::Status>) -> Result<(), Status> {
    match status {
        Some(status) if status.code != 0 => Err(Status::new(Code::from(status.code), status.message)),
        _ => Ok(()),
    }
}

/// Cuts a list so that no part is larger than `limit`, names included.
fn batches<T>(all: &[T], limit: u64, size: impl Fn(&T) -> u64) -> Vec<&[T]> {
    const NAME: u64 = 128;
    let mut parts = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (index, one) in all.iter().enumerate() {
        let more = size(one) + NAME;
        if sum + more > limit && index > start {
            parts.push(&all[start..index]);
            (start, sum) = (index, 0);
        }
        sum += more;
    }
    parts.extend(Some(&all[start..]).filter(|rest| !rest.is_empty()));
    parts
}

/// Returns the name of an upload that no other upload has, in the form of a UUID, which some servers insist on.
fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let here = (environment::process_id(), azl_host::clock::now(), number);
    let hex = azl_digest::canonical("upload.v1", &here).to_string();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_everything_in_order_and_stay_below_the_limit() {
        let sizes = [10, 2000, 10, 10, 900, 5000, 1];
        let parts = batches(&sizes, 1200, |size| *size);
        assert_eq!(parts.concat(), sizes);
        assert_eq!(parts, [&[10][..], &[2000], &[10, 10], &[900], &[5000], &[1]]);
    }

    #[test]
    fn pieces_of_a_blob_are_numbered_and_the_last_one_ends_it() {
        let payload = Payload::of(vec![7; PIECE + 3]);
        let pieces: Vec<WriteRequest> = Pieces::open(&payload, "r".to_owned()).expect("opens").collect();
        assert_eq!(
            pieces.iter().map(|one| (one.write_offset, one.finish_write)).collect::<Vec<_>>(),
            [(0, false), (1 << 20, true)]
        );
        assert_eq!((pieces[0].resource_name.as_str(), pieces[1].data.len()), ("r", 3));
    }

    #[test]
    fn every_upload_has_a_name_of_its_own_in_the_form_of_a_uuid() {
        let name = unique();
        assert_ne!(name, unique());
        assert_eq!(name.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
