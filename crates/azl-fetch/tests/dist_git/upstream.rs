//! Upstream repositories for tests: made by real git, with fixed dates, behind a real server.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use azl_fetch::{Branch, CommitId, DistGit, Package};
use azl_host::{Cmd, files};

use super::server::Server;

/// Two sides: what is upstream, and a store that is still empty.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) store: DistGit,
    directory: tempfile::TempDir,
}

/// An upstream repository.
pub(crate) struct Upstream {
    path: PathBuf,
}

impl World {
    /// Makes both, or prints why the test does not run.
    pub(crate) fn new() -> Option<Self> {
        let exec_path = match Cmd::new("git", "/").arg("--exec-path").output() {
            Ok(output) => output.stdout,
            Err(error) => {
                let _ = std::io::stderr().write_fmt(format_args!("not run: no git here: {error}\n"));
                return None;
            }
        };
        for helper in ["git-http-backend", "git-remote-http"] {
            let path = Path::new(String::from_utf8_lossy(&exec_path).trim()).join(helper);
            if !files::exists(&path) {
                let _ = std::io::stderr().write_fmt(format_args!("not run: `{helper}` is not installed\n"));
                return None;
            }
        }
        let directory = tempfile::tempdir().expect("a directory");
        files::create_dir_all(directory.path().join("up")).expect("a directory");
        let server = Server::start(&directory.path().join("up"));
        let store = DistGit::open(&directory.path().join("store/dist-git/fedora.git")).expect("a store");
        Some(Self { server, store, directory })
    }

    pub(crate) fn store_directory(&self) -> PathBuf {
        self.directory.path().join("store/dist-git/fedora.git")
    }

    /// Makes a repository with the branch `f43`.
    pub(crate) fn upstream(&self, name: &str) -> Upstream {
        let upstream = Upstream { path: self.directory.path().join("up").join(name) };
        files::create_dir_all(&upstream.path).expect("a directory");
        upstream.git(&["init", "--quiet", "--template=", "--initial-branch=f43", "."]);
        upstream.git(&["config", "uploadpack.allowFilter", "true"]);
        upstream.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        upstream
    }

    /// Fetches `f43` of a package whose repository has its name.
    pub(crate) fn fetch(&self, name: &str) -> azl_fetch::Fetched {
        self.store.fetch(&package(name), &self.server.url(name), &f43()).expect("fetched")
    }
}

impl Upstream {
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_at(0, args)
    }

    fn git_at(&self, seconds: i64, args: &[&str]) -> String {
        let cmd = Cmd::new("git", &self.path)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@host.example")
            .env("GIT_AUTHOR_DATE", format!("@{} +0200", seconds - 5))
            .env("GIT_COMMITTER_NAME", "Carl")
            .env("GIT_COMMITTER_EMAIL", "carl@host.example")
            .env("GIT_COMMITTER_DATE", format!("@{seconds} -0330"));
        let output = cmd.args(args.iter().copied()).output().unwrap_or_else(|error| panic!("{error}"));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(crate) fn write(&self, path: &str, content: &str) -> &Self {
        let path = self.path.join(path);
        files::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        files::write_atomic(path, content.as_bytes()).expect("written");
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Commits what is written.
    pub(crate) fn commit(&self, seconds: i64, message: &str) -> CommitId {
        self.git(&["add", "--all"]);
        self.git_at(seconds, &["commit", "--quiet", "--allow-empty", "--message", message]);
        self.head()
    }

    pub(crate) fn merge(&self, seconds: i64, branch: &str) -> CommitId {
        self.git_at(seconds, &["merge", "--quiet", "--no-ff", "--message", "merge", branch]);
        self.head()
    }

    pub(crate) fn head(&self) -> CommitId {
        self.git(&["rev-parse", "HEAD"]).parse().expect("an id")
    }

    /// Commits entries that no work tree could hold: lines `<mode> <type> <id>\t<name>`.
    pub(crate) fn commit_tree(&self, entries: &str) -> CommitId {
        let commit = self.commit_object(&self.tree(entries), "odd", &[]);
        self.git(&["update-ref", "refs/heads/f43", commit.as_str()]);
        commit
    }

    /// Makes a commit that no branch has.
    pub(crate) fn commit_object(&self, tree: &str, message: &str, parents: &[&CommitId]) -> CommitId {
        let mut args = vec!["commit-tree", "-m", message, tree];
        for parent in parents {
            args.extend(["-p", parent.as_str()]);
        }
        self.git_at(100, &args).parse().expect("an id")
    }

    /// Keeps a directory of `<mode> <type> <id>\t<name>` lines and returns its id.
    pub(crate) fn tree(&self, entries: &str) -> String {
        let mktree = Cmd::new("git", &self.path).args(["mktree", "--missing"]).input(entries);
        String::from_utf8_lossy(&mktree.output().expect("a tree").stdout).trim().to_owned()
    }

    /// Keeps an object as it is, well-formed or not, and returns its id.
    pub(crate) fn object(&self, kind: &str, content: &[u8]) -> String {
        let cmd = Cmd::new("git", &self.path).args(["hash-object", "-w", "--literally", "--stdin", "-t", kind]);
        String::from_utf8_lossy(&cmd.input(content).output().expect("an object").stdout).trim().to_owned()
    }

    /// Keeps a content and returns its id.
    pub(crate) fn blob(&self, content: &str) -> String {
        let cmd = Cmd::new("git", &self.path).args(["hash-object", "-w", "--stdin"]).input(content);
        String::from_utf8_lossy(&cmd.output().expect("a blob").stdout).trim().to_owned()
    }
}

pub(crate) fn package(name: &str) -> Package {
    name.parse().expect("a package")
}

pub(crate) fn f43() -> Branch {
    "f43".parse().expect("a branch")
}
