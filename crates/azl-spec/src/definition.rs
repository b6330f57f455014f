//! Edits of macro definitions and build conditions.

use std::ops::Range;

use crate::edit::Replacement;
use crate::error::EditError;
use crate::line::{LineKind, is_closed};
use crate::macro_call::{expands, is_name_byte};
use crate::needed::definition;
use crate::spec::Spec;

/// The directive of a new definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// `%define`: its body is expanded where it is called.
    Define,
    /// `%global`: its body is expanded where it is defined.
    Global,
}

/// What a build condition is without `--with` and `--without`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BcondDefault {
    /// Enabled.
    On,
    /// Disabled.
    Off,
}

impl Spec {
    /// Gives every `%define` and `%global` of a macro a new body, also in `%{!?name: %global name body}`; returns how
    /// many there are.
    ///
    /// # Errors
    /// If there is none, one has parameters or more behind its body, or the body leaves a macro open.
    pub fn set_macro(&mut self, name: &str, body: &str) -> Result<usize, EditError> {
        check_closed(body)?;
        let lines = self.definitions_of(name)?;
        let bodies: Vec<_> = lines.iter().map(|&line| self.body_of(name, line)).collect::<Result<_, _>>()?;
        let replacements = bodies.into_iter().map(|range| {
            let blank = self.text[range.start - 1].is_ascii_whitespace();
            let with = if blank { body.to_owned() } else { format!(" {body}") };
            Replacement { range, with: with.into_bytes() }
        });
        self.replace(replacements.collect());
        Ok(lines.len())
    }

    /// Defines a macro at the top, below the comments the spec begins with.
    ///
    /// # Errors
    /// If the body leaves a macro open.
    pub fn define_macro(&mut self, directive: Directive, name: &str, body: &str) -> Result<(), EditError> {
        check_closed(body)?;
        let is_intro = |line: &usize| matches!(self.lines[*line].kind, LineKind::Comment | LineKind::Blank);
        let comments =
            self.logical_lines().take_while(is_intro).filter(|&line| self.lines[line].kind == LineKind::Comment);
        let place = comments.last().map_or(0, |line| self.logical(line).end);
        let directive = if directive == Directive::Define { "%define" } else { "%global" };
        self.insert(place, &[format!("{directive} {name} {body}")]);
        Ok(())
    }

    /// Removes every `%define` and `%global` of a macro; returns how many there are.
    ///
    /// # Errors
    /// If there is none, or the macro is still called. Calls that ask whether it is defined, as `%{?name}` does, are no
    /// hindrance.
    pub fn remove_macro(&mut self, name: &str) -> Result<usize, EditError> {
        let removed = self.definitions_of(name)?;
        for line in self.logical_lines().filter(|line| removed.binary_search(line).is_err()) {
            if self.lines[line].kind != LineKind::Comment && expands(self.logical_text(line), name) {
                return Err(EditError::MacroInUse { name: name.into(), line: line + 1 });
            }
        }
        self.remove_lines(removed.iter().map(|&line| self.logical(line)).collect());
        Ok(removed.len())
    }

    /// Gives every `%bcond`, `%bcond_with` and `%bcond_without` of a build condition a new default; returns how many
    /// there are.
    pub fn set_bcond(&mut self, name: &str, default: BcondDefault) -> Result<usize, EditError> {
        let lines = self.logical_lines().filter(|&line| self.lines[line].kind == LineKind::Text);
        let replacements: Vec<_> = lines.filter_map(|line| self.bcond(name, default, line)).collect();
        let found = replacements.len();
        if found == 0 {
            return Err(EditError::NoBcond(name.into()));
        }
        self.replace(replacements);
        Ok(found)
    }

    fn definitions_of(&self, name: &str) -> Result<Vec<usize>, EditError> {
        let defines = |line: &usize| {
            let may = matches!(self.lines[*line].kind, LineKind::Definition | LineKind::Text);
            may && definition(self, *line).is_some_and(|names| names.contains(&name.as_bytes()))
        };
        let lines: Vec<_> = self.logical_lines().filter(defines).collect();
        if lines.is_empty() { Err(EditError::NoMacro(name.into())) } else { Ok(lines) }
    }

