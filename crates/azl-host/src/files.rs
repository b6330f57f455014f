//! Files and directories, with the path in every error.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use azl_digest::{Digest, Hasher, Sha512};

use crate::faults;

/// A failed file operation.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} `{}`: {source}", path.display())]
pub struct FileError {
    /// What was tried, e.g. `read`.
    pub operation: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl FileError {
    /// Returns whether the path does not exist.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// Returns whether the disk or quota is full.
    pub fn is_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

type Result<T> = std::result::Result<T, FileError>;

fn context<T>(result: io::Result<T>, operation: &'static str, path: &Path) -> Result<T> {
    result.map_err(|source| FileError { operation, path: path.to_owned(), source })
}

/// Does something that changes the file system.
fn change<T>(operation: &'static str, path: impl AsRef<Path>, f: impl FnOnce() -> io::Result<T>) -> Result<T> {
    context(faults::point(path.as_ref()).and_then(|()| f()), operation, path.as_ref())
}

/// Reads a whole file.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    context(fs::read(&path), "read", path.as_ref())
}

/// Reads a whole file as UTF-8.
pub fn read_to_string(path: impl AsRef<Path>) -> Result<String> {
    context(fs::read_to_string(&path), "read", path.as_ref())
}

/// Opens a file for reading.
pub fn open(path: impl AsRef<Path>) -> Result<File> {
    context(File::open(&path), "open", path.as_ref())
}

/// Creates or truncates a file for writing and reading.
pub fn create(path: impl AsRef<Path>) -> Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    change("create", &path, || options.open(&path))
}

/// Opens a file that exists, for reading and for changing bytes in its midst; no output of an action is made this way.
pub fn open_writable(path: impl AsRef<Path>) -> Result<File> {
    change("open", &path, || fs::OpenOptions::new().read(true).write(true).open(&path))
}

/// Opens a file for appending, creating it if it is absent.
pub fn append(path: impl AsRef<Path>) -> Result<File> {
    change("open", &path, || fs::OpenOptions::new().append(true).create(true).open(&path))
}

/// Adds bytes to the end of a file in one call, creating it if it is absent; what others append does not get between.
pub fn append_bytes(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let mut file = append(&path)?;
    context(faults::write(path.as_ref(), &mut file, bytes), "write", path.as_ref())
}

/// Replaces a file in one step: readers see the old bytes or the new ones, never a part.
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    write_atomic_mode(path, bytes, 0o644)
}

/// Replaces a file in one step with the given permission bits, set before the first byte is written.
pub fn write_atomic_mode(path: impl AsRef<Path>, bytes: &[u8], mode: u32) -> Result<()> {
    let path = path.as_ref();
    let temporary = sibling(path);
    let result = write_new(&temporary, bytes, mode).and_then(|()| rename(&temporary, path));
    match result {
        // A killed process of the same number left it.
        Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => write_atomic_mode(path, bytes, mode),
        Err(error) => {
            let _ = remove_file(&temporary);
            Err(FileError { operation: "write", path: path.to_owned(), ..error })
        }
        Ok(()) => Ok(()),
    }
}

/// Writes a file that does not exist yet, with the given permission bits.
pub fn write_new(path: impl AsRef<Path>, bytes: &[u8], mode: u32) -> Result<()> {
    let mut file = create_new(path.as_ref(), mode)?;
    context(faults::write(path.as_ref(), &mut file, bytes), "write", path.as_ref())
}

/// Writes a stream to a file that does not exist yet, with the given permission bits.
pub fn copy_new(mut from: impl Read, path: impl AsRef<Path>, mode: u32) -> Result<()> {
    let mut file = create_new(path.as_ref(), mode)?;
    change("write", &path, || io::copy(&mut from, &mut file).map(drop))
}

fn create_new(path: &Path, mode: u32) -> Result<File> {
    change("create", path, || {
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        Ok(file)
    })
}

/// Returns a path beside `path` that no other process or thread uses.
pub fn sibling(path: &Path) -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    path.with_file_name(format!(".{name}.{}-{number}", std::process::id()))
}

/// Flushes a file's content to the disk.
pub fn sync(path: impl AsRef<Path>) -> Result<()> {
    change("flush", &path, || File::open(&path)?.sync_data())
}

/// Creates a directory and its parents.
pub fn create_dir_all(path: impl AsRef<Path>) -> Result<()> {
    change("create directory", &path, || fs::create_dir_all(&path))
}

/// Creates a directory and its parents, readable by the user alone.
pub fn create_private_dir_all(path: impl AsRef<Path>) -> Result<()> {
    change("create directory", &path, || fs::DirBuilder::new().recursive(true).mode(0o700).create(&path))
}

/// Removes a file; an absent file is fine.
pub fn remove_file(path: impl AsRef<Path>) -> Result<()> {
    change("remove", &path, || absent_is_fine(fs::remove_file(&path)))
}

