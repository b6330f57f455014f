//! Which label SELinux's file contexts give a path, by the rules of libselinux 3.8 (`selabel_lookup`).
//!
//! A path is first substituted (`.subs`, then `.subs_dist`). Specifications without metacharacters go before all others;
//! of the others the last that matches wins, files counting in the order base, `.homedirs`, `.local`. Regular
//! expressions are anchored at both ends.
//!
//! The crate `regex` reads them: it runs in linear time, and what PCRE has beyond it (looking around, back references)
//! no policy of the reference tree uses; such a specification is an error. Each is compiled when a path with its literal
//! beginning is looked up for the first time, and tried on such paths alone, so that thousands of specifications
//! and tens of thousands of files take about a second.
//!
//! Not here: compiled contexts (`file_contexts.bin`), media and other back ends, whether a context is valid in a policy.
//!
//! **Invariant:** a line that is not understood is an error, since a label too few is a file nobody may read.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

/// Characters that make a specification an expression.
const META: &str = ".^$?*+|[({])}";
/// What a backslash may make literal.
const ESCAPED: &str = ".^$?*+|[({])}-_,";
/// Those that say how often the character before them is there.
const COUNTS: &str = "?*{";
const NONE: &str = "<<none>>";

/// The kinds of file that specifications tell apart and images hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Regular,
    Directory,
    Symlink,
}

/// What file contexts say of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label<'c> {
    /// Its label.
    Context(&'c str),
    /// It is to have none.
    None,
}

/// The specifications of one policy.
#[derive(Debug, Default)]
pub(crate) struct FileContexts {
    literals: BTreeMap<String, Vec<Literal>>,
    /// Expressions by the directory that every path they match lies in or below, in order.
    patterns: BTreeMap<String, Vec<Pattern>>,
    /// Local substitutions, then the distribution's; each from, to.
    substitutions: Vec<Vec<(String, String)>>,
}

#[derive(Debug)]
struct Literal {
    kind: Kind,
    context: String,
}

#[derive(Debug)]
struct Pattern {
    /// Its place among all.
    order: usize,
    kind: Kind,
    context: String,
    /// How every path it matches begins.
    prefix: String,
    text: String,
    regex: OnceCell<Regex>,
}

/// The second field of a specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Any,
    One(FileKind),
    /// A kind that no image holds: device, pipe, socket.
    Special,
}

impl Kind {
    fn admits(self, kind: FileKind) -> bool {
        self == Self::Any || self == Self::One(kind)
    }
}

impl FileContexts {
    /// Reads specifications, the strongest text last, and substitutions, the first text first.
    ///
    /// # Errors
    /// The first line that is not understood.
    pub(crate) fn parse(specifications: &[&str], substitutions: &[&str]) -> Result<Self, String> {
        let mut contexts = Self::default();
        let lines = specifications.iter().flat_map(|text| text.lines()).map(str::trim);
        for (order, line) in lines.filter(|line| !line.is_empty() && !line.starts_with('#')).enumerate() {
            contexts.add(order, line).map_err(|why| format!("{why}: {line}"))?;
        }
        contexts.substitutions = substitutions.iter().map(|text| pairs(text)).collect();
        Ok(contexts)
    }

