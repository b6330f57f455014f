//! Files of the Debian archive, from the mirror the host's own apt uses.
//!
//! apt's own downloader does the work, so that its proxies, credentials and mirror lists apply; where it is absent or
//! the mirror is a directory, the URL backend does.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use azl_digest::Digest;
use azl_host::{Cmd, CmdError, environment, files};

use super::{Backend, Request, Tried, UrlBackend, accept, parallel};
use crate::mirrors;

const HELPER: &str = "/usr/lib/apt/apt-helper";
/// Helpers that run at once.
const PARALLEL: usize = 4;
/// Most files per helper; keeps its command line and the loss when one is killed small.
const BATCH: usize = 24;

/// Gets files by their path in the pool.
pub(crate) struct DebianPool {
    mirrors: OnceLock<Result<Vec<String>, String>>,
    helper: Option<PathBuf>,
    url: UrlBackend,
}

impl Default for DebianPool {
    fn default() -> Self {
        let helper = Some(PathBuf::from(HELPER)).filter(|path| files::size(path).is_some());
        Self { mirrors: OnceLock::new(), helper, url: UrlBackend::default() }
    }
}

impl Backend for DebianPool {
    /// Asks one mirror after the other for what is still missing.
    fn get(&self, requests: &[Request<'_>]) -> Vec<Result<Digest, Vec<Tried>>> {
        let mut results: Vec<Result<Digest, Vec<Tried>>> = requests.iter().map(|_| Err(Vec::new())).collect();
        let mirrors = match self.mirrors.get_or_init(mirrors::debian_mirrors) {
            Ok(mirrors) => mirrors,
            Err(problem) => {
                let tried = |request: &Request<'_>| vec![Tried::unavailable(request.location, problem.as_str())];
                return requests.iter().map(|request| Err(tried(request))).collect();
            }
        };
        for mirror in mirrors {
            let missing: Vec<usize> = (0..requests.len()).filter(|index| results[*index].is_err()).collect();
            let wanted: Vec<Request<'_>> = missing.iter().map(|index| requests[*index].clone()).collect();
            for (index, outcome) in missing.into_iter().zip(self.get_from(mirror, &wanted)) {
                match (&mut results[index], outcome) {
                    (Err(tried), Err(another)) => tried.push(another),
                    (slot, outcome) => *slot = outcome.map_err(|tried| vec![tried]),
                }
            }
        }
        results
    }
}

impl DebianPool {
    fn get_from(&self, mirror: &str, requests: &[Request<'_>]) -> Vec<Result<Digest, Tried>> {
        match &self.helper {
            Some(helper) if !mirror.starts_with("file:") => {
                let size = requests.len().div_ceil(PARALLEL).clamp(1, BATCH);
                let batches: Vec<&[Request<'_>]> = requests.chunks(size).collect();
                parallel(&batches, PARALLEL, |batch| fetch_batch(helper, mirror, batch)).into_iter().flatten().collect()
            }
            _ => parallel(requests, PARALLEL, |request| self.url.get_one(&address(mirror, request), request)),
        }
    }
}

fn address(mirror: &str, request: &Request<'_>) -> String {
    format!("{}/{}", mirror.trim_end_matches('/'), request.location)
}

fn fetch_batch(helper: &std::path::Path, mirror: &str, batch: &[Request<'_>]) -> Vec<Result<Digest, Tried>> {
    let time: Duration = batch.iter().map(Request::time).sum();
    let mut cmd = apt_environment(Cmd::new(helper, "/"))
        .args(["-oAPT::Sandbox::User=root", "-oAcquire::Retries=2", "-oAcquire::http::Timeout=30"])
        .arg("download-file")
        .timeout(Duration::from_secs(120) + time);
    for request in batch {
        // The third of each three is a digest; ours is the better judge, since apt deletes what does not fit without a word.
        cmd = cmd.arg(address(mirror, request)).arg(request.to.as_os_str()).arg("");
    }
    let said = match cmd.output() {
        Ok(_) => String::new(),
        Err(CmdError::Failed { cause, tail, .. }) => format!("{tail}\n{cause}"),
        Err(error) => error.to_string(),
    };
    batch.iter().map(|request| collect(mirror, request, &said)).collect()
}

/// The helper fails as a whole if one file does; the others are there all the same.
fn collect(mirror: &str, request: &Request<'_>, said: &str) -> Result<Digest, Tried> {
    let origin = address(mirror, request);
    if files::size(&request.to).is_none() {
        return Err(Tried::unavailable(&origin, reason(said, &origin)));
    }
    accept(&origin, request)
}

/// Returns what apt said of one URL, or else the last thing it said.
fn reason(said: &str, url: &str) -> String {
    let of_url = said.lines().find_map(|line| {
        let (_, after) = line.strip_prefix("E:")?.split_once(url)?;
        Some(after.trim()).filter(|after| !after.is_empty())
    });
    of_url.or_else(|| said.lines().rev().find(|line| !line.trim().is_empty())).unwrap_or("no answer").to_owned()
}

/// Lets a user's proxy settings through to apt.
pub(crate) fn apt_environment(cmd: Cmd) -> Cmd {
    let variables = ["http_proxy", "https_proxy", "no_proxy", "APT_CONFIG"];
    let cmd = variables.iter().fold(cmd.env("LC_ALL", "C"), |cmd, name| cmd.inherit(name));
    // A helper started by an ordinary user must not look for root's home.
    environment::home().map_or(cmd.clone(), |home| cmd.env("HOME", home.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use azl_action::{Origin, Wanted};

    use super::*;
    use crate::fixture::DirectoryStore;

    /// Mirrors that are directories need no helper.
    fn pool(mirrors: &[&str]) -> DebianPool {
        let mirrors = OnceLock::from(Ok(mirrors.iter().map(|mirror| (*mirror).to_owned()).collect()));
        DebianPool { mirrors, helper: None, url: UrlBackend::default() }
    }

    #[test]
    fn each_mirror_is_judged_by_its_own_file() {
        let store = DirectoryStore::new();
        let Origin::Url(wrong) = store.file("a.deb", b"wrong") else { panic!("a file URL") };
        let mirror = wrong.strip_suffix("/a.deb").expect("the name it was given");
        let wanted = Wanted { sha256: Some(Digest::of(b"right")), sha512: None, size: Some(5), origins: vec![] };
        let to = std::path::Path::new(mirror.trim_start_matches("file://")).join("got");
        let request = Request { location: "a.deb", to, wanted: &wanted };
        let results = pool(&[mirror, "file:///nonexistent"]).get(&[request]);
        let tried = results[0].as_ref().expect_err("neither has it");
        assert!(tried[0].problem.contains("expected SHA-256") && tried[0].wrong_bytes, "{tried:?}");
        assert!(tried[1].problem.contains("no such file") && !tried[1].wrong_bytes, "{tried:?}");
    }

    #[test]
    fn the_reason_is_the_line_of_the_url() {
        let said = "Err:1 http://m/pool/a.deb\n  404  Not Found\nE: Failed to fetch http://m/pool/a.deb  404  Not Found [IP: ::1 80]\nE: Download Failed";
        assert_eq!(reason(said, "http://m/pool/a.deb"), "404  Not Found [IP: ::1 80]");
        assert_eq!(reason(said, "http://m/pool/b.deb"), "E: Download Failed");
    }
}
