//! JUnit XML, in the form CI systems read (`testsuite`, `testcase`, `failure`, `skipped`).

use std::fmt::Write as _;

use crate::report::{Report, StepReport, StepVerdict, Verdict};

pub(crate) fn render(report: &Report) -> String {
    let suite = escape(&format!("boot {} ({})", report.image, report.runner));
    let count = |verdict| report.steps.iter().filter(|step| step.verdict == verdict).count();
    let failures = count(StepVerdict::Failed) + usize::from(report.verdict == Verdict::Failed);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuite name=\"{suite}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
        report.steps.len() + 1,
        count(StepVerdict::NotReached),
        seconds(report.total_millis),
    );
    for step in &report.steps {
        case(&mut xml, &suite, &step.name, step.millis.unwrap_or(0), &step_body(step, report));
    }
    let verdict = match report.verdict {
        Verdict::Passed => String::new(),
        Verdict::Failed => failure(report),
    };
    case(&mut xml, &suite, "verdict", report.total_millis, &verdict);
    xml.push_str("</testsuite>\n");
    xml
}

fn case(xml: &mut String, suite: &str, name: &str, millis: u64, body: &str) {
    let (name, time) = (escape(name), seconds(millis));
    let _ = match body {
        "" => writeln!(xml, "  <testcase classname=\"{suite}\" name=\"{name}\" time=\"{time}\"/>"),
        body => writeln!(xml, "  <testcase classname=\"{suite}\" name=\"{name}\" time=\"{time}\">{body}</testcase>"),
    };
}

fn step_body(step: &StepReport, report: &Report) -> String {
    match step.verdict {
        StepVerdict::Passed => String::new(),
        StepVerdict::Failed => failure(report),
        StepVerdict::NotReached => "<skipped message=\"the run ended before\"/>".to_owned(),
    }
}

fn failure(report: &Report) -> String {
    let reason = escape(report.reason.as_deref().unwrap_or("failed"));
    format!("<failure message=\"{reason}\">{}</failure>", escape(&report.console_tail.join("\n")))
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// Control characters have no form in XML 1.0 and are replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: Verdict, reason: Option<&str>, last: StepVerdict) -> Report {
        let step = |name: &str, verdict, millis| StepReport {
            name: name.to_owned(),
            expect: "x".to_owned(),
            verdict,
            millis,
            at_millis: millis,
            line: None,
        };
        Report {
            schema: 1,
            verdict,
            reason: reason.map(str::to_owned),
            image: "vm.vhd".to_owned(),
            image_sha256: String::new(),
            runner: "tcg".to_owned(),
            runner_reason: None,
            monitor: "QEMU".to_owned(),
            firmware: None,
            steps: vec![step("kernel", StepVerdict::Passed, Some(1234)), step("ready", last, None)],
            total_millis: 5000,
            console_tail: vec!["a <b> & \"c\"".to_owned()],
        }
    }

    #[test]
    fn a_failure_is_escaped_and_counted() {
        let xml = render(&report(Verdict::Failed, Some("no line with `<x>`"), StepVerdict::Failed));
        assert!(xml.contains("tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"0\" time=\"5.000\""), "{xml}");
        assert!(
            xml.contains("<failure message=\"no line with `&lt;x&gt;`\">a &lt;b&gt; &amp; &quot;c&quot;</failure>"),
            "{xml}"
        );
        assert!(xml.contains("name=\"kernel\" time=\"1.234\"/>"), "{xml}");
    }

    #[test]
    fn steps_that_were_not_reached_are_skipped() {
        let xml = render(&report(Verdict::Failed, None, StepVerdict::NotReached));
        assert!(xml.contains("skipped=\"1\"") && xml.contains("<skipped"), "{xml}");
    }
}
