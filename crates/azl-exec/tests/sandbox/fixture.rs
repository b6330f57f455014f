//! A sandbox round programs of this host, copied into a root with the libraries they load.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azl_action::ports::{BlobStore, Executor, PortError, RootComposer};
use azl_action::{ActionResult, Blob, Run};
use azl_exec::{Bubblewrap, Conditions};
use azl_host::{Cmd, files};
use azl_store::LocalStore;

const PROGRAMS: [&str; 8] =
    ["/usr/bin/nproc", "/bin/sh", "/bin/cat", "/bin/ls", "/bin/sleep", "/usr/bin/env", "/usr/bin/id", "/bin/uname"];

/// Says why a test did not run.
pub(crate) fn explain(reason: &str) {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("not run: {reason}\n"));
}

/// A root that was made by hand.
pub(crate) struct Ready(pub(crate) PathBuf);

impl RootComposer for Ready {
    fn compose(&self, _: &[Blob], _: &dyn BlobStore) -> Result<PathBuf, PortError> {
        Ok(self.0.clone())
    }
}

pub(crate) struct Sandbox {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) store: LocalStore,
    pub(crate) executor: Bubblewrap,
}

impl Sandbox {
    /// Prepares a sandbox, or prints why this host has none.
    pub(crate) fn new() -> Option<Self> {
        let works = Cmd::new("bwrap", "/").args(["--unshare-all", "--ro-bind", "/", "/", "true"]).output();
        if let Err(error) = works {
            explain(&format!("no sandbox here: {error}"));
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().join("root");
        for path in ["proc", "dev", "tmp", "var/tmp", "run", "builddir", "in", "out", "usr/bin", "bin"] {
            files::create_dir_all(root.join(path)).expect("a directory");
        }
        PROGRAMS.iter().for_each(|program| add_program(&root, program));
        let store = LocalStore::open(directory.path().join("store")).expect("a store");
        let executor = Bubblewrap::new(Arc::new(Ready(root)), Conditions::default()).expect("bubblewrap");
        Some(Self { directory, store, executor })
    }

    /// Prepares a sandbox that has Python, with which one can try what no command offers.
    pub(crate) fn with_python() -> Option<Self> {
        let question =
            "import sys, sysconfig; print(sys.version_info[0:2], sysconfig.get_paths()['stdlib'], sep='\\n')";
        let Ok(answer) = Cmd::new("/usr/bin/python3", "/").args(["-c", question]).output() else {
            explain("no /usr/bin/python3 here");
            return None;
        };
        let sandbox = Self::new()?;
        let text = String::from_utf8(answer.stdout).expect("text");
        let library = text.lines().nth(1).expect("two lines");
        let root = sandbox.directory.path().join("root");
        add_program(&root, "/usr/bin/python3");
        link_tree(Path::new(library), &root.join(library.trim_start_matches('/')));
        Some(sandbox)
    }

    /// Runs a Python program and returns what it printed.
    pub(crate) fn python(&self, program: &str) -> String {
        let mut run = action("");
        run.command = ["/usr/bin/python3", "-I", "-c", program].map(str::to_owned).to_vec();
        let result = self.executor.run(&run, &self.store, &self.log()).expect("the program succeeds");
        String::from_utf8(self.store.read(result.log.expect("a log")).expect("an output")).expect("text")
    }

    /// Returns the scratch directories of actions; the run's lock and the jobserver's pipe stay as long as the run.
    pub(crate) fn scratch(&self) -> Vec<String> {
        let work = self.directory.path().join("store/work");
        let runs = files::list(&work).expect("a list");
        let all = runs.iter().flat_map(|run| files::list(work.join(run)).unwrap_or_default());
        all.filter(|name| name != "lock" && !name.ends_with("-jobs")).collect()
    }

    pub(crate) fn executor_under(&self, conditions: Conditions) -> Bubblewrap {
        Bubblewrap::new(Arc::new(Ready(self.directory.path().join("root"))), conditions).expect("bubblewrap")
    }

    pub(crate) fn run(&self, script: &str) -> Result<ActionResult, PortError> {
        self.executor.run(&action(script), &self.store, &self.log())
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    pub(crate) fn output(&self, script: &str) -> String {
        let result = self.run(script).expect("the script succeeds");
        String::from_utf8(self.store.read(result.outputs["o"]).expect("an output")).expect("text")
    }
}

/// A program and the libraries its loader reports.
fn needed(program: &str) -> Vec<String> {
    let ldd = Cmd::new("/usr/bin/ldd", "/").arg(program).output().expect("ldd runs");
    let text = String::from_utf8_lossy(&ldd.stdout).into_owned();
    let libraries = text.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned);
    libraries.chain([program.to_owned()]).collect()
}

pub(crate) fn action(script: &str) -> Run<Vec<Blob>> {
    Run {
        arch: azl_rpm::Arch::X86_64,
        command: vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()],
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned()), ("A".to_owned(), "b".to_owned())]),
        root: vec![],
        inputs: BTreeMap::new(),
        // Long enough for a busy machine; too short for a group.
        timeout: 300,
        as_root: false,
        sandbox_revision: 1,
    }
}

fn add_program(root: &Path, program: &str) {
    for file in needed(program) {
        let target = root.join(file.trim_start_matches('/'));
        files::create_dir_all(target.parent().expect("a parent")).expect("a directory");
        files::copy(&file, target).expect("a copy");
    }
}

/// Links a tree into a root, without what nobody here imports.
fn link_tree(from: &Path, to: &Path) {
    files::create_dir_all(to).expect("a directory");
    for name in files::list(from).expect("a list") {
        let (source, target) = (from.join(&name), to.join(&name));
        if ["__pycache__", "test", "dist-packages", "site-packages"].contains(&name.as_str()) || files::is_link(&source)
        {
            continue;
        }
        match files::is_dir(&source) {
            true => link_tree(&source, &target),
            false => files::link_or_copy(source, target).expect("a link"),
        }
    }
}
