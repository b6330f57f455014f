//! `[project]`: what the tree makes and where things of it go.
//!
//! Not here: defaults of directories other than the rendered specs'; each stage has its own.
//!
//! **Invariant:** paths are paths of the tree.

use azl_overlay::{Reader, Table};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::distro_reference::DistroReference;

/// `[project]`. Paths are relative to the tree once read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Project {
    /// What the tree is.
    pub description: Option<String>,
    /// Where logs go.
    pub log_dir: Option<String>,
    /// Where work in progress is.
    pub work_dir: Option<String>,
    /// Where results go.
    pub output_dir: Option<String>,
    /// Where rendered specs are; `specs` if absent.
    pub rendered_specs_dir: Option<String>,
    /// Where locks are.
    pub lock_dir: Option<String>,
    /// The distribution this tree makes.
    pub default_distro: Option<DistroReference>,
    /// Read by nothing.
    pub default_author_email: Option<String>,
}

impl Project {
    /// Reads `[project]`; its paths become paths of the tree.
    pub(crate) fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        let span = table.span();
        let mut project: Self = reader.shape(table).unwrap_or_default();
        let directory = azl_overlay::directory_of(reader.file());
        let paths = [
            &mut project.log_dir,
            &mut project.work_dir,
            &mut project.output_dir,
            &mut project.rendered_specs_dir,
            &mut project.lock_dir,
        ];
        for path in paths.into_iter().flatten() {
            match azl_overlay::join(directory, path) {
                Ok(joined) => *path = joined,
                Err(error) => reader.error("path-outside-tree", span.clone(), error.to_string()),
            }
        }
        project
    }

    /// Puts a later file's table on top.
    pub(crate) fn merge(&mut self, later: Self) {
        let pick = |mine: &mut Option<String>, later: Option<String>| *mine = later.or(mine.take());
        pick(&mut self.description, later.description);
        pick(&mut self.log_dir, later.log_dir);
        pick(&mut self.work_dir, later.work_dir);
        pick(&mut self.output_dir, later.output_dir);
        pick(&mut self.rendered_specs_dir, later.rendered_specs_dir);
        pick(&mut self.lock_dir, later.lock_dir);
        pick(&mut self.default_author_email, later.default_author_email);
        self.default_distro = later.default_distro.or(self.default_distro.take());
    }

    /// Returns the directory of locks.
    pub fn lock_dir(&self) -> &str {
        self.lock_dir.as_deref().unwrap_or("locks")
    }

    /// Returns the directory of rendered specs.
    pub fn rendered_specs_dir(&self) -> &str {
        self.rendered_specs_dir.as_deref().unwrap_or("specs")
    }
}
