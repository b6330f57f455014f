//! Lines of `tmpfiles.d`, as tmpfiles.d(5) of systemd 257 has them, for what stays on the disk: below `/etc` and `/var`.
//!
//! Made here, so that it has its owner and its label from the beginning: directories (`d D q Q v`), files (`f`), links
//! (`L`), copies (`C`), and the modes and owners of what is there (`e z Z`). The other kinds, lines for the boot alone
//! (`!`), specifiers of the machine and whatever lies elsewhere are left to systemd-tmpfiles, which does all lines again at
//! every boot.
//!
//! **Invariant:** no content of a package is replaced; a line that asks for that is refused.

use std::borrow::Cow;

use super::ComposeError;
use super::merge::{Merge, Merged, Source};
use super::snippets::{self, Line};
use crate::tree::{is_clean_path, path_matches};

/// Where composition reaches.
const PLACES: [&str; 2] = ["/etc/", "/var/"];
const FACTORY: &str = "/usr/share/factory";
/// What specifiers stand for on every machine.
const SPECIFIERS: [(&str, &str); 6] =
    [("%t", "/run"), ("%S", "/var/lib"), ("%C", "/var/cache"), ("%L", "/var/log"), ("%T", "/tmp"), ("%V", "/var/tmp")];

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    path: String,
    action: Action,
    mode: Option<Mode>,
    user: Option<Owner>,
    group: Option<Owner>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Directory,
    File {
        content: String,
    },
    Link {
        target: String,
        replaces: bool,
        only_if_there: bool,
    },
    Copy {
        source: String,
    },
    /// Sets mode and owner of what is there, and of all below it if so.
    Adjust {
        recursive: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mode {
    bits: u32,
    only_new: bool,
    /// Leaves no rights that are not there, except to directories.
    masked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    name: String,
    only_new: bool,
}

/// Makes what the image's `tmpfiles.d` asks for.
pub(super) fn create(merge: &mut Merge<'_>, errors: &mut Vec<ComposeError>) {
    let mut entries: Vec<(Entry, Line)> = Vec::new();
    for line in snippets::lines(merge, "tmpfiles.d") {
        match read(&line.text) {
            Ok(Some(entry)) => entries.push((entry, line)),
            Ok(None) => {}
            Err(why) => errors.push(ComposeError::Snippet { path: line.path, line: line.text, why }),
        }
    }
    // Directories before what is in them, and what exists is adjusted last; of two lines for one path the first counts.
    entries.sort_by(|(a, _), (b, _)| (is_late(a), &a.path).cmp(&(is_late(b), &b.path)));
    entries.dedup_by(|(later, _), (first, _)| !is_late(first) && later.path == first.path);
    for (entry, line) in entries {
        let path = merge.resolve(&entry.path).unwrap_or_else(|| entry.path.clone());
        if PLACES.iter().any(|place| path.starts_with(place))
            && let Err(why) = apply(&Entry { path, ..entry }, &line, merge)
        {
            errors.push(ComposeError::Snippet { path: line.path, line: line.text, why });
        }
    }
}

fn is_late(entry: &Entry) -> bool {
    matches!(entry.action, Action::Adjust { .. })
}

/// Reads a line; none if it is left to the boot.
fn read(text: &str) -> Result<Option<Entry>, String> {
    let (fields, argument) = snippets::fields(text, 6).ok_or("a quote is open")?;
    let field = |at: usize| fields.get(at).map(String::as_str).filter(|text| !matches!(*text, "" | "-"));
    let kind = field(0).unwrap_or_default();
    let letter = kind.chars().next().unwrap_or_default();
    let flags = kind.get(letter.len_utf8()..).unwrap_or_default();
    let for_composition = "dDqQvfLCezZ".contains(letter) && flags.chars().all(|flag| "+-$?".contains(flag));
    let path = field(1).ok_or("the path is missing")?;
    let (Some(path), Some(argument)) = (specified(path), specified(argument)) else { return Ok(None) };
    if !for_composition || path.contains(['?', '[', '{']) {
        return Ok(None);
    }
    let path = if path.len() > 1 { path.trim_end_matches('/').to_owned() } else { path };
    if !is_clean_path(&path) {
        return Err(format!("`{path}` is no absolute path without `.` and `..`"));
    }
    let given = (!argument.is_empty() && argument != "-").then_some(argument);
    let factory = || format!("{FACTORY}{path}");
    let action = match letter {
        'f' if flags.contains('+') => return Err("it writes over a file".to_owned()),
        'f' => Action::File { content: unescaped(&given.unwrap_or_default()) },
        'L' => Action::Link {
            target: given.unwrap_or_else(factory),
            replaces: flags.contains('+'),
            only_if_there: flags.contains('?'),
        },
        'C' => Action::Copy { source: given.unwrap_or_else(factory) },
        'e' | 'z' => Action::Adjust { recursive: false },
        'Z' => Action::Adjust { recursive: true },
        _ => Action::Directory,
    };
    let mode = field(2).map(mode).transpose()?;
    Ok(Some(Entry { path, action, mode, user: field(3).map(owner), group: field(4).map(owner) }))
}

/// Replaces specifiers; none if one depends on the machine.
fn specified(text: &str) -> Option<String> {
    let text = SPECIFIERS.iter().fold(text.replace("%%", "\0"), |text, (from, to)| text.replace(from, to));
    (!text.contains('%')).then(|| text.replace('\0', "%"))
}

fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t")
}

