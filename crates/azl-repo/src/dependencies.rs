//! Which of a package's dependencies go into the metadata, and how.
//!
//! The rules for `Requires` are those of `createrepo_c`: what rpm itself must offer, what the package
//! gives itself and repetitions are left out, and of the versioned symbols of the C library only the
//! highest stays, since a library that has it has the older ones.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io;

use azl_rpm::{Compare, Dependency, Evr, PackageHeader};

use crate::primary::is_primary;
use crate::xml::{Xml, printable};

/// Writes one list, nothing if it is empty.
pub(crate) fn write(xml: &mut Xml, name: &str, dependencies: &[Dependency]) -> io::Result<()> {
    write_flagged(xml, name, dependencies.iter().map(|dependency| (dependency, false)))
}

/// Writes `Requires`, which also tells what is needed before scriptlets run.
pub(crate) fn write_requires(xml: &mut Xml, header: &PackageHeader) -> io::Result<()> {
    write_flagged(xml, "rpm:requires", requires(header).into_iter())
}

fn write_flagged<'a>(
    xml: &mut Xml,
    name: &str,
    dependencies: impl ExactSizeIterator<Item = (&'a Dependency, bool)>,
) -> io::Result<()> {
    if dependencies.len() == 0 {
        return Ok(());
    }
    xml.create_element(name).write_inner_content(|xml| {
        for (dependency, before_scripts) in dependencies {
            write_entry(xml, dependency, before_scripts)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_entry(xml: &mut Xml, dependency: &Dependency, before_scripts: bool) -> io::Result<()> {
    let mut element = xml.create_element("rpm:entry").with_attribute(("name", printable(&dependency.name).as_str()));
    if let (Some(evr), Some(flags)) = (&dependency.evr, flags(dependency.compare)) {
        element = element
            .with_attribute(("flags", flags))
            .with_attribute(("epoch", evr.epoch.to_string().as_str()))
            .with_attribute(("ver", printable(&evr.version).as_str()));
        if !evr.release.is_empty() {
            element = element.with_attribute(("rel", printable(&evr.release).as_str()));
        }
    }
    if before_scripts {
        element = element.with_attribute(("pre", "1"));
    }
    element.write_empty().map(drop)
}

fn flags(compare: Compare) -> Option<&'static str> {
    match compare {
        Compare::Any => None,
        Compare::Less => Some("LT"),
        Compare::LessEqual => Some("LE"),
        Compare::Equal => Some("EQ"),
        Compare::GreaterEqual => Some("GE"),
        Compare::Greater => Some("GT"),
    }
}

/// Returns the requirements worth telling, each with whether it is needed before scriptlets run.
fn requires(header: &PackageHeader) -> Vec<(&Dependency, bool)> {
    let own_files: BTreeSet<&str> = header.files.iter().map(|file| file.path.as_str()).collect();
    let provided: BTreeSet<&Dependency> = header.provides.iter().collect();
    let prerequisites: BTreeSet<usize> = header.prerequisites.iter().copied().collect();
    let mut seen = BTreeSet::new();
    let mut result = Vec::new();
    for (at, dependency) in header.requires.iter().enumerate() {
        let own_file = is_primary(&dependency.name) && own_files.contains(dependency.name.as_str());
        if dependency.is_rpmlib() || own_file || provided.contains(dependency) {
            continue;
        }
        let entry = (dependency, prerequisites.contains(&at));
        if seen.insert(entry) {
            result.push(entry);
        }
    }
    keep_highest_libc(result)
}

const LIBC: &str = "libc.so.6(";

fn keep_highest_libc(mut entries: Vec<(&Dependency, bool)>) -> Vec<(&Dependency, bool)> {
    let is_libc = |entry: &(&Dependency, bool)| entry.0.name.starts_with(LIBC);
    let highest = entries.iter().copied().filter(is_libc).reduce(|best, next| match symbol_order(best.0, next.0) {
        Ordering::Less => next,
        _ => best,
    });
    entries.retain(|entry| !is_libc(entry));
    entries.extend(highest);
    entries
}

/// Orders `libc.so.6(GLIBC_2.34)(64bit)` and its kin by the version in the first parentheses.
fn symbol_order(left: &Dependency, right: &Dependency) -> Ordering {
    let version = |dependency: &Dependency| {
        let symbol = dependency.name[LIBC.len()..].split(')').next().unwrap_or_default().to_owned();
        Evr::new(0, symbol.trim_start_matches("GLIBC_"), "")
    };
    let private = |dependency: &Dependency| dependency.name.contains("PRIVATE");
    private(right).cmp(&private(left)).then_with(|| version(left).compare(&version(right)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use azl_rpm::FileEntry;

    fn header(requires: &[&str], provides: &[&str], files: &[&str]) -> PackageHeader {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("valid")).collect();
        PackageHeader {
            requires: parse(requires),
            provides: parse(provides),
            files: files.iter().map(|path| FileEntry { path: (*path).into(), ..FileEntry::default() }).collect(),
            ..PackageHeader::default()
        }
    }

    fn told(header: &PackageHeader) -> Vec<String> {
        requires(header)
            .iter()
            .map(|(dependency, pre)| format!("{dependency}{}", if *pre { " (pre)" } else { "" }))
            .collect()
    }

    #[test]
    fn what_a_package_gives_itself_is_left_out() {
        let header = header(
            &[
                "rpmlib(X) <= 4",
                "self = 1",
                "self = 2",
                "/usr/bin/own",
                "/usr/share/own",
                "/usr/bin/other",
                "twice",
                "twice",
            ],
            &["self = 1"],
            &["/usr/bin/own", "/usr/share/own"],
        );
        assert_eq!(told(&header), ["self = 2", "/usr/share/own", "/usr/bin/other", "twice"]);
    }

    #[test]
    fn only_the_highest_libc_symbol_stays() {
        let symbols = [
            "libc.so.6()(64bit)",
            "libc.so.6(GLIBC_2.4)(64bit)",
            "libc.so.6(GLIBC_2.34)(64bit)",
            "libm.so.6(GLIBC_2.2)(64bit)",
        ];
        assert_eq!(told(&header(&symbols, &[], &[])), ["libm.so.6(GLIBC_2.2)(64bit)", "libc.so.6(GLIBC_2.34)(64bit)"]);
    }

    #[test]
    fn prerequisites_are_marked() {
        let mut header = header(&["a", "b"], &[], &[]);
        header.prerequisites = vec![1];
        assert_eq!(told(&header), ["a", "b (pre)"]);
    }
}
