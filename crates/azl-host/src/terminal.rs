//! What the terminal can do, and progress bars where it can. Plain printing is `xtask`'s.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Returns whether standard error shows to a person who can see progress bars.
pub fn shows_progress() -> bool {
    std::io::stderr().is_terminal() && crate::environment::var("CI").is_none()
}

/// Returns text that cannot steer a terminal: control characters are replaced by their pictures, so that they can be
/// seen; those that turn the direction of writing are replaced too. Lines and tabulators stay.
pub fn plain(text: &str) -> String {
    let show = |c: char| match c {
        '\n' | '\t' => c,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.replace("\r\n", "\n").chars().map(show).collect()
}

/// One bar for the whole, one spinner for each thing under way.
#[derive(Debug)]
pub struct Progress {
    all: MultiProgress,
    total: ProgressBar,
    running: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Progress {
    /// Starts with nothing to do.
    #[expect(clippy::new_without_default, reason = "drawing on the terminal is no default")]
    pub fn new() -> Self {
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template("{elapsed:>6} [{bar:40}] {pos}/{len} {msg}");
        let total = all.add(ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())));
        Self { all, total, running: Mutex::default() }
    }

    /// Begins a stage of so many nodes.
    pub fn stage(&self, name: &str, nodes: usize) {
        self.total.set_position(0);
        self.total.set_length(nodes as u64);
        self.total.set_message(name.to_owned());
    }

    /// Shows that a node is under way.
    pub fn started(&self, node: &str) {
        let style = ProgressStyle::with_template("{elapsed:>6} {spinner} {msg}");
        let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let bar = self.all.add(bar).with_message(node.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Ok(mut running) = self.running.lock() {
            running.insert(node.to_owned(), bar);
        }
    }

    /// Shows that a node has ended.
    pub fn finished(&self, node: &str) {
        self.total.inc(1);
        if let Some(bar) = self.running.lock().ok().and_then(|mut running| running.remove(node)) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    /// Prints a line above the bars.
    pub fn line(&self, text: &str) {
        // A terminal that is gone cannot be told so.
        let _ = self.all.println(text);
    }

    /// Removes the bars.
    pub fn clear(&self) {
        self.total.finish_and_clear();
        let _ = self.all.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_and_what_steers_is_shown() {
        assert_eq!(plain("ü\t€\n"), "ü\t€\n");
        assert_eq!(plain("\u{1b}[31m\u{9b}1A\u{202e}x\u{7f}"), "␛[31m\u{fffd}1A\u{fffd}x␡");
    }
}
