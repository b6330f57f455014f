//! SPDX 2.3 documents in JSON.
//!
//! One document describes one image or repository: a package for the whole, one per RPM it holds, and one per
//! source RPM those were built from. Files are not listed: SPDX 2.3 demands a SHA-1 for each.
//!
//! **Invariant:** no clock and no randomness: the date is the release's, and the namespace ends in the digest
//! of all the rest.

use std::collections::{BTreeMap, BTreeSet};

use azl_digest::Digest;
use azl_rpm::{Nevra, PackageHeader};
use serde::Serialize;

use crate::licence::{Extracted, declared};
use crate::purl::purl;
use crate::sorted::pretty;
use crate::time::rfc3339;

/// What the document is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbomSubject {
    /// Name of the image or repository, e.g. `base-core` or `repo-base`.
    pub name: String,
    /// Version of the release.
    pub version: String,
    /// What it is.
    pub purpose: Purpose,
    /// File name and digest, for an image that is one file.
    pub file: Option<(String, Digest)>,
}

/// SPDX's primary package purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Purpose {
    /// A container image.
    Container,
    /// An image that boots.
    OperatingSystem,
    /// A package repository.
    Archive,
}

/// A package in the subject.
#[derive(Debug, Clone, Copy)]
pub struct SbomPackage<'a> {
    /// What the package says.
    pub header: &'a PackageHeader,
    /// Digest of the package file.
    pub sha256: Digest,
}

/// What is the same for all documents of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbomFacts {
    /// Date of the release, seconds since 1970.
    pub epoch: u64,
    /// URI every document's namespace starts with, without a `/` at its end.
    pub namespace: String,
    /// Who is responsible for the packages that name no vendor, e.g. `Azure Linux`.
    pub supplier: String,
    /// `distro` qualifier of package URLs, e.g. `azurelinux-4.0`.
    pub distro: String,
    /// Digests of source packages by file name, as far as known.
    pub sources: BTreeMap<String, Digest>,
}

