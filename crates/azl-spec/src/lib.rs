//! A lossless `.spec` file: bytes in, the same bytes out, and edits in the words of packagers.
//!
//! [`Spec`] is the text plus a tree over it: physical lines, the sections they belong to, the `%if` blocks they stand
//! in. The two structures overlap freely (a section may begin inside one `%if` branch and end inside another), as they
//! do in rpm, so neither is nested in the other.
//!
//! Not here: macro expansion. What a name, a version or a condition evaluates to is rpm's business in the sandbox.
//!
//! Lines are joined as rpm's own reader joins them (`build/parseSpec.c`): unbalanced `%{`, `%(` and `%[` swallow the
//! lines that follow, and so does a backslash at the end of a `%define` or `%global`. Nothing inside such a body is a
//! section header or a conditional.
//!
//! **Invariant:** `Spec::parse(bytes).as_bytes() == bytes` for every input.
//!
//! **Invariant:** an edit changes the bytes it names and no others.

mod changelog;
mod conditional;
mod date;
mod definition;
mod dependency;
mod dependency_edit;
mod edit;
mod error;
mod flat;
mod line;
mod macro_call;
mod needed;
mod opener;
mod owner;
mod package;
mod patch;
mod placement;
mod remove;
mod section;
mod source;
mod spec;
mod tag;
mod text;

pub use changelog::ChangelogEntry;
pub use conditional::Keyword;
pub use date::Date;
pub use definition::{BcondDefault, Directive};
pub use dependency::is_dependency_tag;
pub use edit::Headers;
pub use error::EditError;
pub use flat::{FlatError, FlatSpec};
pub use line::{Line, LineKind, leaves_macro_open};
pub use section::{Section, SectionId, SectionName};
pub use source::{SourceKind, SourceRef};
pub use spec::Spec;
pub use tag::Tag;
pub use text::Scope;
