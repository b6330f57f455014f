//! `%if` blocks over lines.

use crate::line::{Line, LineKind, starts_with_word};

/// The conditional directives, which rpm spells in lower case only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// `%if`, `%ifarch`, `%ifnarch`, `%ifos`, `%ifnos`.
    If,
    /// `%elif`, `%elifarch`, `%elifos`, `%else`.
    Else,
    /// `%endif`.
    Endif,
}

const KEYWORDS: &[(&[u8], Keyword)] = &[
    (b"%if", Keyword::If),
    (b"%ifarch", Keyword::If),
    (b"%ifnarch", Keyword::If),
    (b"%ifos", Keyword::If),
    (b"%ifnos", Keyword::If),
    (b"%elif", Keyword::Else),
    (b"%elifarch", Keyword::Else),
    (b"%elifos", Keyword::Else),
    (b"%else", Keyword::Else),
    (b"%endif", Keyword::Endif),
];

impl Keyword {
    /// Returns the directive a line without leading blanks begins with.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        KEYWORDS.iter().find(|(word, _)| starts_with_word(line, word)).map(|(_, keyword)| *keyword)
    }
}

/// One branch of a conditional block.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Branch {
    /// The branch in which the whole block stands.
    outer: Option<usize>,
    /// Line of the `%if` that opens the block.
    opening: usize,
}

/// Which branch every place between two lines is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditionals {
    branches: Vec<Branch>,
    /// `before[i]` is the innermost branch of the place before line `i`; one more entry than lines.
    before: Vec<Option<usize>>,
}

impl Conditionals {
    /// Finds the blocks. A stray `%else` or `%endif` is passed over, an unclosed `%if` reaches to the end.
    pub(crate) fn find(lines: &[Line]) -> Self {
        let mut found = Self { branches: Vec::new(), before: Vec::with_capacity(lines.len() + 1) };
        let mut current: Option<usize> = None;
        for (index, line) in lines.iter().enumerate() {
            found.before.push(current);
            let LineKind::Conditional(keyword) = line.kind else {
                continue;
            };
            current = match (keyword, current.map(|branch| found.branches[branch].clone())) {
                (Keyword::If, _) => Some(found.open(current, index)),
                (Keyword::Else, Some(branch)) => Some(found.open(branch.outer, branch.opening)),
                (Keyword::Endif, Some(branch)) => branch.outer,
                (_, None) => None,
            };
        }
        found.before.push(current);
        found
    }

    fn open(&mut self, outer: Option<usize>, opening: usize) -> usize {
        self.branches.push(Branch { outer, opening });
        self.branches.len() - 1
    }

    /// Returns the innermost branch of the place before a line.
    pub(crate) fn before(&self, line: usize) -> Option<usize> {
        self.before[line]
    }

    /// Returns the `%if` line of the outermost block that holds the place before `line` but not `scope`; `None` if
    /// the place is directly in `scope`.
    pub(crate) fn outermost_within(&self, line: usize, scope: Option<usize>) -> Option<usize> {
        let mut at = self.before[line];
        let mut opening = None;
        while at != scope {
            let branch = &self.branches[at?];
            opening = Some(branch.opening);
            at = branch.outer;
        }
        opening
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::scan;

    #[test]
    fn branches_of_one_block_differ_and_stray_ends_are_passed_over() {
        let lines = scan(b"%endif\n%if a\nx\n%else\ny\n%endif\nz\n");
        let found = Conditionals::find(&lines);
        let branches: Vec<_> = (0..=lines.len()).map(|line| found.before(line)).collect();
        assert_eq!(branches, [None, None, Some(0), Some(0), Some(1), Some(1), None, None]);
        assert_eq!(found.outermost_within(4, None), Some(1));
    }

    #[test]
    fn outermost_block_is_the_one_that_leaves_the_scope() {
        let lines = scan(b"%if a\n%if b\nx\n%endif\n%endif\n");
        let found = Conditionals::find(&lines);
        assert_eq!(found.outermost_within(2, None), Some(0));
        assert_eq!(found.outermost_within(2, found.before(1)), Some(1));
    }
}
