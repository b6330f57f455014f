//! A small checkout whose components are from dist-git.

use std::path::{Path, PathBuf};

use azl_config::Lock;
use azl_host::{Cmd, files};
use azl_pipeline::error::Failure;
use azl_pipeline::render::{Mode, RenderReport, render};
use azl_pipeline::tree::Tree;
use azl_pipeline::update::{ComponentsReport, Movement, UpdateOptions, Updating, components};

use super::upstream::{Upstream, World};

/// Seconds of a day, and of one in 2026.
pub(crate) const DAY: i64 = 86_400;
pub(crate) const TIME: i64 = 1_770_000_000;

/// Committed, and beside it upstream, its server and the store.
pub(crate) struct Checkout {
    pub(crate) world: World,
    directory: tempfile::TempDir,
}

impl Checkout {
    /// Makes one whose `components.toml` is this, or prints why the test does not run.
    pub(crate) fn new(components: &str) -> Option<Self> {
        let world = World::new()?;
        let checkout = Self { world, directory: tempfile::tempdir().expect("a directory") };
        checkout.put("azldev.toml", &checkout.distros(""));
        checkout.put("components.toml", components);
        Some(checkout)
    }

    /// Returns the text of `azldev.toml`; `more` are keys of the distribution that packaging is from.
    pub(crate) fn distros(&self, more: &str) -> String {
        let server = self.world.server.url("x").to_string();
        let uri = format!("{}$pkg", &server[..server.len() - 1]);
        format!(
            "includes = ['components.toml']\n[project]\ndefault-distro = {{ name = 'azl', version = '4' }}\n\
             [distros.azl.versions.4]\nrelease-ver = '4'\n[distros.azl.versions.4.default-component-config.spec]\n\
             type = 'upstream'\nupstream-distro = {{ name = 'fedora', version = '43' }}\n\
             [distros.fedora]\ndist-git-base-uri = '{uri}'\n{more}\n\
             [distros.fedora.versions.43]\nrelease-ver = '43'\ndist-git-branch = 'f43'\n\
             [distros.gone]\ndist-git-base-uri = 'http://127.0.0.1:1/$pkg'\n\
             [distros.gone.versions.1]\nrelease-ver = '1'\ndist-git-branch = 'f43'\n"
        )
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn store(&self) -> PathBuf {
        let store = self.world.store_directory();
        store.ancestors().nth(2).expect("a store").to_owned()
    }

    pub(crate) fn put(&self, path: &str, text: &str) {
        let host = self.root().join(path);
        files::create_dir_all(host.parent().expect("a parent")).expect("a directory");
        files::write_atomic(host, text.as_bytes()).expect("written");
    }

    pub(crate) fn text(&self, path: &str) -> String {
        files::read_to_string(self.root().join(path)).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        files::exists(self.root().join(path))
    }

    /// Makes a package with one commit.
    pub(crate) fn package(&self, name: &str, spec: &str) -> Upstream {
        let upstream = self.world.upstream(name);
        upstream.write(&format!("{name}.spec"), spec).commit(TIME, "Import");
        upstream
    }

    pub(crate) fn tree(&self) -> Tree {
        let tree = Tree::read(self.root()).unwrap_or_else(|failure| panic!("{failure:?}"));
        tree.with_store(&self.store())
    }

    pub(crate) fn update_with(&self, names: &[&str], options: &UpdateOptions) -> Result<ComponentsReport, Failure> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        components(&self.tree(), &names, options)
    }

    pub(crate) fn try_update(&self) -> Result<ComponentsReport, Failure> {
        self.update_with(&[], &options(Updating::Write))
    }

    /// Updates everything and returns how each lock moved.
    pub(crate) fn update(&self) -> Vec<(String, Movement)> {
        let report = self.try_update().unwrap_or_else(|failure| panic!("{failure:?}"));
        report.components.into_iter().map(|update| (update.component, update.movement)).collect()
    }

    pub(crate) fn lock(&self, name: &str) -> Lock {
        let file = format!("locks/{name}.lock");
        Lock::parse(&file, &self.text(&file)).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
    }

    pub(crate) fn try_render(&self) -> Result<RenderReport, Failure> {
        render(&self.tree(), &[], Mode::Write)
    }

    pub(crate) fn render(&self) -> RenderReport {
        self.try_render().unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    pub(crate) fn commit(&self) {
        let git = |arguments: &[&str]| {
            let cmd = Cmd::new("git", self.root()).args(["-c", "user.name=A", "-c", "user.email=a@example.org"]);
            let cmd = cmd.env("GIT_CONFIG_GLOBAL", "/dev/null").args(arguments.iter().copied());
            cmd.output().unwrap_or_else(|error| panic!("{error}"));
        };
        if !self.has(".git") {
            git(&["init", "--quiet"]);
        }
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", "more"]);
    }
}

pub(crate) fn options(updating: Updating) -> UpdateOptions {
    UpdateOptions { updating, bump: 0, message: None }
}

/// Returns a spec with this release.
pub(crate) fn spec(name: &str, release: &str) -> String {
    let automatic = release.starts_with("%autorelease");
    let changelog =
        if automatic { "%autochangelog\n" } else { "* Thu Jan 01 2026 U <u@example.org> - 1-1\n- Upstream's own\n" };
    format!(
        "Name: {name}\nVersion: 1\nRelease: {release}\nSummary: s\nLicense: MIT\n\n%description\nx\n\n%changelog\n{changelog}"
    )
}

/// Returns the codes and messages of a failure, one for a line, as a person sees them.
pub(crate) fn said(failure: Failure) -> String {
    match failure {
        Failure::Configuration(mistakes) => mistakes
            .iter()
            .map(|mistake| format!("{}: {} ({})\n", mistake.code, mistake.message, mistake.hints.join("; ")))
            .collect(),
        Failure::Build(text) | Failure::Verification(text) | Failure::Infrastructure(text) => text,
    }
}
