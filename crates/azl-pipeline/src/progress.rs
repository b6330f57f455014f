//! What a person sees of a run while it lasts: events make a state, the state makes lines.
//!
//! Not here: the terminal (`azl_host::terminal`), the clock: the time of now is an argument.
//!
//! **Invariant:** no line holds a control character, whatever a package or a log is called or says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use azl_host::terminal::harmless;

use crate::events::{Event, StageTime, Stamped};
use crate::runs::Counts;

/// Milliseconds from which a finished action is worth a line of its own beside the live ones.
const LONG: u64 = 2000;

/// Where the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// A terminal that shows what is running besides.
    Live,
    /// A log, which shows nothing else.
    Plain,
}

/// The state of a run.
#[derive(Debug, Clone)]
pub struct Progress {
    screen: Screen,
    jobs: u64,
    stage: String,
    nodes: usize,
    /// Milliseconds expected of the nodes that have not ended.
    work: u64,
    critical: u64,
    running: BTreeMap<String, Running>,
    /// Of this stage.
    counts: Counts,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    since: u64,
    expected: u64,
    path: u64,
}

impl Running {
    fn path_left(self, now: u64) -> u64 {
        self.path.saturating_sub(now.saturating_sub(self.since).min(self.expected))
    }
}

impl Progress {
    /// Starts with nothing to do, for so many actions at a time.
    pub fn new(screen: Screen, jobs: usize) -> Self {
        Self {
            screen,
            jobs: (jobs as u64).max(1),
            stage: String::new(),
            nodes: 0,
            work: 0,
            critical: 0,
            running: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Takes note of an event and returns the text that stays on the screen because of it.
    pub fn note(&mut self, stamped: &Stamped) -> Option<String> {
        let text = self.text(stamped);
        self.counts.note(&stamped.event);
        match &stamped.event {
            Event::Stage { name, nodes } => {
                *self = Self { stage: name.clone(), nodes: *nodes, ..Self::new(self.screen, self.jobs as usize) };
            }
            Event::Expected { work_millis, critical_millis, .. } => {
                (self.work, self.critical) = (*work_millis, *critical_millis);
            }
            Event::Started { node, expected_millis, path_millis, .. } => {
                let running = Running { since: stamped.at, expected: *expected_millis, path: *path_millis };
                self.running.insert(node.clone(), running);
            }
            Event::Finished { node, expected_millis, .. } => {
                self.running.remove(node);
                self.work = self.work.saturating_sub(*expected_millis);
            }
            Event::Failed { node, .. } | Event::Interrupted { node } => drop(self.running.remove(node)),
            _ => {}
        }
        text.map(|text| harmless(&text).into_owned())
    }

    fn text(&self, stamped: &Stamped) -> Option<String> {
        let clock = clock(stamped.at);
        match &stamped.event {
            Event::Started { node, .. } if self.screen == Screen::Plain && is_long(node) => {
                Some(format!("{clock} {node:<44} started"))
            }
            Event::Finished { node, cached: false, millis, .. } if self.screen == Screen::Plain || *millis >= LONG => {
                Some(format!("{clock} {node:<44} {}", span(*millis)))
            }
            Event::Failed { node, .. } => Some(format!("{clock} {node:<44} FAILED")),
            Event::Interrupted { node } => Some(format!("{clock} {node:<44} interrupted")),
            Event::Retried { node, attempt, message } => {
                Some(format!("{clock} {node:<44} failed the {attempt}. time, is tried again: {message}"))
            }
            Event::Note { message } => Some(format!("{clock} note: {message}")),
            Event::Waiting { node, holder } => {
                Some(format!("{clock} {node:<44} is being done by {holder}; waiting for it"))
            }
            Event::Summary { .. } => Some(summary(&stamped.event)),
            _ => None,
        }
    }

    /// Returns the milliseconds the stage should still take: its longest chain, or its work shared out, whichever is
    /// more. What turns out to be known already makes it less.
    pub fn left(&self, now: u64) -> u64 {
        let chain = self.running.values().map(|running| running.path_left(now)).max().unwrap_or(self.critical);
        let under_way = self.running.values().map(|running| now.saturating_sub(running.since).min(running.expected));
        let work = self.work.saturating_sub(under_way.sum());
        chain.min(self.work).max(work / self.jobs)
    }

    /// Returns the lines that show what is under way, none wider than `width` characters, at most `height` of them.
    pub fn lines(&self, now: u64, width: usize, height: usize) -> Vec<String> {
        if self.stage.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![self.headline(now)];
        let mut running: Vec<(&String, &Running)> = self.running.iter().collect();
        running.sort_by_key(|(node, running)| (std::cmp::Reverse(running.path_left(now)), (*node).clone()));
        let room = height.saturating_sub(2).max(1);
        for (place, (node, running)) in running.iter().take(room).enumerate() {
            let mark = if place == 0 { '*' } else { ' ' };
            let elapsed = span(now.saturating_sub(running.since));
            let expected = if running.expected > 0 { format!("of {}", span(running.expected)) } else { String::new() };
            lines.push(format!(" {mark} {node:<44} {elapsed:>12} {expected}"));
        }
        if running.len() > room {
            lines.push(format!("   and {} more", running.len() - room));
        }
        lines.iter().map(|line| cut(line, width)).collect()
    }

    fn headline(&self, now: u64) -> String {
        let Counts { done, cached, failed, lost } = self.counts;
        let ended = done + cached + failed + lost;
        let queued = self.nodes.saturating_sub(ended + self.running.len());
        let mut line = format!("{} {} {} {ended}/{}", clock(now), self.stage, bar(ended, self.nodes), self.nodes);
        let running = self.running.len();
        let _ = write!(line, "  {running} running, {queued} queued, {cached} cached, {done} done");
        if failed + lost > 0 {
            let _ = write!(line, ", {failed} failed, {lost} lost");
        }
        match self.left(now) {
            0 => {}
            left => drop(write!(line, "; at most {}", span(left))),
        }
        line
    }
}

/// Stages whose actions take long enough that a plain log should say when they begin.
fn is_long(node: &str) -> bool {
    ["seed:", "rpm:", "boot:"].iter().any(|stage| node.starts_with(stage))
}

fn bar(done: usize, all: usize) -> String {
    const WIDTH: usize = 20;
    let filled = (done * WIDTH).checked_div(all).unwrap_or(0).min(WIDTH);
    format!("[{}{}]", "=".repeat(filled), " ".repeat(WIDTH - filled))
}

/// One line of at most `width` characters.
fn cut(line: &str, width: usize) -> String {
    let line = harmless(line).replace(['\n', '\t'], " ");
    let line = line.trim_end();
    match line.chars().count() > width {
        true => line.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
        false => line.to_owned(),
    }
}

fn clock(millis: u64) -> String {
    let elapsed = millis / 1000;
    format!("[{:>3}:{:02}]", elapsed / 60, elapsed % 60)
}

/// Returns a time span as people say it.
pub fn span(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{}.{} s", seconds, millis % 1000 / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn summary(event: &Event) -> String {
    let Event::Summary { performed, cached, seconds, critical_millis, cpu_millis, utilisation, stages } = event else {
        return String::new();
    };
    let mut text = String::new();
    if *performed > 0 {
        let _ = writeln!(text, "\n{:<16} {:>8} {:>14}", "stage", "actions", "work");
        for StageTime { stage, actions, seconds } in stages {
            let _ = writeln!(text, "{stage:<16} {actions:>8} {:>14}", span((seconds * 1000.0) as u64));
        }
    }
    let _ = write!(text, "{performed} actions done, {cached} known already, {}", span((seconds * 1000.0) as u64));
    if *performed > 0 {
        let _ = write!(text, "; critical path {}", span(*critical_millis));
    }
    if *cpu_millis > 0 {
        let _ = write!(text, "; processors used {} ({:.0} %)", span(*cpu_millis), utilisation * 100.0);
    }
    text
}

#[cfg(test)]
mod tests {
    use azl_action::Usage;

    use super::*;

    fn started(node: &str, expected: u64, path: u64) -> Event {
        Event::Started {
            node: node.to_owned(),
            kind: "run".to_owned(),
            action: String::new(),
            expected_millis: expected,
            path_millis: path,
        }
    }

    fn finished(node: &str, cached: bool, millis: u64, expected: u64) -> Event {
        Event::Finished {
            node: node.to_owned(),
            cached,
            millis,
            usage: Usage::default(),
            action: String::new(),
            expected_millis: expected,
            chain_millis: millis,
            via: None,
        }
    }

    fn after(screen: Screen, events: Vec<(u64, Event)>) -> (Progress, Vec<String>) {
        let mut progress = Progress::new(screen, 2);
        let texts = events.into_iter().filter_map(|(at, event)| progress.note(&Stamped::new(at, event)));
        let texts = texts.collect();
        (progress, texts)
    }

    fn under_way() -> Vec<(u64, Event)> {
        vec![
            (0, Event::Stage { name: "build".to_owned(), nodes: 6 }),
            (0, Event::Expected { nodes: 6, work_millis: 100_000, critical_millis: 60_000 }),
            (100, finished("srpm:bash", true, 1, 10_000)),
            (1000, started("rpm:bash", 30_000, 40_000)),
            (1000, started("rpm:glibc", 50_000, 50_000)),
        ]
    }

    #[test]
    fn shows_what_runs_with_the_longest_chain_first_and_marked() {
        let (progress, _) = after(Screen::Live, under_way());
        let lines = progress.lines(5000, 120, 24);
        assert_eq!(
            lines,
            [
                "[  0:05] build [===                 ] 1/6  2 running, 3 queued, 1 cached, 0 done; at most 46.0 s",
                " * rpm:glibc                                           4.0 s of 50.0 s",
                "   rpm:bash                                            4.0 s of 30.0 s",
            ]
        );
    }

    #[test]
    fn what_is_left_is_the_longest_chain_or_the_work_shared_out() {
        let (mut progress, _) = after(Screen::Live, under_way());
        assert_eq!(progress.left(1000), 50_000);
        progress.note(&Stamped::new(51_000, finished("rpm:glibc", false, 50_000, 50_000)));
        // 30 s of the other's 40 s are over: the chain has 10 s to go, and so has the work that is left, on two.
        assert_eq!(progress.left(51_000), 10_000);
    }

    #[test]
    fn lines_fit_the_screen() {
        let (progress, _) = after(Screen::Live, under_way());
        let lines = progress.lines(5000, 30, 3);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[2], "   and 1 more");
        assert!(lines.iter().all(|line| line.chars().count() <= 30), "{lines:?}");
    }

    #[test]
    fn escapes_of_a_terminal_do_not_reach_it() {
        let hostile = "rpm:a\u{1b}]0;x\u{7}\u{9b}31m\u{202e}";
        let note = Event::Note { message: format!("says {hostile}") };
        let stage = Event::Stage { name: "build".to_owned(), nodes: 1 };
        let events = vec![(0, stage), (0, note), (0, started(hostile, 0, 0))];
        let (progress, texts) = after(Screen::Plain, events);
        let shown = texts.join("") + &progress.lines(1, 200, 24).concat();
        assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{shown:?}");
        assert_eq!(texts.len(), 2);
    }

    #[test]
    fn an_interrupted_action_has_not_failed() {
        let events = vec![(0, started("rpm:a", 0, 0)), (9000, Event::Interrupted { node: "rpm:a".to_owned() })];
        let (progress, texts) = after(Screen::Live, events);
        assert_eq!(texts, ["[  0:09] rpm:a                                        interrupted"]);
        assert_eq!((progress.running.len(), progress.counts.failed), (0, 0));
    }

    #[test]
    fn short_actions_leave_a_line_in_a_log_only() {
        let events = || vec![(5, finished("query:a", false, 5, 1)), (9000, finished("rpm:a", false, 8000, 1))];
        assert_eq!(after(Screen::Plain, events()).1.len(), 2);
        let (_, texts) = after(Screen::Live, events());
        assert_eq!(texts, ["[  0:09] rpm:a                                        8.0 s"]);
    }
}
