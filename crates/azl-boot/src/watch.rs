//! Decides from console lines, answers of commands and the time whether a boot does what it should.
//!
//! Pure: it is told what was printed and when, so that a recorded log gives the verdict the live one gave.

use std::time::Duration;

use regex::Regex;

use crate::report::{StepReport, StepVerdict};
use crate::scenario::{Pattern, ScenarioError, Step};

/// What is known so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Steps are outstanding.
    Waiting,
    /// All steps are done; forbidden lines still fail.
    Settled,
    /// It failed, and why.
    Failed(String),
}

/// How a command over ssh ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) success: bool,
    pub(crate) output: String,
}

struct Expected {
    step: Step,
    /// What a line must contain; none if a command may print anything.
    regex: Option<Regex>,
    limit: Duration,
}

impl Expected {
    fn report(&self, verdict: StepVerdict) -> StepReport {
        StepReport {
            name: self.step.name.clone(),
            run: self.step.run.clone(),
            expect: self.step.expect.as_ref().map(Pattern::to_string),
            verdict,
            millis: None,
            at_millis: None,
            line: None,
            output: Vec::new(),
        }
    }

    /// Returns what did not come, for a message.
    fn lacking(&self) -> String {
        match (&self.step.run, &self.step.expect) {
            (None, Some(pattern)) => format!("no line with `{pattern}`"),
            (Some(command), _) => format!("no answer to `{command}`"),
            (None, None) => "nothing".to_owned(),
        }
    }
}

/// Lines of a command's output kept in a report.
const KEPT: usize = 200;

/// Watches one run.
pub(crate) struct Watcher {
    expected: Vec<Expected>,
    forbidden: Vec<(Pattern, Regex)>,
    done: Vec<StepReport>,
    step_began: Duration,
    state: State,
}

impl Watcher {
    /// Starts watching at time zero; `patience` multiplies every time limit.
    ///
    /// # Errors
    /// [`ScenarioError`] if a pattern does not compile.
    pub(crate) fn new(steps: &[Step], forbid: &[Pattern], patience: u32) -> Result<Self, ScenarioError> {
        let expected: Result<Vec<_>, ScenarioError> = steps.iter().map(|step| expect(step, patience)).collect();
        let forbidden: Result<Vec<_>, ScenarioError> =
            forbid.iter().map(|pattern| Ok((pattern.clone(), pattern.compile()?))).collect();
        let state = if steps.is_empty() { State::Settled } else { State::Waiting };
        Ok(Self { expected: expected?, forbidden: forbidden?, done: Vec::new(), step_began: Duration::ZERO, state })
    }

    /// Takes a complete line.
    pub(crate) fn line(&mut self, line: &str, now: Duration) {
        if let Some((pattern, _)) = self.forbidden.iter().find(|(_, regex)| regex.is_match(line)) {
            self.fail(format!("the console shows `{pattern}`: {line}"));
        }
        self.partial(line, now);
    }

    /// Takes a line that has not ended yet; it can fulfil a step but not fail the run.
    pub(crate) fn partial(&mut self, line: &str, now: Duration) {
        let Some(expected) = self.expected().filter(|expected| expected.step.run.is_none()) else { return };
        if expected.regex.as_ref().is_some_and(|regex| regex.is_match(line)) {
            let report = StepReport { line: Some(line.to_owned()), ..expected.report(StepVerdict::Passed) };
            self.pass(report, now);
        }
    }

    /// Returns the command whose answer is waited for.
    pub(crate) fn command(&self) -> Option<&str> {
        self.expected()?.step.run.as_deref()
    }

    /// Takes the answer of the command that is waited for; a wrong one is final.
    pub(crate) fn answer(&mut self, answer: &Answer, now: Duration) {
        let Some(expected) = self.expected() else { return };
        let Some(command) = expected.step.run.clone() else { return };
        let (name, output) = (expected.step.name.clone(), answer.output.trim_end());
        let line = expected.regex.as_ref().map(|regex| output.lines().find(|line| regex.is_match(line)));
        match (answer.success, line) {
            (false, _) => self.fail(format!("step `{name}`: `{command}` failed: {output}")),
            (true, Some(None)) => {
                let pattern = expected.step.expect.as_ref().map(Pattern::to_string).unwrap_or_default();
                self.fail(format!("step `{name}`: `{command}` prints no line with `{pattern}`: {output}"));
            }
            (true, found) => {
                let report = StepReport {
                    line: found.flatten().map(str::to_owned),
                    output: output.lines().take(KEPT).map(str::to_owned).collect(),
                    ..expected.report(StepVerdict::Passed)
                };
                self.pass(report, now);
            }
        }
    }

