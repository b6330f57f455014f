//! What a package says about itself.

use rpm::{DependencyFlags, Header, IndexSignatureTag, IndexTag as Tag, PackageMetadata};
use serde::{Deserialize, Serialize};

use crate::listing::read_listing;
use crate::scriptlet::read_scriptlets;
use crate::{Compare, Dependency, Evr, FileEntry, Nevra, RpmError, Scriptlet, check_frame};

/// One changelog entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangelogEntry {
    /// Who and which version, as in the spec's `*` line after the date.
    pub author: String,
    /// Seconds since 1970.
    pub date: u64,
    /// The lines below it.
    pub text: String,
}

/// The main header of a package, plus what repositories need to know of the rest of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageHeader {
    /// Identity; the architecture of a source package is `src`.
    pub nevra: Nevra,
    /// File name of the source package this was built from; `None` if this is a source package itself.
    pub source_rpm: Option<String>,
    /// One line.
    pub summary: String,
    /// Some paragraphs.
    pub description: String,
    /// Licence expression.
    pub license: String,
    /// Home page; empty if not given.
    pub url: String,
    /// Vendor; empty if not given.
    pub vendor: String,
    /// Packager; empty if not given.
    pub packager: String,
    /// Group; rpm fills in `Unspecified`.
    pub group: String,
    /// Seconds since 1970.
    pub build_time: u64,
    /// Build host's name.
    pub build_host: String,
    /// Sum of the file sizes in bytes.
    pub installed_size: u64,
    /// Uncompressed size of the payload in bytes; 0 if not given.
    pub archive_size: u64,
    /// Capabilities provided.
    pub provides: Vec<Dependency>,
    /// Capabilities required.
    pub requires: Vec<Dependency>,
    /// Indices into `requires` of what must be there before scriptlets run (`Requires(pre)`, `(post)`).
    pub prerequisites: Vec<usize>,
    /// Must not be installed together with this.
    pub conflicts: Vec<Dependency>,
    /// Replaced by this.
    pub obsoletes: Vec<Dependency>,
    /// Weakly required.
    pub recommends: Vec<Dependency>,
    /// Weakly hinted at.
    pub suggests: Vec<Dependency>,
    /// Wants to be installed with these.
    pub supplements: Vec<Dependency>,
    /// Hints that it goes with these.
    pub enhances: Vec<Dependency>,
    /// File list in header order.
    pub files: Vec<FileEntry>,
    /// Scriptlets and triggers.
    pub scriptlets: Vec<Scriptlet>,
    /// Newest first.
    pub changelog: Vec<ChangelogEntry>,
    /// First byte and end of the main header in the file.
    pub header_range: (u64, u64),
    /// Payload compressor, e.g. `zstd`; `none` if the package does not say.
    pub compressor: String,
}

impl PackageHeader {
    /// Returns whether this is a source package.
    pub fn is_source(&self) -> bool {
        matches!(self.nevra.arch.as_str(), "src" | "nosrc")
    }
}

/// Reads the headers of a package file; the payload need not be there.
///
/// # Errors
/// If the frame is broken, or a tag is missing, of the wrong type, or holds what no package may say.
pub fn read_header(bytes: &[u8]) -> Result<PackageHeader, RpmError> {
    let frame = check_frame(bytes)?;
    let metadata = PackageMetadata::parse(&mut &bytes[..frame.payload])?;
    let source = metadata.is_source_package();
    let (requires, prerequisites) = read_requires(&metadata.header)?;
    Ok(PackageHeader {
        nevra: read_nevra(&metadata, source)?,
        source_rpm: if source { None } else { Some(required(metadata.get_source_rpm(), "SOURCERPM")?.to_owned()) },
        summary: text(metadata.get_summary())?,
        description: text(metadata.get_description())?,
        license: text(metadata.get_license())?,
        url: text(metadata.get_url())?,
        vendor: text(metadata.get_vendor())?,
        packager: text(metadata.get_packager())?,
        group: text(metadata.get_group())?,
        build_time: number(metadata.get_build_time())?,
        build_host: text(metadata.get_build_host())?,
        installed_size: number(metadata.get_installed_size())?,
        archive_size: archive_size(&metadata)?,
        provides: read_dependencies(&metadata.header, PROVIDES)?,
        requires,
        prerequisites,
        conflicts: read_dependencies(&metadata.header, CONFLICTS)?,
        obsoletes: read_dependencies(&metadata.header, OBSOLETES)?,
        recommends: read_dependencies(&metadata.header, RECOMMENDS)?,
        suggests: read_dependencies(&metadata.header, SUGGESTS)?,
        supplements: read_dependencies(&metadata.header, SUPPLEMENTS)?,
        enhances: read_dependencies(&metadata.header, ENHANCES)?,
        files: read_listing(&metadata)?.into_iter().map(|listed| listed.entry).collect(),
        scriptlets: read_scriptlets(&metadata)?,
        changelog: read_changelog(&metadata.header)?,
        header_range: (frame.header.start as u64, frame.header.end as u64),
        compressor: compressor(&metadata)?,
    })
}

