//! Does `Fetch` actions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use azl_action::ports::{BlobStore, Fetcher, PortError};
use azl_action::{ActionResult, Fetch, Origin, Wanted};
use azl_digest::Digest;
use azl_host::clock::Stopwatch;
use azl_host::files;

use crate::backends::{Backend, DebianPool, REFUSED, Request, Tried, UrlBackend};

/// Gets files with what this host offers: its network, its file system, its apt.
#[derive(Default)]
pub struct HostFetcher {
    url: UrlBackend,
    pool: DebianPool,
}

/// What a backend is told of an origin, if the origin is its kind.
type Location = fn(&Origin) -> Option<&str>;

/// A file still to be had.
struct Missing<'a> {
    name: &'a str,
    wanted: &'a Wanted,
    tried: Vec<Tried>,
}

impl Fetcher for HostFetcher {
    fn fetch(&self, fetch: &Fetch, store: &dyn BlobStore) -> Result<ActionResult, PortError> {
        let watch = Stopwatch::start();
        let mut outputs = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, wanted) in &fetch.files {
            match wanted.sha256.filter(|digest| store.contains(*digest)) {
                Some(digest) => drop(outputs.insert(name.clone(), digest)),
                None => missing.push(Missing { name, wanted, tried: Vec::new() }),
            }
        }
        if !missing.is_empty() {
            let scratch = store.scratch("fetch")?;
            let result = self.rounds(&mut missing, &mut outputs, &scratch, store);
            let full = no_room_for(&missing, &scratch);
            quarantine_refused(&scratch, store);
            let _ = files::remove_dir_all(&scratch);
            result?;
            if full {
                return Err(disk_full(&missing));
            }
        }
        if !missing.is_empty() {
            return Err(not_had(&missing));
        }
        Ok(ActionResult {
            outputs,
            log: None,
            millis: u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX),
            usage: azl_action::Usage::default(),
        })
    }
}

impl HostFetcher {
    /// Makes a fetcher; the host is looked at when a file is first asked for.
    pub fn new() -> Self {
        Self::default()
    }

    /// In each round every missing file is asked for at its next origin.
    fn rounds(
        &self,
        missing: &mut Vec<Missing<'_>>,
        outputs: &mut BTreeMap<String, Digest>,
        scratch: &Path,
        store: &dyn BlobStore,
    ) -> Result<(), PortError> {
        let most = missing.iter().map(|file| file.wanted.origins.len()).max().unwrap_or(0);
        for round in 0..most {
            for (index, path, digest) in self.round(missing, round, scratch) {
                let file = &missing[index];
                admit(file, &path)?;
                if store.take(&path)? != digest {
                    return Err(PortError::Infrastructure(format!("`{}` changed while it was stored", file.name)));
                }
                outputs.insert(file.name.to_owned(), digest);
            }
            missing.retain(|file| !outputs.contains_key(file.name));
        }
        Ok(())
    }

    /// Returns what was got: the index of the file, where it lies, its digest.
    fn round(&self, missing: &mut [Missing<'_>], round: usize, scratch: &Path) -> Vec<(usize, PathBuf, Digest)> {
        let mut got = Vec::new();
        let backends: [(&dyn Backend, Location); 2] = [(&self.url, url_of), (&self.pool, pool_path_of)];
        for (backend, location) in backends {
            let mut indexes = Vec::new();
            let mut requests = Vec::new();
            for (index, file) in missing.iter().enumerate() {
                if let Some(location) = file.wanted.origins.get(round).and_then(location) {
                    indexes.push(index);
                    requests.push(Request {
                        location,
                        to: scratch.join(format!("{round}-{index}")),
                        wanted: file.wanted,
                    });
                }
            }
            // Even to be asked for nothing costs the pool a look at the host's apt.
            let outcomes = if requests.is_empty() { Vec::new() } else { backend.get(&requests) };
            for ((index, request), outcome) in indexes.into_iter().zip(&requests).zip(outcomes) {
                match outcome {
                    Ok(digest) => got.push((index, request.to.clone(), digest)),
                    Err(tried) => missing[index].tried.extend(tried),
                }
            }
        }
        got
    }
}

fn url_of(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::Url(url) => Some(url),
        Origin::DebianPool(_) => None,
    }
}

fn pool_path_of(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::DebianPool(path) => Some(path),
        Origin::Url(_) => None,
    }
}

/// Looks through a source before it is kept: a wrong thing can have been pinned. Packages are looked through when they
/// are unpacked.
fn admit(file: &Missing<'_>, path: &Path) -> Result<(), PortError> {
    if file.name.ends_with(".deb") || file.name.ends_with(".rpm") {
        return Ok(());
    }
    let content = files::open(path).map_err(|error| PortError::Infrastructure(error.to_string()))?;
    let refused = |error| PortError::Input(format!("`{}` has the declared digest but is refused: {error}", file.name));
    azl_deb::check_source_archive(content, file.name).map(drop).map_err(refused)
}

