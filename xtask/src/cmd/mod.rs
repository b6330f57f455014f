//! One file per verb: its arguments (doc comments are the help text), a call into the pipeline, and what is printed.

mod agent;
mod bench;
mod boot;
mod build;
mod buildinfo;
mod changed;
mod ci;
mod codegen;
mod config;
mod deltas;
mod doctor;
mod explain;
mod farm;
mod gc;
mod graph;
mod image;
mod list;
mod log;
mod overlay;
mod release;
mod render;
mod report;
mod reproduce;
mod runs;
mod shell;
mod spec;
mod test;
mod tidy;
mod update;
mod verify;
mod why;

use std::path::PathBuf;

use azl_diagnostics::Diagnostic;
use azl_host::{environment, interrupt};
use azl_overlay::Compat;
use azl_pipeline::checkout::Checkout;
use azl_pipeline::doctor::Install;
use azl_pipeline::error::Failure;
use azl_pipeline::events::{Event, Reporter as _};
use azl_pipeline::inputs;
use azl_pipeline::realise::Policy;
use azl_pipeline::remote::Remote;
use azl_pipeline::runs::{Asked, Outcome, Recorder};
use azl_pipeline::session::{Session, Settings};
use azl_pipeline::tree::Tree;
use azl_plan::Inputs;
use azl_rpm::Arch;
use azl_store::LocalStore;
use clap::{Args, Subcommand, ValueEnum};

use crate::ui::{self, Ui};

/// Options every verb takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Print versioned JSON events instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Work on the tree in this directory [default: this checkout]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Keep blobs, results and roots here [default: $AZL_STORE, else ~/.cache/azurelinux/store]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Write releases here [default: out]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Do this many actions at a time [default: number of processors]
    #[arg(long, short, global = true, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Go on after a failure with what does not depend on it
    #[arg(long, short, global = true)]
    pub(crate) keep_going: bool,
    /// Try an action again so often when something round it failed, such as a mirror
    #[arg(long, global = true, value_name = "N", default_value_t = Policy::default().retries)]
    pub(crate) retries: u32,
    /// Build for this architecture: x86_64, aarch64 [default: this machine's]
    #[arg(long, global = true, value_name = "ARCH")]
    pub(crate) arch: Option<Arch>,
    /// Have actions done by this Remote Execution server: reapi://HOST:PORT[/INSTANCE] [default: $AZL_EXECUTOR, else
    /// this machine]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) executor: Option<String>,
    /// Share results through this server's action cache: reapi://HOST:PORT[/INSTANCE] [default: $AZL_CACHE, else
    /// nothing is shared]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) cache: Option<String>,
    /// Install missing host packages through sudo, if need be
    #[arg(long, global = true)]
    pub(crate) install: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Release(release::Release),
    Test(test::Test),
    Doctor(doctor::Doctor),
    Render(render::Render),
    List(list::List),
    Config(config::Config),
    Changed(changed::Changed),
    Deltas(deltas::Deltas),
    Spec(spec::Spec),
    Overlay(overlay::Overlay),
    Build(build::Build),
    Buildinfo(buildinfo::Buildinfo),
    Image(image::Image),
    Boot(boot::Boot),
    Verify(verify::Verify),
    Reproduce(reproduce::Reproduce),
    Update(update::Update),
    Graph(graph::Graph),
    Explain(explain::Explain),
    Farm(farm::Farm),
    Why(why::Why),
    Log(log::Log),
    Shell(shell::Shell),
    Runs(runs::Runs),
    Report(report::Report),
    Bench(bench::Bench),
    Gc(gc::Gc),
    Tidy(tidy::Tidy),
    Codegen(codegen::Codegen),
    Ci(ci::Ci),
}

impl Command {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Release(verb) => verb.run(context),
            Self::Test(verb) => verb.run(context),
            Self::Doctor(verb) => verb.run(context),
            Self::Render(verb) => verb.run(context),
            Self::List(verb) => verb.run(context),
            Self::Config(verb) => verb.run(context),
            Self::Changed(verb) => verb.run(context),
            Self::Deltas(verb) => verb.run(context),
            Self::Spec(verb) => verb.run(context),
            Self::Overlay(verb) => verb.run(context),
            Self::Build(verb) => verb.run(context),
            Self::Buildinfo(verb) => verb.run(context),
            Self::Image(verb) => verb.run(context),
            Self::Boot(verb) => verb.run(context),
            Self::Verify(verb) => verb.run(context),
            Self::Reproduce(verb) => verb.run(context),
            Self::Update(verb) => verb.run(context),
            Self::Graph(verb) => verb.run(context),
            Self::Explain(verb) => verb.run(context),
            Self::Farm(verb) => verb.run(context),
            Self::Why(verb) => verb.run(context),
            Self::Log(verb) => verb.run(context),
            Self::Shell(verb) => verb.run(context),
            Self::Runs(verb) => verb.run(context),
            Self::Report(verb) => verb.run(context),
            Self::Bench(verb) => verb.run(context),
            Self::Gc(verb) => verb.run(context),
            Self::Tidy(verb) => verb.run(context),
            Self::Codegen(verb) => verb.run(context),
            Self::Ci(verb) => verb.run(context),
        }
    }
}

/// Whose results overlays have where azldev's are known defects.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompatArg {
    /// What the documentation of the overlay kinds says
    None,
    /// azldev's, with a warning wherever ours differ
    Azldev,
}