fn mode(text: &str) -> Result<Mode, String> {
    let digits = text.trim_start_matches([':', '~']);
    let prefix = &text[..text.len() - digits.len()];
    let bits = u32::from_str_radix(digits, 8).ok().filter(|bits| *bits <= 0o7777);
    let bits = bits.ok_or_else(|| format!("`{text}` is no mode"))?;
    Ok(Mode { bits, only_new: prefix.contains(':'), masked: prefix.contains('~') })
}

fn owner(text: &str) -> Owner {
    Owner { name: text.trim_start_matches(':').to_owned(), only_new: text.starts_with(':') }
}

fn apply(entry: &Entry, line: &Line, merge: &mut Merge<'_>) -> Result<(), String> {
    match &entry.action {
        Action::Directory => make(entry, line, Source::Directory, 0o755, merge),
        Action::File { content } => {
            make(entry, line, Source::Content(Cow::Owned(content.clone().into_bytes())), 0o644, merge)
        }
        Action::Link { target, replaces, only_if_there } => {
            let is_there = merge.resolve(target).is_none_or(|target| merge.has(&target));
            match merge.link(&entry.path) {
                Some(found) if *replaces && found != target => Err(format!("it replaces a link to `{found}`")),
                Some(_) => Ok(()),
                None if *replaces && merge.has(&entry.path) => Err("it replaces a file".to_owned()),
                None if merge.has(&entry.path) || (*only_if_there && !is_there) => Ok(()),
                None => make(entry, line, Source::Symlink(Cow::Owned(target.clone())), 0o777, merge),
            }
        }
        Action::Copy { source } => copy(entry, line, source, merge),
        Action::Adjust { recursive } => {
            adjust(entry, *recursive, merge);
            Ok(())
        }
    }
}

/// Adds a file if there is none, and sets mode and owner if there is one of that kind.
fn make(
    entry: &Entry,
    line: &Line,
    source: Source<'_>,
    default_mode: u32,
    merge: &mut Merge<'_>,
) -> Result<(), String> {
    if let Some(existing) = merge.get_mut(&entry.path) {
        if std::mem::discriminant(&existing.source) != std::mem::discriminant(&source) {
            return Err("something of another kind is there".to_owned());
        }
        set(existing, entry);
        return Ok(());
    }
    let name = |owner: &Option<Owner>| owner.as_ref().map_or("root".to_owned(), |owner| owner.name.clone());
    let mode = match source {
        Source::Symlink(_) => default_mode,
        _ => entry.mode.map_or(default_mode, |mode| mode.bits),
    };
    let (user, group) = (Cow::Owned(name(&entry.user)), Cow::Owned(name(&entry.group)));
    let owners = merge.owners(&line.path);
    let source = source.into_owned();
    merge.insert(entry.path.clone(), Merged { source, mode, user, group, mtime: None, capabilities: None, owners });
    Ok(())
}

/// Copies a file or a directory with all that is in it, unless there is something already.
fn copy(entry: &Entry, line: &Line, source: &str, merge: &mut Merge<'_>) -> Result<(), String> {
    let Some(source) = merge.resolve(source) else { return Ok(()) };
    if !merge.has(&source) || merge.below(&format!("{}/", entry.path)).next().is_some() {
        return Ok(());
    }
    if merge.get_mut(&entry.path).is_some_and(|existing| existing.source != Source::Directory) {
        return Ok(());
    }
    for (path, copied) in merge.subtree(&source) {
        let (path, owners) = (format!("{}{}", entry.path, &path[source.len()..]), merge.owners(&line.path));
        merge.insert(path, Merged { owners, mtime: None, ..copied });
    }
    if let Some(top) = merge.get_mut(&entry.path) {
        set(top, entry);
    }
    Ok(())
}

fn adjust(entry: &Entry, recursive: bool, merge: &mut Merge<'_>) {
    let matches = |path: &str| {
        let mut above = std::iter::successors(Some(path), |path| crate::tree::split(path).map(|(parent, _)| parent));
        if recursive { above.any(|path| path_matches(&entry.path, path)) } else { path_matches(&entry.path, path) }
    };
    for (_, merged) in merge.iter_mut().filter(|(path, _)| matches(path)) {
        set(merged, entry);
    }
}

/// Sets mode and owner of what was there before.
fn set(merged: &mut Merged<'_>, entry: &Entry) {
    if let Some(mode) = entry.mode.filter(|mode| !mode.only_new && !matches!(merged.source, Source::Symlink(_))) {
        merged.mode = if mode.masked { masked(mode.bits, merged) } else { mode.bits };
    }
    let name = |owner: &Option<Owner>| owner.as_ref().filter(|owner| !owner.only_new).map(|owner| owner.name.clone());
    if let Some(user) = name(&entry.user) {
        merged.user = Cow::Owned(user);
    }
    if let Some(group) = name(&entry.group) {
        merged.group = Cow::Owned(group);
    }
}

