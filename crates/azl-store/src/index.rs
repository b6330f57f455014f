//! `index`: copies of all results, and what derivations were lowered to, in one file that is read at once.
//!
//! One record a line: sixteen digits of the SHA-256 of the rest; `r`, an action, the identity of its result, the result
//! as in its own file; or `m`, a key, an action. Runs append whole lines; a line that was cut short or damaged is no
//! record. Of two records of one thing the later counts.
//!
//! Not here: the results themselves (`actions/`). Losing the index loses time.
//!
//! **Invariant:** a record says nothing that its checksum does not cover.

use std::collections::HashMap;
use std::io::BufRead;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azl_digest::Digest;
use azl_host::{FileError, files};

/// So many bytes of records are kept back before they are written.
const PENDING: usize = 1 << 16;

/// Digits of a checksum and of a digest.
const CHECK: usize = 16;
const DIGEST: usize = 64;

#[derive(Debug)]
pub(crate) struct Index {
    path: PathBuf,
    records: Mutex<Option<Records>>,
}

#[derive(Debug, Default)]
struct Records {
    /// The file as it was when it was opened.
    text: Arc<Vec<u8>>,
    results: HashMap<Digest, Place>,
    memos: HashMap<Digest, Digest>,
    pending: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Place {
    /// The line of the file, without its end.
    Line(Range<usize>),
    /// A result that came since.
    New(Arc<Vec<u8>>),
}

/// A result as the index has it; its bytes are not yet checked.
#[derive(Debug)]
pub(crate) struct Found {
    text: Arc<Vec<u8>>,
    line: Range<usize>,
}

impl Found {
    /// Returns the result's JSON, if the record is whole.
    pub(crate) fn json(&self) -> Option<&[u8]> {
        let line = &self.text[self.line.clone()];
        is_whole(line).then(|| &line[result_fields()..])
    }

