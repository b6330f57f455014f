//! What a package holds, as far as its `%files` says before it is built: paths and patterns.
//!
//! Not here: lists that a build writes (`%files -f`); files with relative paths, which rpm places (`%doc`, `%license`).
//!
//! **Invariant:** `*` and `?` never match a slash, as in rpm.

use std::collections::HashMap;

/// An absolute path or pattern of a `%files` list; braces are expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// The path, or a pattern with `*`, `?` or `[…]`.
    pub path: String,
    /// What is said about it.
    pub kind: EntryKind,
}

/// What a `%files` line says about its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// It is packaged; a directory with all that is in it.
    Listed,
    /// The directory alone (`%dir`).
    Directory,
    /// It is not packaged (`%exclude`).
    Excluded,
}

/// Patterns that one pair of braces after another may become.
const MAX_EXPANDED: usize = 256;

/// Returns the entries of each package from the expanded `%files` sections of the spec of `source`.
pub(crate) fn parse(text: &str, source: &str) -> Vec<(String, Vec<FileEntry>)> {
    let mut sections: Vec<(String, Vec<FileEntry>)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(arguments) = section(line, "%files") {
            sections.push((package_name(arguments, source), Vec::new()));
        } else if let Some((_, entries)) = sections.last_mut() {
            entries.extend(entries_of(line));
        }
    }
    sections
}

/// Returns whether the expanded text has a section that finds BuildRequires by running.
pub(crate) fn has_generator(text: &str) -> bool {
    text.lines().any(|line| section(line, "%generate_buildrequires").is_some())
}

fn section<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn package_name(arguments: &str, source: &str) -> String {
    let mut words = arguments.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "-n" => return words.next().unwrap_or(source).to_owned(),
            "-f" => drop(words.next()),
            suffix => return format!("{source}-{suffix}"),
        }
    }
    source.to_owned()
}

fn entries_of(line: &str) -> Vec<FileEntry> {
    let (mut rest, mut kind) = (line, EntryKind::Listed);
    while let Some(directive) = rest.strip_prefix('%') {
        let end = directive.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(directive.len());
        let (name, after) = directive.split_at(end);
        match name {
            "dir" => kind = EntryKind::Directory,
            "exclude" => kind = EntryKind::Excluded,
            "defattr" => return Vec::new(),
            _ => {}
        }
        rest = after
            .strip_prefix('(')
            .map_or(after, |list| list.split_once(')').map_or("", |(_, rest)| rest))
            .trim_start();
    }
    let paths = path_words(rest).into_iter().filter(|path| path.starts_with('/')).flat_map(|path| expand(&path));
    paths.map(|path| FileEntry { path: trim_slash(path), kind }).collect()
}

fn trim_slash(mut path: String) -> String {
    while path.len() > 1 && path.ends_with('/') {
        path.pop();
    }
    path
}

/// Splits at white space outside quotes.
fn path_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' if word.is_empty() && !quoted => break,
            c if c.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Expands `{a,b}`, nested ones too.
fn expand(text: &str) -> Vec<String> {
    let (mut open, mut done) = (vec![text.to_owned()], Vec::new());
    while let Some(text) = open.pop() {
        match alternatives(&text) {
            Some(more) if open.len() + done.len() + more.len() <= MAX_EXPANDED => open.extend(more),
            _ => done.push(text),
        }
    }
    done.sort();
    done.dedup();
    done
}

/// Returns the texts for the first pair of braces that has no other inside.
fn alternatives(text: &str) -> Option<Vec<String>> {
    let end = text.find('}')?;
    let start = text[..end].rfind('{')?;
    let (before, list, after) = (&text[..start], &text[start + 1..end], &text[end + 1..]);
    Some(list.split(',').map(|item| format!("{before}{item}{after}")).collect())
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Returns whether a path matches a pattern of `glob(3)`.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<char>, Vec<char>) = (pattern.chars().collect(), path.chars().collect());
    let (mut p, mut at, mut retry) = (0, 0, None);
    while at < path.len() {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p, at));
            p += 1;
        } else if let Some(next) = match_one(&pattern, p, path[at]) {
            (p, at) = (next, at + 1);
        } else {
            match retry {
                Some((star, from)) if path[from] != '/' => {
                    retry = Some((star, from + 1));
                    (p, at) = (star + 1, from + 1);
                }
                _ => return false,
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Returns where the pattern goes on if its part at `p` matches `c`.
fn match_one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match pattern.get(p)? {
        '?' => (c != '/').then_some(p + 1),
        '[' => {
            let end = p + 2 + pattern.get(p + 2..)?.iter().position(|c| *c == ']')?;
            let (negated, set) = match pattern[p + 1] {
                '!' | '^' => (true, &pattern[p + 2..end]),
                _ => (false, &pattern[p + 1..end]),
            };
            (in_set(set, c) != negated && c != '/').then_some(end + 1)
        }
        literal => (*literal == c).then_some(p + 1),
    }
}

fn in_set(set: &[char], c: char) -> bool {
    let range = |window: &[char]| window[1] == '-' && (window[0]..=window[2]).contains(&c);
    set.contains(&c) || set.windows(3).any(range)
}

/// How surely a package holds a path, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// The path is listed.
    Named,
    /// A pattern matches it.
    Matched,
    /// A directory above it is listed.
    Inside,
}

