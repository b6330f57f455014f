//! Pages of runs that were written down.

use super::*;
use crate::runs::{Counts, Host, Outcome, Program};

fn record(outcome: Outcome) -> Record {
    Record {
        schema: 1,
        id: "20260102T030405Z-1".to_owned(),
        verb: "build".to_owned(),
        arguments: vec!["build".to_owned(), "<bash>".to_owned()],
        began: 1_767_323_045,
        millis: 10_000,
        outcome,
        message: None,
        host: Host { cores: 2, jobs: 2, memory: 1 << 30 },
        program: Program { version: "1".to_owned(), commit: None },
        counts: Counts { done: 2, cached: 1, failed: 1, lost: 0 },
    }
}

fn started(at: u64, node: &str) -> Stamped {
    let (node, kind) = (node.to_owned(), "run".to_owned());
    Stamped::new(at, Event::Started { node, kind, action: String::new(), expected_millis: 0, path_millis: 0 })
}

fn finished(at: u64, node: &str, chain_millis: u64, via: Option<&str>) -> Stamped {
    let event = Event::Finished {
        node: node.to_owned(),
        cached: false,
        millis: 0,
        usage: Usage { cpu_millis: 3000, peak_memory: 1 << 20 },
        action: String::new(),
        expected_millis: 0,
        chain_millis,
        via: via.map(str::to_owned),
    };
    Stamped::new(at, event)
}

fn failed(at: u64, node: &str, message: &str) -> Stamped {
    Stamped::new(at, Event::Failed { node: node.to_owned(), message: message.to_owned(), log: None })
}

#[test]
fn actions_take_the_first_row_that_is_free_and_unfinished_ones_last_to_the_end() {
    let events = [
        started(0, "a:1"),
        started(10, "a:2"),
        finished(20, "a:1", 20, None),
        started(30, "a:3"),
        finished(40, "a:2", 30, None),
    ];
    let bars = bars(&record(Outcome::Interrupted), &events);
    let rows: Vec<(&str, usize, u64)> = bars.iter().map(|bar| (bar.node.as_str(), bar.slot, bar.end)).collect();
    assert_eq!(rows, [("a:1", 0, 20), ("a:2", 1, 40), ("a:3", 0, 10_000)]);
    assert_eq!(bars[2].ended, Ended::Unfinished);
}

#[test]
fn the_critical_path_goes_through_each_graph_in_turn() {
    let expected = || Stamped::new(0, Event::Expected { nodes: 1, work_millis: 0, critical_millis: 0 });
    let events = [
        expected(),
        finished(5, "query:a", 5, None),
        expected(),
        finished(15, "srpm:a", 10, None),
        finished(16, "srpm:b", 11, None),
        finished(40, "rpm:a", 35, Some("srpm:a")),
    ];
    assert_eq!(critical(&events), ["query:a", "srpm:a", "rpm:a"]);
}

#[test]
fn a_page_tells_what_failed_with_the_end_of_its_log() {
    let events = [started(0, "rpm:a"), failed(10, "rpm:a", "`rpm.sh` ended with 1")];
    let extras = Extras { tails: BTreeMap::from([("rpm:a".to_owned(), "cc: error".to_owned())]), ..Extras::default() };
    let page = page(&record(Outcome::Failed), &events, &extras);
    for text in ["`rpm.sh` ended with 1", "cc: error", "logs/rpm.a.log", "cargo xtask log rpm:a", "class=\"failed\""] {
        assert!(page.contains(text), "{text} is missing in:\n{page}");
    }
}

#[test]
fn hostile_names_and_messages_stay_text() {
    let hostile = "rpm:</title><script>alert(1)</script>\" onload='x'\u{1b}[2J";
    let events = [
        started(0, hostile),
        finished(9000, hostile, 9000, Some(hostile)),
        failed(9100, hostile, hostile),
        Stamped::new(9200, Event::Lost { node: hostile.to_owned(), because: hostile.to_owned() }),
        Stamped::new(9300, Event::Note { message: hostile.to_owned() }),
        Stamped::new(9400, Event::Waiting { node: hostile.to_owned(), holder: hostile.to_owned() }),
    ];
    let of_node = |text: &str| BTreeMap::from([(hostile.to_owned(), text.to_owned())]);
    let extras = Extras { tails: of_node(hostile), sizes: BTreeMap::from([(hostile.to_owned(), 5)]) };
    let mut record = record(Outcome::Failed);
    record.message = Some(hostile.to_owned());
    record.verb = hostile.to_owned();
    record.program.commit = Some(hostile.to_owned());
    let page = page(&record, &events, &extras);
    assert!(!page.contains("<script") && !page.contains("onload='") && !page.contains('\u{1b}'), "{page}");
    assert_eq!(page.matches("</title>").count(), 1 + page.matches("<g><title>").count());
}

#[test]
fn a_run_that_did_nothing_has_a_page() {
    let page = page(&record(Outcome::Succeeded), &[], &Extras::default());
    assert!(page.contains("<h1>build") && page.ends_with("</html>\n"));
}