    /// Returns what the policy says of a file.
    pub(crate) fn label(&self, path: &str, kind: FileKind) -> Option<Label<'_>> {
        let path = &self.substituted(path);
        let literals = self.literals.get(path).into_iter().flatten();
        // One for this kind goes before one for all.
        let best = literals.filter(|literal| literal.kind.admits(kind)).min_by_key(|literal| literal.kind == Kind::Any);
        let context = match best {
            Some(literal) => &literal.context,
            None => &self.last_pattern(path, kind)?.context,
        };
        Some(if context == NONE { Label::None } else { Label::Context(context) })
    }

    fn last_pattern(&self, path: &str, kind: FileKind) -> Option<&Pattern> {
        let mut best: Option<&Pattern> = None;
        let slashes = path.match_indices('/').map(|(at, _)| &path[..=at]);
        for patterns in slashes.filter_map(|directory| self.patterns.get(directory)) {
            let floor = best.map(|pattern| pattern.order);
            let mut later = patterns.iter().rev().take_while(|pattern| Some(pattern.order) > floor);
            best = later.find(|pattern| pattern.kind.admits(kind) && pattern.matches(path)).or(best);
        }
        best
    }

    fn substituted(&self, path: &str) -> String {
        self.substitutions.iter().fold(path.to_owned(), |path, pairs| substitute(&path, pairs).unwrap_or(path))
    }

    fn add(&mut self, order: usize, line: &str) -> Result<(), String> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (text, kind, context) = match fields[..] {
            [text, context] => (text, Kind::Any, context),
            [text, kind, context] => (text, file_kind(kind)?, context),
            _ => return Err("not two or three fields".to_owned()),
        };
        let context = context.to_owned();
        match literal_text(text) {
            Some(path) => self.literals.entry(path).or_default().push(Literal { kind, context }),
            None => {
                let regex = OnceCell::new();
                let pattern = Pattern { order, kind, context, prefix: prefix(text), text: text.to_owned(), regex };
                compile(text)?;
                let directory = pattern.prefix.rfind('/').map_or("/", |at| &pattern.prefix[..=at]).to_owned();
                self.patterns.entry(directory).or_default().push(pattern);
            }
        }
        Ok(())
    }
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        path.starts_with(&self.prefix)
            && self.regex.get_or_init(|| compile(&self.text).expect("it was compiled when it was read")).is_match(path)
    }
}

fn compile(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(&format!("^(?:{text})$")).dot_matches_new_line(true).build();
    built.map_err(|error| format!("not an expression: {error}"))
}

fn file_kind(text: &str) -> Result<Kind, String> {
    match text {
        "--" => Ok(Kind::One(FileKind::Regular)),
        "-d" => Ok(Kind::One(FileKind::Directory)),
        "-l" => Ok(Kind::One(FileKind::Symlink)),
        "-b" | "-c" | "-p" | "-s" => Ok(Kind::Special),
        other => Err(format!("there is no kind `{other}`")),
    }
}

/// Returns the one path that a specification without metacharacters matches.
fn literal_text(text: &str) -> Option<String> {
    let mut literal = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => literal.push(chars.next().filter(|c| ESCAPED.contains(*c))?),
            c if META.contains(c) => return None,
            c => literal.push(c),
        }
    }
    Some(literal)
}

/// Returns how every match of an expression begins.
fn prefix(text: &str) -> String {
    let (mut prefix, mut chars, mut depth) = (String::new(), text.chars().peekable(), 0);
    while let Some(c) = chars.next() {
        let literal = match c {
            '\\' => chars.next().filter(|c| ESCAPED.contains(*c)),
            c if META.contains(c) => None,
            c => Some(c),
        };
        // A character that may be absent is none of it.
        match literal.filter(|_| chars.peek().is_none_or(|next| !COUNTS.contains(*next))) {
            Some(c) => prefix.push(c),
            None => break,
        }
    }
    let alternative = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == '|' && depth == 0
    };
    // An alternative outside parentheses may begin in another way; no policy has one.
    if text.chars().any(alternative) { "/".to_owned() } else { prefix }
}

/// Reads `from to` lines.
fn pairs(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pair = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    lines.filter_map(pair).collect()
}

fn substitute(path: &str, pairs: &[(String, String)]) -> Option<String> {
    pairs.iter().find_map(|(from, to)| {
        let rest = path.strip_prefix(from.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        let to = if to == "/" && !rest.is_empty() { "" } else { to };
        Some(format!("{to}{rest}"))
    })
}

#[cfg(test)]
mod tests;
