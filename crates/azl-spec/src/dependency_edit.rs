//! Edits of single dependencies in tags.

use std::ops::Range;

use crate::definition::check_closed;
use crate::dependency::{Entry, cuts, parse};
use crate::edit::Replacement;
use crate::error::EditError;
use crate::spec::Spec;
use crate::tag::Tag;

impl Spec {
    /// Adds one dependency in a tag line of its own, behind the last such tag of the package.
    ///
    /// # Errors
    /// If the text is not one dependency, or the package has it already under no further condition.
    pub fn add_dependency(&mut self, package: Option<&str>, tag: &str, dependency: &str) -> Result<(), EditError> {
        check_closed(dependency)?;
        let [entry] = parse(dependency).try_into().map_err(|_| EditError::NotOneDependency(dependency.into()))?;
        let entry: Entry = entry;
        for (section, other) in self.dependency_tags(package, tag)? {
            let scope = self.conditionals.before(section);
            let unconditional = !other.inline && self.conditionals.before(other.lines.start) == scope;
            if unconditional && parse(&other.value).iter().any(|other| other.equals(&entry)) {
                return Err(EditError::DependencyExists { dependency: dependency.into(), line: other.lines.start + 1 });
            }
        }
        self.insert_tag(package, tag, dependency)
    }

    /// Removes every dependency on a name from the tags of a package, with its version; returns how many there are.
    ///
    /// A tag whose list becomes empty goes with its line. `foo` is also found as `foo%{?_isa}`. A dependency in
    /// parentheses is found by its whole text only.
    ///
    /// # Errors
    /// If there is none, or the name is within parentheses only.
    pub fn remove_dependency(&mut self, package: Option<&str>, tag: &str, name: &str) -> Result<usize, EditError> {
        let mut replacements = Vec::new();
        let (mut removed, mut within) = (0, None);
        for (_, tag) in self.dependency_tags(package, tag)? {
            let Some(list) = self.list_of(&tag) else { continue };
            let text = String::from_utf8_lossy(&self.text[list.clone()]).into_owned();
            let entries = parse(&text);
            let found = entries.iter().filter(|entry| entry.is_for(name)).count();
            within = within.or(entries.iter().any(|entry| entry.mentions(name)).then_some(tag.lines.start + 1));
            removed += found;
            if found > 0 {
                replacements.extend(self.without(&tag, &list, cuts(&entries, |entry| entry.is_for(name))));
            }
        }
        match (removed, within) {
            (0, Some(line)) => Err(EditError::RichDependency { name: name.into(), line }),
            (0, None) => Err(EditError::NoDependency { tag: tag.into(), name: name.into() }),
            _ => {
                self.replace(replacements);
                Ok(removed)
            }
        }
    }

    /// Makes the cuts of a list, or removes the whole tag for `None`.
    fn without(&self, tag: &Tag, list: &Range<usize>, cuts: Option<Vec<Range<usize>>>) -> Vec<Replacement> {
        let cut = |range| Replacement { range, with: Vec::new() };
        match cuts {
            None => vec![cut(self.lines[tag.lines.start].range.start..self.lines[tag.lines.end - 1].range.end)],
            Some(cuts) => cuts.into_iter().map(|at| cut(list.start + at.start..list.start + at.end)).collect(),
        }
    }

    /// Returns the package's tags of this name, inline ones too, each with the line its section's header is at.
    fn dependency_tags(&self, package: Option<&str>, tag: &str) -> Result<Vec<(usize, Tag)>, EditError> {
        self.tag_section(package)?;
        let sections = self.tag_sections_of(package);
        let tags = sections.flat_map(|section| self.tags_of(section).map(|tag| (section.header.start, tag)));
        Ok(tags.filter(|(_, found)| found.full_name().eq_ignore_ascii_case(tag)).collect())
    }

    /// Returns the bytes of a tag's value, if they are valid UTF-8.
    fn list_of(&self, tag: &Tag) -> Option<Range<usize>> {
        let text = std::str::from_utf8(self.logical_text(tag.lines.start)).ok()?;
        let value = text.rfind(tag.value.as_str()).filter(|_| !tag.value.is_empty())?;
        let start = self.lines[tag.lines.start].content.start + value;
        Some(start..start + tag.value.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, edit: impl FnOnce(&mut Spec) -> Result<(), EditError>) -> Result<String, EditError> {
        let mut spec = Spec::parse(text);
        edit(&mut spec)?;
        Ok(String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"))
    }

    fn removed(text: &str, name: &str) -> Result<String, EditError> {
        edited(text, |spec| spec.remove_dependency(None, "Requires", name).map(drop))
    }

    fn added(text: &str, tag: &str, dependency: &str) -> Result<String, EditError> {
        edited(text, |spec| spec.add_dependency(None, tag, dependency))
    }

    #[test]
    fn removal_cuts_lists_and_takes_empty_lines() {
        let text =
            "requires :\ta, b >= 1\r\nRequires: b\r\n%{?x:Requires: b, c}\r\n%if y\r\nRequires: b b\r\n%endif\r\n";
        let expected = "requires :\ta\r\n%{?x:Requires: c}\r\n%if y\r\n%endif\r\n";
        assert_eq!(removed(text, "b").as_deref(), Ok(expected));
        assert_eq!(removed("Requires: Requires: x\n", "x").as_deref(), Ok("Requires: Requires:\n"));
    }

    #[test]
    fn removal_of_what_is_not_there_is_refused() {
        let none = EditError::NoDependency { tag: "Requires".into(), name: "b".into() };
        assert_eq!(removed("Requires: ab\nRequires(post): b\n%package y\nRequires: b\n", "b"), Err(none));
        let rich = EditError::RichDependency { name: "b".into(), line: 2 };
        assert_eq!(removed("Name: x\nRequires: (a if b)\n", "b"), Err(rich));
    }

    #[test]
    fn added_dependency_follows_its_own_tags() {
        let text = "Requires: a\nRequires(post): b\nURL: u\n";
        assert_eq!(
            added(text, "Requires", "c >= 1").as_deref(),
            Ok("Requires: a\nRequires: c >= 1\nRequires(post): b\nURL: u\n")
        );
        assert_eq!(
            added(text, "Requires(post)", "c").as_deref(),
            Ok("Requires: a\nRequires(post): b\nRequires(post): c\nURL: u\n")
        );
    }

    #[test]
    fn dependency_that_is_there_is_refused_unless_under_a_condition() {
        let exists = EditError::DependencyExists { dependency: "b  >=  1".into(), line: 1 };
        assert_eq!(added("Requires: a, b >= 1\n", "Requires", "b  >=  1"), Err(exists));
        let text = "%if x\nRequires: b\n%endif\n%{?y:Requires: b}\n";
        assert_eq!(
            added(text, "Requires", "b"),
            Ok("%if x\nRequires: b\n%endif\nRequires: b\n%{?y:Requires: b}\n".into())
        );
        assert_eq!(added("", "Requires", "a, b"), Err(EditError::NotOneDependency("a, b".into())));
    }
}
