//! The report as one HTML page without scripts or other files.

use std::fmt::Write as _;

use super::report::{ReproduceReport, Verdict};

const STYLE: &str = "body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem; border-top: 1px solid #8884; }
pre { overflow-x: auto; background: #8881; padding: .6rem; } .good { color: #2a7d4f; } .bad { color: #c53030; font-weight: 600; }";

/// Returns the page.
pub(super) fn page(report: &ReproduceReport) -> String {
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    let _ = writeln!(page, "<title>Built again</title><style>{STYLE}</style></head><body><h1>Built again</h1>");
    page.push_str("<table><tr><th>component<th>varied<th>packages<th>seconds<th>verdict</tr>\n");
    for found in &report.components {
        for trial in &found.trials {
            let class = if trial.verdict == Verdict::Identical { "good" } else { "bad" };
            let (name, varied) = (escape(&found.component), escape(&trial.varied()));
            let (word, seconds) = (escape(&trial.verdict.word()), trial.millis / 1000);
            let _ = writeln!(
                page,
                "<tr><td>{name}<td>{varied}<td>{}<td>{seconds}<td class=\"{class}\">{word}</tr>",
                trial.packages
            );
        }
        for note in &found.notes {
            let _ = writeln!(page, "<tr><td><td colspan=4>{}</tr>", escape(note));
        }
    }
    page.push_str("</table>\n");
    details(report, &mut page);
    page.push_str("</body></html>\n");
    page
}

fn details(report: &ReproduceReport, page: &mut String) {
    for trial in report.components.iter().flat_map(|found| &found.trials) {
        match &trial.verdict {
            Verdict::Identical => {}
            Verdict::NotBuilt { message, .. } => {
                let _ = writeln!(page, "<h2>{}</h2><pre>{}</pre>", escape(&trial.varied()), escape(message));
            }
            Verdict::Different(packages) => {
                for package in packages {
                    let text = package.diff.as_ref().map(ToString::to_string).unwrap_or_default();
                    let (name, varied) = (escape(&package.name), escape(&trial.varied()));
                    let _ = writeln!(page, "<h2>{name} ({varied})</h2><pre>{}</pre>", escape(&text));
                }
            }
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
