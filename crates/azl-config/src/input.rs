//! `inputs` of a distro version: the repositories that builds of packages and images take packages from.
//!
//! Not here: the repositories themselves.
//!
//! **Invariant:** of a checked configuration every input names a repository or set, and no repository comes twice.

use azl_overlay::Reader;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::resource::Resources;
use crate::spanned::Spanned;

/// What packages are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseCase {
    /// Building packages.
    RpmBuild,
    /// Building images.
    ImageBuild,
}

impl UseCase {
    /// Returns the name as written.
    pub fn name(self) -> &'static str {
        match self {
            Self::RpmBuild => "rpm-build",
            Self::ImageBuild => "image-build",
        }
    }
}

/// `inputs` of a distro version, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// For building packages.
    pub rpm_build: Vec<Input>,
    /// For building images.
    pub image_build: Vec<Input>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A repository by id, which may be one of a set.
    Repo(Spanned<String>),
    /// All repositories of a set.
    Set(Spanned<String>),
}

/// `inputs` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(rename = "Inputs")]
pub(crate) struct InputsShape {
    /// For building packages.
    rpm_build: Vec<Spanned<InputShape>>,
    /// For building images.
    image_build: Vec<Spanned<InputShape>>,
}

/// One input: either a repository or a set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Input")]
struct InputShape {
    /// Id of a repository.
    repo: Option<Spanned<String>>,
    /// Name of a set of repositories.
    set: Option<Spanned<String>>,
}

impl Inputs {
    pub(crate) fn read(reader: &mut Reader<'_>, shape: InputsShape) -> Self {
        let mut read = |inputs: Vec<Spanned<InputShape>>| -> Vec<Input> {
            inputs.into_iter().filter_map(|input| Input::read(reader, input)).collect()
        };
        Self { rpm_build: read(shape.rpm_build), image_build: read(shape.image_build) }
    }

    /// Returns the inputs for one use.
    pub fn of(&self, use_case: UseCase) -> &[Input] {
        match use_case {
            UseCase::RpmBuild => &self.rpm_build,
            UseCase::ImageBuild => &self.image_build,
        }
    }
}

impl Input {
    fn read(reader: &mut Reader<'_>, shape: Spanned<InputShape>) -> Option<Self> {
        let range = shape.span();
        match shape.into_inner() {
            InputShape { repo: Some(repo), set: None } => Some(Self::Repo(repo)),
            InputShape { repo: None, set: Some(set) } => Some(Self::Set(set)),
            _ => {
                reader.error("input", range, "an input has either `repo` or `set`");
                None
            }
        }
    }

    /// Returns the name as written.
    pub(crate) fn name(&self) -> &Spanned<String> {
        match self {
            Self::Repo(name) | Self::Set(name) => name,
        }
    }

    /// Returns the ids it stands for, in order.
    pub(crate) fn ids(&self, resources: &Resources) -> Vec<String> {
        match self {
            Self::Repo(name) => vec![name.get_ref().clone()],
            Self::Set(name) => resources.set_ids(name.get_ref()),
        }
    }
}