/// The paths of many packages, each known by a number.
#[derive(Debug, Default)]
pub(crate) struct FileIndex<'a> {
    paths: HashMap<&'a str, Vec<(usize, EntryKind)>>,
    /// Patterns by the longest directory of theirs that is no pattern.
    patterns: HashMap<&'a str, Vec<(&'a str, usize, EntryKind)>>,
    excluded: HashMap<usize, Vec<&'a str>>,
}

impl<'a> FileIndex<'a> {
    pub(crate) fn add(&mut self, package: usize, entries: &'a [FileEntry]) {
        for FileEntry { path, kind } in entries {
            match kind {
                EntryKind::Excluded => self.excluded.entry(package).or_default().push(path),
                kind if is_pattern(path) => {
                    self.patterns.entry(literal_directory(path)).or_default().push((path, package, *kind));
                }
                kind => self.paths.entry(path).or_default().push((package, *kind)),
            }
        }
    }

    /// Returns the packages that hold a path, each with how sure that is.
    pub(crate) fn holders(&self, path: &str) -> Vec<(Certainty, usize)> {
        let mut found = Vec::new();
        let mut above = path;
        while !above.is_empty() {
            let inside = above.len() < path.len();
            let counts = |kind: EntryKind| !inside || kind == EntryKind::Listed;
            let certainty = |surest: Certainty| if inside { Certainty::Inside } else { surest };
            let named = self.paths.get(above).into_iter().flatten().filter(|(_, kind)| counts(*kind));
            found.extend(named.map(|(package, _)| (certainty(Certainty::Named), *package)));
            let matched = ancestors(above).filter_map(|directory| self.patterns.get(directory)).flatten();
            let matched = matched.filter(|(pattern, _, kind)| counts(*kind) && matches(pattern, above));
            found.extend(matched.map(|(_, package, _)| (certainty(Certainty::Matched), *package)));
            above = parent(above);
        }
        found.retain(|(_, package)| !self.is_excluded(*package, path));
        found.sort();
        found
    }

    fn is_excluded(&self, package: usize, path: &str) -> bool {
        let excluded = self.excluded.get(&package).into_iter().flatten();
        excluded.into_iter().any(|pattern| matches(pattern, path))
    }
}

fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..at])
}

fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(parent(path)), |above| (!above.is_empty()).then(|| parent(above)))
}

fn literal_directory(pattern: &str) -> &str {
    let end = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    parent(&pattern[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(line: &str) -> Vec<String> {
        entries_of(line).into_iter().map(|entry| format!("{:?} {}", entry.kind, entry.path)).collect()
    }

    #[test]
    fn directives_are_read_and_relative_paths_left_to_rpm() {
        assert_eq!(entries("%attr(755,root,root) %config(noreplace) /etc/x"), ["Listed /etc/x"]);
        assert_eq!(entries("%dir /usr/lib/x/"), ["Directory /usr/lib/x"]);
        assert_eq!(entries("%exclude /usr/bin/{a,b{1,2}}").len(), 3);
        assert_eq!(entries("\"/usr/share/a b\" # note"), ["Listed /usr/share/a b"]);
        assert!(
            entries("%doc README").is_empty()
                && entries("%defattr(-,root,root)").is_empty()
                && entries("# /x").is_empty()
        );
    }

    #[test]
    fn sections_name_their_packages() {
        let text = "%files\n/a\n%files libs -f x.lang\n/b\n%files -n other\n/c\n%files -f list\n/d\n";
        let names: Vec<String> = parse(text, "toy").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["toy", "toy-libs", "other", "toy"]);
    }

    #[test]
    fn patterns_match_as_rpm_does() {
        for (pattern, path, expected) in [
            ("/usr/bin/*", "/usr/bin/foo", true),
            ("/usr/*/foo", "/usr/bin/foo", true),
            ("/usr/bin/*", "/usr/bin/a/foo", false),
            ("/usr/lib/lib?[a-c].so", "/usr/lib/libxb.so", true),
            ("/usr/lib/lib?[!a-c].so", "/usr/lib/libxb.so", false),
            ("/usr/bin/[", "/usr/bin/[", false),
            ("/a*b*c", "/axbxbc", true),
            ("/a*b*c", "/axbxb", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn surer_holders_come_first_and_exclusions_count() {
        let lists = ["/usr/bin/foo", "/usr/bin/f*", "/usr/b*", "%dir /usr/bin", "/usr/bin/*\n%exclude /usr/bin/foo"];
        let lists: Vec<Vec<FileEntry>> = lists.iter().map(|text| text.lines().flat_map(entries_of).collect()).collect();
        let mut index = FileIndex::default();
        for (package, list) in lists.iter().enumerate() {
            index.add(package, list);
        }
        let expected = [(Certainty::Named, 0), (Certainty::Matched, 1), (Certainty::Inside, 2)];
        assert_eq!(index.holders("/usr/bin/foo"), expected);
        assert!(index.holders("/opt/foo").is_empty());
    }
}
