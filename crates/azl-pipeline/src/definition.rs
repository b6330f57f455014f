//! What a release is made of: `release.toml`, `overlays/distro/seed.toml` with its lock, `upstream/origins.toml`.
//!
//! These files are ours alone; the azldev format does not have them. All mistakes of a file are shown with their place.
//!
//! **Invariant:** reading is pure; the caller supplies the text.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Origin, Wanted};
use azl_diagnostics::Diagnostic;
use azl_digest::{Digest, Sha512};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// `release.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReleaseToml {
    /// Name of the release.
    pub version: String,
    /// The time that stands for the release.
    pub date: toml::value::Datetime,
    /// The set made when none is named.
    pub default_set: String,
    /// The set that the tests take from sources to booted images: small, since every change waits for it.
    pub smoke_set: String,
    /// Release sets.
    pub sets: BTreeMap<String, SetToml>,
    /// Who signs.
    pub signing: SigningToml,
    /// How overlays are applied.
    #[serde(default)]
    pub overlays: OverlaysToml,
    /// Whose shared results are taken.
    #[serde(default)]
    pub cache: CacheToml,
    /// Capabilities that packages require and the release does not hold, and why.
    #[serde(default)]
    pub assumed: BTreeMap<String, String>,
    /// Components that take bytes of the seed into their packages, and why.
    #[serde(default)]
    pub seed_derived: BTreeMap<String, String>,
    /// Second builds of components, which break cycles.
    #[serde(default)]
    pub bootstrap: BTreeMap<String, BootstrapToml>,
    /// What a root of our own packages alone is made of.
    pub stage2: Option<Stage2Toml>,
}

/// A bootstrap variant of a component.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapToml {
    /// Build conditionals that are switched on.
    #[serde(default)]
    pub with: BTreeSet<String>,
    /// Build conditionals that are switched off.
    #[serde(default)]
    pub without: BTreeSet<String>,
    /// Components that build against it.
    #[serde(rename = "for")]
    pub users: BTreeSet<String>,
    /// Why there is a cycle and why this breaks it.
    pub reason: String,
}

impl BootstrapToml {
    /// Returns what is wrong with it by itself, given the components of all sets.
    pub fn mistakes(&self, component: &str, known: &BTreeSet<&String>) -> Vec<Diagnostic> {
        let own = component.to_owned();
        let unknown = self.users.iter().chain([&own]).filter(|name| !known.contains(name));
        unknown
            .map(|name| format!("names `{name}`, which is in no set of `release.toml`"))
            .chain(conditionals_mistakes(&self.with, &self.without, &self.reason))
            .chain(self.users.is_empty().then(|| "is for nobody: `for` is empty".to_owned()))
            .map(|message| Diagnostic::error("bootstrap", format!("`[bootstrap.{component}]` {message}")))
            .collect()
    }
}

/// What every root of stage 2 holds besides what a component asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage2Toml {
    /// Capabilities of our own packages.
    pub packages: Vec<String>,
    /// Empty directories, for what is mounted or written there.
    #[serde(default)]
    pub directories: Vec<String>,
    /// Symbolic links that scripts of packages would have made.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
}

/// A release set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetToml {
    /// Components to build.
    pub components: BTreeSet<String>,
    /// Images to compose.
    #[serde(default)]
    pub images: BTreeSet<String>,
    /// Components that this set builds otherwise than their specs say.
    #[serde(default)]
    pub builds: BTreeMap<String, BuildToml>,
}

/// How a release set builds a component.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildToml {
    /// Build conditionals that are switched on.
    #[serde(default)]
    pub with: BTreeSet<String>,
    /// Build conditionals that are switched off.
    #[serde(default)]
    pub without: BTreeSet<String>,
    /// Why this set does not take the component as it is.
    pub reason: String,
}

impl SetToml {
    /// Returns what is wrong with the set of this name by itself.
    pub fn mistakes(&self, set: &str) -> Vec<Diagnostic> {
        let mut mistakes = Vec::new();
        for (component, build) in &self.builds {
            let unknown = (!self.components.contains(component)).then(|| "is of no component of the set".to_owned());
            let wrong = conditionals_mistakes(&build.with, &build.without, &build.reason);
            mistakes.extend(
                unknown.into_iter().chain(wrong).map(|message| {
                    Diagnostic::error("set-build", format!("`[sets.{set}.builds.{component}]` {message}"))
                }),
            );
        }
        mistakes
    }
}

