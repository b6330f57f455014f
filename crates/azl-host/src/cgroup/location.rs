//! Which groups are round this process, and which of them can hold others: from text, without a look at the system.
//!
//! **Invariant:** the nearest group that serves is chosen, so that nothing escapes the limits of those round it.

use std::path::{Component, Path, PathBuf};

use super::{Kept, Place};

/// One group round this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) directory: PathBuf,
    /// What it hands on to the groups in it.
    pub(super) kept: Kept,
    pub(super) writable: bool,
}

/// Returns the directories of this process's group and of those round it, nearest first.
pub(super) fn round(own: &str, mounts: &str) -> Result<Vec<PathBuf>, String> {
    // Version 2 is the hierarchy with number 0 and without names of controllers.
    let own =
        own.lines().find_map(|line| line.strip_prefix("0::")).ok_or("this process is in no group of version 2")?;
    let mut mounted = mounts.lines().filter_map(mount).peekable();
    mounted.peek().ok_or("groups of version 2 are not mounted")?;
    let found = mounted.find_map(|(root, point)| directories(Path::new(own), root, point));
    found.ok_or_else(|| format!("the group `{own}` of this process is not below what is mounted"))
}

/// Returns which group a line of `/proc/self/mountinfo` mounts, and where, if it is one of version 2: the fields 4 and
/// 5, and the first one after the dash (proc_pid_mountinfo(5)).
fn mount(line: &str) -> Option<(&str, &str)> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut fields = mount.split(' ').skip(3);
    let root = fields.next()?;
    Some((root, fields.next()?)).filter(|_| file_system.starts_with("cgroup2 "))
}

fn directories(own: &Path, root: &str, point: &str) -> Option<Vec<PathBuf>> {
    let below: Vec<Component<'_>> = own.strip_prefix(root).ok()?.components().collect();
    // That is how a namespace shows a group that is outside of it.
    if below.contains(&Component::ParentDir) {
        return None;
    }
    let nearest: PathBuf = Path::new(point).components().chain(below.iter().copied()).collect();
    Some(nearest.ancestors().take(below.len() + 1).map(Path::to_owned).collect())
}

/// Chooses the first candidate that may be written and hands something on; else says what is wrong with the nearest.
pub(super) fn choose(candidates: Vec<Candidate>) -> Result<Place, String> {
    let serves = |candidate: &&Candidate| candidate.kept.any();
    if let Some(Candidate { directory, kept, .. }) = candidates.iter().filter(serves).find(|one| one.writable) {
        return Ok(Place { directory: directory.clone(), kept: *kept });
    }
    match (candidates.iter().find(serves), candidates.first()) {
        (Some(one), _) => Err(format!("this user may not make groups in `{}`", one.directory.display())),
        (None, Some(one)) => Err(format!("`{}` hands on {} to groups in it", one.directory.display(), one.kept)),
        (None, None) => Err("there is no group round this process".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:2 - cgroup2 cgroup2 rw\n";

    fn names(own: &str, mounts: &str) -> Vec<String> {
        round(own, mounts).expect("found").iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn groups_are_looked_for_from_the_own_one_up_to_the_one_that_is_mounted() {
        assert_eq!(
            names("4:memory:/x\n0::/user.slice/a.scope\n", HYBRID),
            [
                "/sys/fs/cgroup/unified/user.slice/a.scope",
                "/sys/fs/cgroup/unified/user.slice",
                "/sys/fs/cgroup/unified"
            ]
        );
        assert_eq!(names("0::/\n", HYBRID), ["/sys/fs/cgroup/unified"]);
        let part = "9 8 0:38 /box/1 /sys/fs/cgroup ro - cgroup2 cgroup ro";
        assert_eq!(names("0::/box/1/init", part), ["/sys/fs/cgroup/init", "/sys/fs/cgroup"]);
    }

    #[test]
    fn what_is_missing_is_said() {
        let why = |own: &str, mounts: &str| round(own, mounts).expect_err("not found");
        assert_eq!(why("4:memory:/x\n", HYBRID), "this process is in no group of version 2");
        assert_eq!(why("0::/", "35 31 0:32 / /m rw - cgroup cgroup rw"), "groups of version 2 are not mounted");
        assert!(why("0::/../other", HYBRID).contains("`/../other`"));
        assert!(why("0::/a", "9 8 0:38 /b /sys/fs/cgroup rw - cgroup2 cgroup rw").contains("not below"));
    }

    fn candidate(directory: &str, controllers: &str, writable: bool) -> Candidate {
        Candidate { directory: directory.into(), kept: Kept::parse(controllers), writable }
    }

    #[test]
    fn the_nearest_that_hands_something_on_and_may_be_written_is_chosen() {
        let own = candidate("/g/a/b/c", "", true);
        let cpu = candidate("/g/a/b", "cpu io\n", true);
        let pids = candidate("/g/a", "cpu pids\n", true);
        let both = candidate("/g", "memory pids\n", true);
        let chosen = choose(vec![own.clone(), cpu.clone(), pids, both.clone()]).expect("chosen");
        assert_eq!(chosen, Place { directory: "/g/a".into(), kept: Kept { memory: false, processes: true } });
        let refused = candidate("/g/a", "memory pids\n", false);
        let chosen = choose(vec![own, cpu, refused, both]).expect("chosen");
        assert_eq!(chosen, Place { directory: "/g".into(), kept: Kept { memory: true, processes: true } });
    }

    #[test]
    fn where_none_serves_the_nearest_is_named() {
        let own = candidate("/g/a", "cpu\n", true);
        let refused = candidate("/g", "memory\n", false);
        let why = |candidates| choose(candidates).expect_err("none serves");
        assert_eq!(why(vec![own.clone(), refused]), "this user may not make groups in `/g`");
        assert_eq!(why(vec![own]), "`/g/a` hands on neither memory nor processes to groups in it");
    }
}
