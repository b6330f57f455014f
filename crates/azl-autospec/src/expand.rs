//! The macro expander: text in, text out, and whether all of it could be expanded.
//!
//! Known: `%x`, `%{x}`, `%{?x}`, `%{!?x:…}`, `%%`, `%define`, `%global`, `%undefine`, `%bcond…`, `%{with x}`, `%[…]`,
//! `%autorelease` and the few functions that are plain text work. `%(…)` but for one
//! idiom, `%{lua:…}`, macros with parameters and
//! unknown names stay as they are written.
//!
//! **Invariant:** nothing is executed, and both time and size are bounded whatever the input.

use crate::call::{Call, bracketed, logical_line, name_length, unbraced};
use crate::condition;
use crate::flags;
use crate::functions;
use crate::macros::{Body, Macros};

/// Calls in calls that are followed; rpm's own limit.
const DEPTH: usize = 64;
/// Bytes of text that are read in one spec, those of bodies as often as they are called.
const FUEL: usize = 4 << 20;

/// Macros that take the rest of their line and expand to nothing.
const DIRECTIVES: [&str; 7] = ["define", "global", "undefine", "dnl", "bcond_with", "bcond_without", "bcond"];

/// Begins what a call of `%autorelease` with an option that it does not have becomes.
pub(crate) const WRONG_OPTION: &str = "%{autorelease: unknown option -";

/// An expanded text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Expansion {
    /// The text; calls that could not be expanded are in it as written.
    pub(crate) text: String,
    /// Whether something could not be expanded.
    pub(crate) symbolic: bool,
}

impl Expansion {
    /// Appends what could not be expanded.
    fn keep(&mut self, written: &str) {
        self.text.push_str(written);
        self.symbolic = true;
    }
}

/// Expands the texts of one spec in order, and remembers what they define.
pub(crate) struct Expander {
    /// What is defined so far.
    pub(crate) macros: Macros,
    /// The conditions nobody could judge under which the text stands.
    pub(crate) doubt: Option<String>,
    fuel: usize,
    depth: usize,
}

impl Expander {
    pub(crate) fn new(macros: Macros) -> Self {
        Self { macros, doubt: None, fuel: FUEL, depth: 0 }
    }

