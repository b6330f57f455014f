//! Macro definitions that have to stay when the lines around them go.

use std::collections::{HashMap, HashSet};

use crate::line::LineKind;
use crate::macro_call::{add_calls, called_name, defined_name};
use crate::owner::Owner;
use crate::spec::Spec;

/// Returns the first lines of the definitions among the removed lines that are not theirs alone.
///
/// A definition that nothing in the spec uses stays as well: it may set something for rpm itself.
pub(crate) fn needed_definitions(spec: &Spec, owners: &[Owner]) -> HashSet<usize> {
    let mut needed = HashSet::new();
    let mut candidates: HashMap<&[u8], Vec<usize>> = HashMap::new();
    let (mut outside, mut inside) = (HashSet::new(), HashSet::new());
    for line in spec.logical_lines() {
        let text = spec.logical_text(line);
        if owners[line] != Owner::Removed {
            add_calls(text, &mut outside);
            continue;
        }
        match definition(spec, line) {
            None => add_calls(text, &mut inside),
            Some(names) if names.is_empty() => drop(needed.insert(line)),
            Some(names) => names.into_iter().for_each(|name| candidates.entry(name).or_default().push(line)),
        }
    }
    let mut wanted: Vec<&[u8]> = outside.iter().copied().collect();
    wanted.extend(candidates.keys().copied().filter(|name| !inside.contains(name)));
    while let Some(name) = wanted.pop() {
        for line in candidates.remove(name).unwrap_or_default() {
            if needed.insert(line) {
                let mut calls = HashSet::new();
                add_calls(spec.logical_text(line), &mut calls);
                wanted.extend(calls);
            }
        }
    }
    needed
}

/// Returns the macros a line defines if it does nothing else; none of a `%bcond`, whose names are made up by rpm.
pub(crate) fn definition(spec: &Spec, line: usize) -> Option<Vec<&[u8]>> {
    let content = spec.line(line).trim_ascii_start();
    if spec.lines[line].kind == LineKind::Definition {
        return Some(defined_name(content).map(|(name, _)| name).into_iter().collect());
    }
    match called_name(content)? {
        b"bcond" | b"bcond_with" | b"bcond_without" | b"load" => Some(Vec::new()),
        b"undefine" => Some(Vec::new()),
        _ => inline_definition(content).map(|name| vec![name]),
    }
}

/// Returns the macro `%{!?x: %global name value}` defines.
fn inline_definition(content: &[u8]) -> Option<&[u8]> {
    let inside = content.strip_prefix(b"%{")?;
    let condition = inside.iter().position(|byte| !matches!(byte, b'!' | b'?')).filter(|&marks| marks > 0)?;
    let colon = inside.iter().position(|&byte| byte == b':').filter(|&colon| colon > condition)?;
    let body = inside[colon + 1..].trim_ascii_start();
    let known = body.starts_with(b"%global") || body.starts_with(b"%define");
    known.then(|| defined_name(body)).flatten().map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_only_define_are_told_from_text() {
        let spec = Spec::parse("%global a 1\n%{!?b: %global b 2}\n%undefine c\n%{?d}\nx %global e 1\n%{?f:Name: g}\n");
        let names: Vec<_> = (0..6).map(|line| definition(&spec, line).map(|names| names.len())).collect();
        assert_eq!(names, [Some(1), Some(1), Some(0), None, None, None]);
    }
}