/// Returns what is wrong with a table that sets build conditionals and gives a reason.
fn conditionals_mistakes(with: &BTreeSet<String>, without: &BTreeSet<String>, reason: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    if with.is_empty() && without.is_empty() {
        mistakes.push("changes nothing: it has neither `with` nor `without`".to_owned());
    }
    if let Some(both) = with.intersection(without).next() {
        mistakes.push(format!("has `{both}` both in `with` and in `without`"));
    }
    if reason.trim().is_empty() {
        mistakes.push("gives no reason".to_owned());
    }
    mistakes
}

/// How the overlays of this tree are applied.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlaysToml {
    /// Whose results count where azldev's are known defects.
    #[serde(default)]
    pub compat: CompatToml,
}

/// Whose results overlays have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompatToml {
    /// What the kinds' documentation says.
    None,
    /// azldev's, as in every tree that does not say otherwise.
    #[default]
    Azldev,
}

/// Who signs a release.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SigningToml {
    /// Which keys are accepted.
    pub policy: Policy,
    /// The only key a release may be signed with, under the `release` policy.
    pub fingerprint: Option<String>,
    /// The component that carries the certificate.
    pub certificate_component: String,
    /// The name of the certificate among its sources.
    pub certificate_file: String,
}

/// Whose shared results are taken.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheToml {
    /// Fingerprints of keys, upper-case hexadecimal; without any, only results of this machine's own key are taken.
    #[serde(default)]
    pub trusted: Vec<String>,
}

/// Which keys are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// A key made on first use will do.
    Development,
    /// Only the stated key will do.
    Release,
}

/// `overlays/distro/seed.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedToml {
    /// Suite of the Debian archive.
    pub suite: String,
    /// Debian's name of the architecture.
    pub arch: String,
    /// Package sets.
    pub sets: BTreeMap<String, SeedSetToml>,
    /// Additions to the set `build`, for the roots of builds that require a capability they provide.
    #[serde(default)]
    pub tools: BTreeMap<String, SeedSetToml>,
}

/// One set of the seed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSetToml {
    /// Suite of the Debian archive, where it is another one than the seed's.
    pub suite: Option<String>,
    /// Packages asked for; apt adds what they depend on.
    pub packages: Vec<String>,
    /// Packages that others depend on and that are left out all the same: the set is unpacked, never installed.
    #[serde(default)]
    pub without: BTreeSet<String>,
    /// Empty directories.
    #[serde(default)]
    pub directories: Vec<String>,
    /// Symbolic links.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
    /// Files.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Environment its programs need.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// RPM capabilities it stands for.
    #[serde(default)]
    pub provides: Vec<String>,
    /// Of a tool: the components that take it even where one of ours provides the capability. Without any, it is for all, and
    /// ours comes first.
    #[serde(default, rename = "for")]
    pub users: BTreeSet<String>,
}

/// `overlays/distro/seed.lock.toml`, written by `cargo xtask update seed`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedLock {
    /// Locked packages of each set, and of each tool as `build+<tool>`: what it adds to `build`.
    pub sets: BTreeMap<String, Vec<LockedDeb>>,
}

/// A package of the seed, pinned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedDeb {
    /// Package name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Path in the archive.
    pub pool: String,
    /// Size in bytes.
    pub size: u64,
    /// Digest of the file.
    pub sha256: Digest,
}

impl LockedDeb {
    /// Returns the file name and what to fetch.
    pub fn wanted(&self) -> (String, Wanted) {
        let file = self.pool.rsplit('/').next().unwrap_or(&self.pool).to_owned();
        let origins = vec![Origin::DebianPool(self.pool.clone())];
        (file, Wanted { sha256: Some(self.sha256), sha512: None, size: Some(self.size), origins })
    }
}

/// `upstream/origins.toml`: where the bytes of a digest can be had.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginsToml {
    /// Known files.
    #[serde(default)]
    pub source: Vec<SourceOrigin>,
}

/// Where one file can be had.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceOrigin {
    /// Its digest, as `sources` files give it.
    pub sha512: Sha512,
    /// Its size in bytes.
    pub size: u64,
    /// Its name in the `sources` file, for people.
    pub file: String,
    /// Where upstream publishes these very bytes.
    pub url: Option<String>,
    /// The Debian source package that holds these very bytes.
    pub apt: Option<AptSource>,
}

/// A file of a Debian source package in the component `main`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AptSource {
    /// The source package.
    pub package: String,
    /// The file.
    pub file: String,
}

impl SourceOrigin {
    /// Returns what to fetch: the upstream URL first, then the Debian archive.
    pub fn wanted(&self) -> Wanted {
        let url = self.url.iter().map(|url| Origin::Url(url.clone()));
        let pool = self.apt.iter().map(|apt| Origin::DebianPool(apt.pool()));
        let origins = url.chain(pool).collect();
        Wanted { sha256: None, sha512: Some(self.sha512), size: Some(self.size), origins }
    }
}

