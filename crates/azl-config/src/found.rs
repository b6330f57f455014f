//! A spec that a component group found.

use azl_diagnostics::Span;

use crate::component::{ComponentLayer, SpecLayer, SpecType};
use crate::spanned::Spanned;

/// A spec that a group found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The group.
    pub(crate) group: String,
    /// Path of the spec.
    pub(crate) path: String,
    /// What being found says about the component: a local spec of this path.
    pub(crate) layer: ComponentLayer,
}

impl Found {
    /// Notes a spec at `path`, found by the glob at `glob` of a group in `file`.
    pub(crate) fn new(group: &str, file: &str, glob: &Span, path: &str) -> Self {
        let range = glob.start..glob.end;
        let spec = SpecLayer {
            kind: Some(Spanned::new(range.clone(), SpecType::Local)),
            path: Some(Spanned::new(range, path.to_owned())),
            ..SpecLayer::default()
        };
        let layer = ComponentLayer { spec, file: file.to_owned(), ..ComponentLayer::default() };
        Self { group: group.to_owned(), path: path.to_owned(), layer }
    }
}
