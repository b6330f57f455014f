//! The tree of differences as text.

use std::fmt;

use super::{Cause, Difference, How, PackageDiff};

impl fmt::Display for PackageDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_all(f, &self.differences, 0)
    }
}

/// Writes causes in full; what only follows from others is named on one line.
fn write_all(f: &mut fmt::Formatter<'_>, differences: &[Difference], depth: usize) -> fmt::Result {
    let (follows, causes): (Vec<_>, Vec<_>) = differences.iter().partition(|difference| difference.only_follows());
    causes.iter().try_for_each(|difference| difference.write(f, depth))?;
    if follows.is_empty() {
        return Ok(());
    }
    let places: Vec<&str> = follows.iter().map(|difference| difference.place.as_str()).collect();
    writeln!(f, "{}follows from others: {}", "  ".repeat(depth), places.join(", "))
}

impl Difference {
    /// Returns whether this, and all within it, is a consequence of something else.
    fn only_follows(&self) -> bool {
        let itself = matches!(self.how, How::Within) || !self.guesses.is_empty();
        let known = self.guesses.iter().all(|guess| guess.cause == Cause::Consequence);
        itself && known && self.inside.iter().all(Self::only_follows)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let indent = "  ".repeat(depth);
        match &self.how {
            How::Within => writeln!(f, "{indent}{}", self.place)?,
            How::OnlyInOne => writeln!(f, "{indent}{}: only in the first", self.place)?,
            How::OnlyInOther => writeln!(f, "{indent}{}: only in the second", self.place)?,
            How::Values { one, other } => {
                writeln!(f, "{indent}{}\n{indent}  - {one}\n{indent}  + {other}", self.place)?;
            }
            How::Bytes { offset, one, other } => {
                writeln!(
                    f,
                    "{indent}{}: differs at byte {offset}\n{indent}  - {one}\n{indent}  + {other}",
                    self.place
                )?;
            }
            How::Lines(hunk) => {
                writeln!(f, "{indent}{}", self.place)?;
                hunk.lines().try_for_each(|line| writeln!(f, "{indent}  {line}"))?;
            }
        }
        for guess in &self.guesses {
            writeln!(f, "{indent}  cause: {}, {}", guess.cause, guess.evidence)?;
        }
        write_all(f, &self.inside, depth + 1)
    }
}
