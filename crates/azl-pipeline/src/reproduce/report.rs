//! What building again showed, as values and as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use azl_digest::Digest;
use azl_rpm::{Cause, PackageDiff};
use serde::Serialize;

use super::Variation;
use crate::error::Failure;

/// What every component showed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReproduceReport {
    /// In order of names.
    pub components: Vec<ComponentReport>,
}

/// What one component showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ComponentReport {
    /// The component.
    pub component: String,
    /// Each time it was built again; all variations at once first.
    pub trials: Vec<Trial>,
    /// Whether it notices the library that makes the clock be ahead, and not the clock.
    pub notices_library: bool,
    /// What could not be varied, and why.
    pub notes: Vec<String>,
}

/// One more build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Trial {
    /// What was other than in the first build.
    pub variations: Vec<Variation>,
    /// What came of it.
    pub verdict: Verdict,
    /// What it gave, by file name; nothing if it was not built.
    pub gave: BTreeMap<String, Digest>,
    /// Packages that were compared.
    pub packages: usize,
    /// Milliseconds it took.
    pub millis: u64,
}

/// What came of one more build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The same bytes in every package.
    Identical,
    /// Packages that differ.
    Different(Vec<DifferentPackage>),
    /// The component does not build so.
    NotBuilt {
        /// What failed.
        message: String,
        /// The whole log.
        log: Option<PathBuf>,
    },
}

/// A package with other bytes than before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DifferentPackage {
    /// Its file name.
    pub name: String,
    /// Both files, the first build's first.
    pub files: Vec<PathBuf>,
    /// What may have caused the differences.
    pub causes: BTreeSet<Cause>,
    /// The differences.
    pub diff: Option<PackageDiff>,
    /// What else is to be said of it.
    pub message: Option<String>,
    /// diffoscope's report, where the host has diffoscope.
    pub diffoscope: Option<PathBuf>,
}

/// Lines of a package's differences that are shown; the rest is in `--json` and on the page.
const SHOWN_LINES: usize = 60;

impl ComponentReport {
    /// Returns whether every build again gave the same bytes, but for those that a tool of ours disturbed.
    pub fn is_good(&self) -> bool {
        self.notices_library || self.trials.iter().all(Trial::is_good)
    }
}

impl Verdict {
    /// Returns the verdict in a word or two.
    pub fn word(&self) -> String {
        match self {
            Self::Identical => "identical".to_owned(),
            Self::Different(packages) => {
                let causes: BTreeSet<Cause> = packages.iter().flat_map(|package| package.causes.clone()).collect();
                let causes: Vec<String> =
                    causes.iter().filter(|cause| **cause != Cause::Consequence).map(ToString::to_string).collect();
                let causes = if causes.is_empty() { "cause not known".to_owned() } else { causes.join(", ") };
                format!("{} DIFFERENT: {causes}", packages.len())
            }
            Self::NotBuilt { .. } => "NOT BUILT".to_owned(),
        }
    }
}

impl Trial {
    /// Returns whether it gave the same bytes.
    pub fn is_good(&self) -> bool {
        self.verdict == Verdict::Identical
    }

    /// Returns the names of what was varied.
    pub fn varied(&self) -> String {
        if self.variations == Variation::ALL {
            return "all".to_owned();
        }
        if self.variations.is_empty() {
            return "nothing".to_owned();
        }
        let names: Vec<&str> = self.variations.iter().map(|variation| variation.name()).collect();
        names.join(", ")
    }
}

impl ReproduceReport {
    /// Fails unless everything gave the same bytes.
    ///
    /// # Errors
    /// [`Failure::Verification`] naming the components that did not.
    pub fn into_result(self) -> Result<(), Failure> {
        let bad: Vec<&str> =
            self.components.iter().filter(|found| !found.is_good()).map(|found| found.component.as_str()).collect();
        match bad.is_empty() {
            true => Ok(()),
            false => Err(Failure::Verification(format!("not reproducible: {}", bad.join(", ")))),
        }
    }
}