/// Returns the document.
pub fn spdx(subject: &SbomSubject, packages: &[SbomPackage<'_>], facts: &SbomFacts) -> Vec<u8> {
    let mut writer = Writer { facts, document: Document::new(subject, facts), extracted: Extracted::new() };
    writer.add_subject(subject);
    let mut packages = packages.to_vec();
    packages.sort_by(|a, b| (&a.header.nevra, a.sha256).cmp(&(&b.header.nevra, b.sha256)));
    for package in &packages {
        writer.add_package(package);
    }
    writer.add_sources(&packages);
    writer.finish(facts)
}

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const SUBJECT: &str = "SPDXRef-Subject";
const NO_ASSERTION: &str = "NOASSERTION";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    document_namespace: String,
    creation_info: CreationInfo,
    document_describes: Vec<&'static str>,
    packages: Vec<Package>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<ExtractedLicence>,
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct CreationInfo {
    created: String,
    creators: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtractedLicence {
    license_id: String,
    extracted_text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    version_info: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_file_name: Option<String>,
    supplier: String,
    download_location: &'static str,
    files_analyzed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    license_concluded: &'static str,
    license_declared: String,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_package_purpose: Option<Purpose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    built_date: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

impl Document {
    fn new(subject: &SbomSubject, facts: &SbomFacts) -> Self {
        let creators = vec![format!("Organization: {}", facts.supplier), "Tool: azl-attest".to_owned()];
        Self {
            spdx_version: "SPDX-2.3",
            data_license: "CC0-1.0",
            id: DOCUMENT,
            name: format!("{}-{}", subject.name, subject.version),
            document_namespace: String::new(),
            creation_info: CreationInfo { created: rfc3339(facts.epoch), creators },
            document_describes: vec![SUBJECT],
            packages: Vec::new(),
            has_extracted_licensing_infos: Vec::new(),
            relationships: Vec::new(),
        }
    }
}

impl Package {
    /// A package of which only the name is known; all else is filled in by who knows it.
    fn new(id: String, name: &str, version: String, supplier: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            version_info: version,
            package_file_name: None,
            supplier: format!("Organization: {supplier}"),
            download_location: NO_ASSERTION,
            files_analyzed: false,
            checksums: Vec::new(),
            homepage: None,
            source_info: None,
            license_concluded: NO_ASSERTION,
            license_declared: NO_ASSERTION.to_owned(),
            copyright_text: NO_ASSERTION,
            summary: None,
            primary_package_purpose: None,
            built_date: None,
            external_refs: Vec::new(),
        }
    }
}

struct Writer<'a> {
    facts: &'a SbomFacts,
    document: Document,
    extracted: Extracted,
}

impl Writer<'_> {
    fn add_subject(&mut self, subject: &SbomSubject) {
        let mut package =
            Package::new(SUBJECT.to_owned(), &subject.name, subject.version.clone(), &self.facts.supplier);
        if let Some((file, digest)) = &subject.file {
            package.package_file_name = Some(file.clone());
            package.checksums = vec![sha256(*digest)];
        }
        package.primary_package_purpose = Some(subject.purpose);
        self.document.packages.push(package);
        self.relate(DOCUMENT, "DESCRIBES", SUBJECT);
    }

    fn add_package(&mut self, package: &SbomPackage<'_>) {
        let header = package.header;
        let id = element_id(&header.nevra);
        let supplier = if header.vendor.is_empty() { &self.facts.supplier } else { &header.vendor };
        let mut entry = Package::new(id.clone(), &header.nevra.name, header.nevra.evr.to_string(), supplier);
        entry.package_file_name = Some(header.nevra.file_name());
        entry.checksums = vec![sha256(package.sha256)];
        entry.homepage = Some(header.url.clone()).filter(|url| is_web_address(url));
        entry.source_info = header.source_rpm.as_ref().map(|source| format!("built from {source}"));
        entry.license_declared = declared(&header.license, &mut self.extracted);
        entry.summary = Some(header.summary.clone()).filter(|summary| !summary.is_empty());
        entry.built_date = Some(rfc3339(header.build_time));
        entry.external_refs = vec![package_url(&header.nevra, &self.facts.distro)];
        self.document.packages.push(entry);
        self.relate(SUBJECT, "CONTAINS", &id);
    }

    /// Adds the source packages that are not in the subject themselves, and who was built from which.
    fn add_sources(&mut self, packages: &[SbomPackage<'_>]) {
        let present: BTreeSet<String> =
            packages.iter().filter(|p| p.header.source_rpm.is_none()).map(|p| p.header.nevra.file_name()).collect();
        let mut added = BTreeSet::new();
        for header in packages.iter().map(|package| package.header) {
            let Some((file, nevra)) = header.source_rpm.as_ref().and_then(|file| Some((file, source_identity(file)?)))
            else {
                continue;
            };
            if !present.contains(file) && added.insert(file.clone()) {
                self.add_source(file, &nevra);
            }
            let source = packages.iter().find(|p| p.header.nevra.file_name() == *file).map(|p| &p.header.nevra);
            self.relate(&element_id(&header.nevra), "GENERATED_FROM", &element_id(source.unwrap_or(&nevra)));
        }
    }

    fn add_source(&mut self, file: &str, nevra: &Nevra) {
        let mut entry = Package::new(element_id(nevra), &nevra.name, nevra.evr.to_string(), &self.facts.supplier);
        entry.package_file_name = Some(file.to_owned());
        entry.checksums = self.facts.sources.get(file).map(|digest| sha256(*digest)).into_iter().collect();
        entry.external_refs = vec![package_url(nevra, &self.facts.distro)];
        self.document.packages.push(entry);
    }

    fn relate(&mut self, from: &str, kind: &'static str, to: &str) {
        self.document.relationships.push(Relationship {
            spdx_element_id: from.to_owned(),
            relationship_type: kind,
            related_spdx_element: to.to_owned(),
        });
    }

    fn finish(mut self, facts: &SbomFacts) -> Vec<u8> {
        let extracted = self.extracted.into_iter();
        self.document.has_extracted_licensing_infos =
            extracted.map(|(license_id, extracted_text)| ExtractedLicence { license_id, extracted_text }).collect();
        let digest = azl_digest::canonical("spdx.v1", &self.document);
        self.document.document_namespace = format!("{}/{}-{digest}", facts.namespace, self.document.name);
        pretty(&self.document)
    }
}

fn sha256(digest: Digest) -> Checksum {
    Checksum { algorithm: "SHA256", checksum_value: digest.to_string() }
}

fn package_url(nevra: &Nevra, distro: &str) -> ExternalRef {
    ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: purl(nevra, distro),
    }
}