    /// Expands a text.
    pub(crate) fn expand(&mut self, text: &str) -> Expansion {
        let mut out = Expansion::default();
        // Each level copies what the one below it found.
        let cost = text.len() + 1 + self.depth;
        if self.depth > DEPTH || self.fuel < cost {
            // Nothing more is read once the fuel is gone, so that no loop goes on for long.
            self.fuel = if self.depth > DEPTH { self.fuel } else { 0 };
            out.keep(if self.depth == 0 { text } else { "%{…}" });
            return out;
        }
        self.fuel -= cost;
        self.depth += 1;
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            out.text.push_str(&rest[..at]);
            let length = self.call(&rest[at..], &mut out);
            rest = &rest[at + length..];
        }
        self.depth -= 1;
        out.text.push_str(rest);
        out
    }

    fn add(&mut self, text: &str, out: &mut Expansion) {
        let expanded = self.expand(text);
        out.text.push_str(&expanded.text);
        out.symbolic |= expanded.symbolic;
    }

    /// Expands the call at the beginning of a text, which is a `%`; returns how long it is.
    fn call(&mut self, text: &str, out: &mut Expansion) -> usize {
        let opening = text[1..].chars().next();
        let Some(inside) = bracketed(&text[1..]) else {
            return match opening {
                Some('%') => {
                    out.text.push('%');
                    2
                }
                Some('{' | '(' | '[') => {
                    out.keep(text);
                    text.len()
                }
                _ => self.bare(text, out),
            };
        };
        let whole = &text[..inside.len() + 3];
        match opening {
            Some('{') => self.braced(inside, whole, out),
            Some('[') => self.expression(inside, whole, out),
            _ => self.script(inside, out),
        }
        whole.len()
    }

    fn script(&mut self, inside: &str, out: &mut Expansion) {
        let expanded = self.expand(inside);
        match functions::cut_by_shell(&expanded.text).filter(|_| !expanded.symbolic) {
            Some(result) => out.text.push_str(&result),
            // The script is kept expanded: other inputs give another version.
            None => self.keep(&format!("%({})", expanded.text), out),
        }
    }

    fn expression(&mut self, inside: &str, whole: &str, out: &mut Expansion) {
        let expanded = self.expand(inside);
        match condition::value(&expanded.text).filter(|_| !expanded.symbolic) {
            Some(value) => out.text.push_str(&value.text()),
            None => out.keep(whole),
        }
    }

    /// Expands `%name`, and the directives, which take the rest of their line.
    fn bare(&mut self, text: &str, out: &mut Expansion) -> usize {
        let Some(call) = Call::read(&text[1..]) else {
            out.text.push('%');
            return 1;
        };
        let (whole, rest) = text.split_at(1 + call.length());
        let is_autorelease = call.name == "autorelease" && self.macros.body(call.name).is_none();
        if !is_autorelease && !DIRECTIVES.contains(&call.name) {
            self.plain(call, None, whole, out);
            return whole.len();
        }
        let line = &rest[..logical_line(rest)];
        match call.name {
            "define" | "global" => self.define(call.name, line),
            "undefine" => self.macros.undefine(line.trim()),
            "autorelease" => self.autorelease(line, out),
            "dnl" => {}
            _ => self.bcond(call.name, line),
        }
        whole.len() + line.len()
    }

    fn braced(&mut self, inside: &str, whole: &str, out: &mut Expansion) {
        let Some(call) = Call::read(inside) else {
            return out.keep(whole);
        };
        let rest = &inside[call.length()..];
        match rest.chars().next() {
            None => self.plain(call, None, whole, out),
            Some(':') if call.asks() => self.plain(call, Some(&rest[1..]), whole, out),
            Some(':') => self.function(call.name, &rest[1..], whole, out),
            Some(blank) if blank.is_ascii_whitespace() => self.function(call.name, rest.trim(), whole, out),
            Some(_) => out.keep(whole),
        }
    }

    /// Expands a call without arguments; `then` is the text of `%{?x:then}`.
    fn plain(&mut self, call: Call, then: Option<&str>, whole: &str, out: &mut Expansion) {
        let builtin = matches!(call.name, "autorelease" | "autochangelog" | "nil");
        let body = self.macros.body(call.name).cloned();
        if let Some(Body::Doubtful(key)) = &body {
            return self.keep(&format!("{whole}{key}"), out);
        }
        let defined = body.is_some() || builtin;
        if call.asks() && (call.negated() || !defined) {
            let wanted = then.filter(|_| call.negated() && !defined);
            return self.add(wanted.unwrap_or_default(), out);
        }
        match (then, body) {
            (Some(then), _) => self.add(then, out),
            (None, Some(Body::Text(text))) => self.add(&text, out),
            (None, Some(Body::Symbolic(key) | Body::Doubtful(key))) => self.keep(&key, out),
            (None, None) if call.name == "autorelease" => self.autorelease("", out),
            (None, None) if builtin => {}
            (None, None) => out.keep(whole),
        }
    }

    /// Keeps the text that stands for a body. It costs what expanding costs: such texts hold each other as well.
    fn keep(&mut self, key: &str, out: &mut Expansion) {
        let affordable = self.fuel > key.len();
        self.fuel = if affordable { self.fuel - key.len() } else { 0 };
        out.keep(if affordable { key } else { "%{…}" });
    }

    fn autorelease(&mut self, arguments: &str, out: &mut Expansion) {
        let arguments = self.expand(arguments);
        out.symbolic |= arguments.symbolic;
        match flags::marker(&arguments.text) {
            Ok(marker) => out.text.push_str(&marker),
            Err(_) if arguments.symbolic => out.keep("%{autorelease …}"),
            Err(option) => out.keep(&format!("{WRONG_OPTION}{}}}", option.trim_start_matches('-'))),
        }
    }

    fn function(&mut self, name: &str, argument: &str, whole: &str, out: &mut Expansion) {
        match name {
            "lua" | "load" | "include" | "uncompress" => return out.keep(whole),
            "define" | "global" => return self.define(name, argument),
            "autorelease" if self.macros.body(name).is_none() => return self.autorelease(argument, out),
            _ => {}
        }
        let expanded = self.expand(argument);
        let text = expanded.text.as_str();
        let result = match name {
            "expand" => return self.add(text, out),
            "with" => self.macros.defines(&format!("with_{text}")).map(digit),
            "without" => self.macros.defines(&format!("with_{text}")).map(|defined| digit(!defined)),
            "defined" => self.macros.defines(text).map(digit),
            "undefined" => self.macros.defines(text).map(|defined| digit(!defined)),
            _ => functions::apply(name, text),
        };
        match result.filter(|_| !expanded.symbolic) {
            Some(result) => out.text.push_str(&result),
            None => out.keep(whole),
        }
    }

    fn define(&mut self, directive: &str, line: &str) {
        let line = line.trim_start();
        let (name, body) = line.split_at(name_length(line));
        let body = match &self.doubt {
            Some(doubt) => self.doubtful(name, doubt, body),
            None if body.starts_with('(') => Body::Symbolic(format!("%{name}{body}")),
            None => self.body(directive, &unbraced(body.trim()).replace("\\\n", "\n")),
        };
        self.macros.define(name, body);
    }

    fn body(&mut self, directive: &str, body: &str) -> Body {
        if directive == "define" {
            return Body::Text(body.to_owned());
        }
        match self.expand(body) {
            Expansion { text, symbolic: true } => Body::Symbolic(text),
            Expansion { text, .. } => Body::Text(text),
        }
    }

    fn doubtful(&self, name: &str, doubt: &str, body: &str) -> Body {
        let earlier = match self.macros.body(name) {
            None => "",
            Some(Body::Text(text) | Body::Symbolic(text) | Body::Doubtful(text)) => text,
        };
        Body::Doubtful(format!("{earlier}<{doubt}:{body}>"))
    }

    fn bcond(&mut self, directive: &str, line: &str) {
        let line = self.expand(line);
        let (name, default) = line.text.trim().split_once(char::is_whitespace).unwrap_or((line.text.trim(), ""));
        let default = match directive {
            "bcond_with" => Some(false),
            "bcond_without" => Some(true),
            _ => condition::value(default).filter(|_| !line.symbolic).map(|value| value.is_true()),
        };
        // What a command line would say, the caller may put into the macros.
        let chosen = match default {
            Some(true) => self.macros.defines(&format!("_without_{name}")).map(|off| !off),
            Some(false) => self.macros.defines(&format!("_with_{name}")),
            None => None,
        };
        let name = format!("with_{name}");
        match (chosen, &self.doubt) {
            (Some(true), None) => self.macros.define(&name, Body::Text("1".into())),
            (Some(false), None) => {}
            _ => self.macros.define(&name, Body::Doubtful(format!("<{}>", line.text))),
        }
    }
}

