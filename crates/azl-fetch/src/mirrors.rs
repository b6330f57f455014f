//! Which Debian mirrors this host uses.
//!
//! No mirror's name is written in this program: the host's apt configuration knows one, or the user says one.

use azl_host::{Cmd, environment, files};

use crate::backends::apt_environment;

/// Variable with the URLs of Debian mirrors, separated by blanks; it replaces what apt is configured with.
pub const MIRROR_VARIABLE: &str = "AZL_DEBIAN_MIRROR";

/// Returns the base URLs of Debian mirrors, the main archive first.
///
/// # Errors
/// What to do if none is known.
pub(crate) fn debian_mirrors() -> Result<Vec<String>, String> {
    if let Some(value) = environment::var(MIRROR_VARIABLE) {
        return Ok(value.split_whitespace().map(str::to_owned).collect());
    }
    let mut mirrors = indexed(&apt(&["indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)"]));
    if mirrors.is_empty() && is_debian() {
        // No package lists yet, as in a fresh container: apt still knows what it would download.
        mirrors = configured(&apt(&["update", "--print-uris"]));
    }
    if mirrors.is_empty() {
        return Err(format!(
            "this host's apt configuration names no Debian mirror\nhint: {MIRROR_VARIABLE}=<URL of a Debian mirror> cargo xtask …"
        ));
    }
    Ok(mirrors)
}

fn apt(args: &[&str]) -> String {
    let output = apt_environment(Cmd::new("apt-get", "/")).args(args.iter().copied()).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_debian() -> bool {
    files::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}

/// Reads `URI|origin|label` lines; other distributions' and vendors' archives are left out.
fn indexed(text: &str) -> Vec<String> {
    let entries = text.lines().filter_map(|line| {
        let mut fields = line.split('|');
        let (uri, origin, label) = (fields.next()?, fields.next()?, fields.next()?);
        (origin == "Debian").then(|| (label != "Debian", uri))
    });
    ordered(entries)
}

/// Reads the lines `'<mirror>/dists/<suite>/InRelease' …` that `apt-get update --print-uris` prints.
fn configured(text: &str) -> Vec<String> {
    let entries = text.lines().filter_map(|line| {
        let url = line.strip_prefix('\'')?.split('\'').next()?.strip_suffix("/InRelease")?;
        let (uri, suite) = url.split_once("/dists/")?;
        Some((suite.ends_with("-security"), uri))
    });
    ordered(entries)
}

/// Puts the main archive before the others and drops repetitions.
fn ordered<'a>(entries: impl Iterator<Item = (bool, &'a str)>) -> Vec<String> {
    let mut entries: Vec<(bool, String)> =
        entries.map(|(late, uri)| (late, uri.trim_end_matches('/').to_owned())).collect();
    entries.sort_by_key(|(late, _)| *late);
    let mut mirrors: Vec<String> = Vec::new();
    for (_, uri) in entries {
        if !mirrors.contains(&uri) {
            mirrors.push(uri);
        }
    }
    mirrors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_archive_comes_first_and_other_vendors_not_at_all() {
        let text = "http://m/debian-security/|Debian|Debian-Security\nhttp://v/|Vendor|x\nhttp://m/debian/|Debian|Debian\n\
                    http://m/debian/|Debian|Debian\nhttp://u/ubuntu/|Ubuntu|Ubuntu\n";
        assert_eq!(indexed(text), ["http://m/debian", "http://m/debian-security"]);
    }

    #[test]
    fn without_lists_the_release_files_to_come_tell_the_mirrors() {
        let text = "'http://m/debian-security/dists/bookworm-security/InRelease' x 0 \n\
                    'http://m/debian/dists/bookworm/InRelease' y 0 \n\
                    'http://m/debian/dists/bookworm/main/binary-amd64/Packages.xz' z 0 \n";
        assert_eq!(configured(text), ["http://m/debian", "http://m/debian-security"]);
    }
}
