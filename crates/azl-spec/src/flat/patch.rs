//! Patches: numbered tags and lines of `%patchlist`.

use super::FlatSpec;
use super::error::FlatError;
use super::text::{decode, trim};

const LIST: &str = "%patchlist";

impl FlatSpec {
    /// Names a patch: in `%patchlist` if there is one, else by a tag numbered one above the highest.
    ///
    /// Bare `Patch:` tags count as if they were numbered from 0, also where numbered ones come before them.
    pub fn add_patch(&mut self, package: &str, file: &str) -> Result<(), FlatError> {
        match self.append_to_section(LIST, "", &[file.to_owned()]) {
            Err(FlatError::NoSection { .. }) => {}
            done => return done,
        }
        let tags = self.tags();
        let bare = tags.iter().filter(|tag| tag.name == "patch").count();
        let bare = i64::try_from(bare).unwrap_or(i64::MAX);
        let highest = tags.iter().filter_map(|tag| number(&tag.name)).max().unwrap_or(-1).max(-1);
        let next = highest.max(bare - 1).wrapping_add(1);
        self.add_tag(package, &format!("Patch{next}"), file)
    }

    /// Removes the numbered patch tags, of any package, and the lines of `%patchlist` that match.
    pub fn remove_patches(&mut self, matches: impl Fn(&str) -> bool) -> Result<(), FlatError> {
        let tags = self.tags().into_iter().filter(|tag| number(&tag.name).is_some());
        let tags = tags.filter(|tag| matches(&decode(&tag.value))).map(|tag| tag.line);
        let lists = self.blocks().into_iter().filter(|block| block.id.is(LIST, "")).flat_map(|block| block.body);
        let is_match = |&line: &usize| {
            let text = trim(&self.lines[line]);
            !text.is_empty() && matches(&decode(text))
        };
        let mut lines: Vec<_> = tags.chain(lists.filter(is_match)).collect();
        if lines.is_empty() {
            return Err(FlatError::NoPatch);
        }
        lines.sort_unstable();
        self.remove_lines(&lines);
        Ok(())
    }
}

/// Returns the number of a numbered patch tag.
fn number(name: &str) -> Option<i64> {
    name.strip_prefix("patch")?.parse().ok()
}
