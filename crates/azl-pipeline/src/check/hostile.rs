//! Specs that attack whoever reads them: each is parsed as every spec is, in the sandbox, and must come to its known end.
//!
//! Not here: attacks on the sandbox itself, which `azl-exec` tries without rpm.
//!
//! **Invariant:** no verdict is remembered; the attack is made each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use azl_action::ports::{BlobStore, Executor, PortError, RootComposer};
use azl_action::{Blob, Run};
use azl_exec::{Bubblewrap, Conditions, Limits};
use azl_host::files;
use azl_plan::{Inputs, build, seed};

use crate::check::Row;
use crate::error::Failure;
use crate::realise::Realised;
use crate::session::Session;

/// How an attack must end.
enum End {
    /// It is accepted, and leaves nothing under this name: what it could reach would be there.
    Empty(&'static str),
    /// It fails, and the message says so.
    Refused(&'static str),
}

/// The attacks: name, spec, end.
const ATTACKS: [(&str, &str, End); 8] = [
    ("runs-commands", include_str!("hostile/runs-commands.spec"), End::Empty("reached")),
    ("recursion", include_str!("hostile/recursion.spec"), End::Refused("Too many levels of recursion")),
    ("endless", include_str!("hostile/endless.spec"), End::Refused("exceeded its time limit of 10 s")),
    ("loud", include_str!("hostile/loud.spec"), End::Refused("printed more than 4 MiB")),
    ("large", include_str!("hostile/large.spec"), End::Refused("used more than 512 MiB of memory")),
    ("forks", include_str!("hostile/forks.spec"), End::Refused("had more than 100 processes at one time")),
    ("include", include_str!("hostile/include.spec"), End::Refused("Unable to open /etc/shadow")),
    ("load", include_str!("hostile/load.spec"), End::Refused("failed to load macro file")),
];

/// More than any spec needs to be parsed.
const LIMITS: Limits = Limits { memory: 512 << 20, processes: 100, file: 64 << 20, log: 4 << 20, seconds: 10 };

/// Makes each attack and returns a row for it.
///
/// # Errors
/// If the sandbox cannot be had.
pub(super) fn rows(inputs: &Inputs, realised: &Realised, session: &Session) -> Result<Vec<Row>, Failure> {
    let tools = realised.outputs(&seed::node("build"));
    let mut root: Vec<Blob> = tools.iter().map(|(name, digest)| Blob { name: name.clone(), digest: *digest }).collect();
    root.push(inputs.seed["build"].fixups.clone());
    let composer = Arc::clone(&session.roots) as Arc<dyn RootComposer>;
    let executor = Bubblewrap::new(composer, Conditions::default())?.limited(LIMITS);
    let attack = Attack { inputs, session, root, executor };
    ATTACKS.iter().map(|(name, spec, end)| attack.row(name, spec, end).map_err(Failure::from)).collect()
}

struct Attack<'a> {
    inputs: &'a Inputs,
    session: &'a Session,
    root: Vec<Blob>,
    executor: Bubblewrap,
}

impl Attack<'_> {
    fn row(&self, name: &str, spec: &str, end: &End) -> Result<Row, PortError> {
        let store: &dyn BlobStore = &*self.session.ports.store;
        let directory = store.scratch("attack")?;
        let run = self.run(spec, store)?;
        let result = self.executor.run(&run, store, &directory.join("log"));
        files::remove_dir_all(&directory).map_err(|error| PortError::Infrastructure(error.to_string()))?;
        let (passed, detail) = match (end, result) {
            (_, Err(error @ (PortError::Infrastructure(_) | PortError::Interrupted))) => return Err(error),
            (End::Refused(words), Err(error)) if error.to_string().contains(words) => (true, (*words).to_owned()),
            (End::Refused(words), Err(error)) => (false, format!("does not say `{words}`: {error}")),
            (End::Refused(words), Ok(_)) => (false, format!("is accepted; it should say `{words}`")),
            (End::Empty(_), Err(error)) => (false, error.to_string()),
            (End::Empty(output), Ok(result)) => match result.outputs.get(*output) {
                None => (false, format!("does not say what it reached: there is no `{output}`")),
                Some(digest) => reached(&String::from_utf8_lossy(&store.read(*digest)?)),
            },
        };
        Ok(Row { name: format!("hostile {name}.spec"), passed, detail })
    }

    /// Asks about the spec as the query stage does.
    fn run(&self, spec: &str, store: &dyn BlobStore) -> Result<Run<Vec<Blob>>, PortError> {
        let (name, text) = build::SCRIPTS[0];
        let script = Blob { name: name.to_owned(), digest: store.put(text.as_bytes())? };
        let spec = Blob { name: "hostile.spec".to_owned(), digest: store.put(spec.as_bytes())? };
        let command = ["/usr/bin/bash", "/in/script/query.sh", "hostile.spec"].map(str::to_owned).to_vec();
        let mut env = self.inputs.seed["build"].environment.clone();
        env.extend([("HOME", "/builddir"), ("PATH", "/usr/bin:/usr/sbin")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        Ok(Run {
            arch: self.inputs.arch,
            command,
            env,
            root: self.root.clone(),
            inputs: BTreeMap::from([("files".to_owned(), vec![spec]), ("script".to_owned(), vec![script])]),
            timeout: 60,
            as_root: false,
            sandbox_revision: azl_plan::SANDBOX_REVISION,
        })
    }
}

fn reached(text: &str) -> (bool, String) {
    match text.lines().next() {
        None => (true, "commands run, and reach nothing".to_owned()),
        Some(line) => (false, format!("reached: {line}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attack_has_a_name_of_its_own_and_says_what_it_does() {
        let names: std::collections::BTreeSet<&str> = ATTACKS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), ATTACKS.len());
        assert!(ATTACKS.iter().all(|(_, spec, _)| spec.starts_with("# ")));
    }

    #[test]
    fn anything_that_was_reached_is_shown() {
        assert!(reached("").0);
        assert_eq!(reached("/etc/shadow\nx"), (false, "reached: /etc/shadow".to_owned()));
    }
}