/// Hands files with wrong bytes to the store, for whoever wants to know what a mirror served. Best effort: what matters
/// is that they are not used.
fn quarantine_refused(scratch: &Path, store: &dyn BlobStore) {
    for name in files::walk_files(scratch).unwrap_or_default() {
        if name.ends_with(REFUSED) {
            let _ = store.quarantine(&scratch.join(name));
        }
    }
}

/// apt leaves an empty file where there is no room; without this check that would look like a mirror that lies.
fn no_room_for(missing: &[Missing<'_>], scratch: &Path) -> bool {
    let wanted: u64 = missing.iter().filter_map(|file| file.wanted.size).sum();
    files::free_space(scratch).is_ok_and(|free| free < wanted)
}

fn disk_full(missing: &[Missing<'_>]) -> PortError {
    let bytes: u64 = missing.iter().filter_map(|file| file.wanted.size).sum();
    PortError::Infrastructure(format!(
        "no space left on the disk of the store: {} files of {bytes} bytes are still to be fetched\n  hint: free space or \
         set AZL_STORE to another disk, then run again: finished work is kept",
        missing.len()
    ))
}

fn not_had(missing: &[Missing<'_>]) -> PortError {
    let mut lines = vec![match missing.len() {
        1 => "1 file could not be had".to_owned(),
        count => format!("{count} files could not be had"),
    }];
    for file in missing {
        lines.push(match file.wanted.size {
            Some(size) => format!("`{}` ({size} bytes):", file.name),
            None => format!("`{}`:", file.name),
        });
        if file.tried.is_empty() {
            lines.push("  no origin is known for it".to_owned());
        }
        lines.extend(file.tried.iter().map(|tried| format!("  {}: {}", tried.origin, tried.problem)));
    }
    let wrong = missing.iter().any(|file| file.tried.iter().any(|tried| tried.wrong_bytes));
    match wrong {
        true => PortError::Input(lines.join("\n")),
        false => PortError::Infrastructure(lines.join("\n")),
    }
}

#[cfg(test)]
mod over_http;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::DirectoryStore;

    fn wanted(content: &[u8], origins: Vec<Origin>) -> Wanted {
        Wanted { sha256: Some(Digest::of(content)), sha512: None, size: Some(content.len() as u64), origins }
    }

    fn fetch(files: Vec<(&str, Wanted)>) -> Fetch {
        Fetch { files: files.into_iter().map(|(name, wanted)| (name.to_owned(), wanted)).collect() }
    }

    #[test]
    fn the_next_origin_is_tried_when_one_has_other_bytes() {
        let store = DirectoryStore::new();
        let (bad, good) = (store.file("bad", b"other"), store.file("good", b"right"));
        let fetch = fetch(vec![("f.patch", wanted(b"right", vec![bad, good]))]);
        let result = HostFetcher::default().fetch(&fetch, &store).expect("the second origin has it");
        assert_eq!(result.outputs["f.patch"], Digest::of(b"right"));
        assert!(store.contains(Digest::of(b"right")) && !store.contains(Digest::of(b"other")));
    }

    #[test]
    fn all_missing_files_are_reported_at_once_with_every_origin() {
        let store = DirectoryStore::new();
        let bad = store.file("bad", b"other");
        let gone = Origin::Url("file:///nonexistent/x".to_owned());
        let fetch = fetch(vec![
            ("a.patch", wanted(b"right", vec![gone.clone(), bad])),
            ("b.patch", wanted(b"x", vec![gone])),
            ("c.patch", wanted(b"y", vec![])),
        ]);
        let error = HostFetcher::default().fetch(&fetch, &store).expect_err("nothing can be had");
        let text = error.to_string();
        assert!(matches!(error, PortError::Input(_)), "other bytes are wrong input");
        for part in [
            "3 files",
            "`a.patch`",
            "file:///nonexistent/x: no such file",
            "expected SHA-256",
            "`b.patch`",
            "no origin",
        ] {
            assert!(text.contains(part), "{text}\nlacks {part}");
        }
    }

    #[test]
    fn a_file_that_is_there_is_not_asked_for() {
        let store = DirectoryStore::new();
        BlobStore::put(&store, b"here").expect("put");
        let fetch = fetch(vec![("f", wanted(b"here", vec![]))]);
        assert_eq!(HostFetcher::default().fetch(&fetch, &store).expect("a hit").outputs["f"], Digest::of(b"here"));
    }

    #[test]
    fn a_pinned_login_page_is_refused_even_with_the_right_digest() {
        let store = DirectoryStore::new();
        let page = b"<html>please sign in</html>";
        let origin = store.file("page", page);
        let error = HostFetcher::default().fetch(&fetch(vec![("a-1.tar.xz", wanted(page, vec![origin]))]), &store);
        let error = error.expect_err("refused").to_string();
        assert!(error.contains("web page") && !store.contains(Digest::of(page)), "{error}");
    }

    #[test]
    fn a_file_longer_than_declared_is_not_copied() {
        let store = DirectoryStore::new();
        let origin = store.file("long", b"longer than it should be");
        let error = HostFetcher::default().fetch(&fetch(vec![("f", wanted(b"short", vec![origin]))]), &store);
        assert!(error.expect_err("refused").to_string().contains("has 24 bytes, expected 5"));
    }
}