fn read_nevra(metadata: &PackageMetadata, source: bool) -> Result<Nevra, RpmError> {
    let name = identity(metadata.get_name(), "NAME")?;
    let version = identity(metadata.get_version(), "VERSION")?;
    let release = identity(metadata.get_release(), "RELEASE")?;
    let arch = identity(metadata.get_arch(), "ARCH")?;
    if version.contains('-') || release.contains('-') {
        return Err(RpmError::tag("VERSION", format!("`{version}-{release}` has a `-` too many")));
    }
    let epoch = number(metadata.get_epoch().map(u64::from))?;
    let evr = Evr::new(u32::try_from(epoch).unwrap_or(u32::MAX), version, release);
    Ok(Nevra::new(name, evr, if source { "src" } else { arch }))
}

/// Accepts only what may become part of a file name.
fn identity<'a>(value: Result<&'a str, rpm::Error>, tag: &'static str) -> Result<&'a str, RpmError> {
    let value = required(value, tag)?;
    let safe = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '%' | ':');
    if value.is_empty() || value.starts_with(['-', '.']) || !value.chars().all(safe) {
        let shown: String = value.escape_debug().take(120).collect();
        return Err(RpmError::tag(tag, format!("`{shown}` cannot be part of a file name")));
    }
    Ok(value)
}

fn required<'a>(value: Result<&'a str, rpm::Error>, tag: &'static str) -> Result<&'a str, RpmError> {
    match value {
        Err(rpm::Error::TagNotFound(_)) => Err(RpmError::tag(tag, "is missing")),
        other => Ok(other?),
    }
}

/// Returns an optional text, empty if it is not there.
fn text(value: Result<&str, rpm::Error>) -> Result<String, RpmError> {
    optional(value.map(str::to_owned))
}

/// Returns an optional number, zero if it is not there.
fn number(value: Result<u64, rpm::Error>) -> Result<u64, RpmError> {
    optional(value)
}

/// Returns the default where the tag is not there; a tag of the wrong type is still an error.
fn optional<T: Default>(value: Result<T, rpm::Error>) -> Result<T, RpmError> {
    match value {
        Err(rpm::Error::TagNotFound(_)) => Ok(T::default()),
        other => Ok(other?),
    }
}

fn archive_size(metadata: &PackageMetadata) -> Result<u64, RpmError> {
    let signature = &metadata.signature;
    match signature.get_entry_data_as_u64(IndexSignatureTag::RPMSIGTAG_LONGARCHIVESIZE) {
        Err(rpm::Error::TagNotFound(_)) => {
            number(signature.get_entry_data_as_u32(IndexSignatureTag::RPMSIGTAG_PAYLOADSIZE).map(u64::from))
        }
        other => Ok(other?),
    }
}

fn compressor(metadata: &PackageMetadata) -> Result<String, RpmError> {
    let name = text(metadata.header.get_entry_data_as_string(Tag::RPMTAG_PAYLOADCOMPRESSOR))?;
    Ok(if name.is_empty() { "none".to_owned() } else { name })
}

/// Tags of names, flags and versions.
type DependencyTags = (Tag, Tag, Tag);

