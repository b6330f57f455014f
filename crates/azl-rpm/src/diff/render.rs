//! The tree of differences as text.

use std::fmt;

use super::{Difference, How, PackageDiff};

impl fmt::Display for PackageDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.differences.iter().try_for_each(|difference| difference.write(f, 0))
    }
}

impl Difference {
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
        self.inside.iter().try_for_each(|difference| difference.write(f, depth + 1))
    }
}