fn masked(bits: u32, merged: &Merged<'_>) -> u32 {
    let has = |any: u32| if merged.mode & any == 0 { any } else { 0 };
    let special = if merged.source == Source::Directory { 0 } else { 0o7000 };
    bits & !(has(0o111) | has(0o222) | has(0o444) | special)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Package;
    use crate::fixture::{Build as _, package};

    /// Makes what lines ask for and returns `<mode> <user>:<group> <path> <what>` of each path given.
    fn made(lines: &str, paths: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let packages: Vec<Package> = vec![
            package("base")
                .directory("/run", 0o755)
                .directory("/var/tmp", 0o700)
                .link("/var/run", "../run")
                .file("/etc/kept", 0o644, b"kept")
                .directory("/usr/share/factory/etc/pam.d", 0o755)
                .file("/usr/share/factory/etc/pam.d/other", 0o640, b"deny")
                .file("/usr/lib/tmpfiles.d/a.conf", 0o644, lines.as_bytes()),
        ];
        let mut errors = Vec::new();
        let mut merge = Merge::of_packages(&packages.iter().collect::<Vec<_>>(), &mut errors);
        create(&mut merge, &mut errors);
        if !errors.is_empty() {
            return Err(errors.iter().map(ToString::to_string).collect());
        }
        Ok(paths.iter().map(|path| shown(path, merge.get_mut(path))).collect())
    }

    fn shown(path: &str, merged: Option<&mut Merged<'_>>) -> String {
        let Some(merged) = merged else { return format!("{path} is absent") };
        let what = match &merged.source {
            Source::Directory => "directory".to_owned(),
            Source::Symlink(target) => format!("-> {target}"),
            Source::Content(content) => format!("{:?}", String::from_utf8_lossy(content)),
        };
        format!("{:o} {}:{} {path} {what}", merged.mode, merged.user, merged.group)
    }

    #[test]
    fn directories_files_links_and_copies_are_made() {
        let lines = "d /var/lib/x 0750 x adm 30d -\nf %L/y - - - - a\\nb\nL /etc/mtab - - - - ../proc/self/mounts\n\
                     C /etc/pam.d\nL? /etc/none - - - - /nowhere\n";
        let paths = ["/var/lib/x", "/var/log/y", "/etc/mtab", "/etc/pam.d/other", "/etc/none"];
        let expected = [
            "750 x:adm /var/lib/x directory",
            "644 root:root /var/log/y \"a\\nb\"",
            "777 root:root /etc/mtab -> ../proc/self/mounts",
            "640 root:root /etc/pam.d/other \"deny\"",
            "/etc/none is absent",
        ];
        assert_eq!(made(lines, &paths).as_deref(), Ok(&expected.map(str::to_owned)[..]));
    }

    #[test]
    fn what_is_there_keeps_its_content_and_takes_mode_and_owner() {
        let lines = "q /var/tmp 1777 root root 30d\nf /etc/kept 0600 - - - other\nz /etc/k* - - adm\n";
        let expected = ["1777 root:root /var/tmp directory", "600 root:adm /etc/kept \"kept\""];
        assert_eq!(made(lines, &["/var/tmp", "/etc/kept"]).as_deref(), Ok(&expected.map(str::to_owned)[..]));
        let new_only = "d /var/tmp :0777 :x\nd /var/new :0777 :x\n";
        let expected = ["700 root:root /var/tmp directory", "777 x:root /var/new directory"];
        assert_eq!(made(new_only, &["/var/tmp", "/var/new"]).as_deref(), Ok(&expected.map(str::to_owned)[..]));
    }

    #[test]
    fn what_belongs_to_the_running_system_is_left_to_it() {
        let lines =
            "d /run/a\nd /var/run/b\nd! /var/c\nz /var/log/%m 0755\na+ /var/d - - - - u:x:r\nr /var/e\nd /srv/f\n";
        let paths = ["/run/a", "/run/b", "/var/c", "/var/d", "/srv/f"];
        let absent = paths.map(|path| format!("{path} is absent"));
        assert_eq!(made(lines, &paths).as_deref(), Ok(&absent[..]));
    }

    #[test]
    fn content_of_a_package_is_never_replaced() {
        for (line, said) in [
            ("L+ /etc/kept - - - - x", "it replaces a file"),
            ("L+ /var/run - - - - x", "it replaces a link to `../run`"),
            ("f+ /etc/kept - - - - x", "it writes over a file"),
            ("d /etc/kept", "something of another kind"),
            ("d /etc/../x", "is no absolute path"),
            ("d /etc/x 9", "is no mode"),
        ] {
            let found = made(line, &[]).expect_err("refused");
            assert!(found[0].contains(said) && found[0].contains(line), "{line}: {found:?}");
        }
    }
}