const PROVIDES: DependencyTags = (Tag::RPMTAG_PROVIDENAME, Tag::RPMTAG_PROVIDEFLAGS, Tag::RPMTAG_PROVIDEVERSION);
const REQUIRES: DependencyTags = (Tag::RPMTAG_REQUIRENAME, Tag::RPMTAG_REQUIREFLAGS, Tag::RPMTAG_REQUIREVERSION);
const CONFLICTS: DependencyTags = (Tag::RPMTAG_CONFLICTNAME, Tag::RPMTAG_CONFLICTFLAGS, Tag::RPMTAG_CONFLICTVERSION);
const OBSOLETES: DependencyTags = (Tag::RPMTAG_OBSOLETENAME, Tag::RPMTAG_OBSOLETEFLAGS, Tag::RPMTAG_OBSOLETEVERSION);
const RECOMMENDS: DependencyTags =
    (Tag::RPMTAG_RECOMMENDNAME, Tag::RPMTAG_RECOMMENDFLAGS, Tag::RPMTAG_RECOMMENDVERSION);
const SUGGESTS: DependencyTags = (Tag::RPMTAG_SUGGESTNAME, Tag::RPMTAG_SUGGESTFLAGS, Tag::RPMTAG_SUGGESTVERSION);
const SUPPLEMENTS: DependencyTags =
    (Tag::RPMTAG_SUPPLEMENTNAME, Tag::RPMTAG_SUPPLEMENTFLAGS, Tag::RPMTAG_SUPPLEMENTVERSION);
const ENHANCES: DependencyTags = (Tag::RPMTAG_ENHANCENAME, Tag::RPMTAG_ENHANCEFLAGS, Tag::RPMTAG_ENHANCEVERSION);

fn read_requires(header: &Header<Tag>) -> Result<(Vec<Dependency>, Vec<usize>), RpmError> {
    let before_scripts = DependencyFlags::PREREQ | DependencyFlags::SCRIPT_PRE | DependencyFlags::SCRIPT_POST;
    let all = read_flagged(header, REQUIRES)?;
    let prerequisites =
        all.iter().enumerate().filter(|(_, (_, flags))| flags.intersects(before_scripts)).map(|(at, _)| at).collect();
    Ok((all.into_iter().map(|(dependency, _)| dependency).collect(), prerequisites))
}

fn read_dependencies(header: &Header<Tag>, tags: DependencyTags) -> Result<Vec<Dependency>, RpmError> {
    Ok(read_flagged(header, tags)?.into_iter().map(|(dependency, _)| dependency).collect())
}

fn read_flagged(header: &Header<Tag>, tags: DependencyTags) -> Result<Vec<(Dependency, DependencyFlags)>, RpmError> {
    let names = optional(header.get_entry_data_as_string_array(tags.0))?;
    let flags = optional(header.get_entry_data_as_u32_array(tags.1))?;
    let versions = optional(header.get_entry_data_as_string_array(tags.2))?;
    if names.len() != flags.len() || names.len() != versions.len() {
        return Err(RpmError::tag("REQUIRENAME", format!("{:?} and its flags and versions differ in number", tags.0)));
    }
    names
        .into_iter()
        .zip(flags)
        .zip(versions)
        .map(|((name, flags), version)| read_dependency(name, flags, version))
        .collect()
}

fn read_dependency(name: &str, flags: u32, version: &str) -> Result<(Dependency, DependencyFlags), RpmError> {
    let flags = DependencyFlags::from_bits_retain(flags);
    if name.is_empty() {
        return Err(RpmError::tag("REQUIRENAME", "a dependency has no name"));
    }
    let (less, equal, greater) = (
        flags.contains(DependencyFlags::LESS),
        flags.contains(DependencyFlags::EQUAL),
        flags.contains(DependencyFlags::GREATER),
    );
    let compare = match (less, equal, greater) {
        (true, true, false) => Compare::LessEqual,
        (true, false, false) => Compare::Less,
        (false, true, false) => Compare::Equal,
        (false, true, true) => Compare::GreaterEqual,
        (false, false, true) => Compare::Greater,
        _ => Compare::Any,
    };
    if compare == Compare::Any || version.is_empty() {
        return Ok((Dependency::any(name), flags));
    }
    let Ok(evr) = version.parse();
    Ok((Dependency::versioned(name, compare, evr), flags))
}

