//! One run of an OCI image as a container.
//!
//! The image is unpacked into the scratch directory and its command run as process 1 of its own namespaces, without
//! network. Its standard output and error are its console.

use std::io;
use std::path::Path;
use std::time::Duration;

use azl_deb::Kind;
use azl_host::clock::{self, Stopwatch};
use azl_host::process::Running;
use azl_host::{Cmd, FileError, files, interrupt};

use crate::console::Console;
use crate::machine::{Outcome, SERIAL, StartError, TAIL};
use crate::oci::{self, Change, OciImage};
use crate::report::BootReport;
use crate::scenario::Container;
use crate::watch::{State, Watcher, millis};

/// Pause between looks at the console.
const PAUSE: Duration = Duration::from_millis(5);

/// Unpacks the archive of an OCI layout (`image`) below `work`, runs it and watches it to its verdict; console lines go
/// to `log` with their times.
///
/// # Errors
/// [`StartError`] if it could not be started; a container that fails is an outcome.
pub(crate) fn run(container: &Container, image: (&str, &Path), work: &Path, log: &Path) -> Result<Outcome, StartError> {
    let (name, archive) = image;
    let bad_image = |reason: String| StartError::Image { image: name.to_owned(), reason };
    let root = work.join("root");
    let image = unpack(archive, &work.join("layout"), &root).map_err(bad_image)?;
    let command = if container.command.is_empty() { image.command.clone() } else { container.command.clone() };
    if command.is_empty() {
        return Err(bad_image("neither the image nor the scenario names a command".to_owned()));
    }
    let serial = work.join(SERIAL);
    files::write_atomic(&serial, b"")?;
    files::create(log)?;
    let mut watcher = Watcher::new(&container.steps, &container.forbid, 1)?;
    let mut console = Console::follow(&serial, log)?;
    // The console follows the open file, so the program must write to that same one: it is truncated, not replaced.
    let mut running = sandbox(&root, &image, &command).spawn_logged(&serial)?;
    let elapsed = watch(container, &mut console, &mut watcher, &mut running)?;
    running.kill();
    let failure = match watcher.state() {
        State::Failed(reason) => Some(reason.clone()),
        State::Waiting | State::Settled => None,
    };
    Ok(Outcome {
        boots: vec![BootReport { steps: watcher.steps(), millis: Some(millis(elapsed)) }],
        failure,
        elapsed,
        tail: console.tail(TAIL),
        monitor: "bubblewrap".to_owned(),
        firmware: None,
    })
}

fn watch(
    container: &Container,
    console: &mut Console,
    watcher: &mut Watcher,
    running: &mut Running,
) -> Result<Duration, FileError> {
    let limit = Duration::from_secs(u64::from(container.seconds));
    let watch = Stopwatch::start();
    loop {
        // Asked before the console is read, so that the last lines are not missed.
        let ended = running.ended();
        let now = watch.elapsed();
        for line in console.poll(now)? {
            watcher.line(&line, now);
        }
        watcher.partial(&console.partial(), now);
        match (ended, watcher.awaited().map(str::to_owned)) {
            (Some(false), _) => watcher.fail("the command ended with a failure".to_owned()),
            (Some(true), Some(step)) => watcher.fail(format!("the command ended while `{step}` was waited for")),
            (Some(true), None) => return Ok(now),
            (None, _) => watcher.tick(now),
        }
        if ended.is_none() && now > limit {
            watcher.fail(format!("the command did not end within {} s", limit.as_secs()));
        }
        if interrupt::requested() || matches!(watcher.state(), State::Failed(_)) {
            return Ok(now);
        }
        clock::sleep(PAUSE);
    }
}

fn sandbox(root: &Path, image: &OciImage, command: &[String]) -> Cmd {
    let mut cmd = Cmd::new("bwrap", root)
        .args(["--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1", "--uid", "0", "--gid", "0"])
        .args(["--hostname", "azl-container", "--bind"])
        .arg(root)
        .args(["/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"])
        .args(["--chdir", &image.working_dir, "--clearenv"]);
    for (name, value) in image.env.iter().filter_map(|variable| variable.split_once('=')) {
        cmd = cmd.args(["--setenv", name, value]);
    }
    cmd.arg("--").args(command.iter().map(String::as_str))
}

/// Unpacks an archive of a layout, checks it and applies its layers to the empty directory `root`.
fn unpack(archive: &Path, layout: &Path, root: &Path) -> Result<OciImage, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let stream = files::open(archive).map_err(|error| text(&error))?;
    azl_deb::walk_compressed(stream, &mut |entry| put(layout, entry, &mut Vec::new())).map_err(|error| text(&error))?;
    let image =
        oci::read_image(&|path| files::read(layout.join(path)).map_err(io_error)).map_err(|error| text(&error))?;
    files::create_dir_all(root).map_err(|error| text(&error))?;
    let mut modes = Vec::new();
    for layer in &image.layers {
        let file = layout.join(layer.path());
        let got = files::digest(&file).map_err(|error| text(&error))?;
        if got != layer.digest {
            return Err(format!("layer {} holds other bytes: {got}", layer.digest));
        }
        let stream = files::open(&file).map_err(|error| text(&error))?;
        oci::read_layer(*layer, stream, &mut |change| apply(root, change, &mut modes)).map_err(|error| text(&error))?;
    }
    // Last, because a directory may be read-only.
    for (path, mode) in modes.iter().rev().filter(|(path, _)| files::is_dir(path)) {
        files::set_mode(path, *mode).map_err(|error| text(&error))?;
    }
    Ok(image)
}

