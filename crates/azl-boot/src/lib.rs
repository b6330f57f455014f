//! Starts images and says whether they work.
//!
//! ```text
//! Boot action ─┬─ machine    the shipped disk, under a throw-away overlay, in QEMU with UEFI firmware
//!              └─ container  the shipped OCI layout, unpacked, its command as process 1 in bubblewrap
//!                     └──▶ console lines ──▶ Watcher (steps in order, forbidden lines, time limits) ──▶ Report
//! ```
//!
//! [`Qemu`] does `Boot` actions; [`Scenario`] is the type of their `scenario` field and of
//! `images/<name>.boot.toml`; [`Report`] is what comes out, as JSON and as JUnit XML.
//!
//! Not here: making images, networks, logging in. What is checked inside a machine, the machine checks and prints.
//!
//! **Invariant:** the image's bytes are started as shipped and are not changed by it.
//! **Invariant:** a verdict rests on lines the guest printed; what was not reached is reported as not reached.

mod console;
mod container;
mod disk;
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
mod watch;

pub use hypervisor::Qemu;
pub use monitor::QEMU_VARIABLE;
pub use oci::{OciError, OciImage, OciLayer, read_image};
pub use probe::Runner;
pub use report::{Report, StepReport, StepVerdict, Verdict};
pub use scenario::{CONTAINER_RUNNER, Container, DiskBus, Machine, Pattern, Scenario, ScenarioError, Step};