impl fmt::Display for ReproduceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24} {:<34} {:>8} {:>8}  verdict", "component", "varied", "packages", "seconds")?;
        for found in &self.components {
            for trial in &found.trials {
                let seconds = trial.millis as f64 / 1000.0;
                let (varied, word) = (trial.varied(), trial.verdict.word());
                writeln!(f, "{:<24} {varied:<34} {:>8} {seconds:>8.1}  {word}", found.component, trial.packages)?;
            }
            found.notes.iter().try_for_each(|note| writeln!(f, "{:<24} note: {note}", ""))?;
        }
        self.components.iter().try_for_each(|found| found.trials.iter().try_for_each(|trial| details(f, found, trial)))
    }
}

fn details(f: &mut fmt::Formatter<'_>, found: &ComponentReport, trial: &Trial) -> fmt::Result {
    match &trial.verdict {
        Verdict::Identical => Ok(()),
        Verdict::NotBuilt { message, log } => {
            writeln!(f, "\n{} ({} varied): {message}", found.component, trial.varied())?;
            log.iter().try_for_each(|log| writeln!(f, "  log: {}", log.display()))
        }
        Verdict::Different(packages) => packages.iter().try_for_each(|package| {
            writeln!(f, "\n{} ({}, {} varied)", package.name, found.component, trial.varied())?;
            package.files.iter().try_for_each(|file| writeln!(f, "  {}", file.display()))?;
            package.diffoscope.iter().try_for_each(|file| writeln!(f, "  {}", file.display()))?;
            package.message.iter().try_for_each(|message| writeln!(f, "  {message}"))?;
            let Some(diff) = &package.diff else { return Ok(()) };
            let text = diff.to_string();
            text.lines().take(SHOWN_LINES).try_for_each(|line| writeln!(f, "  {line}"))?;
            let left = text.lines().count().saturating_sub(SHOWN_LINES);
            if left == 0 { Ok(()) } else { writeln!(f, "  … {left} more lines") }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: Vec<Verdict>) -> ReproduceReport {
        let trials = verdicts
            .into_iter()
            .map(|verdict| Trial {
                variations: Variation::ALL.to_vec(),
                verdict,
                gave: BTreeMap::new(),
                packages: 2,
                millis: 1500,
            })
            .collect();
        ReproduceReport {
            components: vec![ComponentReport {
                component: "toy".to_owned(),
                trials,
                notices_library: false,
                notes: vec!["a note".to_owned()],
            }],
        }
    }

    #[test]
    fn only_the_same_bytes_are_a_success() {
        assert!(report(vec![Verdict::Identical]).into_result().is_ok());
        let different = Verdict::Different(vec![DifferentPackage::default()]);
        let failed = Verdict::NotBuilt { message: "no".to_owned(), log: None };
        for verdicts in [vec![different], vec![failed, Verdict::Identical]] {
            let failure = report(verdicts).into_result().expect_err("not the same");
            assert_eq!(failure.exit_code(), 5);
        }
    }

    #[test]
    fn what_only_our_own_tool_disturbs_is_no_fault_of_the_package() {
        let mut report = report(vec![Verdict::Different(vec![DifferentPackage::default()]), Verdict::Identical]);
        report.components[0].notices_library = true;
        assert!(report.into_result().is_ok());
    }

    #[test]
    fn the_table_says_what_was_varied_and_what_could_not_be() {
        let text = report(vec![Verdict::Identical]).to_string();
        assert!(text.contains("toy") && text.contains("all") && text.contains("identical"), "{text}");
        assert!(text.contains("note: a note"), "{text}");
    }

    #[test]
    fn a_cause_that_only_follows_from_others_is_not_shown_as_one() {
        let package = |causes: &[Cause]| DifferentPackage {
            causes: causes.iter().copied().collect(),
            ..DifferentPackage::default()
        };
        let verdict = Verdict::Different(vec![package(&[Cause::Consequence]), package(&[Cause::Time])]);
        assert_eq!(verdict.word(), "2 DIFFERENT: time");
        assert_eq!(Verdict::Different(vec![package(&[Cause::Consequence])]).word(), "1 DIFFERENT: cause not known");
    }
}
