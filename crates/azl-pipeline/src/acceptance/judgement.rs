//! What rpm's answers mean for the specs that were asked about.
//!
//! **Invariant:** a spec that rpm gave no answer about is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::passage::{Maker, Passage};
use crate::check::Row;

/// rpm's answer by directory: nothing if it accepts the spec, else its messages.
pub(super) type Verdicts = BTreeMap<String, Option<String>>;

/// Reads what `parse.sh` left; lines it would not write are passed over.
pub(super) fn verdicts(text: &str) -> Verdicts {
    let lines = text.lines().filter_map(|line| {
        let (state, rest) = line.split_once('\t')?;
        let (directory, messages) = rest.split_once('\t')?;
        Some((directory.to_owned(), (state != "accepted").then(|| messages.trim().to_owned())))
    });
    lines.collect()
}

/// How a set of specs fared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    /// How many specs there are.
    specs: usize,
    /// How many were accepted as packaged.
    before: usize,
    /// How many were accepted at the end.
    after: usize,
    /// How many overlays were applied.
    overlays: usize,
    /// Kinds with an overlay before and after which the spec was accepted.
    kinds: BTreeSet<&'static str>,
    /// Specs refused as packaged, with rpm's messages.
    refused_before: Vec<String>,
    /// Steps refused after one that was accepted, or at the end, with rpm's messages.
    refused_after: Vec<String>,
}

impl Judgement {
    /// Judges by rpm's answers.
    pub(super) fn of(passages: &[Passage], verdicts: &Verdicts) -> Self {
        let mut judgement = Self { specs: passages.len(), ..Self::default() };
        for passage in passages {
            judgement.add(passage, verdicts);
        }
        judgement
    }

    fn add(&mut self, passage: &Passage, verdicts: &Verdicts) {
        let mut was_accepted = None;
        let last = passage.steps.len().saturating_sub(1);
        for (number, (directory, step)) in passage.directories().enumerate() {
            let refusal = match verdicts.get(&directory) {
                Some(refusal) => refusal.clone(),
                None => Some("rpm gave no answer".to_owned()),
            };
            if let Maker::Overlay(kind) = step.maker {
                self.overlays += 1;
                if refusal.is_none() && was_accepted == Some(true) {
                    self.kinds.insert(kind);
                }
            }
            let is_accepted = refusal.is_none();
            self.before += usize::from(number == 0 && is_accepted);
            self.after += usize::from(number == last && is_accepted);
            if let Some(messages) = refusal {
                let refused = format!("{directory}: {messages}");
                match was_accepted {
                    None => self.refused_before.push(refused),
                    Some(true) => self.refused_after.push(refused),
                    Some(false) if number == last => self.refused_after.push(refused),
                    Some(false) => {}
                }
            }
            was_accepted = Some(is_accepted);
        }
    }

    /// Makes the row of the fixtures: a spec that rpm refuses from the start proves nothing, so none may be.
    pub(super) fn row_of_fixtures(self) -> Row {
        let detail = format!("{} before, {} after, {} kinds", self.before, self.after, self.kinds.len());
        let refused = [self.refused_before, self.refused_after].concat();
        row("fixtures", self.specs, detail, &refused)
    }

    /// Makes the row of the tree: packaging that only its overlays make right is fine.
    pub(super) fn row_of_tree(self) -> Row {
        let detail =
            format!("{} components, {} overlays, {} refused", self.specs, self.overlays, self.refused_after.len());
        let detail = match self.refused_before.len() {
            0 => detail,
            number => format!("{detail}, {number} refused as packaged"),
        };
        row("tree", self.specs, detail, &self.refused_after)
    }
}

fn row(set: &str, specs: usize, detail: String, refused: &[String]) -> Row {
    let lines = std::iter::once(detail).chain(refused.iter().map(|refused| format!("\n  {refused}")));
    Row {
        name: format!("specs accepted by rpmspec: {set}"),
        passed: specs > 0 && refused.is_empty(),
        detail: lines.collect(),
    }
}

#[cfg(test)]
mod tests {
    use azl_config::FileSet;

    use super::super::passage::Step;
    use super::*;

    /// Judges a spec with two overlays; each letter is a step's answer: accepted, refused or none.
    fn judge(answers: &str) -> Judgement {
        let makers = [Maker::Packager, Maker::Overlay("file-add"), Maker::Overlay("patch-add"), Maker::Renderer];
        let steps = makers.into_iter().map(|maker| Step { maker, files: FileSet::new() }).collect();
        let passages = [Passage { name: "odd".to_owned(), steps }];
        let lines =
            passages[0].directories().zip(answers.chars()).filter_map(|((directory, _), answer)| match answer {
                'a' => Some(format!("accepted\t{directory}\t\n")),
                'r' => Some(format!("refused\t{directory}\terror: line 3: odd \n")),
                _ => None,
            });
        Judgement::of(&passages, &verdicts(&lines.collect::<String>()))
    }

    #[test]
    fn specs_that_stay_accepted_pass() {
        let row = judge("aaaa").row_of_fixtures();
        assert_eq!((row.passed, row.detail.as_str()), (true, "1 before, 1 after, 2 kinds"));
        let row = judge("aaaa").row_of_tree();
        assert_eq!((row.passed, row.detail.as_str()), (true, "1 components, 2 overlays, 0 refused"));
    }

    #[test]
    fn overlay_after_which_rpm_objects_is_named_with_its_message() {
        let row = judge("aara").row_of_fixtures();
        assert!(!row.passed);
        assert_eq!(row.detail, "1 before, 1 after, 1 kinds\n  odd/02-patch-add: error: line 3: odd");
        assert!(!judge("araa").row_of_tree().passed);
    }

    #[test]
    fn rendering_that_rpm_refuses_fails_whatever_was_before() {
        assert!(!judge("aaar").row_of_tree().passed && !judge("rrrr").row_of_tree().passed);
    }

    #[test]
    fn packaging_that_overlays_make_right_is_fine_but_no_fixture() {
        let row = judge("rraa").row_of_tree();
        assert_eq!(
            (row.passed, row.detail.as_str()),
            (true, "1 components, 2 overlays, 0 refused, 1 refused as packaged")
        );
        assert!(!judge("rraa").row_of_fixtures().passed);
    }

    #[test]
    fn no_answer_and_no_spec_do_not_pass() {
        assert!(judge("aa a").row_of_tree().detail.contains("odd/02-patch-add: rpm gave no answer"));
        assert!(!Judgement::default().row_of_fixtures().passed);
    }
}