fn read_changelog(header: &Header<Tag>) -> Result<Vec<ChangelogEntry>, RpmError> {
    let authors = optional(header.get_entry_data_as_string_array(Tag::RPMTAG_CHANGELOGNAME))?;
    let dates = optional(header.get_entry_data_as_u32_array(Tag::RPMTAG_CHANGELOGTIME))?;
    let texts = optional(header.get_entry_data_as_string_array(Tag::RPMTAG_CHANGELOGTEXT))?;
    if authors.len() != dates.len() || authors.len() != texts.len() {
        return Err(RpmError::tag("CHANGELOGNAME", "changelog names, times and texts differ in number"));
    }
    Ok(authors
        .into_iter()
        .zip(dates)
        .zip(texts)
        .map(|((author, date), text)| ChangelogEntry {
            author: author.to_owned(),
            date: u64::from(date),
            text: text.to_owned(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn header_says_what_was_built() {
        let mut builder = fixture::builder("toy");
        builder
            .epoch(1)
            .url("https://toy.example")
            .requires(rpm::Dependency::greater_eq("bash", "5.3"))
            .requires(rpm::Dependency::script_pre("/bin/sh"))
            .requires(rpm::Dependency::any("(a if b)"))
            .conflicts(rpm::Dependency::less("old", "2"))
            .add_changelog_entry("A Person <a@toy.example> - 1.0-1", "- first", fixture::TIME);
        let header = read_header(&fixture::bytes(&mut builder)).expect("good");
        assert_eq!(header.nevra.to_string(), "toy-1:1.0-1.azl4.x86_64");
        assert!(header.source_rpm.is_some());
        assert_eq!((header.url.as_str(), header.vendor.as_str()), ("https://toy.example", ""));
        assert_eq!(header.build_time, u64::from(fixture::TIME));
        assert!(header.requires.iter().any(|d| d.to_string() == "bash >= 5.3"));
        let first: Vec<String> = header.prerequisites.iter().map(|&at| header.requires[at].to_string()).collect();
        assert_eq!(first, ["/bin/sh"]);
        assert!(header.requires.iter().any(Dependency::is_rich));
        assert_eq!(header.conflicts[0].to_string(), "old < 2");
        assert!(header.provides.iter().any(|d| d.to_string() == "toy = 1:1.0-1.azl4"));
        assert_eq!(header.changelog[0].text, "- first");
        assert_eq!(header.compressor, "zstd");
    }

    #[test]
    fn file_list_keeps_kinds_and_flags() {
        let header = read_header(&fixture::with_files()).expect("good");
        let find = |path: &str| header.files.iter().find(|f| f.path == path).expect("listed");
        assert_eq!((find("/usr/bin/toy").mode, find("/usr/bin/toy").size), (0o755, 5));
        assert!(find("/etc/toy.conf").config);
        assert_eq!(find("/usr/share/toy").kind, crate::FileKind::Directory);
        assert_eq!(find("/usr/share/toy").user, "toy");
        assert_eq!(find("/usr/bin/toy2").kind, crate::FileKind::Symlink { target: "toy".into() });
        assert!(find("/var/log/toy.log").ghost);
    }

    #[test]
    fn names_that_are_not_file_names_are_refused() {
        let good = fixture::bytes(&mut fixture::builder("toyname"));
        for bad in ["../name", "toy\nnam", "-oyname", "toy nam", "toy/nam", "toy%nam", "toy\0nam"] {
            let text: Vec<u8> = good.clone();
            let at = check_frame(&text).expect("good").header;
            let mut text = text;
            let place = at.start + text[at].windows(8).position(|w| w == b"toyname\0").expect("there");
            text[place..place + 7].copy_from_slice(bad.as_bytes());
            // A NUL inside makes it a shorter, still harmless name.
            assert_eq!(read_header(&text).is_err(), !bad.contains('\0'), "{bad:?}");
        }
    }

    #[test]
    fn corrupted_bytes_never_panic() {
        let good = fixture::with_files();
        let header = check_frame(&good).expect("good").payload;
        for at in 0..header {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= flip;
                let _ = read_header(&bytes);
            }
        }
    }
}