/// Returns an identifier of letters, digits, `.` and `-`, unique through a piece of the identity's digest.
fn element_id(nevra: &Nevra) -> String {
    let text = nevra.to_string();
    let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    format!("SPDXRef-Package-{plain}-{}", Digest::of(text.as_bytes()).short())
}

/// Reads the identity out of a source package's file name.
fn source_identity(file: &str) -> Option<Nevra> {
    file.strip_suffix(".rpm")?.parse().ok()
}

fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.contains('.') && rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn header(nevra: &str, source: Option<&str>) -> PackageHeader {
        PackageHeader {
            nevra: nevra.parse().expect("valid"),
            source_rpm: source.map(str::to_owned),
            license: "GPL-3.0-or-later".into(),
            url: "https://www.gnu.org/software/bash".into(),
            ..PackageHeader::default()
        }
    }

    fn facts() -> SbomFacts {
        SbomFacts {
            epoch: 1_767_225_600,
            namespace: "https://azurelinux.invalid/spdx".into(),
            supplier: "Azure Linux".into(),
            distro: "azurelinux-4.0".into(),
            sources: BTreeMap::from([("bash-5.3-1.src.rpm".into(), Digest::of(b"source"))]),
        }
    }

    fn subject() -> SbomSubject {
        SbomSubject { name: "core".into(), version: "4.0".into(), purpose: Purpose::Container, file: None }
    }

    fn document(headers: &[&PackageHeader]) -> Value {
        let packages: Vec<_> =
            headers.iter().map(|header| SbomPackage { header, sha256: Digest::of(b"rpm") }).collect();
        serde_json::from_slice(&spdx(&subject(), &packages, &facts())).expect("JSON")
    }

    #[test]
    fn packages_and_their_sources_are_related() {
        let (bash, docs) = (
            header("bash-5.3-1.x86_64", Some("bash-5.3-1.src.rpm")),
            header("bash-doc-5.3-1.noarch", Some("bash-5.3-1.src.rpm")),
        );
        let document = document(&[&docs, &bash]);
        let names: Vec<&str> =
            document["packages"].as_array().expect("list").iter().filter_map(|p| p["name"].as_str()).collect();
        assert_eq!(names, ["core", "bash", "bash-doc", "bash"]);
        assert_eq!(document["packages"][3]["checksums"][0]["checksumValue"], Digest::of(b"source").to_string());
        let from: Vec<&Value> = document["relationships"]
            .as_array()
            .expect("list")
            .iter()
            .filter(|r| r["relationshipType"] == "GENERATED_FROM")
            .collect();
        assert_eq!(from.len(), 2);
        assert!(from.iter().all(|r| r["relatedSpdxElement"] == document["packages"][3]["SPDXID"]));
        assert_eq!(document["creationInfo"]["created"], "2026-01-01T00:00:00Z");
    }

    #[test]
    fn source_package_in_the_subject_is_not_told_twice() {
        let (bash, source) =
            (header("bash-5.3-1.x86_64", Some("bash-5.3-1.src.rpm")), header("bash-1:5.3-1.src", None));
        let document = document(&[&bash, &source]);
        assert_eq!(document["packages"].as_array().expect("list").len(), 3);
        assert_eq!(document["packages"][2]["versionInfo"], "1:5.3-1");
    }

    #[test]
    fn document_depends_on_content_alone() {
        let (a, b) = (header("a-1-1.noarch", None), header("b+-1^x-1.noarch", None));
        assert_eq!(document(&[&a, &b]), document(&[&b, &a]));
        assert_ne!(document(&[&a])["documentNamespace"], document(&[&b])["documentNamespace"]);
    }

    #[test]
    fn identifiers_are_unique_and_plain() {
        let ids = ["b+-1-1.noarch", "b_-1-1.noarch"].map(|nevra| element_id(&nevra.parse().expect("valid")));
        assert_ne!(ids[0], ids[1]);
        assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))));
    }

    #[test]
    fn addresses_that_are_none_are_left_out() {
        for url in ["", "gopher://x", "https://", "https://a b.c", "javascript:alert(1)"] {
            assert!(!is_web_address(url), "{url}");
        }
    }
}