type Modes = Vec<(std::path::PathBuf, u32)>;

fn apply(root: &Path, change: Change<'_>, modes: &mut Modes) -> io::Result<()> {
    match change {
        Change::Put(entry) => put(root, entry, modes),
        Change::Remove(path) => {
            refuse_links(root, &path)?;
            remove(&root.join(path))
        }
        Change::Empty(directory) => {
            refuse_links(root, &format!("{directory}/x"))?;
            let directory = root.join(directory);
            files::list(&directory).map_err(io_error)?.iter().try_for_each(|name| remove(&directory.join(name)))
        }
    }
}

fn put(root: &Path, entry: azl_deb::Entry<'_>, modes: &mut Modes) -> io::Result<()> {
    refuse_links(root, &entry.path)?;
    let path = root.join(&entry.path);
    if let Some(parent) = path.parent() {
        files::create_dir_all(parent).map_err(io_error)?;
    }
    if !matches!(entry.kind, Kind::Directory) || files::is_link(&path) {
        remove(&path)?;
    }
    match entry.kind {
        Kind::Directory => {
            files::create_dir_all(&path).map_err(io_error)?;
            modes.push((path, entry.mode));
        }
        Kind::Symlink(target) => files::symlink(target, &path).map_err(io_error)?,
        Kind::HardLink(target) => files::hard_link(root.join(target), &path).map_err(io_error)?,
        Kind::File { content, .. } => {
            let mut file = files::create(&path).map_err(io_error)?;
            io::copy(content, &mut file)?;
            files::set_mode(&path, entry.mode).map_err(io_error)?;
        }
    }
    Ok(())
}

/// A lower layer may have put a link where this one expects a directory; nothing is written through it.
fn refuse_links(root: &Path, path: &str) -> io::Result<()> {
    let linked = path.match_indices('/').map(|(end, _)| &path[..end]).find(|parent| files::is_link(root.join(parent)));
    match linked {
        Some(parent) => Err(io::Error::other(format!("`{path}` lies behind the link `{parent}` of a lower layer"))),
        None => Ok(()),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match files::is_dir(path) && !files::is_link(path) {
        true => files::remove_dir_all(path),
        false => files::remove_file(path),
    }
    .map_err(io_error)
}

fn io_error(error: FileError) -> io::Error {
    io::Error::other(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::tests::{layout, tarball};

    fn archive(directory: &Path, layers: &[Vec<u8>]) -> std::path::PathBuf {
        let files = layout(layers);
        let entries: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let path = directory.join("image.oci.tar");
        files::write_atomic(&path, &tarball(&entries)).expect("write");
        path
    }

    #[test]
    fn layers_are_applied_in_order() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let lower = tarball(&[("d/old", b"1"), ("d/kept", b"2"), ("f", b"lower")]);
        let upper = tarball(&[("d/.wh.old", b""), ("f", b"upper")]);
        let root = directory.path().join("root");
        unpack(&archive(directory.path(), &[lower, upper]), &directory.path().join("layout"), &root)
            .expect("a good image");
        assert_eq!(files::walk_files(&root).expect("walk"), ["d/kept", "f"]);
        assert_eq!(files::read(root.join("f")).expect("read"), b"upper");
    }

    #[test]
    fn nothing_is_written_behind_a_link_of_a_lower_layer() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = directory.path().join("root");
        files::create_dir_all(&root).expect("directory");
        files::symlink(directory.path(), root.join("out")).expect("link");
        let upper = tarball(&[("out/escaped", b"x")]);
        let error = unpack(&archive(directory.path(), &[upper]), &directory.path().join("layout"), &root);
        assert!(error.expect_err("refused").contains("behind the link"));
        assert!(!files::exists(directory.path().join("escaped")));
    }

    #[test]
    fn the_command_is_process_1_without_network() {
        let image =
            OciImage { layers: vec![], command: vec![], env: vec!["A=b".to_owned()], working_dir: "/w".to_owned() };
        let line = sandbox(Path::new("/r"), &image, &["/bin/true".to_owned()]).to_string();
        assert!(
            line.contains("--unshare-all") && line.contains("--as-pid-1") && !line.contains("--share-net"),
            "{line}"
        );
        assert!(line.ends_with("--chdir /w --clearenv --setenv A b -- /bin/true"), "{line}");
    }
}