fn digit(truth: bool) -> String {
    u8::from(truth).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> (String, bool) {
        let mut expander = Expander::new(Macros::new().with("dist", ".azl4").with("fedora", "43"));
        let expanded = expander.expand(text);
        (expanded.text.trim_start().to_owned(), expanded.symbolic)
    }

    fn known(text: &str) -> (String, bool) {
        (text.to_owned(), false)
    }

    #[test]
    fn definitions_and_questions_are_expanded() {
        assert_eq!(expand("%define a 1.%{b}\n%define b 2\n%a"), known("1.2"));
        assert_eq!(expand("%global b 1\n%global a %{b}\n%define b 2\n%{a}%b"), known("12"));
        assert_eq!(expand("%{!?x:%global x 7}%{?x:v%{x}}%{!?x:no}"), known("v7"));
        assert_eq!(expand("1%{?dist}%{?none}%%"), known("1.azl4%"));
        assert_eq!(expand("%[0%{?fedora} > 40 ? \"new\" : \"old\"]"), known("new"));
        assert_eq!(expand("%bcond_without a\n%bcond b 0\n%{with a}%{with b}%{without b}"), known("101"));
        assert_eq!(expand("%{sub abcdef 1 3}%{upper:x}"), known("abcX"));
        assert_eq!(expand("%define a \\\nb\n%a").0.trim(), "b");
    }

    #[test]
    fn what_cannot_be_expanded_stays_as_written() {
        for text in ["%(date)", "%{lua: os.execute('x')}", "%{unknown}", "%{open", "%{-e*}"] {
            assert_eq!(expand(text), (text.to_owned(), true));
        }
        assert_eq!(expand("%global x %(date)\n%{x}"), ("%(date)".to_owned(), true));
        assert_eq!(expand("%define f() %1\n%{f}"), ("%f() %1".to_owned(), true));
    }

    #[test]
    fn recursion_and_doubling_end() {
        assert!(expand("%define a %{a}%{a}\n%a").1);
        let (deep, symbolic) = expand("%define a %{b}%{b}\n%define b %{c}%{a}\n%a");
        assert!(symbolic && deep.len() <= FUEL / 8, "{} bytes", deep.len());
        let mut text = String::from("%define a0 xxxxxxxxxxxxxxxx\n");
        for level in 1..60 {
            text.push_str(&format!("%define a{level} %{{a{0}}}%{{a{0}}}\n", level - 1));
        }
        let (expanded, symbolic) = expand(&format!("{text}%a59"));
        assert!(symbolic && expanded.len() <= 2 * FUEL);
    }

    #[test]
    fn autorelease_is_a_marker() {
        assert_eq!(expand("%autorelease -b 3 -e %{fedora}"), known("E43_S_P0_B3"));
        assert_eq!(expand("%{?autorelease}%{!?autorelease:1%{?dist}}"), known("E_S_P0_B"));
        assert!(expand("%{autorelease -x}").1);
    }
}
