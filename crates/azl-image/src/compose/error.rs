//! What can be wrong when packages become an image.

use thiserror::Error;

/// One reason why packages cannot be merged into an image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum ComposeError {
    /// A package of another processor.
    #[error("package is not for `{arch}`: `{package}`")]
    ForeignArch { package: String, arch: &'static str },
    /// The closure holds one name twice.
    #[error("two versions of one package: `{first}` and `{second}`")]
    TwoVersions { first: String, second: String },
    /// A scriptlet outside the closed list.
    #[error(
        "scriptlet `%{phase}` of `{package}` is not a known effect because of `{line}`; it runs under \
         `{interpreter}`:\n{body}\nhint: ship its result as a file, or teach azl-image's `scriptlet.rs` its effect"
    )]
    UnknownScriptlet { package: String, phase: String, interpreter: String, line: String, body: String },
    /// A path that is relative or has `.` or `..` in it.
    #[error("invalid path in `{package}`: `{path}`")]
    InvalidPath { package: String, path: String },
    /// The links of the packages form a loop.
    #[error("too many symbolic links on the way to `{path}` of `{package}`")]
    SymlinkLoop { package: String, path: String },
    /// A device, pipe or socket.
    #[error(
        "device, pipe or socket in `{package}`: `{path}`\nhint: such files are made at boot, by devtmpfs or tmpfiles"
    )]
    SpecialFile { package: String, path: String },
    /// Two packages own one path and disagree.
    #[error("file conflict at `{path}`: `{first}` and `{second}` differ in {difference}")]
    Conflict { path: String, first: String, second: String, difference: &'static str },
    /// A file lies below something that is no directory.
    #[error("`{path}` lies below `{parent}`, which is not a directory")]
    NotADirectory { path: String, parent: String },
    /// A file of the image exists already.
    #[error(
        "`{path}` of the image is already a file of `{owner}`\nhint: only a `%ghost` file may be filled by the image"
    )]
    DerivedConflict { path: String, owner: String },
    /// A file that a scriptlet or the image file asks for was not derived.
    #[error("derived file is missing: `{path}`, wanted by {wanted_by}")]
    MissingDerived { path: String, wanted_by: String },
    /// A line of sysusers.d or tmpfiles.d that cannot be done.
    #[error("cannot do a line of `{path}`: {why}: {line}")]
    Snippet { path: String, line: String, why: String },
    /// A user or group that cannot be made.
    #[error("account `{name}` of `{path}` cannot be made: {why}")]
    Account { path: String, name: String, why: String },
    /// The image's policy has no usable file contexts.
    #[error("file contexts of the policy cannot be used: `{path}`: {why}")]
    FileContexts { path: String, why: String },
    /// Files for which the policy has no label.
    #[error("policy `{policy}` has no label for {} files:\n{}", paths.len(), paths.join("\n"))]
    Unlabelled { policy: String, paths: Vec<String> },
    /// A user name without a number.
    #[error(
        "user `{user}` of `{path}` in `{package}` is not in the image's /etc/passwd\nhint: add package `setup`, or a line \
         for the user to the package's sysusers.d"
    )]
    UnknownUser { package: String, path: String, user: String },
    /// A group name without a number.
    #[error(
        "group `{group}` of `{path}` in `{package}` is not in the image's /etc/group\nhint: add package `setup`, or a line \
         for the group to the package's sysusers.d"
    )]
    UnknownGroup { package: String, path: String, group: String },
    /// A capability text that is not understood.
    #[error("capabilities of `{path}` in `{package}` are not understood: `{text}`: {why}")]
    Capability { package: String, path: String, text: String, why: String },
    /// A file that lends rights, which the image does not name.
    #[error(
        "`{path}` of `{owner}` is {privilege}\nhint: take that from it, or name it under `[privileged]` of the image with a reason"
    )]
    Privileged { path: String, owner: String, privilege: &'static str },
    /// A file named as lending rights that is not there or lends none.
    #[error("`[privileged]` names `{path}`, which lends nobody any rights\nhint: remove the entry")]
    NotPrivileged { path: String },
    /// The file for the EFI system partition is not there exactly once.
    #[error("boot file `{pattern}` must be exactly one file of package `{package}`; found: {}", list(.found))]
    BootFile { package: String, pattern: String, found: Vec<String> },
}

fn list(found: &[String]) -> String {
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}
