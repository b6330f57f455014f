//! The table of overlay kinds. A new kind is a file, its `mod` line, and its line in the table below.

mod as_azldev;
mod file_add;
mod file_prepend_lines;
mod file_remove;
mod file_rename;
mod file_search_replace;
mod patch_add;
mod patch_remove;
mod scope;
mod spec_add_changelog;
mod spec_add_dependency;
mod spec_add_tag;
mod spec_append_lines;
mod spec_edit_header;
mod spec_insert_tag;
mod spec_prepend_lines;
mod spec_remove_dependency;
mod spec_remove_macro;
mod spec_remove_section;
mod spec_remove_subpackage;
mod spec_remove_tag;
mod spec_replace_text;
mod spec_search_replace;
mod spec_set_bcond;
mod spec_set_macro;
mod spec_set_tag;
mod spec_update_tag;

use azl_diagnostics::Diagnostic;

use crate::archive::InArchive;
use crate::reader::{Reader, Table};
use crate::site::Site;
use crate::sources::Sources;

/// Keys that every kind takes; [`crate::Overlay`] holds their values.
const COMMON_KEYS: &[&str] = &["type", "description", "expect"];

/// What every kind can do.
trait Behaviour {
    /// Returns what is wrong between its values, if anything; single values are checked as they are read.
    fn contradiction(&self) -> Option<String> {
        None
    }

    /// Returns the change it makes inside an archive, if it makes it there and not in loose files.
    fn in_archive(&self) -> Option<InArchive<'_>> {
        None
    }

    /// Returns whether it may add, remove or rewrite the loose file of this name.
    fn may_touch(&self, _file: &str) -> bool {
        false
    }

    /// Changes the sources and returns at how many places, or says why not.
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic>;

    /// Changes the sources as azldev does, where that may differ; `None` for kinds that have no known defect there.
    fn apply_as_azldev(&self, _sources: &mut Sources, _site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        None
    }
}

macro_rules! kinds {
    ($($name:literal => $module:ident::$kind:ident,)*) => {
        /// An overlay's kind with its values; the variants are documented at their types' files.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "each kind is documented in its file")]
        #[expect(private_interfaces, reason = "values are used through `apply` alone")]
        pub enum Kind { $($kind($module::$kind),)* }

        /// The names of all kinds, in the table's order.
        pub const NAMES: &[&str] = &[$($name,)*];

        impl Kind {
            /// Returns the kind's name as written in `type`.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name,)* }
            }

            fn behaviour(&self) -> &dyn Behaviour {
                match self { $(Self::$kind(kind) => kind,)* }
            }
        }

        /// Reads the values of the kind `name`, which is one of [`NAMES`].
        pub(crate) fn read(name: &str, reader: &mut Reader<'_>, table: Table<'_>) -> Option<Kind> {
            match name {
                $($name => reader.shape_among(table, COMMON_KEYS).map(Kind::$kind),)*
                _ => None,
            }
        }

        /// Returns the schema of every kind by name, in the table's order.
        pub(crate) fn schemas(generator: &mut schemars::SchemaGenerator) -> Vec<(&'static str, schemars::Schema)> {
            vec![$(($name, <$module::$kind as schemars::JsonSchema>::json_schema(generator)),)*]
        }
    };
}

kinds! {
    "spec-add-tag" => spec_add_tag::SpecAddTag,
    "spec-insert-tag" => spec_insert_tag::SpecInsertTag,
    "spec-set-tag" => spec_set_tag::SpecSetTag,
    "spec-update-tag" => spec_update_tag::SpecUpdateTag,
    "spec-remove-tag" => spec_remove_tag::SpecRemoveTag,
    "spec-prepend-lines" => spec_prepend_lines::SpecPrependLines,
    "spec-append-lines" => spec_append_lines::SpecAppendLines,
    "spec-search-replace" => spec_search_replace::SpecSearchReplace,
    "spec-remove-section" => spec_remove_section::SpecRemoveSection,
    "spec-remove-subpackage" => spec_remove_subpackage::SpecRemoveSubpackage,
    "spec-replace-text" => spec_replace_text::SpecReplaceText,
    "spec-set-macro" => spec_set_macro::SpecSetMacro,
    "spec-remove-macro" => spec_remove_macro::SpecRemoveMacro,
    "spec-set-bcond" => spec_set_bcond::SpecSetBcond,
    "spec-add-dependency" => spec_add_dependency::SpecAddDependency,
    "spec-remove-dependency" => spec_remove_dependency::SpecRemoveDependency,
    "spec-edit-header" => spec_edit_header::SpecEditHeader,
    "spec-add-changelog" => spec_add_changelog::SpecAddChangelog,
    "patch-add" => patch_add::PatchAdd,
    "patch-remove" => patch_remove::PatchRemove,
    "file-add" => file_add::FileAdd,
    "file-remove" => file_remove::FileRemove,
    "file-rename" => file_rename::FileRename,
    "file-prepend-lines" => file_prepend_lines::FilePrependLines,
    "file-search-replace" => file_search_replace::FileSearchReplace,
}

impl Kind {
    pub(crate) fn contradiction(&self) -> Option<String> {
        self.behaviour().contradiction()
    }

    pub(crate) fn in_archive(&self) -> Option<InArchive<'_>> {
        self.behaviour().in_archive()
    }

    pub(crate) fn may_touch(&self, file: &str) -> bool {
        self.in_archive().is_none() && self.behaviour().may_touch(file)
    }

    pub(crate) fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        self.behaviour().apply(sources, site)
    }

    pub(crate) fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        self.behaviour().apply_as_azldev(sources, site)
    }
}

#[cfg(test)]
mod check;
