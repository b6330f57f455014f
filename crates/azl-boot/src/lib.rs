//! Starts images and says whether they work.
//!
//! ```text
//! Boot action ─┬─ machine    a copy of the shipped disk in QEMU with UEFI firmware, one boot after another
//!              └─ container  the shipped OCI layout, unpacked, its command as process 1 in bubblewrap
//!                     └──▶ console lines, answers over ssh ──▶ Watcher (steps in order, forbidden lines, limits) ──▶ Report
//! ```
//!
//! [`Qemu`] does `Boot` actions; [`Scenario`] is the type of their `scenario` field, [`scenarios`] reads them from what
//! people write in `images/<name>.boot.toml`; [`Report`] is what comes out, as JSON and as JUnit XML.
//!
//! Not here: making images. Nothing is put into an image so that it can be tested: what a guest needs to know, it is told
//! as any machine is told by its host, through SMBIOS.
//!
//! **Invariant:** the image's bytes are started as shipped and are not changed by it; a scenario that damages them says so.
//! **Invariant:** a verdict rests on lines the guest printed and commands it answered; what was not reached is reported
//! as not reached.

mod console;
mod container;
mod disk;
mod esp;
mod firmware;
mod hypervisor;
mod junit;
mod machine;
mod monitor;
mod oci;
mod probe;
mod qmp;
mod report;
mod scenario;
mod ssh;
mod variables;
mod watch;

pub use hypervisor::Qemu;
pub use monitor::QEMU_VARIABLE;
pub use oci::{OciError, OciImage, OciLayer, read_image};
pub use probe::Runner;
pub use report::{BootReport, Report, StepReport, StepVerdict, Verdict};
pub use scenario::{
    Boot, CONTAINER_RUNNER, Container, Damage, DiskBus, End, Machine, Pattern, Scenario, ScenarioError, SecureBoot,
    Step, scenarios,
};
