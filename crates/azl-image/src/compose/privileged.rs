//! Files that give whoever runs or finds them more than their own rights: setuid, setgid, capabilities, writable by all.
//!
//! **Invariant:** an image holds such a file only if its definition names it with a reason, and names none in vain.

use std::collections::BTreeSet;

use super::ComposeError;
use crate::model::ImageModel;
use crate::tree::{Node, NodeKind, Tree};

const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;
const WRITABLE_BY_ALL: u32 = 0o002;

/// Adds an error for each privileged file that is not named, and for each name without such a file.
pub(super) fn check(model: &ImageModel, tree: &Tree<'_>, errors: &mut Vec<ComposeError>) {
    let mut seen = BTreeSet::new();
    for (path, node) in &tree.entries {
        let Some(privilege) = privilege(node) else { continue };
        seen.insert(path.as_str());
        if !model.privileged.contains_key(path) {
            let owner = node.owners.first().map(|&owner| tree.packages[owner].nevra.to_string());
            let owner = owner.unwrap_or_else(|| "the image itself".to_owned());
            errors.push(ComposeError::Privileged { path: path.clone(), owner, privilege });
        }
    }
    let in_vain = model.privileged.keys().filter(|path| !seen.contains(path.as_str()));
    errors.extend(in_vain.map(|path| ComposeError::NotPrivileged { path: path.clone() }));
}

fn privilege(node: &Node<'_>) -> Option<&'static str> {
    match node.kind {
        NodeKind::Symlink { .. } => None,
        NodeKind::Directory => {
            (node.mode & (WRITABLE_BY_ALL | STICKY) == WRITABLE_BY_ALL).then_some("writable by all, without sticky bit")
        }
        _ if node.mode & SETUID != 0 => Some("setuid"),
        _ if node.mode & SETGID != 0 => Some("setgid"),
        _ if node.xattrs.contains_key("security.capability") => Some("with capabilities"),
        _ => (node.mode & WRITABLE_BY_ALL != 0).then_some("writable by all"),
    }
}