    /// Returns the bytes of a definition's body.
    fn body_of(&self, name: &str, line: usize) -> Result<Range<usize>, EditError> {
        let unclear = || EditError::UnclearMacro { name: name.into(), line: line + 1 };
        let text = self.logical_text(line);
        let start = self.lines[line].content.start;
        let directive = find(text, b"%global").into_iter().chain(find(text, b"%define")).min().ok_or_else(unclear)?;
        let named = directive
            + b"%global".len()
            + find(&text[directive + b"%global".len()..], name.as_bytes()).ok_or_else(unclear)?;
        let after = named + name.len();
        let blanks = text[after..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let is_inline = self.lines[line].kind == LineKind::Text;
        let end = if is_inline { closing_brace(text).ok_or_else(unclear)? } else { text.len() };
        // Before a carriage return rpm takes a backslash as any other byte, which nobody meant.
        let dangling = text.ends_with(b"\\");
        if dangling || text.get(after) == Some(&b'(') || is_inline && !text[end + 1..].trim_ascii().is_empty() {
            return Err(unclear());
        }
        Ok(start + (after + blanks).min(end)..start + end)
    }

    fn bcond(&self, name: &str, default: BcondDefault, line: usize) -> Option<Replacement> {
        let text = self.logical_text(line);
        let word = text.iter().position(|&byte| byte == b'%')? + 1;
        let word = word + usize::from(text.get(word) == Some(&b'{'));
        let directive_end = word + text[word..].iter().position(|&byte| !is_name_byte(byte))?;
        let blanks = text[directive_end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let rest = text[directive_end + blanks..].strip_prefix(name.as_bytes())?;
        let leads = text[..word].trim_ascii_start().starts_with(b"%");
        if !leads || rest.first().is_some_and(|&byte| is_name_byte(byte)) {
            return None;
        }
        let (range, with) = match (&text[word..directive_end], default) {
            (b"bcond_with" | b"bcond_without", BcondDefault::On) => (word..directive_end, "bcond_without"),
            (b"bcond_with" | b"bcond_without", BcondDefault::Off) => (word..directive_end, "bcond_with"),
            (b"bcond", default) => {
                let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let from = text.len() - rest.len() + blanks;
                let to = text.trim_ascii_end().len() - usize::from(text[word - 1] == b'{');
                (from..to.max(from), if default == BcondDefault::On { "1" } else { "0" })
            }
            _ => return None,
        };
        let start = self.lines[line].content.start;
        Some(Replacement { range: start + range.start..start + range.end, with: with.into() })
    }
}

/// Refuses a value that would take the lines behind it as its own.
pub(crate) fn check_closed(value: &str) -> Result<(), EditError> {
    if is_closed(value.as_bytes()) { Ok(()) } else { Err(EditError::OpenMacro(value.into())) }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len().max(1)).position(|window| window == wanted)
}

/// Returns where the brace closes that the text begins with, behind blanks.
fn closing_brace(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited<T>(text: &str, edit: impl FnOnce(&mut Spec) -> Result<T, EditError>) -> Result<String, EditError> {
        let mut spec = Spec::parse(text);
        edit(&mut spec)?;
        Ok(String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"))
    }

    fn set(text: &str, body: &str) -> Result<String, EditError> {
        edited(text, |spec| spec.set_macro("m", body))
    }

    #[test]
    fn every_definition_gets_the_body() {
        let text = "%global  m\t1 2\r\n%if x\r\n  %define m 3\r\n%endif\r\n%{!?m: %global m %{y}}\r\n%global mm 1\r\n";
        let expected = "%global  m\tz\r\n%if x\r\n  %define m z\r\n%endif\r\n%{!?m: %global m z}\r\n%global mm 1\r\n";
        assert_eq!(set(text, "z").as_deref(), Ok(expected));
        assert_eq!(set("%global m\n", "z").as_deref(), Ok("%global m z\n"));
        assert_eq!(set("%define m \\\n a \\\n b\nx\n", "z").as_deref(), Ok("%define m z\nx\n"));
    }

    #[test]
    fn definitions_that_are_unclear_are_refused() {
        for unclear in ["%define m(x) 1\n", "%define m 1\\\r\n 2\r\n", "%{!?m: %global m 1} %{y}\n"] {
            assert_eq!(set(unclear, "z"), Err(EditError::UnclearMacro { name: "m".into(), line: 1 }), "{unclear}");
        }
        for open in ["%{x", "x \\"] {
            assert_eq!(set("%define m 1\n", open), Err(EditError::OpenMacro(open.into())));
        }
        assert_eq!(set("%define mm 1\n", "z"), Err(EditError::NoMacro("m".into())));
    }

    #[test]
    fn new_definition_goes_below_the_first_comments() {
        let define = |text: &str| edited(text, |spec| spec.define_macro(Directive::Global, "m", "1"));
        assert_eq!(define("# a\n\n# b\n\nName: x\n# c\n").as_deref(), Ok("# a\n\n# b\n%global m 1\n\nName: x\n# c\n"));
        assert_eq!(define("Name: x\n").as_deref(), Ok("%global m 1\nName: x\n"));
    }

    #[test]
    fn macro_is_removed_unless_it_is_called() {
        let removed = |text: &str| edited(text, |spec| spec.remove_macro("m"));
        let text = "%define m \\\n 1\n%{?m:Name: x}\n%if 0%{?m}\n%{!?m:%global m 2}\n%endif\n# %m\n";
        assert_eq!(removed(text).as_deref(), Ok("%{?m:Name: x}\n%if 0%{?m}\n%endif\n# %m\n"));
        let called = EditError::MacroInUse { name: "m".into(), line: 2 };
        assert_eq!(removed("%define m 1\nName: %{m}\n"), Err(called));
    }

    #[test]
    fn build_condition_is_set_in_all_its_spellings() {
        let set = |text: &str, default| edited(text, |spec| spec.set_bcond("a", default));
        let text =
            "%bcond_with a\n%if x\n%bcond_without a # c\n%bcond a %{y}\n%endif\n%bcond_with ab\n%{bcond_with a}\n";
        let on =
            "%bcond_without a\n%if x\n%bcond_without a # c\n%bcond a 1\n%endif\n%bcond_with ab\n%{bcond_without a}\n";
        assert_eq!(set(text, BcondDefault::On).as_deref(), Ok(on));
        assert_eq!(set("%bcond  a 1\n", BcondDefault::Off).as_deref(), Ok("%bcond  a 0\n"));
        assert_eq!(set("echo %bcond_with a\n", BcondDefault::Off), Err(EditError::NoBcond("a".into())));
    }
}
