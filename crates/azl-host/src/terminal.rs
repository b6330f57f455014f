//! What the terminal can do. Printing itself is `xtask`'s.

use std::io::IsTerminal;

/// Returns whether standard error shows to a person who can see progress bars.
pub fn shows_progress() -> bool {
    std::io::stderr().is_terminal() && crate::environment::var("CI").is_none()
}
