//! `locks/<component>.lock`: what was resolved for a component, and how it changed since it was imported.
//!
//! The keys azldev writes keep their names and meaning. Beside them stand the named inputs behind the fingerprint, and
//! the list of our changes, which azldev takes from the history of the lock file; with it in the file, a release number
//! is a function of the tree alone.
//!
//! **Invariant:** only `update` writes locks. `Lock::parse(lock.to_string()) == lock`.

use std::fmt;

use azl_diagnostics::Diagnostic;
use azl_overlay::Reader;
use serde::Deserialize;

use crate::fingerprint::Fingerprint;

/// Version of the format.
const VERSION: u32 = 1;

/// One component's lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// First upstream commit that was locked; written once.
    pub import_commit: Option<String>,
    /// Upstream commit that is rendered.
    pub upstream_commit: Option<String>,
    /// How often the release was raised by hand.
    pub manual_bump: u32,
    /// Digest over the inputs when the lock was written, as hexadecimal text.
    pub input_fingerprint: Option<String>,
    /// Digest over what the upstream commit was resolved from, as hexadecimal text.
    pub resolution_input_hash: Option<String>,
    /// The inputs behind the fingerprint.
    pub inputs: Fingerprint,
    /// Our changes since the import, oldest first.
    pub changes: Vec<Change>,
}

/// One change of a component's inputs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Change {
    /// When, in seconds since 1970.
    pub time: i64,
    /// Upstream commit it was made on.
    pub upstream_commit: Option<String>,
    /// What changed, one line.
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LockShape {
    version: u32,
    import_commit: Option<String>,
    upstream_commit: Option<String>,
    #[serde(default)]
    manual_bump: u32,
    input_fingerprint: Option<String>,
    resolution_input_hash: Option<String>,
    #[serde(default)]
    inputs: Fingerprint,
    #[serde(default)]
    changes: Vec<Change>,
}

/// Returns the path of a component's lock below the directory of locks.
pub fn lock_file(directory: &str, component: &str) -> String {
    format!("{directory}/{component}.lock")
}

impl Lock {
    /// Reads the text of a lock; `file` is its path, for mistakes.
    ///
    /// # Errors
    /// Every mistake, each with its place; a lock of another version is refused.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        if let Some(start) = conflict(text) {
            let problem = Diagnostic::error("lock-conflict", "two versions of the lock were not merged");
            let problem = problem.at(file, start..start + MARKER.len());
            return Err(vec![problem.hint("keep the lines of either side whole, then run `cargo xtask update`")]);
        }
        let mut diagnostics = Vec::new();
        let mut reader = Reader::new(file, &mut diagnostics);
        let shape: Option<LockShape> = reader.document(text).and_then(|table| reader.shape(table));
        if let Some(version) = shape.as_ref().map(|shape| shape.version).filter(|version| *version != VERSION) {
            let message = format!("lock has version {version}, this program knows {VERSION}");
            reader.report(Diagnostic::error("lock-version", message).at(file, 0..0));
        }
        match shape {
            Some(shape) if diagnostics.is_empty() => Ok(Self {
                import_commit: shape.import_commit,
                upstream_commit: shape.upstream_commit,
                manual_bump: shape.manual_bump,
                input_fingerprint: shape.input_fingerprint,
                resolution_input_hash: shape.resolution_input_hash,
                inputs: shape.inputs,
                changes: shape.changes,
            }),
            _ => Err(diagnostics),
        }
    }

    /// Returns how much the release is raised above upstream's number.
    pub fn bump(&self) -> u32 {
        u32::try_from(self.changes.len()).unwrap_or(u32::MAX).saturating_add(self.manual_bump)
    }
}

/// How git begins a conflict.
const MARKER: &str = "<<<<<<< ";

/// Returns where a conflict begins, if git left one.
fn conflict(text: &str) -> Option<usize> {
    if text.starts_with(MARKER) { Some(0) } else { text.find(&format!("\n{MARKER}")).map(|at| at + 1) }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Written by `cargo xtask update`.\nversion = {VERSION}")?;
        let text = |value: &str| toml::Value::from(value).to_string();
        let keys = [
            ("import-commit", &self.import_commit),
            ("upstream-commit", &self.upstream_commit),
            ("input-fingerprint", &self.input_fingerprint),
            ("resolution-input-hash", &self.resolution_input_hash),
        ];
        for (key, value) in keys.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
            writeln!(f, "{key} = {}", text(value))?;
        }
        if self.manual_bump > 0 {
            writeln!(f, "manual-bump = {}", self.manual_bump)?;
        }
        if !self.inputs.is_empty() {
            writeln!(f, "\n[inputs]")?;
        }
        for (name, digest) in self.inputs.inputs() {
            writeln!(f, "{} = \"{digest}\"", text(name))?;
        }
        for change in &self.changes {
            writeln!(f, "\n[[changes]]\ntime = {}", change.time)?;
            if let Some(commit) = &change.upstream_commit {
                writeln!(f, "upstream-commit = {}", text(commit))?;
            }
            writeln!(f, "message = {}", text(&change.message))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_is_read_as_it_was_written() {
        let lock = Lock {
            import_commit: Some("a".repeat(40)),
            upstream_commit: Some("b".repeat(40)),
            manual_bump: 2,
            input_fingerprint: Some("00".into()),
            resolution_input_hash: Some("11".into()),
            inputs: Fingerprint::default(),
            changes: vec![
                Change {
                    time: 1_780_000_000,
                    upstream_commit: Some("a".repeat(40)),
                    message: "say \"hello\"\n".into(),
                },
                Change { time: 1_780_000_001, upstream_commit: None, message: "two".into() },
            ],
        };
        assert_eq!(Lock::parse("x.lock", &lock.to_string()), Ok(lock.clone()));
        assert_eq!(lock.bump(), 4);
    }

    #[test]
    fn lock_of_azldev_is_read() {
        let text = "version = 1\nimport-commit = 'a'\nupstream-commit = 'b'\nmanual-bump = 1\n\
                    input-fingerprint = 'sha256:00'\nresolution-input-hash = 'sha256:11'\n";
        let lock = Lock::parse("x.lock", text).expect("a lock");
        assert_eq!((lock.upstream_commit.as_deref(), lock.bump()), (Some("b"), 1));
    }

    #[test]
    fn every_mistake_is_shown() {
        let mistakes = Lock::parse("x.lock", "version = 1\nimport = 'a'\nmanual-bump = 'x'\n").expect_err("wrong");
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        let mistakes = Lock::parse("x.lock", "version = 9\n").expect_err("wrong");
        assert_eq!(mistakes[0].code, "lock-version");
    }

    #[test]
    fn merge_conflict_is_called_one() {
        for text in ["<<<<<<< ours\n", "version = 1\n<<<<<<< ours\nmanual-bump = 1\n=======\n>>>>>>> theirs\n"] {
            let mistakes = Lock::parse("x.lock", text).expect_err("not merged");
            let codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code).collect();
            assert_eq!(codes, ["lock-conflict"]);
        }
    }
}