    /// Returns the identity of the result.
    pub(crate) fn identity(&self) -> Option<Digest> {
        digest_at(&self.text[self.line.clone()], CHECK + 3 + DIGEST + 1)
    }
}

impl Index {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, records: Mutex::default() }
    }

    fn records(&self) -> MutexGuard<'_, Option<Records>> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.is_none() {
            *records = Some(Records::read(&self.path));
        }
        records
    }

    pub(crate) fn result(&self, action: Digest) -> Option<Found> {
        let records = self.records();
        let records = records.as_ref()?;
        Some(match records.results.get(&action)?.clone() {
            Place::Line(line) => Found { text: Arc::clone(&records.text), line },
            Place::New(text) => Found { line: 0..text.len(), text },
        })
    }

    pub(crate) fn action(&self, key: Digest) -> Option<Digest> {
        self.records().as_ref()?.memos.get(&key).copied()
    }

    pub(crate) fn add_result(&self, action: Digest, identity: Digest, json: &[u8]) {
        let mut line = format!("r {action} {identity} ").into_bytes();
        line.extend_from_slice(json);
        let line = checked(&line);
        let mut records = self.records();
        let Some(records) = &mut *records else { return };
        records.pending.extend_from_slice(&line);
        records.results.insert(action, Place::New(Arc::new(line[..line.len() - 1].to_vec())));
        records.write_when_large(&self.path);
    }

    pub(crate) fn add_memo(&self, key: Digest, action: Digest) {
        let mut records = self.records();
        let Some(records) = &mut *records else { return };
        if records.memos.insert(key, action) != Some(action) {
            records.pending.extend(checked(format!("m {key} {action}").as_bytes()));
            records.write_when_large(&self.path);
        }
    }

    /// Writes what is kept back; what cannot be written is lost without harm.
    pub(crate) fn flush(&self) {
        if let Some(records) = &mut *self.records.lock().unwrap_or_else(PoisonError::into_inner) {
            records.write(&self.path);
        }
    }

    /// Replaces the file by the records of the actions that `keep` names.
    pub(crate) fn compact(&self, keep: impl Fn(Digest) -> bool) -> Result<(), FileError> {
        let text = files::read(&self.path).or_else(|error| match error.is_not_found() {
            true => Ok(Vec::new()),
            false => Err(error),
        })?;
        let mut last: HashMap<(u8, Digest), &[u8]> = HashMap::new();
        let mut order = Vec::new();
        for line in text.split(|byte| *byte == b'\n').filter(|line| is_whole(line)) {
            let at = if line[CHECK + 1] == b'r' { CHECK + 3 } else { CHECK + 3 + DIGEST + 1 };
            if let (Some(key), Some(action)) = (digest_at(line, CHECK + 3), digest_at(line, at))
                && keep(action)
                && last.insert((line[CHECK + 1], key), line).is_none()
            {
                order.push((line[CHECK + 1], key));
            }
        }
        let kept: Vec<u8> = order.iter().flat_map(|key| last[key].iter().copied().chain([b'\n'])).collect();
        *self.records.lock().unwrap_or_else(PoisonError::into_inner) = None;
        files::write_atomic(&self.path, &kept)
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Records {
    /// A file that cannot be read holds nothing.
    fn read(path: &Path) -> Self {
        let text = files::read(path).unwrap_or_default();
        let mut records = Self::default();
        let (mut rest, mut start) = (text.as_slice(), 0);
        while let Ok(length @ 1..) = rest.skip_until(b'\n') {
            records.enter(&text, start..start + length - usize::from(text[start + length - 1] == b'\n'));
            start += length;
        }
        // The next record must not become part of a line that was cut short.
        if text.last().is_some_and(|last| *last != b'\n') {
            records.pending.push(b'\n');
        }
        records.text = Arc::new(text);
        records
    }

    fn enter(&mut self, text: &[u8], line: Range<usize>) {
        let bytes = &text[line.clone()];
        let Some(key) = digest_at(bytes, CHECK + 3) else { return };
        match bytes.get(CHECK + 1) {
            Some(b'r') if bytes.len() > result_fields() => {
                self.results.insert(key, Place::Line(line));
            }
            Some(b'm') if is_whole(bytes) => {
                if let Some(action) = digest_at(bytes, CHECK + 3 + DIGEST + 1) {
                    self.memos.insert(key, action);
                }
            }
            _ => {}
        }
    }

    fn write_when_large(&mut self, path: &Path) {
        if self.pending.len() >= PENDING {
            self.write(path);
        }
    }

    fn write(&mut self, path: &Path) {
        let pending = std::mem::take(&mut self.pending);
        if pending.iter().all(|byte| *byte == b'\n') {
            return;
        }
        // A line cut short is no record; the next one must not become part of it.
        if files::append_bytes(path, &pending).is_err() {
            self.pending.push(b'\n');
        }
    }
}

/// Length of what stands before the JSON of a result.
const fn result_fields() -> usize {
    CHECK + 3 + DIGEST + 1 + DIGEST + 1
}

fn checked(rest: &[u8]) -> Vec<u8> {
    let mut line = checksum(rest).into_bytes();
    line.push(b' ');
    line.extend_from_slice(rest);
    line.push(b'\n');
    line
}

fn checksum(rest: &[u8]) -> String {
    let mut digits = Digest::of(rest).to_string();
    digits.truncate(CHECK);
    digits
}

fn is_whole(line: &[u8]) -> bool {
    let Some((check, [b' ', rest @ ..])) = line.split_at_checked(CHECK) else { return false };
    rest.len() > 2 + DIGEST && checksum(rest).as_bytes() == check
}

fn digest_at(line: &[u8], at: usize) -> Option<Digest> {
    std::str::from_utf8(line.get(at..at + DIGEST)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> (tempfile::TempDir, Index) {
        let directory = tempfile::tempdir().expect("a directory");
        let index = Index::new(directory.path().join("index"));
        (directory, index)
    }

    fn reopened(index: &Index) -> Index {
        index.flush();
        Index::new(index.path.clone())
    }

    fn json(index: &Index, action: Digest) -> Option<Vec<u8>> {
        index.result(action).and_then(|found| found.json().map(<[u8]>::to_vec))
    }

    #[test]
    fn records_come_back_and_the_later_counts() {
        let (_directory, index) = index();
        let [action, identity, key] = [b"a", b"i", b"k"].map(|bytes| Digest::of(bytes));
        index.add_result(action, identity, b"{1}");
        index.add_result(action, identity, b"{2}");
        index.add_memo(key, action);
        for index in [&index, &reopened(&index)] {
            assert_eq!(json(index, action).as_deref(), Some(b"{2}".as_slice()));
            assert_eq!(index.result(action).and_then(|found| found.identity()), Some(identity));
            assert_eq!(index.action(key), Some(action));
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed_and_spoils_one_line_at_most() {
        let (_directory, index) = index();
        let [first, second, third] = [b"1", b"2", b"3"].map(|bytes| Digest::of(bytes));
        index.add_result(first, first, b"{1}");
        index.add_memo(second, first);
        index.flush();
        let good = files::read(&index.path).expect("the file");
        let line = good.iter().position(|byte| *byte == b'\n').expect("a line");
        for at in 0..line {
            let mut bad = good.clone();
            bad[at] ^= 1;
            files::write_atomic(&index.path, &bad).expect("damage");
            let damaged = reopened(&index);
            assert_eq!(json(&damaged, first), None, "byte {at}");
            assert_eq!(damaged.action(second), Some(first), "byte {at}");
            files::write_atomic(&index.path, &good[..at]).expect("a cut");
            let cut = reopened(&index);
            assert_eq!(json(&cut, first), None, "cut at {at}");
            cut.add_memo(third, first);
            assert_eq!(reopened(&cut).action(third), Some(first), "cut at {at}");
        }
    }

    #[test]
    fn compaction_keeps_what_it_is_told_to() {
        let (_directory, index) = index();
        let [kept, gone, key] = [b"a", b"b", b"k"].map(|bytes| Digest::of(bytes));
        for action in [kept, gone, kept] {
            index.add_result(action, action, b"{}");
        }
        index.add_memo(key, gone);
        index.flush();
        index.compact(|action| action == kept).expect("compacted");
        assert!(index.result(kept).is_some() && index.result(gone).is_none() && index.action(key).is_none());
        let lines = files::read_to_string(&index.path).expect("the file").lines().count();
        assert_eq!(lines, 1);
    }
}