    fn pass(&mut self, report: StepReport, now: Duration) {
        let millis_since = Some(millis(now.saturating_sub(self.step_began)));
        self.done.push(StepReport { millis: millis_since, at_millis: Some(millis(now)), ..report });
        self.step_began = now;
        if self.done.len() == self.expected.len() {
            self.state = State::Settled;
        }
    }

    /// Takes the time alone.
    pub(crate) fn tick(&mut self, now: Duration) {
        let Some(expected) = self.expected() else { return };
        if now.saturating_sub(self.step_began) > expected.limit {
            let (name, lacking, seconds) = (&expected.step.name, expected.lacking(), expected.limit.as_secs());
            self.state = State::Failed(format!("step `{name}`: {lacking} within {seconds} s"));
        }
    }

    /// Returns what is waited for.
    fn expected(&self) -> Option<&Expected> {
        self.expected.get(self.done.len()).filter(|_| self.state == State::Waiting)
    }

    /// Ends the watch in failure, unless it failed before.
    pub(crate) fn fail(&mut self, reason: String) {
        if !matches!(self.state, State::Failed(_)) {
            self.state = State::Failed(reason);
        }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Returns the name of the step that is waited for.
    pub(crate) fn awaited(&self) -> Option<&str> {
        self.expected.get(self.done.len()).map(|expected| expected.step.name.as_str())
    }

    /// Returns when the last step was done.
    pub(crate) fn last_step(&self) -> Duration {
        self.step_began
    }

    /// Returns a row for every step of a boot that was not begun.
    pub(crate) fn unreached(&self) -> Vec<StepReport> {
        self.expected.iter().map(|expected| expected.report(StepVerdict::NotReached)).collect()
    }

    /// Returns a row for every step, also those that were not reached.
    pub(crate) fn steps(&self) -> Vec<StepReport> {
        let failed = matches!(self.state, State::Failed(_));
        let rest = self.expected.iter().enumerate().skip(self.done.len()).map(|(index, expected)| {
            let verdict =
                if failed && index == self.done.len() { StepVerdict::Failed } else { StepVerdict::NotReached };
            expected.report(verdict)
        });
        self.done.iter().cloned().chain(rest).collect()
    }
}

fn expect(step: &Step, patience: u32) -> Result<Expected, ScenarioError> {
    Ok(Expected {
        step: step.clone(),
        regex: step.expect.as_ref().map(Pattern::compile).transpose()?,
        limit: Duration::from_secs(u64::from(step.seconds) * u64::from(patience)),
    })
}

/// Returns whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A console as recorded: seconds and the line then.
    const GOOD: &[(f32, &str)] = &[
        (2.2, "BdsDxe: starting Boot0001 \"UEFI Misc Device\""),
        (3.0, "[    0.000000] Linux version 6.18.15-1.azl4.x86_64"),
        (4.0, "[    1.100000] EXT4-fs (vda2): mounted filesystem"),
        (4.5, "azl-init: step mounts ok 0.020"),
        (5.0, "azl-init: ready 2.4"),
    ];

    fn step(name: &str, expect: &str, seconds: u32) -> Step {
        Step { name: name.to_owned(), run: None, expect: Some(Pattern::Text(expect.to_owned())), seconds }
    }

    fn replay(log: &[(f32, &str)], end: f32) -> Watcher {
        let steps =
            [step("kernel", "Linux version", 10), step("root", "EXT4-fs", 10), step("ready", "azl-init: ready", 10)];
        let forbid = [
            Pattern::Text("Kernel panic".to_owned()),
            Pattern::Expression { regex: r"azl-init: step \S+ failed".to_owned() },
        ];
        let mut watcher = Watcher::new(&steps, &forbid, 1).expect("a good scenario");
        for (at, line) in log {
            watcher.tick(Duration::from_secs_f32(*at));
            watcher.line(line, Duration::from_secs_f32(*at));
        }
        watcher.tick(Duration::from_secs_f32(end));
        watcher
    }