impl From<CompatArg> for Compat {
    fn from(arg: CompatArg) -> Self {
        match arg {
            CompatArg::None => Self::None,
            CompatArg::Azldev => Self::Azldev,
        }
    }
}

/// How often everything is built.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct StageArg {
    /// 2: build everything a second time, in roots of our own packages of stage 1 alone
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    stage: u8,
}

impl StageArg {
    /// Returns the inputs with as many stages as asked for.
    pub(crate) fn apply(self, mut inputs: Inputs, checkout: &Checkout, session: &Session) -> Result<Inputs, Failure> {
        if self.stage == 2 {
            inputs::add_stage2(&mut inputs, checkout, session)?;
        }
        Ok(inputs)
    }
}

/// What every verb works with.
pub(crate) struct Context {
    pub(crate) ui: Ui,
    /// The checkout.
    pub(crate) root: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) install: Install,
}

impl Context {
    pub(crate) fn new(global: Global, ui: Ui) -> Result<Self, Box<(Ui, Failure)>> {
        let root = global.root.unwrap_or_else(checkout_root);
        let install = if global.install { Install::Always } else { Install::WhenRoot };
        let jobs = global.jobs.unwrap_or_else(environment::processors).max(1);
        let policy = Policy { jobs, keep_going: global.keep_going, retries: global.retries };
        let settings = Remote::resolve(global.executor, global.cache).and_then(|remote| {
            let settings = Settings::resolve(root.clone(), global.store, global.out, policy, global.arch)?;
            Ok(Settings { remote, ..settings })
        });
        match settings {
            Ok(settings) => Ok(Self { ui, root, settings, install }),
            Err(failure) => Err(Box::new((ui, failure))),
        }
    }

    /// Reads the checkout.
    pub(crate) fn checkout(&self) -> Result<Checkout, Failure> {
        let checkout = Checkout::read(&self.root, self.settings.arch)?;
        Ok(Checkout { tree: checkout.tree.with_store(&self.settings.store), ..checkout })
    }

    /// Shows what somebody should look at.
    pub(crate) fn warn(&self, warnings: &[Diagnostic]) {
        self.ui.warn(warnings, &self.root);
    }

    /// Reads the tree, without what only a release needs.
    pub(crate) fn tree(&self) -> Result<Tree, Failure> {
        Ok(Tree::read(&self.root)?.with_store(&self.settings.store))
    }

    /// Checks the host, reads the checkout and opens the store.
    pub(crate) fn open(&self, purpose: &str) -> Result<(Checkout, Session), Failure> {
        self.ensure_host()?;
        let checkout = self.checkout()?;
        self.begin_run(purpose);
        let session = self.session(&checkout, self.settings.clone(), purpose)?;
        Ok((checkout, session))
    }

    /// As [`Context::open`], for a verb that does no more than it must to show something: it leaves no run.
    pub(crate) fn look(&self, purpose: &str) -> Result<(Checkout, Session), Failure> {
        self.ensure_host()?;
        let checkout = self.checkout()?;
        let session = self.session(&checkout, self.settings.clone(), purpose)?;
        Ok((checkout, session))
    }

    /// Opens the store and puts the adapters together; a farm gets the program that its workers run.
    pub(crate) fn session(
        &self,
        checkout: &Checkout,
        mut settings: Settings,
        purpose: &str,
    ) -> Result<Session, Failure> {
        if settings.remote.executor.is_some() {
            agent::provide(self, &mut settings.remote)?;
        }
        Session::open(settings, &checkout.release, purpose, &self.ui)
    }

    /// Begins the directory of this run; without one the run goes on all the same.
    fn begin_run(&self, verb: &str) {
        let asked = Asked {
            verb: verb.to_owned(),
            arguments: environment::arguments(),
            jobs: self.settings.policy.jobs,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            root: self.root.clone(),
        };
        match self.store().map(|store| Recorder::begin(store.root(), asked)) {
            Ok(Ok(run)) => self.ui.record(run),
            Ok(Err(error)) => self.ui.report(&Event::Note { message: format!("this run is not taken down: {error}") }),
            // Opening the store for writing says what is wrong with it.
            Err(_) => {}
        }
    }

    /// Ends the directory of this run, if it has one.
    pub(crate) fn end_run(&self, ended: &Result<(), Failure>) {
        let (Some(run), Ok(store)) = (self.ui.run(), self.store()) else { return };
        let outcome = match ended {
            Ok(()) => Outcome::Succeeded,
            Err(_) if interrupt::requested() => Outcome::Interrupted,
            Err(_) => Outcome::Failed,
        };
        let message = ended.as_ref().err().map(|failure| ui::describe(failure, Some(&self.root)));
        if let Err(problem) = run.end(&store, outcome, message) {
            self.ui.report(&Event::Note { message: format!("this run is not taken down whole: {problem}") });
        }
    }

    /// Opens the store without locking it, to look.
    pub(crate) fn store(&self) -> Result<LocalStore, Failure> {
        Ok(LocalStore::open(&self.settings.store)?)
    }

    /// Installs what the host lacks, or says how.
    pub(crate) fn ensure_host(&self) -> Result<(), Failure> {
        doctor::ensure(self)
    }
}

/// The checkout this program was built from, unless it is run somewhere inside another one.
fn checkout_root() -> PathBuf {
    let current = environment::current_dir();
    let above = current.ancestors().find(|path| azl_host::files::exists(path.join("release.toml")));
    above.map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), PathBuf::from)
}
