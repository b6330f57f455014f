//! What the terminal can do, and lines that are drawn over and over where it can. Plain printing is `xtask`'s.

use std::borrow::Cow;
use std::fmt;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// Returns whether standard error shows to a person who can see progress.
pub fn shows_progress() -> bool {
    std::io::stderr().is_terminal() && crate::environment::var("CI").is_none()
}

/// Returns columns and rows of the terminal on standard error.
pub fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    size.ok().filter(|size| size.ws_col > 0).map_or((80, 24), |size| (size.ws_col.into(), size.ws_row.into()))
}

/// Returns the text without what makes a terminal do something else than show it: control characters but line feed
/// and tab, and those that turn the direction of writing. Each is replaced by a sign that can be seen.
pub fn harmless(text: &str) -> Cow<'_, str> {
    match text.chars().any(is_harmful) {
        true => Cow::Owned(text.replace("\r\n", "\n").chars().map(shown).collect()),
        false => Cow::Borrowed(text),
    }
}

fn is_harmful(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n' && c != '\t')
}

fn shown(c: char) -> char {
    match u32::from(c) {
        _ if !is_harmful(c) => c,
        // Unicode has pictures of the ASCII control characters.
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// Lines at the bottom of the terminal that are drawn anew several times a second.
#[derive(Debug)]
pub struct Live(ProgressBar);

impl Live {
    /// Draws what `draw` returns, from now on.
    pub fn new(draw: impl Fn() -> String + Clone + Send + Sync + 'static) -> Self {
        let lines = move |_: &ProgressState, to: &mut dyn fmt::Write| {
            // A terminal that is gone cannot be told so.
            let _ = to.write_str(&draw());
        };
        let style = ProgressStyle::with_template("{lines}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style.with_key("lines", lines));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// Prints text above the lines.
    pub fn print(&self, text: &str) {
        self.0.println(text);
    }

    /// Removes the lines.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_shown_instead_of_obeyed() {
        assert_eq!(harmless("a\u{1b}[31mb\r\nc\td\u{7f}\u{9b}\u{202e}e\n"), "a␛[31mb\nc\td␡\u{fffd}\u{fffd}e\n");
        assert!(matches!(harmless("plain – ü\n"), Cow::Borrowed(_)));
    }
}
