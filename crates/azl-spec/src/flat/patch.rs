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

#[cfg(test)]
mod tests {
    use super::super::fixture::edited;
    use super::*;

    #[test]
    fn next_number_is_above_the_numbered_ones_and_the_count_of_bare_ones() {
        let add = |spec: &mut FlatSpec| spec.add_patch("", "p");
        for (text, number) in
            [("", 0), ("Patch: a\n", 1), ("Patch3: a\nPatch: b\n", 4), ("Patch0: a\nPatch: b\nPatch: c\n", 2)]
        {
            assert_eq!(edited(text, add), Ok(format!("{text}Patch{number}: p\n")));
        }
        assert_eq!(
            edited("Patch%{n}: a\nPatch-7: b\npatch+8: c\n", add).as_deref(),
            Ok("Patch%{n}: a\nPatch-7: b\npatch+8: c\nPatch9: p\n")
        );
        assert_eq!(edited("%if x\n%patchlist\na\n%endif\n", add).as_deref(), Ok("%if x\n%patchlist\na\n%endif\np\n"));
    }

    #[test]
    fn bare_patches_are_never_removed() {
        let remove = |spec: &mut FlatSpec| spec.remove_patches(|value| value == "a");
        assert_eq!(
            edited("Patch: a\nPatch1: a\n%patchlist\n a \n%PatchList\na\n", remove).as_deref(),
            Ok("Patch: a\n%patchlist\n%PatchList\na\n")
        );
        assert_eq!(edited("Patch: a\n", remove), Err(FlatError::NoPatch));
    }
}