    fn verdicts(watcher: &Watcher) -> Vec<StepVerdict> {
        watcher.steps().iter().map(|step| step.verdict).collect()
    }

    #[test]
    fn a_good_log_settles_with_times_per_step() {
        let watcher = replay(GOOD, 5.0);
        assert_eq!(watcher.state(), &State::Settled);
        let times: Vec<_> = watcher.steps().iter().map(|step| (step.at_millis, step.millis)).collect();
        assert_eq!(times, [(Some(3000), Some(3000)), (Some(4000), Some(1000)), (Some(5000), Some(1000))]);
    }

    #[test]
    fn silence_fails_the_awaited_step_and_leaves_the_rest_unreached() {
        let watcher = replay(&GOOD[..2], 13.5);
        let State::Failed(reason) = watcher.state() else { panic!("it must fail") };
        assert!(reason.contains("step `root`") && reason.contains("within 10 s"), "{reason}");
        assert_eq!(verdicts(&watcher), [StepVerdict::Passed, StepVerdict::Failed, StepVerdict::NotReached]);
    }

    #[test]
    fn a_forbidden_line_fails_even_after_the_last_step() {
        let log = [GOOD, &[(5.1, "Kernel panic - not syncing: Attempted to kill init!")]].concat();
        let watcher = replay(&log, 5.2);
        assert!(matches!(watcher.state(), State::Failed(reason) if reason.contains("Attempted to kill init")));
        assert_eq!(verdicts(&watcher), [StepVerdict::Passed; 3]);
    }

    #[test]
    fn steps_count_in_order_only() {
        let watcher = replay(&[(1.0, "azl-init: ready 2.4"), (2.0, "Linux version 6.18")], 3.0);
        assert_eq!((watcher.awaited(), watcher.state()), (Some("root"), &State::Waiting));
    }

    #[test]
    fn patience_multiplies_the_limits() {
        let mut watcher = Watcher::new(&[step("k", "x", 2)], &[], 10).expect("a good scenario");
        watcher.tick(Duration::from_secs(19));
        assert_eq!(watcher.state(), &State::Waiting);
        watcher.tick(Duration::from_secs(21));
        assert!(matches!(watcher.state(), State::Failed(_)));
    }

    fn answered(expect: Option<&str>, success: bool, output: &str) -> Watcher {
        let step = Step {
            name: "who".to_owned(),
            run: Some("id -u".to_owned()),
            expect: expect.map(|regex| Pattern::Expression { regex: regex.to_owned() }),
            seconds: 5,
        };
        let mut watcher = Watcher::new(&[step], &[], 1).expect("a good scenario");
        watcher.line("0", Duration::from_secs(1));
        assert_eq!(watcher.command(), Some("id -u"), "the console answers no command");
        watcher.answer(&Answer { success, output: output.to_owned() }, Duration::from_secs(2));
        watcher
    }

    #[test]
    fn a_command_passes_by_success_and_by_a_line_of_its_output() {
        let watcher = answered(Some("^0$"), true, "hello\n0\n");
        assert_eq!((watcher.state(), watcher.command()), (&State::Settled, None));
        assert_eq!((watcher.steps()[0].line.as_deref(), watcher.steps()[0].output.len()), (Some("0"), 2));
        assert_eq!(answered(None, true, "").state(), &State::Settled);
    }

    #[test]
    fn a_wrong_answer_fails_at_once_with_what_was_printed() {
        for (watcher, expected) in [
            (answered(Some("^0$"), true, "1000\n"), "prints no line with `/^0$/`: 1000"),
            (answered(Some("^0$"), false, "0\nsegmentation fault\n"), "failed: 0\nsegmentation fault"),
        ] {
            assert!(matches!(watcher.state(), State::Failed(reason) if reason.contains(expected)), "{expected}");
        }
    }
}
