//! `workflow`: automation holds no logic. What it runs can be run on any machine by the same words.
//!
//! A `run:` is one line and one command: `cargo xtask …`, or a step that readies the machine. Foreign
//! actions are named by commit, because a tag can be moved to other code.

use azl_diagnostics::Diagnostic;

use super::Tree;
use super::tree::lines;

pub(super) const CODE: &str = "workflow";

const FOLDER: &str = ".github/workflows/";

/// What a step may begin with.
const ALLOWED: [&str; 7] = [
    "cargo xtask ",
    "cargo install --locked ",
    "rustup ",
    "apt-get update",
    "apt-get install ",
    "sudo apt-get ",
    "sudo sysctl -w ",
];

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    tree.texts().filter(|(path, _)| path.starts_with(FOLDER)).flat_map(|(path, text)| steps(path, text)).collect()
}

fn steps(path: &str, text: &str) -> Vec<Diagnostic> {
    lines(text)
        .filter_map(|(range, line)| {
            let key = line.trim_start().trim_start_matches("- ");
            let finding = match key.split_once(':').map(|(key, value)| (key, value.trim())) {
                Some(("run", command)) => logic(command),
                Some(("uses", action)) => floating(action),
                _ => None,
            };
            finding.map(|finding| finding.at(path, range))
        })
        .collect()
}

fn logic(command: &str) -> Option<Diagnostic> {
    let shell = ["&&", "||", ";", "|", ">", "$(", "`"].iter().any(|operator| command.contains(operator));
    if !shell && ALLOWED.iter().any(|start| command.starts_with(start)) {
        return None;
    }
    let hint = format!("make it a verb of `cargo xtask`; a step may begin with: {}", ALLOWED.map(str::trim).join(", "));
    Some(Diagnostic::error(CODE, format!("logic in a workflow: `{command}`")).hint(hint))
}

fn floating(action: &str) -> Option<Diagnostic> {
    let name = action.split('#').next().unwrap_or_default().trim();
    let commit = name.split_once('@').map_or("", |(_, reference)| reference);
    let pinned = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if pinned || name.starts_with("./") {
        return None;
    }
    let hint = "name the full commit and put the version into a comment: `uses: owner/name@<40 digits> # v1.2.3`";
    Some(Diagnostic::error(CODE, format!("action that is not pinned: `{name}`")).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(step: &str) -> usize {
        check(&Tree::of(&[(".github/workflows/x.yml", &format!("    steps:\n      - {step}\n"))])).len()
    }

    #[test]
    fn a_step_is_one_verb_or_readies_the_machine() {
        assert_eq!(count("run: cargo xtask ci"), 0);
        assert_eq!(count("run: sudo apt-get install --yes bubblewrap"), 0);
        assert_eq!(count("run: make"), 1);
        assert_eq!(count("run: cargo xtask ci && rm -rf out"), 1);
        assert_eq!(count("run: |"), 1);
    }

    #[test]
    fn an_action_is_named_by_commit() {
        assert_eq!(count("uses: owner/name@v4"), 1);
        assert_eq!(count("uses: owner/name@0123456789012345678901234567890123456789 # v4.0.0"), 0);
    }

    #[test]
    fn other_files_are_not_workflows() {
        assert_eq!(check(&Tree::of(&[("a.yml", "run: make\n")])), []);
    }
}
