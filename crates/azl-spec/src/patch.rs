//! Removal of patches with the lines that apply them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::error::EditError;
use crate::line::LineKind;
use crate::section::SectionName;
use crate::source::{SourceKind, SourceRef};
use crate::spec::Spec;

/// How a line of a script has to do with a patch.
#[derive(Debug, PartialEq, Eq)]
enum Use {
    /// The line applies this one patch and does nothing else.
    Applies(u32),
    /// The line names the patch among other things.
    Names(u32),
}

impl Spec {
    /// Removes the patches `wanted` says, with the `%patch` lines that apply them alone; returns how many patches.
    ///
    /// # Errors
    /// If another line names a patch that would be gone, as `%{PATCH3}` does, or any line one that stays and has no
    /// number of its own but the one before it and one more, which would be another then.
    pub fn remove_patches(&mut self, wanted: impl Fn(&SourceRef) -> bool) -> Result<usize, EditError> {
        let numbers = self.patch_numbers();
        let patches: Vec<_> = self.sources().into_iter().filter(|source| source.kind == SourceKind::Patch).collect();
        let (gone, kept): (Vec<_>, Vec<_>) = patches.into_iter().partition(|patch| wanted(patch));
        let number = |patch: &SourceRef| numbers.get(&patch.lines.start).copied();
        let staying: BTreeSet<u32> = kept.iter().filter_map(number).collect();
        let dangling: BTreeSet<u32> =
            gone.iter().filter_map(number).filter(|number| !staying.contains(number)).collect();
        let mut lines: Vec<Range<usize>> = gone.iter().map(|patch| patch.lines.clone()).collect();
        lines.extend(self.lines_applying(&dangling)?);
        lines.sort_by_key(|range| range.start);
        let mut without = self.clone();
        without.remove_lines(lines);
        let renumbered = kept.iter().filter_map(number).zip(without.patch_numbers().into_values());
        self.refuse_renumbering(&renumbered.filter(|(old, new)| old != new).map(|(old, _)| old).collect())?;
        *self = without;
        Ok(gone.len())
    }

    /// Refuses if a line names a patch by one of these numbers, which it will not have.
    fn refuse_renumbering(&self, numbers: &BTreeSet<u32>) -> Result<(), EditError> {
        match self.lines_using(numbers).next() {
            Some((line, Use::Applies(number) | Use::Names(number), _)) => {
                Err(EditError::PatchRenumbered { number, line: line + 1 })
            }
            None => Ok(()),
        }
    }

    /// Returns the number of every patch by its first line: a bare `Patch:` and a line of `%patchlist` follow the one
    /// before, as rpm counts them.
    fn patch_numbers(&self) -> BTreeMap<usize, u32> {
        let explicit: BTreeMap<usize, u32> =
            self.tags().filter_map(|tag| Some((tag.lines.start, tag.number()?))).collect();
        let mut last: Option<u32> = None;
        let patches = self.sources().into_iter().filter(|source| source.kind == SourceKind::Patch);
        patches
            .map(|patch| {
                let next = last.map_or(0, |last| last.saturating_add(1));
                let number = explicit.get(&patch.lines.start).copied().unwrap_or(next);
                last = Some(number);
                (patch.lines.start, number)
            })
            .collect()
    }

    /// Returns the lines of scripts that apply one of the patches and nothing else.
    fn lines_applying(&self, numbers: &BTreeSet<u32>) -> Result<Vec<Range<usize>>, EditError> {
        let lines = self.lines_using(numbers).map(|(line, used, before)| match used {
            Use::Applies(_) if !is_needed_here(before) => Ok(self.logical(line)),
            Use::Applies(number) | Use::Names(number) => Err(EditError::PatchInUse { number, line: line + 1 }),
        });
        lines.collect()
    }

    /// Returns the lines that have to do with one of the patches, each with the text before it. Bodies of the spec's own
    /// macros are looked at only for what they name.
    fn lines_using<'s>(&'s self, numbers: &'s BTreeSet<u32>) -> impl Iterator<Item = (usize, Use, &'s [u8])> {
        let lines = self.sections.iter().flat_map(|section| section.body.clone().map(|line| (section.id.name, line)));
        let may_use = lines.filter(|(section, line)| match self.lines[*line].kind {
            LineKind::Text => is_script(*section),
            kind => kind == LineKind::Definition,
        });
        let mut before: &[u8] = b"";
        let used = may_use.map(move |(_, line)| {
            let text = self.logical_text(line);
            (line, use_of(text, numbers), std::mem::replace(&mut before, text))
        });
        used.filter_map(|(line, used, before)| Some((line, used?, before)))
    }
}

fn is_script(name: SectionName) -> bool {
    let lists = [SectionName::CHANGELOG, SectionName::PATCHLIST, SectionName::SOURCELIST];
    !name.holds_tags() && !lists.contains(&name)
}

/// Returns whether a shell line needs a command after it.
fn is_needed_here(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    [&b"then"[..], b"do", b"else", b"{", b"(", b"&&", b"|", b"\\"].iter().any(|end| line.ends_with(end))
}