impl AptSource {
    /// Returns the path in the archive: `pool/main/<first letter, or lib and a letter>/<package>/<file>`.
    fn pool(&self) -> String {
        let letters = if self.package.starts_with("lib") { 4 } else { 1 };
        let prefix: String = self.package.chars().take(letters).collect();
        format!("pool/main/{prefix}/{}/{}", self.package, self.file)
    }
}

/// Reads one of these files.
///
/// # Errors
/// The mistake, with its place.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Diagnostic> {
    toml::from_str(text).map_err(|error| {
        let diagnostic = Diagnostic::error("definition", error.message().to_owned());
        match error.span() {
            Some(span) => diagnostic.at(file, span),
            None => diagnostic,
        }
    })
}

/// Returns seconds since 1970 of a date with time and UTC offset `Z`.
///
/// # Errors
/// If the value is no full UTC date and time, or before 1970.
pub fn epoch(date: &toml::value::Datetime) -> Result<u64, String> {
    let (Some(day), Some(time)) = (date.date, date.time) else {
        return Err(format!("`{date}` is not a date with a time"));
    };
    if date.offset != Some(toml::value::Offset::Z) {
        return Err(format!("`{date}` is not in UTC: write it with `Z`"));
    }
    let no_day = || format!("`{date}` is no day of the calendar");
    let day = azl_spec::Date::new(day.year, day.month, day.day).ok_or_else(no_day)?;
    let of_day = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0));
    u64::try_from(day.seconds() + of_day).map_err(|_| format!("`{date}` is before 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<u64, String> {
        epoch(&text.parse().expect("a date"))
    }

    #[test]
    fn dates_become_seconds() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Ok(0));
        assert_eq!(seconds("2000-02-29T12:00:00Z"), Ok(951_825_600));
        assert_eq!(seconds("2026-11-20T00:00:00Z"), Ok(1_795_132_800));
        assert!(seconds("2026-11-20T00:00:00+01:00").is_err() && seconds("2026-11-20").is_err());
    }

    #[test]
    fn an_unknown_key_is_shown_with_its_place() {
        let error = parse::<SetToml>("release.toml", "components = []\nimage = []\n").expect_err("unknown key");
        assert!(error.message.contains("image"), "{}", error.message);
        assert_eq!(error.span.expect("a place").start, 16);
    }

    #[test]
    fn a_bootstrap_variant_says_what_it_changes_for_whom_and_why() {
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let known = BTreeSet::from([&a, &b]);
        let told = |text: &str| -> Vec<String> {
            let variant: BootstrapToml = parse("release.toml", text).expect("a table");
            variant.mistakes("a", &known).into_iter().map(|mistake| mistake.message).collect()
        };
        assert!(told("without = ['docs']\nfor = ['b']\nreason = 'docs need b'").is_empty());
        let wrong = told("with = ['x']\nwithout = ['x']\nfor = ['c']\nreason = ' '");
        assert_eq!(wrong.len(), 3);
        assert!(wrong[0].starts_with("`[bootstrap.a]` names `c`, which is in no set"), "{wrong:?}");
        assert!(wrong[1].contains("has `x` both") && wrong[2].contains("gives no reason"), "{wrong:?}");
        let empty = told("for = []\nreason = 'none'");
        assert!(empty[0].contains("changes nothing") && empty[1].contains("is for nobody"), "{empty:?}");
        assert!(
            parse::<BootstrapToml>("release.toml", "without = ['x']\nfor = ['b']").is_err(),
            "a reason is required"
        );
    }

    #[test]
    fn a_set_builds_otherwise_only_what_it_holds_and_says_why() {
        let told = |text: &str| -> Vec<String> {
            let set: SetToml = parse("release.toml", text).expect("a set");
            set.mistakes("small").into_iter().map(|mistake| mistake.message).collect()
        };
        assert!(told("components = ['a']\n[builds.a]\nwithout = ['docs']\nreason = 'slow'").is_empty());
        let wrong = told("components = ['a']\n[builds.b]\nreason = ''");
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong[0].starts_with("`[sets.small.builds.b]` is of no component"), "{wrong:?}");
        assert!(wrong[1].contains("changes nothing") && wrong[2].contains("gives no reason"), "{wrong:?}");
    }

    #[test]
    fn pool_paths_follow_debians_rule() {
        let path = |package: &str| AptSource { package: package.to_owned(), file: "f".to_owned() }.pool();
        assert_eq!(path("bash"), "pool/main/b/bash/f");
        assert_eq!(path("libzstd"), "pool/main/libz/libzstd/f");
    }
}
