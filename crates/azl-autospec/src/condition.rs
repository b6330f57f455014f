//! The expressions of `%if` and `%[…]`, already expanded.
//!
//! Integers, quoted and bare words, arithmetic, comparison, `&&`, `||`, `!`, `?:`. Versions (`v"1.2"`) and functions
//! are not known here; an expression with them has no value.

/// The value of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// An integer.
    Number(i64),
    /// A text.
    Text(String),
}

impl Value {
    /// Returns whether `%if` takes its branch.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Number(number) => *number != 0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// Returns the value as text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    fn truth(truth: bool) -> Self {
        Self::Number(i64::from(truth))
    }
}

/// Operators by how weakly they bind; of two with one beginning, the longer is first.
const LEVELS: [&[&str]; 4] = [&["&&", "||"], &["==", "!=", "<=", ">=", "<", ">"], &["+", "-"], &["*", "/"]];
/// Parentheses in parentheses that are followed.
const DEPTH: usize = 100;

/// Returns the value of an expression; `None` if it has none that is known here.
pub(crate) fn value(text: &str) -> Option<Value> {
    let mut parser = Parser { rest: text, depth: 0 };
    let value = parser.choice()?;
    parser.rest.trim_start().is_empty().then_some(value)
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn choice(&mut self) -> Option<Value> {
        let condition = self.level(0)?;
        if !self.takes("?") {
            return Some(condition);
        }
        let then = self.choice()?;
        if !self.takes(":") {
            return None;
        }
        let otherwise = self.choice()?;
        Some(if condition.is_true() { then } else { otherwise })
    }

    fn level(&mut self, level: usize) -> Option<Value> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.takes(operator)) {
            let right = self.level(level + 1)?;
            left = apply(operator, left, right)?;
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let value = if self.takes("!") {
            Value::truth(!self.unary()?.is_true())
        } else if self.takes("-") {
            match self.unary()? {
                Value::Number(number) => Value::Number(number.checked_neg()?),
                Value::Text(_) => return None,
            }
        } else if self.takes("(") {
            let value = self.choice()?;
            if !self.takes(")") {
                return None;
            }
            value
        } else {
            self.word()?
        };
        self.depth -= 1;
        Some(value)
    }

    fn word(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        if let Some(inside) = self.rest.strip_prefix('"') {
            let (text, rest) = inside.split_once('"')?;
            self.rest = rest;
            return Some(Value::Text(text.to_owned()));
        }
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return word.parse().ok().map(Value::Number);
        }
        // `v"1.2"` and function calls are words that go on behind the name.
        (!word.is_empty() && !rest.starts_with(['"', '('])).then(|| Value::Text(word.to_owned()))
    }

    fn takes(&mut self, operator: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(operator);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

fn apply(operator: &str, left: Value, right: Value) -> Option<Value> {
    match operator {
        // Either operator gives the operand that decides.
        "&&" => return Some(if left.is_true() { right } else { left }),
        "||" => return Some(if left.is_true() { left } else { right }),
        _ => {}
    }
    let order = match (&left, &right) {
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        _ => return None,
    };
    match (operator, left, right) {
        ("==", ..) => Some(Value::truth(order.is_eq())),
        ("!=", ..) => Some(Value::truth(order.is_ne())),
        ("<", ..) => Some(Value::truth(order.is_lt())),
        ("<=", ..) => Some(Value::truth(order.is_le())),
        (">", ..) => Some(Value::truth(order.is_gt())),
        (">=", ..) => Some(Value::truth(order.is_ge())),
        ("+", Value::Text(left), Value::Text(right)) => Some(Value::Text(left + &right)),
        (operator, Value::Number(left), Value::Number(right)) => arithmetic(operator, left, right).map(Value::Number),
        _ => None,
    }
}

fn arithmetic(operator: &str, left: i64, right: i64) -> Option<i64> {
    match operator {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        _ => left.checked_div(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(expression: &str) -> Option<String> {
        value(expression).map(|value| value.text())
    }

    #[test]
    fn expressions_of_specs_have_values() {
        for (expression, expected) in [
            ("0", "0"),
            ("043 >= 9", "1"),
            ("0 || 01", "1"),
            ("! 0 && (1 + 2 * 3 == 7)", "1"),
            ("\"x86_64\" == \"x86_64\"", "1"),
            ("1 ? \"a\" : \"b\"", "a"),
            ("-1 < 0", "1"),
        ] {
            assert_eq!(text(expression).as_deref(), Some(expected), "{expression}");
        }
    }

    #[test]
    fn unknown_and_broken_expressions_have_none() {
        for expression in ["v\"1.2\" < v\"2\"", "", "1 +", "(1", "1 / 0", "1 2", "1 < \"a\"", "lua(\"x\")"] {
            assert_eq!(text(expression), None, "{expression}");
        }
        assert_eq!(text(&"(".repeat(100_000)), None);
    }
}
