//! Boolean ("rich") dependencies: `(a and b)`, `(a or b)`, `(a with b)`, `(a without b)`,
//! `(a if b else c)`, `(a unless b else c)`, nested at will.
//!
//! Not here: deciding whether one holds, which needs the chosen packages (`closure`).

use crate::dependency::ParseDependencyError;
use crate::{Compare, Dependency};

/// How deep expressions may nest; real ones stay below five.
const MAX_DEPTH: usize = 32;

/// A parsed dependency expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rich {
    /// An ordinary dependency.
    Atom(Dependency),
    /// All must hold.
    And(Vec<Rich>),
    /// One must hold.
    Or(Vec<Rich>),
    /// One package must satisfy all.
    With(Vec<Rich>),
    /// One package must satisfy the first and not the second.
    Without(Box<Rich>, Box<Rich>),
    /// `then` must hold where `condition` does, else `otherwise`.
    If {
        /// What is demanded.
        then: Box<Rich>,
        /// When it is demanded.
        condition: Box<Rich>,
        /// What is demanded where the condition does not hold.
        otherwise: Option<Box<Rich>>,
    },
    /// `then` must hold unless `condition` does; then `otherwise` must.
    Unless {
        /// What is demanded.
        then: Box<Rich>,
        /// When it is not demanded.
        condition: Box<Rich>,
        /// What is demanded where the condition holds.
        otherwise: Option<Box<Rich>>,
    },
}

impl Rich {
    /// Parses any dependency, rich or not.
    ///
    /// # Errors
    /// If the text does not follow rpm's grammar or nests absurdly deep.
    pub fn parse(text: &str) -> Result<Self, ParseDependencyError> {
        parse_operand(text.trim(), 0).ok_or_else(|| ParseDependencyError::new(text))
    }
}

fn parse_operand(text: &str, depth: usize) -> Option<Rich> {
    match text.strip_prefix('(') {
        Some(rest) if depth < MAX_DEPTH => parse_expression(&words(rest.strip_suffix(')')?)?, depth + 1),
        Some(_) => None,
        None => text.parse().ok().map(Rich::Atom),
    }
}

/// Splits at white space outside parentheses.
fn words(text: &str) -> Option<Vec<&str>> {
    let (mut depth, mut start, mut result) = (0usize, None, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        match (start, c.is_whitespace() && depth == 0) {
            (None, false) => start = Some(at),
            (Some(from), true) => {
                result.push(&text[from..at]);
                start = None;
            }
            _ => {}
        }
    }
    result.extend(start.map(|from| &text[from..]));
    (depth == 0).then_some(result)
}

fn parse_expression(words: &[&str], depth: usize) -> Option<Rich> {
    let mut rest = words;
    let first = take_operand(&mut rest, depth)?;
    let Some((&operator, tail)) = rest.split_first() else {
        return Some(first);
    };
    rest = tail;
    match operator {
        "and" | "or" | "with" => parse_chain(operator, first, rest, depth),
        "without" => {
            let second = take_operand(&mut rest, depth)?;
            rest.is_empty().then(|| Rich::Without(Box::new(first), Box::new(second)))
        }
        "if" | "unless" => parse_condition(operator, first, rest, depth),
        _ => None,
    }
}

/// Parses the rest of `a and b and c`, where every operator must be the same.
fn parse_chain(operator: &str, first: Rich, mut rest: &[&str], depth: usize) -> Option<Rich> {
    let mut operands = vec![first, take_operand(&mut rest, depth)?];
    while let Some((&next, tail)) = rest.split_first() {
        rest = tail;
        if next != operator {
            return None;
        }
        operands.push(take_operand(&mut rest, depth)?);
    }
    Some(match operator {
        "and" => Rich::And(operands),
        "or" => Rich::Or(operands),
        _ => Rich::With(operands),
    })
}

fn parse_condition(operator: &str, then: Rich, mut rest: &[&str], depth: usize) -> Option<Rich> {
    let then = Box::new(then);
    let condition = Box::new(take_operand(&mut rest, depth)?);
    let otherwise = match rest.split_first() {
        Some((&"else", tail)) => {
            rest = tail;
            Some(Box::new(take_operand(&mut rest, depth)?))
        }
        Some(_) => return None,
        None => None,
    };
    if !rest.is_empty() {
        return None;
    }
    Some(match operator {
        "if" => Rich::If { then, condition, otherwise },
        _ => Rich::Unless { then, condition, otherwise },
    })
}

/// Takes `name`, `name OPERATOR version` or a parenthesised expression.
fn take_operand(rest: &mut &[&str], depth: usize) -> Option<Rich> {
    let (&name, tail) = rest.split_first()?;
    *rest = tail;
    if name.starts_with('(') {
        return parse_operand(name, depth);
    }
    let [symbol, version, tail @ ..] = tail else {
        return Some(Rich::Atom(Dependency::any(name)));
    };
    match Compare::from_symbol(symbol) {
        Some(compare) => {
            *rest = tail;
            let Ok(evr) = version.parse();
            Some(Rich::Atom(Dependency::versioned(name, compare, evr)))
        }
        None => Some(Rich::Atom(Dependency::any(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(text: &str) -> Rich {
        Rich::Atom(text.parse().expect("valid"))
    }

    #[test]
    fn operators_nest_and_chain() {
        assert_eq!(Rich::parse("bash >= 5"), Ok(atom("bash >= 5")));
        assert_eq!(Rich::parse("(a and b and c)"), Ok(Rich::And(vec![atom("a"), atom("b"), atom("c")])));
        assert_eq!(
            Rich::parse("(a >= 1 or (b with c(x)(64bit)))"),
            Ok(Rich::Or(vec![atom("a >= 1"), Rich::With(vec![atom("b"), atom("c(x)(64bit)")])]))
        );
        assert_eq!(
            Rich::parse("(a if (b or c) else d < 2)"),
            Ok(Rich::If {
                then: Box::new(atom("a")),
                condition: Box::new(Rich::Or(vec![atom("b"), atom("c")])),
                otherwise: Some(Box::new(atom("d < 2"))),
            })
        );
    }

    #[test]
    fn broken_expressions_are_refused() {
        let deep = format!("{}a{}", "(".repeat(5000), ")".repeat(5000));
        for text in ["()", "(a and)", "(a and b or c)", "(a if b if c)", "(a", "(a xor b)", "(a))", &deep] {
            assert!(Rich::parse(text).is_err(), "{}", &text[..text.len().min(40)]);
        }
    }
}
