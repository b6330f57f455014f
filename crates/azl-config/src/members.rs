//! Members of component groups: those they list and those whose specs they find.
//!
//! Not here: what members inherit.
//!
//! **Invariant:** a component's name is the stem of its spec, and one spec stands for it.

use std::collections::{BTreeMap, BTreeSet};

use azl_diagnostics::{Diagnostic, Span};
use azl_overlay::FileSet;

use crate::component::{ComponentLayer, SpecType};
use crate::component_group::ComponentGroup;
use crate::document::{Component, Config};
use crate::found::Found;
use crate::matching::matching_files;
use crate::repo_set::suggest;

impl Config {
    /// Returns the names of a group's components, listed and found, in alphabetical order.
    ///
    /// # Errors
    /// If there is no such group.
    pub fn members(&self, group: &str) -> Result<impl Iterator<Item = &str>, Diagnostic> {
        match self.members.get(group) {
            Some(members) => Ok(members.iter().map(String::as_str)),
            None => {
                let problem = Diagnostic::error("unknown-group", format!("no component group `{group}`"));
                Err(suggest(problem, group, self.component_groups.keys().map(String::as_str)))
            }
        }
    }

    /// Returns the names of the groups a component is in, listed or found, in alphabetical order.
    pub fn groups_of(&self, component: &str) -> impl Iterator<Item = &str> {
        self.memberships.get(component).into_iter().flatten().map(String::as_str)
    }

    /// Finds the specs of all groups, adds components for them, and notes who is in which group.
    pub(crate) fn find_members(&mut self, files: &FileSet) -> Vec<Diagnostic> {
        let mut found_specs: BTreeMap<String, Found> = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, group) in &self.component_groups {
            let mut members: BTreeSet<String> =
                group.components.iter().map(|member| member.get_ref().clone()).collect();
            for (stem, found) in group.find(name, files) {
                members.insert(stem.clone());
                match found_specs.get(&stem) {
                    Some(other) if other.path != found.path => problems.push(found_twice(&stem, other, &found)),
                    Some(_) => {}
                    None => drop(found_specs.insert(stem, found)),
                }
            }
            for member in &members {
                self.memberships.entry(member.clone()).or_default().insert(name.clone());
            }
            self.members.insert(name.clone(), members);
        }
        for (name, found) in found_specs {
            problems.extend(self.add_found(name, found));
        }
        problems
    }

    fn add_found(&mut self, name: String, found: Found) -> Option<Diagnostic> {
        let declared = found.layer.spec.path.as_ref().map(|path| path.place(&found.layer.file))?;
        let component = self.components.entry(name.clone()).or_insert_with(|| Component {
            layer: ComponentLayer::default(),
            declared,
            found: None,
            overlay_files: Vec::new(),
        });
        let problem = contradiction(&name, &component.layer, &found);
        component.found = Some(Box::new(found));
        problem
    }
}

impl ComponentGroup {
    /// Returns the specs that the group's globs find, by their stems, in the order of globs and paths.
    fn find(&self, name: &str, files: &FileSet) -> Vec<(String, Found)> {
        let mut found = Vec::new();
        for glob in &self.specs {
            let specs = matching_files(files, glob.get_ref()).filter_map(|path| Some((path, stem(path)?)));
            let kept = specs.filter(|(path, _)| !self.excluded_paths.iter().any(|glob| glob.get_ref().matches(path)));
            let place = glob.place(&self.file);
            found.extend(kept.map(|(path, stem)| (stem.to_owned(), Found::new(name, &self.file, &place, path))));
        }
        found
    }
}

/// Returns the stem of a spec's path; other files are no specs.
fn stem(path: &str) -> Option<&str> {
    path.rsplit('/').next().unwrap_or(path).strip_suffix(".spec")
}

fn found_twice(name: &str, first: &Found, second: &Found) -> Diagnostic {
    let message = format!("component `{name}` is found twice: `{}` and `{}`", first.path, second.path);
    let span = second.layer.spec.path.as_ref().map(|path| path.place(&second.layer.file));
    let problem = Diagnostic { span, ..Diagnostic::error("found-twice", message) };
    problem.hint("take one of them out with `excluded-paths`")
}

/// Refuses a component whose own table says its spec is elsewhere.
fn contradiction(name: &str, layer: &ComponentLayer, found: &Found) -> Option<Diagnostic> {
    let refuse = |at: Span, says: String| {
        let message = format!("component `{name}` {says}, but group `{}` finds `{}`", found.group, found.path);
        let problem = Diagnostic { span: Some(at), ..Diagnostic::error("spec-source", message) };
        Some(problem.hint("drop what the component says, or add the path to `excluded-paths`"))
    };
    match (&layer.spec.kind, &layer.spec.path) {
        (Some(kind), _) if *kind.get_ref() == SpecType::Upstream => {
            refuse(kind.place(&layer.file), "is from upstream".to_owned())
        }
        (_, Some(path)) if *path.get_ref() != found.path => {
            refuse(path.place(&layer.file), format!("has its spec at `{}`", path.get_ref()))
        }
        _ => None,
    }
}