/// Removes a directory that is empty.
pub fn remove_empty_dir(path: impl AsRef<Path>) -> Result<()> {
    change("remove", &path, || absent_is_fine(fs::remove_dir(&path)))
}

/// Removes a file or a directory tree, also one that holds read-only directories; an absent one is fine.
pub fn remove_dir_all(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    change("remove", path, || match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_directories_writable(path);
            absent_is_fine(fs::remove_dir_all(path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => fs::remove_file(path),
        other => absent_is_fine(other),
    })
}

fn make_directories_writable(path: &Path) {
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_directories_writable(&entry.path());
        }
    }
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Moves a file or directory within one file system.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    change("move", &from, || fs::rename(&from, &to))
}

/// Gives a file a second name.
pub fn hard_link(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    change("link", &to, || fs::hard_link(&from, &to))
}

/// Gives a file a second name, or copies it where the file system cannot (other device, too many links).
pub fn link_or_copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    match hard_link(&from, &to) {
        Err(error) if matches!(error.source.raw_os_error(), Some(EXDEV | EMLINK | EPERM)) => copy(from, to),
        other => other,
    }
}

const EPERM: i32 = 1;
const EXDEV: i32 = 18;
const EMLINK: i32 = 31;

/// Copies a file's content and permission bits, keeping holes.
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    change("copy", &to, || fs::copy(&from, &to).map(drop))
}

/// Copies a file's content, leaving holes where the original has them.
pub fn copy_sparse(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let source = open(&from)?;
    let target = create(&to)?;
    context(copy_data(&source, &target), "copy", from.as_ref())
}

fn copy_data(source: &File, target: &File) -> io::Result<()> {
    use rustix::fs::SeekFrom as Seek;
    use std::os::unix::fs::FileExt;
    let len = source.metadata()?.len();
    target.set_len(len)?;
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while at < len {
        let Ok(start) = rustix::fs::seek(source, Seek::Data(at)) else { break };
        let end = rustix::fs::seek(source, Seek::Hole(start))?;
        at = start;
        while at < end {
            let want = usize::try_from(end - at).unwrap_or(buffer.len()).min(buffer.len());
            source.read_exact_at(&mut buffer[..want], at)?;
            target.write_all_at(&buffer[..want], at)?;
            at += want as u64;
        }
    }
    Ok(())
}

/// Swaps two paths of one file system in one step.
pub fn exchange(one: impl AsRef<Path>, other: impl AsRef<Path>) -> Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let exchange = || renameat_with(CWD, one.as_ref(), CWD, other.as_ref(), RenameFlags::EXCHANGE);
    change("exchange", &other, || exchange().map_err(io::Error::from))
}

/// Notes in a file's time that it was used now, making an empty one if it is absent.
pub fn touch(path: impl AsRef<Path>) -> Result<()> {
    let file = append(&path)?;
    context(file.set_modified(std::time::SystemTime::now()), "set the time of", path.as_ref())
}

/// Returns when a file or link was changed or touched last, in seconds since 1970-01-01 UTC.
pub fn modified(path: impl AsRef<Path>) -> Option<u64> {
    let time = fs::symlink_metadata(path).ok()?.modified().ok()?;
    Some(time.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// Creates a symbolic link.
pub fn symlink(target: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
    change("create link", &link, || std::os::unix::fs::symlink(&target, &link))
}

/// Returns where a symbolic link leads, as written.
pub fn read_link(path: impl AsRef<Path>) -> Result<PathBuf> {
    context(fs::read_link(&path), "read link", path.as_ref())
}

/// Sets the permission bits.
pub fn set_mode(path: impl AsRef<Path>, mode: u32) -> Result<()> {
    change("set the mode of", &path, || fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
}

/// Returns the permission bits.
pub fn mode(path: impl AsRef<Path>) -> Result<u32> {
    context(fs::metadata(&path).map(|meta| meta.permissions().mode() & 0o7777), "look at", path.as_ref())
}

/// Returns the size in bytes of a regular file, or `None` if there is no regular file.
pub fn size(path: impl AsRef<Path>) -> Option<u64> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| meta.len())
}

/// Returns whether anything is at this path; a dangling link counts.
pub fn exists(path: impl AsRef<Path>) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Returns whether a directory is at this path.
pub fn is_dir(path: impl AsRef<Path>) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_dir())
}

/// Returns whether a symbolic link is at this path.
pub fn is_link(path: impl AsRef<Path>) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
}

/// Returns whether two paths lead to the same file or directory; one that cannot be looked at is no other's.
pub fn is_same(one: impl AsRef<Path>, other: impl AsRef<Path>) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    identity(one.as_ref()).is_some_and(|identity_of_one| Some(identity_of_one) == identity(other.as_ref()))
}

/// Makes a path absolute and free of links.
pub fn canonicalize(path: impl AsRef<Path>) -> Result<PathBuf> {
    context(fs::canonicalize(&path), "find", path.as_ref())
}

