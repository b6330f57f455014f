//! `[test-suites.N]`: how images are tested.
//!
//! Not here: running them. In `extra-args` the texts `{image-path}`, `{image-name}` and `{capabilities}` are the
//! runner's to replace.
//!
//! **Invariant:** a suite holds the settings of its own type and no other.

use azl_overlay::{Reader, Table};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::spanned::Spanned;

/// A test suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSuite {
    /// What it tests.
    pub description: Option<String>,
    /// What runs it.
    pub runner: Runner,
}

/// What runs a test suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runner {
    /// pytest.
    Pytest(Pytest),
    /// LISA; without settings the suite only has a name.
    Lisa(Option<Lisa>),
}

/// Settings of pytest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Pytest {
    /// Directory it is run in; relative to the declaring file as written, to the tree once read.
    pub working_dir: Option<Spanned<String>>,
    /// Files and directories with tests, relative to the working directory.
    pub test_paths: Vec<String>,
    /// Further arguments.
    pub extra_args: Vec<String>,
    /// How its requirements are installed.
    pub install: PytestInstall,
}

/// How the requirements of tests are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PytestInstall {
    /// As `pyproject.toml` says.
    Pyproject,
    /// As `requirements.txt` says.
    Requirements,
    /// Not at all.
    #[default]
    None,
}

/// Settings of LISA.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lisa {
    /// LISA itself.
    pub framework: LisaFramework,
    /// Names of test cases; at least one.
    pub test_cases: Vec<String>,
    /// Packages to install before.
    #[serde(default)]
    pub pip_pre_install: Vec<String>,
    /// Extras of LISA's package to install.
    #[serde(default)]
    pub pip_extras: Vec<String>,
    /// Further arguments.
    #[serde(default)]
    pub extra_args: Vec<String>,
}

/// Where LISA comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LisaFramework {
    /// Address of its repository.
    pub git_url: Spanned<String>,
    /// Commit: 40 hexadecimal digits.
    #[serde(rename = "ref")]
    pub reference: Spanned<String>,
}

/// `[test-suites.N]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TestSuite")]
pub(crate) struct TestSuiteShape {
    /// What it tests.
    description: Option<String>,
    /// What runs it.
    #[serde(rename = "type")]
    kind: RunnerType,
    /// Settings of a suite of type `pytest`.
    pytest: Option<Pytest>,
    /// Settings of a suite of type `lisa`.
    lisa: Option<Lisa>,
}

/// What runs a test suite.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RunnerType {
    /// pytest.
    Pytest,
    /// LISA.
    Lisa,
}

impl TestSuite {
    /// Reads a test suite.
    pub(crate) fn read(reader: &mut Reader<'_>, name: &Spanned<String>, table: Table<'_>) -> Option<Self> {
        let shape: TestSuiteShape = reader.shape(table)?;
        let mut refuse = |range, message: String| {
            reader.error("test-suite", range, message);
            None
        };
        let runner = match (shape.kind, shape.pytest, shape.lisa) {
            (RunnerType::Pytest, Some(pytest), None) => Runner::Pytest(pytest),
            (RunnerType::Pytest, None, None) => {
                return refuse(name.span(), format!("suite `{}` of type `pytest` has no `pytest`", name.get_ref()));
            }
            (RunnerType::Lisa, None, lisa) => Runner::Lisa(lisa),
            (RunnerType::Pytest, _, Some(_)) => {
                return refuse(name.span(), format!("suite `{}` of type `pytest` has `lisa`", name.get_ref()));
            }
            (RunnerType::Lisa, Some(_), _) => {
                return refuse(name.span(), format!("suite `{}` of type `lisa` has `pytest`", name.get_ref()));
            }
        };
        let runner = match runner {
            Runner::Pytest(pytest) => Runner::Pytest(pytest.checked(reader, name)),
            Runner::Lisa(lisa) => Runner::Lisa(lisa.map(|lisa| lisa.checked(reader, name))),
        };
        Some(Self { description: shape.description, runner })
    }
}

impl Pytest {
    fn checked(mut self, reader: &mut Reader<'_>, name: &Spanned<String>) -> Self {
        if self.install != PytestInstall::None && self.working_dir.is_none() {
            let message = format!("suite `{}` installs requirements but has no `working-dir`", name.get_ref());
            reader.error("test-suite", name.span(), message);
        }
        self.working_dir = self.working_dir.and_then(|path| crate::component::tree_path(reader, path));
        self
    }
}

impl Lisa {
    fn checked(self, reader: &mut Reader<'_>, name: &Spanned<String>) -> Self {
        let commit = &self.framework.reference;
        if commit.get_ref().len() != 40 || !commit.get_ref().bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = format!("not a commit (40 hexadecimal digits): `{}`", commit.get_ref());
            reader.error("test-suite", commit.span(), message);
        }
        if self.framework.git_url.get_ref().is_empty() {
            reader.error("test-suite", self.framework.git_url.span(), "`git-url` is empty");
        }
        if self.test_cases.is_empty() {
            reader.error("test-suite", name.span(), format!("suite `{}` has no `test-cases`", name.get_ref()));
        }
        self
    }
}
