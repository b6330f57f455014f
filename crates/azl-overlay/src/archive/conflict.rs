//! Overlays on loose files that could touch an archive which other overlays change from inside.

use azl_diagnostics::Diagnostic;

use super::group::groups;
use crate::overlay::Overlay;

/// Returns a mistake for each overlay that adds, removes, renames or rewrites a whole archive which another overlay
/// changes from inside: the result would depend on which came first.
pub fn conflicts<'o>(overlays: impl IntoIterator<Item = &'o Overlay> + Clone) -> Vec<Diagnostic> {
    let groups = groups(overlays.clone());
    let archives = groups.iter().map(|group| group.archive());
    let pairs = archives.flat_map(|archive| overlays.clone().into_iter().map(move |overlay| (archive, overlay)));
    let touching = pairs.filter(|(archive, overlay)| overlay.kind.may_touch(archive));
    touching
        .map(|(archive, overlay)| {
            let kind = overlay.kind.name();
            let message = format!("overlay `{kind}` may touch `{archive}`, which another overlay changes from inside");
            let hint = format!("give it a `file` that cannot be `{archive}`");
            overlay.refuse("archive-conflict", message).hint(hint)
        })
        .collect()
}