/// Returns how a line uses one of the patches.
fn use_of(text: &[u8], numbers: &BTreeSet<u32>) -> Option<Use> {
    let text = std::str::from_utf8(text).ok()?;
    let named = text.split('%').skip(1).filter_map(named_patch).find(|number| numbers.contains(number));
    let applied = applied_patches(text);
    match (applied.as_slice(), named) {
        ([number], None) if numbers.contains(number) => Some(Use::Applies(*number)),
        (_, Some(number)) => Some(Use::Names(number)),
        (several, None) => several.iter().find(|number| numbers.contains(number)).map(|&number| Use::Names(number)),
    }
}

/// Reads `PATCH3`, `{PATCH3}` and `{P:3}` behind a percent sign.
fn named_patch(call: &str) -> Option<u32> {
    let call = call.trim_start_matches(['{', '?', '!']);
    let digits = call.strip_prefix("PATCH").or_else(|| call.strip_prefix("P:"))?;
    digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())].parse().ok()
}

/// Returns the numbers a line applies that begins with `%patch`: `%patch3 -p1`, `%patch 3 -p1`, `%patch -P 3 -p1`.
///
/// A line that goes on for the shell counts as applying twice, so that nobody takes it for a plain one.
fn applied_patches(text: &str) -> Vec<u32> {
    let line = text.trim();
    let Some(rest) = line.strip_prefix("%patch").or_else(|| line.strip_prefix("%{patch")) else { return Vec::new() };
    let rest = rest.strip_suffix('}').unwrap_or(rest);
    let (attached, arguments) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
    let mut numbers: Vec<u32> = attached.parse().into_iter().collect();
    if numbers.is_empty() && !attached.is_empty() {
        return numbers;
    }
    let mut words = arguments.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "-P" => numbers.extend(words.next().and_then(|word| word.parse::<u32>().ok())),
            "-p" | "-b" | "-F" | "-d" | "-z" | "-o" => drop(words.next()),
            _ => numbers.extend(word.strip_prefix("-P").unwrap_or(word).parse::<u32>()),
        }
    }
    if numbers.is_empty() {
        numbers.push(0);
    }
    if arguments.contains([';', '|', '&', '\\', '<', '>']) {
        numbers.extend_from_within(..);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, name: &str) -> Result<String, EditError> {
        let mut spec = Spec::parse(text);
        spec.remove_patches(|patch| patch.value == name)?;
        Ok(String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"))
    }

    #[test]
    fn lines_that_apply_the_patch_go_with_it() {
        for apply in ["%patch1 -p1", "%patch -P 1 -p1", "%patch -P1", "%patch 1 -b .x", "%{patch1}"] {
            let text = format!("Patch0: a\nPatch: b\n%prep\n%setup\n%patch -P 0\n{apply}\n%build\nmake\n");
            let expected = "Patch0: a\n%prep\n%setup\n%patch -P 0\n%build\nmake\n";
            assert_eq!(without(&text, "b").as_deref(), Ok(expected), "{apply}");
        }
    }

    #[test]
    fn patch_that_would_lose_the_number_it_is_named_by_is_refused() {
        let text = |used: &str| format!("Patch1: a\nPatch: b\n%prep\n{used}\n");
        for used in ["%patch 2", "%patch -P 2 -p1", "git am %{PATCH2}"] {
            let refused = Err(EditError::PatchRenumbered { number: 2, line: 4 });
            assert_eq!(without(&text(used), "a"), refused, "{used}");
        }
        assert!(without(&text("%patch 2").replace("Patch:", "Patch2:"), "a").is_ok());
        assert!(without(&text("%autosetup"), "a").is_ok() && without(&text("%patch 1"), "b").is_ok());
    }

    #[test]
    fn number_that_another_branch_still_has_is_applied_on() {
        let text = "%if x\nPatch1: a\n%else\nPatch1: b\n%endif\n%prep\n%patch1\n";
        assert_eq!(without(text, "a").as_deref(), Ok("%if x\n%else\nPatch1: b\n%endif\n%prep\n%patch1\n"));
    }

    #[test]
    fn other_uses_are_refused_with_their_line() {
        for used in [
            "patch -p1 < %{PATCH3}",
            "git am %PATCH3",
            "%patch -P 3 -P 4",
            "%patch3 || true",
            "if x; then\n%patch3\nfi",
            "%patch 3 \\\n -p1",
        ] {
            let text = format!("Patch3: a\nPatch4: b\n%prep\n{used}\n");
            let refused = without(&text, "a");
            assert!(matches!(refused, Err(EditError::PatchInUse { number: 3, line: 4 | 5 })), "{used}: {refused:?}");
        }
        let defined = without("Patch3: a\n%global p %{PATCH3}\n", "a");
        assert_eq!(defined, Err(EditError::PatchInUse { number: 3, line: 2 }));
        assert!(without("Patch3: a\n%prep\n%patch13 -p3\n%autopatch\necho %{PATCH30}\n", "a").is_ok());
    }
}