/// Returns the sorted names in a directory; an absent directory has none.
pub fn list(path: impl AsRef<Path>) -> Result<Vec<String>> {
    let entries = match fs::read_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => context(other, "list", path.as_ref())?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(context(entry, "list", path.as_ref())?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Returns the sorted paths of all regular files and links below a directory, relative to it, with `/`.
///
/// Links are named, not followed.
pub fn walk_files(root: impl AsRef<Path>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    walk(root.as_ref(), "", &mut found)?;
    found.sort();
    Ok(found)
}

/// What a directory tree takes.
#[derive(Debug, Clone, Default)]
pub struct TreeUsage {
    /// Bytes of the directories themselves.
    pub directories: u64,
    /// Bytes of regular files; one with several names counts once for each.
    pub files: u64,
    /// Inode numbers of regular files.
    pub inodes: Vec<u64>,
}

/// Measures a directory tree.
pub fn usage(root: impl AsRef<Path>) -> Result<TreeUsage> {
    let mut usage = TreeUsage::default();
    let mut queue = vec![root.as_ref().to_owned()];
    while let Some(directory) = queue.pop() {
        usage.directories += context(fs::symlink_metadata(&directory), "look at", &directory)?.len();
        for entry in context(fs::read_dir(&directory), "list", &directory)? {
            let entry = context(entry, "list", &directory)?;
            let meta = context(entry.metadata(), "look at", &entry.path())?;
            if meta.is_dir() {
                queue.push(entry.path());
            } else if meta.is_file() {
                usage.files += meta.len();
                usage.inodes.push(meta.ino());
            }
        }
    }
    Ok(usage)
}

fn walk(directory: &Path, prefix: &str, found: &mut Vec<String>) -> Result<()> {
    for name in list(directory)? {
        let path = directory.join(&name);
        let kind = context(fs::symlink_metadata(&path), "look at", &path)?.file_type();
        if kind.is_dir() {
            walk(&path, &format!("{prefix}{name}/"), found)?;
        } else {
            found.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

/// Returns the digest of a file's content.
pub fn digest(path: impl AsRef<Path>) -> Result<Digest> {
    hash(path.as_ref(), Hasher::new()).map(|digests| digests.0)
}

/// Returns both digests of a file's content, read once.
pub fn digests(path: impl AsRef<Path>) -> Result<(Digest, Sha512)> {
    let (sha256, sha512) = hash(path.as_ref(), Hasher::with_sha512())?;
    Ok((sha256, sha512.expect("the stream was started with SHA-512")))
}

fn hash(path: &Path, mut hasher: Hasher) -> Result<(Digest, Option<Sha512>)> {
    let mut file = open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match context(file.read(&mut buffer), "read", path)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Returns the bytes that are free for this user on the file system that holds `path`.
pub fn free_space(path: impl AsRef<Path>) -> Result<u64> {
    let space = rustix::fs::statvfs(path.as_ref()).map_err(io::Error::from);
    context(space.map(|stat| stat.f_bavail * stat.f_frsize), "look at", path.as_ref())
}

/// Returns the bytes in use on the file system that holds `path`.
pub fn used_space(path: impl AsRef<Path>) -> Result<u64> {
    let space = rustix::fs::statvfs(path.as_ref()).map_err(io::Error::from);
    context(space.map(|stat| (stat.f_blocks - stat.f_bfree) * stat.f_frsize), "look at", path.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("azl-host-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        create_dir_all(&path).expect("scratch directory");
        path
    }

    #[test]
    fn write_atomic_replaces_and_leaves_no_temporary_file() {
        let directory = scratch("atomic");
        write_atomic(directory.join("f"), b"one").expect("first write");
        write_atomic_mode(directory.join("f"), b"two", 0o600).expect("second write");
        assert_eq!(read(directory.join("f")).expect("read"), b"two");
        assert_eq!(mode(directory.join("f")).expect("mode"), 0o600);
        assert_eq!(list(&directory).expect("list"), ["f"]);
        remove_dir_all(&directory).expect("clean up");
    }

    #[test]
    fn remove_dir_all_removes_read_only_directories_and_files() {
        let directory = scratch("readonly");
        write_atomic(directory.join("file"), b"").expect("write");
        remove_dir_all(directory.join("file")).expect("removal");
        assert!(!exists(directory.join("file")));
        create_dir_all(directory.join("a/b")).expect("directories");
        write_atomic(directory.join("a/b/f"), b"").expect("write");
        set_mode(directory.join("a/b"), 0o555).expect("mode");
        set_mode(directory.join("a"), 0o555).expect("mode");
        remove_dir_all(&directory).expect("removal");
        assert!(!exists(&directory));
    }

    #[test]
    fn errors_name_the_path() {
        let error = read("/nonexistent/x").expect_err("absent");
        assert!(error.is_not_found() && error.to_string().contains("/nonexistent/x"));
    }
}
