//! SELinux labels of all files, written at composition, so that no boot has to relabel.
//!
//! The labels are those that `setfiles` would give with the policy that is in the image; `/lost+found`, which the
//! filesystem's writer makes, has one too. A file that the policy wants unlabelled (`<<none>>`) keeps that only where
//! something is mounted over it: an empty directory.
//!
//! **Invariant:** each file has a label or is such a directory, or there is no image.

use std::collections::BTreeMap;

use super::ComposeError;
use crate::model::Selinux;
use crate::selinux::{FileContexts, FileKind, Label};
use crate::tree::{Node, NodeKind, Tree};

/// The extended attribute; its value ends with a NUL, as setxattr's callers have it.
const XATTR: &str = "security.selinux";
const LOST_AND_FOUND: &str = "/lost+found";

/// Labels every file.
pub(super) fn apply(selinux: &Selinux, tree: &mut Tree<'_>, errors: &mut Vec<ComposeError>) {
    let contexts = match read(&selinux.policy, tree) {
        Ok(contexts) => contexts,
        Err(error) => return errors.push(error),
    };
    add_lost_and_found(tree);
    let mut unlabelled = Vec::new();
    let mut labels: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (path, node) in tree.iter() {
        match contexts.label(path, kind(node)) {
            Some(Label::Context(context)) => {
                labels.insert(path.to_owned(), [context.as_bytes(), b"\0"].concat());
            }
            Some(Label::None) if is_mount_point(path, tree) => {}
            Some(Label::None) => unlabelled.push(format!("{path} (the policy says `<<none>>`)")),
            None => unlabelled.push(path.to_owned()),
        }
    }
    if !unlabelled.is_empty() {
        errors.push(ComposeError::Unlabelled { policy: selinux.policy.clone(), paths: unlabelled });
    }
    for (path, label) in labels {
        if let Some(node) = tree.entries.get_mut(&path) {
            node.xattrs.insert(XATTR.to_owned(), label);
        }
    }
}

/// Reads the five files of the policy; only the first must be there.
fn read(policy: &str, tree: &Tree<'_>) -> Result<FileContexts, ComposeError> {
    let base = format!("/etc/selinux/{policy}/contexts/files/file_contexts");
    let text = |suffix: &str| tree.content(&format!("{base}{suffix}")).map(String::from_utf8_lossy);
    let fault = |why: String| ComposeError::FileContexts { path: base.clone(), why };
    let first = text("").ok_or_else(|| fault("it is not in the image".to_owned()))?;
    let more = [text(".homedirs"), text(".local")].map(Option::unwrap_or_default);
    let substitutions = [text(".subs"), text(".subs_dist")].map(Option::unwrap_or_default);
    FileContexts::parse(&[&first, &more[0], &more[1]], &[&substitutions[0], &substitutions[1]]).map_err(fault)
}

fn add_lost_and_found(tree: &mut Tree<'_>) {
    let node = Node {
        kind: NodeKind::Directory,
        mode: 0o700,
        uid: 0,
        gid: 0,
        mtime: tree.epoch,
        xattrs: BTreeMap::new(),
        owners: Vec::new(),
    };
    tree.entries.entry(LOST_AND_FOUND.to_owned()).or_insert(node);
}

fn kind(node: &Node<'_>) -> FileKind {
    match node.kind {
        NodeKind::Directory => FileKind::Directory,
        NodeKind::Symlink { .. } => FileKind::Symlink,
        NodeKind::File { .. } => FileKind::Regular,
    }
}

fn is_mount_point(path: &str, tree: &Tree<'_>) -> bool {
    let inner = format!("{path}/");
    let is_empty = || tree.entries.range(inner.clone()..).next().is_none_or(|(next, _)| !next.starts_with(&inner));
    tree.get(path).is_some_and(|node| node.kind == NodeKind::Directory) && is_empty()
}

#[cfg(test)]
mod tests {
    use crate::compose::compose;
    use crate::fixture::{Build as _, machine_with, package, system};

    const CONTEXTS: &str = "/etc/selinux/targeted/contexts/files/file_contexts";
    const ALL: &str = "/.* system_u:object_r:default_t:s0\n/ -d system_u:object_r:root_t:s0\n/proc -d <<none>>\n/proc/.* <<none>>\n\
                       /usr/bin(/.*)? system_u:object_r:bin_t:s0\n/lost\\+found -d system_u:object_r:lost_found_t:s0\n";

    fn labels(text: &str, paths: &[&str]) -> Result<Vec<String>, String> {
        let model = machine_with("[selinux]\npolicy = \"targeted\"\n");
        let mut packages = system();
        packages.push(package("policy").file(CONTEXTS, 0o644, text.as_bytes()).directory("/proc", 0o555));
        let tree = compose(&model, &packages, &[], 1_000).map_err(|errors| errors[0].to_string())?;
        let label = |path: &&str| {
            let value = tree.get(path).and_then(|node| node.xattrs.get("security.selinux"));
            value.map_or("none".to_owned(), |value| String::from_utf8_lossy(value).into_owned())
        };
        Ok(paths.iter().map(label).collect())
    }

    #[test]
    fn every_file_has_a_label_that_ends_with_a_nul() {
        let found = labels(ALL, &["/", "/usr/bin/ping", "/etc/passwd", "/lost+found", "/proc"]).expect("labelled");
        let types =
            ["root_t", "bin_t", "default_t", "lost_found_t"].map(|name| format!("system_u:object_r:{name}:s0\0"));
        assert_eq!(found[..4], types);
        assert_eq!(found[4], "none");
    }

    #[test]
    fn files_without_a_label_are_all_listed() {
        let error = labels("/usr(/.*)? a:b:c:s0\n/tmp <<none>>\n/etc <<none>>\n", &[]).expect_err("refused");
        for text in ["/bin\n", "/etc/passwd\n", "/etc (the policy says"] {
            assert!(error.contains(text), "{text} in {error}");
        }
        assert!(!error.contains("/usr") && !error.contains("/tmp"), "{error}");
    }

    #[test]
    fn an_image_without_its_policy_is_refused() {
        let model = machine_with("[selinux]\npolicy = \"targeted\"\n");
        let errors = compose(&model, &system(), &[], 1_000).expect_err("refused");
        assert!(errors[0].to_string().contains("it is not in the image"), "{errors:?}");
    }
}
