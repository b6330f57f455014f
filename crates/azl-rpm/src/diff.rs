//! How two package files differ, as a tree of values, with a guess at the cause of each difference.
//!
//! | file | compares |
//! |---|---|
//! | `tags` | lead, signature header and main header, tag by tag |
//! | `listing` | the file lists |
//! | `content` | the bytes of one file: text by lines, what it knows from inside, all else as a window of bytes |
//! | `elf`, `ar` | those from inside |
//! | `cause` | what made a difference, told from the bytes round it |
//!
//! Not here: whether a difference matters; equal packages are equal bytes.
//!
//! **Invariant:** packages with other bytes have at least one difference; packages with equal bytes have none.
//! **Invariant:** foreign bytes never panic, and what is shown of them is printable and short.

mod ar;
mod cause;
mod content;
mod elf;
mod listing;
mod render;
mod tags;
mod window;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;

pub use cause::{Cause, Clue, Guess};

use crate::{Frame, RpmError, check_frame};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// What it is: a tag, a path, a section.
    pub place: String,
    /// How it differs.
    pub how: How,
    /// What may have caused it, a cause at most once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub guesses: Vec<Guess>,
    /// What differs within it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<Difference>,
}

/// How a thing differs; everything shown is printable and shortened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It has two values.
    Values {
        /// In the first package.
        one: String,
        /// In the second.
        other: String,
    },
    /// It is in the first package only.
    OnlyInOne,
    /// It is in the second package only.
    OnlyInOther,
    /// Its bytes differ, first at this offset.
    Bytes {
        /// Bytes from its beginning.
        offset: usize,
        /// What is there in the first package.
        one: String,
        /// What is there in the second.
        other: String,
    },
    /// Its lines differ: a unified hunk.
    Lines(String),
    /// What is inside says it.
    Within,
}

impl Difference {
    pub(crate) fn new(place: impl Into<String>, how: How) -> Self {
        Self { place: place.into(), how, guesses: Vec::new(), inside: Vec::new() }
    }

    pub(crate) fn values(place: impl Into<String>, one: &str, other: &str) -> Self {
        Self::new(place, How::Values { one: window::shorten(one), other: window::shorten(other) })
    }

    pub(crate) fn within(place: impl Into<String>, inside: Vec<Difference>) -> Self {
        Self { inside, ..Self::new(place, How::Within) }
    }

    /// Adds a guess unless there is one of its cause.
    pub(crate) fn because(mut self, guess: impl IntoIterator<Item = Guess>) -> Self {
        for guess in guess {
            if self.guesses.iter().all(|known| known.cause != guess.cause) {
                self.guesses.push(guess);
            }
        }
        self
    }

    fn collect_causes(&self, causes: &mut BTreeSet<Cause>) {
        causes.extend(self.guesses.iter().map(|guess| guess.cause));
        self.inside.iter().for_each(|difference| difference.collect_causes(causes));
    }
}

/// All that differs between two packages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageDiff {
    /// In the order of the file; none if the packages are equal.
    pub differences: Vec<Difference>,
}

impl PackageDiff {
    /// Returns whether the packages are the same bytes.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }

    /// Returns every cause that was guessed; [`Cause::Consequence`] only if there is no other.
    pub fn causes(&self) -> BTreeSet<Cause> {
        let mut causes = BTreeSet::new();
        self.differences.iter().for_each(|difference| difference.collect_causes(&mut causes));
        if causes.len() > 1 {
            causes.remove(&Cause::Consequence);
        }
        causes
    }
}

/// Compares two package files; `clues` are values known to differ between the two builds.
///
/// # Errors
/// If the headers of either are malformed; a payload that cannot be read is a difference.
pub fn diff(one: &[u8], other: &[u8], clues: &[Clue]) -> Result<PackageDiff, RpmError> {
    if one == other {
        return Ok(PackageDiff::default());
    }
    let frames = (check_frame(one)?, check_frame(other)?);
    let mut differences = Vec::new();
    differences.extend(lead(one, other));
    differences.extend(tags::diff((one, &frames.0), (other, &frames.1), clues)?);
    differences.extend(payload(one, other, clues));
    if differences.is_empty() {
        differences.push(packing((one, &frames.0), (other, &frames.1)));
    }
    Ok(PackageDiff { differences })
}

fn lead(one: &[u8], other: &[u8]) -> Option<Difference> {
    const LEAD: usize = 96;
    let (one, other) = (one.get(..LEAD)?, other.get(..LEAD)?);
    (one != other).then(|| Difference::new("lead", window::bytes(one, other)))
}

/// Compares file lists and contents; packages whose payload says nothing else are left to `packing`.
fn payload(one: &[u8], other: &[u8], clues: &[Clue]) -> Vec<Difference> {
    match (crate::read_files(one), crate::read_files(other)) {
        (Ok(one), Ok(other)) => listing::diff(&one, &other, clues),
        (one, other) => {
            let told = |files: Result<_, RpmError>| files.map_or_else(|error| error.to_string(), |_| "good".to_owned());
            let (one, other) = (told(one.map(drop)), told(other.map(drop)));
            vec![Difference::values("payload cannot be compared", &one, &other)]
        }
    }
}

/// Equal content, other bytes: the compressor, or padding.
fn packing(one: (&[u8], &Frame), other: (&[u8], &Frame)) -> Difference {
    let (one, other) = (&one.0[one.1.payload..], &other.0[other.1.payload..]);
    let difference = Difference::new("compressed payload", window::bytes(one, other));
    difference.because([Guess::new(Cause::Toolchain, "equal content, compressed in another way")])
}
