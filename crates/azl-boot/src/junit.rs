//! JUnit XML, in the form CI systems read (`testsuite`, `testcase`, `failure`, `skipped`).

use std::fmt::Write as _;

use crate::report::{Report, StepReport, StepVerdict, Verdict};

pub(crate) fn render(report: &Report) -> String {
    let suite = escape(&format!("boot {} ({})", report.image, report.runner));
    let steps: Vec<_> =
        report.boots.iter().enumerate().flat_map(|(at, boot)| boot.steps.iter().map(move |s| (at, s))).collect();
    let count = |verdict| steps.iter().filter(|(_, step)| step.verdict == verdict).count();
    let failures = count(StepVerdict::Failed) + usize::from(report.verdict == Verdict::Failed);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuite name=\"{suite}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
        steps.len() + 1,
        count(StepVerdict::NotReached),
        seconds(report.total_millis),
    );
    for (boot, step) in &steps {
        // Steps of several boots may have one name.
        let name = if report.boots.len() > 1 { format!("boot {}: {}", boot + 1, step.name) } else { step.name.clone() };
        case(&mut xml, &suite, &name, step.millis.unwrap_or(0), &step_body(step, report));
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
    use crate::report::BootReport;

    fn report(verdict: Verdict, reason: Option<&str>, last: StepVerdict) -> Report {
        let step = |name: &str, verdict, millis| StepReport {
            name: name.to_owned(),
            run: None,
            expect: Some("x".to_owned()),
            verdict,
            millis,
            at_millis: millis,
            line: None,
            output: vec![],
        };
        Report {
            schema: 2,
            verdict,
            reason: reason.map(str::to_owned),
            image: "vm.vhd".to_owned(),
            image_sha256: String::new(),
            runner: "tcg".to_owned(),
            runner_reason: None,
            monitor: "QEMU".to_owned(),
            firmware: None,
            boots: vec![BootReport {
                steps: vec![step("kernel", StepVerdict::Passed, Some(1234)), step("ready", last, None)],
                millis: Some(5000),
            }],
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

    #[test]
    fn steps_of_several_boots_are_told_apart() {
        let mut report = report(Verdict::Passed, None, StepVerdict::Passed);
        report.boots.push(report.boots[0].clone());
        let xml = render(&report);
        assert!(xml.contains("tests=\"5\"") && xml.contains("name=\"boot 2: kernel\""), "{xml}");
    }
}
