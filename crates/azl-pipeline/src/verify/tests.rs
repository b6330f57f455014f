//! A small release in a temporary directory, and everything that can be wrong with it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use azl_attest::{
    ArtifactKind, BUILDINFO_SCHEMA, BUILDINFO_TYPE, BuildFacts, Buildinfo, BuiltPackage, IN_TOTO_TYPE, Purpose,
    ReleaseManifest, SbomFacts, SbomPackage, SbomSubject, Step, Subject,
};
use azl_digest::Digest;
use azl_host::files;
use azl_repo::RepoPackage;
use azl_sign::Key;

use super::*;

const TIME: u64 = 1_767_225_600;
const KEY_FILE: &str = "RPM-GPG-KEY-azurelinux-4.0";

/// A release about to be signed: path to bytes.
type Content = BTreeMap<String, Vec<u8>>;

struct Made {
    key: Key,
    root: tempfile::TempDir,
}

/// Where the one binary package of the fixture lies.
const RPM: &str = "repo/base/Packages/t/toy-1.0-1.x86_64.rpm";
const IMAGE: &str = "images/toy.vhd";

fn rpm(name: &str, arch: &str, requires: &[&str], key: &Key) -> Vec<u8> {
    let mut builder = rpm::PackageBuilder::new(name, "1.0", "MIT", arch, "a toy");
    builder
        .using_config(rpm::BuildConfig::v4().source_date(TIME as u32).compression(rpm::CompressionType::None))
        .release("1");
    for name in requires {
        builder.requires(rpm::Dependency::any(*name));
    }
    let mut bytes = Vec::new();
    builder.build().expect("fixture builds").write(&mut bytes).expect("memory takes it");
    azl_sign::sign_rpm(&bytes, key, TIME).expect("signs")
}

/// Adds a repository of the given packages with its SBOM.
fn add_repository(content: &mut Content, name: &str, packages: &[Vec<u8>], key: &Key) {
    let mut listed = Vec::new();
    for bytes in packages {
        let header = azl_rpm::read_header(bytes).expect("good");
        let location = azl_repo::location(&header.nevra);
        content.insert(format!("repo/{name}/{location}"), bytes.clone());
        add_statement(content, &header.nevra.file_name(), bytes, key);
        add_buildinfo(content, &header.nevra.file_name(), bytes, key);
        listed.push(RepoPackage {
            header,
            file_sha256: Digest::of(bytes),
            file_size: bytes.len() as u64,
            location,
            time: TIME,
        });
    }
    let repository = azl_repo::build(&listed, TIME).expect("good");
    for (path, bytes) in repository.files {
        content.insert(format!("repo/{name}/{path}"), bytes);
    }
    let signature = azl_sign::sign_detached(&repository.repomd, key, TIME).expect("signs");
    add_statement(content, "repomd.xml", &repository.repomd, key);
    content.insert(format!("repo/{name}/repodata/repomd.xml"), repository.repomd);
    content.insert(format!("repo/{name}/repodata/repomd.xml.asc"), signature.into_bytes());
    let subject =
        SbomSubject { name: format!("repo-{name}"), version: "4.0".into(), purpose: Purpose::Archive, file: None };
    add_sbom(content, &subject, &listed);
}

fn add_sbom(content: &mut Content, subject: &SbomSubject, packages: &[RepoPackage]) {
    let packages: Vec<_> = packages.iter().map(|p| SbomPackage { header: &p.header, sha256: p.file_sha256 }).collect();
    let facts = SbomFacts {
        epoch: TIME,
        namespace: "https://azurelinux.invalid/spdx".into(),
        supplier: "Azure Linux".into(),
        distro: "azurelinux-4.0".into(),
        sources: BTreeMap::new(),
    };
    // The builder of the fixture names no source package that exists.
    let mut document: serde_json::Value =
        serde_json::from_slice(&azl_attest::spdx(subject, &packages, &facts)).expect("JSON");
    let keep = |element: &serde_json::Value| {
        element["packageFileName"].as_str().is_none_or(|name| !name.ends_with(".src.rpm"))
    };
    document["packages"].as_array_mut().expect("list").retain(keep);
    content.insert(format!("sbom/{}.spdx.json", subject.name), document.to_string().into_bytes());
}

fn add_statement(content: &mut Content, name: &str, bytes: &[u8], key: &Key) {
    let facts = BuildFacts {
        build_type: "https://azurelinux.invalid/build".into(),
        external_parameters: serde_json::Value::Null,
        internal_parameters: serde_json::Value::Null,
        resolved_dependencies: Vec::new(),
        builder_id: "https://azurelinux.invalid/builder".into(),
        invocation: None,
        seed_derived: false,
    };
    let subject = Subject { name: name.into(), sha256: Digest::of(bytes) };
    let statement = azl_attest::statement(&[subject], &facts).expect("good");
    let line = azl_sign::sign_dsse(IN_TOTO_TYPE, &statement, key, TIME).expect("signs");
    let short = Digest::of(bytes).short();
    content.insert(format!("provenance/{name}-{short}.intoto.jsonl"), line.into_bytes());
}

fn buildinfo(name: &str, bytes: &[u8]) -> Buildinfo {
    let step = Step {
        name: "rpm".into(),
        action: Digest::of(b"action"),
        arch: "x86_64".into(),
        command: Vec::new(),
        environment: BTreeMap::new(),
        root: Vec::new(),
        inputs: BTreeMap::new(),
        user: 1000,
        umask: "0022".into(),
        build_path: "/builddir".into(),
        network: "none".into(),
        timeout: 1,
        sandbox_revision: 1,
    };
    Buildinfo {
        schema: BUILDINFO_SCHEMA.into(),
        component: "toy".into(),
        release: "4.0".into(),
        spec: "toy.spec".into(),
        files: Vec::new(),
        sources: Vec::new(),
        source_date_epoch: TIME,
        steps: vec![step],
        outputs: vec![BuiltPackage::of(name, bytes, Digest::of(bytes)).expect("a package")],
    }
}

fn add_buildinfo(content: &mut Content, name: &str, bytes: &[u8], key: &Key) {
    let line = azl_sign::sign_dsse(BUILDINFO_TYPE, &buildinfo(name, bytes).to_bytes(), key, TIME).expect("signs");
    content.insert(format!("buildinfo/{name}.json"), line.into_bytes());
}

fn content(key: &Key) -> Content {
    let mut content = Content::new();
    let toy = rpm("toy", "x86_64", &["toy-data"], key);
    let data = rpm("toy-data", "noarch", &[], key);
    add_repository(&mut content, "base", &[toy.clone(), data], key);
    add_repository(&mut content, "debuginfo", &[], key);
    let image = b"image".to_vec();
    add_statement(&mut content, "toy.vhd", &image, key);
    let file = Some(("toy.vhd".to_owned(), Digest::of(&image)));
    let subject =
        SbomSubject { name: "image-toy".into(), version: "4.0".into(), purpose: Purpose::OperatingSystem, file };
    let header = |bytes: &Vec<u8>| azl_rpm::read_header(bytes).expect("good");
    let packages: Vec<RepoPackage> = content
        .iter()
        .filter(|(path, _)| path.ends_with(".rpm"))
        .map(|(path, bytes)| RepoPackage {
            header: header(bytes),
            file_sha256: Digest::of(bytes),
            file_size: 0,
            location: path.clone(),
            time: 0,
        })
        .collect();
    add_sbom(&mut content, &subject, &packages);
    let list: Vec<_> = packages
        .iter()
        .map(|p| serde_json::json!({ "file": p.header.nevra.file_name(), "sha256": p.file_sha256.to_string(), "bytes": 1 }))
        .collect();
    content.insert("images/toy.packages.json".into(), serde_json::json!(list).to_string().into_bytes());
    content.insert(IMAGE.into(), image);
    content.insert("boot/toy/report.json".into(), b"{}".to_vec());
    content.insert(KEY_FILE.into(), key.certificate().to_armor().into_bytes());
    content
}

/// Makes a release whose content was changed before it was signed.
fn release(edit: impl FnOnce(&mut Content, &Key)) -> Made {
    let key = Key::generate_development().expect("randomness");
    let mut content = content(&key);
    edit(&mut content, &key);
    let root = tempfile::tempdir().expect("temporary directory");
    let artifacts = content
        .iter()
        .map(|(path, bytes)| Artifact {
            path: path.clone(),
            sha256: Digest::of(bytes),
            size: bytes.len() as u64,
            kind: ArtifactKind::of(path),
        })
        .collect();
    let manifest = ReleaseManifest::new("4.0", TIME, &key.fingerprint(), artifacts).expect("good");
    let json = manifest.to_bytes();
    content.insert("SHA256SUMS".into(), manifest.sha256sums().into_bytes());
    content.insert("release.json.asc".into(), azl_sign::sign_detached(&json, &key, TIME).expect("signs").into_bytes());
    content.insert("release.json".into(), json);
    let made = Made { key, root };
    for (path, bytes) in &content {
        made.write(path, bytes);
    }
    made
}

impl Made {
    fn path(&self, file: &str) -> PathBuf {
        self.root.path().join(file)
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        let path = self.path(file);
        files::create_dir_all(path.parent().expect("has one")).expect("made");
        files::write_atomic(path, bytes).expect("written");
    }

    /// Changes one byte in the middle of a file.
    fn corrupt(&self, file: &str) {
        let mut bytes = files::read(self.path(file)).expect("there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        self.write(file, &bytes);
    }

    /// Returns the rules broken, with the file.
    fn rules(&self) -> Vec<(&'static str, String)> {
        let report = check(self.root.path(), self.key.certificate(), VerifyReport::default());
        report.problems.into_iter().map(|problem| (problem.rule, problem.file)).collect()
    }
}

fn assert_rule(made: &Made, rule: &str, file: &str) {
    let rules = made.rules();
    assert!(
        rules.iter().any(|(found, path)| *found == rule && path.starts_with(file)),
        "{rule} for {file} not in {rules:#?}"
    );
}

fn repomd_key(content: &Content, kind: &str) -> String {
    content
        .keys()
        .find(|path| path.starts_with("repo/base") && path.ends_with(&format!("{kind}.xml.zst")))
        .expect("there")
        .clone()
}

#[test]
fn good_release_verifies_and_says_what_was_checked() {
    let made = release(|_, _| {});
    let report = verify(made.root.path(), None).expect("checked");
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.packages, report.repositories, report.documents), (2, 2, 3));
    assert_eq!(report.statements, 5);
    assert!(report.notes.iter().any(|note| note.contains("development key")));
    assert!(report.notes.iter().any(|note| note.contains("not origin")));
}

#[test]
fn any_changed_file_is_named() {
    let made = release(|_, _| {});
    for file in files::walk_files(made.root.path()).expect("listed") {
        let before = files::read(made.path(&file)).expect("there");
        made.corrupt(&file);
        let rules = made.rules();
        assert!(rules.iter().any(|(_, path)| *path == file || file == "release.json.asc"), "{file}: {rules:?}");
        made.write(&file, &before);
    }
    assert_eq!(made.rules(), []);
}

#[test]
fn missing_extra_and_linked_files_are_named() {
    let made = release(|_, _| {});
    files::remove_file(made.path(IMAGE)).expect("removed");
    assert_rule(&made, "missing-file", IMAGE);
    files::symlink("/etc/hostname", made.path(IMAGE)).expect("linked");
    assert_rule(&made, "missing-file", IMAGE);
    made.write("repo/base/Packages/e/evil-1-1.x86_64.rpm", b"evil");
    assert_rule(&made, "unlisted-file", "repo/base/Packages/e/evil");
    files::remove_file(made.path("release.json")).expect("removed");
    assert_eq!(made.rules(), [("missing-file", "release.json".to_owned())]);
}

#[test]
fn sums_and_manifest_must_agree() {
    let made = release(|_, _| {});
    made.write("SHA256SUMS", b"");
    assert_eq!(made.rules(), [("sums-differ", "SHA256SUMS".to_owned())]);
}

#[test]
fn stranger_s_key_is_not_accepted() {
    let made = release(|_, _| {});
    let stranger = Key::generate_development().expect("randomness");
    let report = check(made.root.path(), stranger.certificate(), VerifyReport::default());
    let rules: Vec<&str> = report.problems.iter().map(|problem| problem.rule).collect();
    for rule in [
        "manifest-signature",
        "manifest-key",
        "wrong-key",
        "package-signature",
        "repomd-signature",
        "provenance-signature",
    ] {
        assert!(rules.contains(&rule), "{rule} not in {rules:?}");
    }
}

#[test]
fn packages_signed_by_others_or_changed_are_found_under_a_good_manifest() {
    let other = Key::generate_development().expect("randomness");
    let made = release(|content, _| {
        content.insert(RPM.into(), rpm("toy", "x86_64", &["toy-data"], &other));
    });
    assert_rule(&made, "package-signature", RPM);
    assert_rule(&made, "primary-differs", RPM);
    assert_rule(&made, "sbom-package", "sbom/repo-base");
    assert_rule(&made, "provenance-missing", RPM);
    let made = release(|content, _| *content.get_mut(RPM).expect("there").last_mut().expect("not empty") ^= 1);
    assert_rule(&made, "package-signature", RPM);
}

#[test]
fn packages_under_a_wrong_name_or_in_the_wrong_repository_are_found() {
    let made = release(|content, key| {
        let bytes = rpm("other", "x86_64", &[], key);
        content.insert("repo/base/Packages/b/bash-5.3-1.x86_64.rpm".into(), bytes.clone());
        content.insert("repo/srpms/Packages/o/other-1.0-1.x86_64.rpm".into(), bytes);
    });
    assert_rule(&made, "package-name", "repo/base/Packages/b/bash");
    assert_rule(&made, "package-unlisted", "repo/base/Packages/b/bash");
    assert_rule(&made, "package-repository", "repo/srpms/Packages/o/other");
    assert_rule(&made, "missing-file", "repo/srpms/repodata/repomd.xml");
}

#[test]
fn metadata_that_disagrees_is_found_under_a_good_manifest() {
    let made = release(|content, _| {
        let primary = repomd_key(content, "primary");
        content.get_mut(&primary).expect("there").push(0);
    });
    assert_rule(&made, "repodata-digest", "repo/base/repodata/");
    let made = release(|content, _| {
        content.remove(RPM);
    });
    assert_rule(&made, "package-missing", RPM);
    let made = release(|content, _| {
        content.insert("repo/base/repodata/old-primary.xml.zst".into(), b"old".to_vec());
        content.insert("repo/base/repodata/repomd.xml.asc".into(), b"no signature".to_vec());
    });
    assert_rule(&made, "repodata-unlisted", "repo/base/repodata/old");
    assert_rule(&made, "repomd-signature", "repo/base/repodata/repomd.xml");
}

#[test]
fn open_requirements_are_told_with_the_package() {
    let made = release(|content, key| {
        let lonely = rpm("lonely", "x86_64", &["friend"], key);
        add_repository(content, "extra", &[lonely], key);
    });
    let report = check(made.root.path(), made.key.certificate(), VerifyReport::default());
    let problem = report.problems.iter().find(|problem| problem.rule == "closure").expect("told");
    assert_eq!(problem.file, "repo/extra/Packages/l/lonely-1.0-1.x86_64.rpm");
    assert!(problem.message.contains("nothing provides `friend`"), "{}", problem.message);
    assert_eq!(report.problems.len(), 1, "{report}");
}

#[test]
fn documents_about_other_things_are_found() {
    let made = release(|content, key| {
        add_statement(content, "ghost.vhd", b"ghost", key);
        content.remove("sbom/repo-debuginfo.spdx.json");
        content.insert("images/new.vhd".into(), b"new".to_vec());
        content.insert("provenance/x.intoto.jsonl".into(), b"{}\n".to_vec());
    });
    assert_rule(&made, "provenance-subject", "provenance/ghost.vhd");
    assert_rule(&made, "provenance-signature", "provenance/x.intoto.jsonl");
    assert_rule(&made, "provenance-missing", "images/new.vhd");
    assert_rule(&made, "sbom-missing", "images/new.vhd");
    assert_rule(&made, "missing-file", "sbom/repo-debuginfo.spdx.json");
}

#[test]
fn image_holding_other_packages_than_the_repository_is_found() {
    let list = "images/toy.packages.json";
    let sha256 = Digest::of(b"other");
    let made = release(|content, _| {
        let entry = |file: &str| serde_json::json!({ "file": file, "sha256": sha256.to_string() });
        let entries = [entry("toy-1.0-1.x86_64.rpm"), entry("ghost-1-1.noarch.rpm")];
        content.insert(list.into(), serde_json::json!(entries).to_string().into_bytes());
    });
    let report = check(made.root.path(), made.key.certificate(), VerifyReport::default());
    let messages: Vec<&str> = report.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[1].contains("another `toy-1.0-1") && messages[0].contains("`ghost-1-1.noarch.rpm`, which"));
    let made = release(|content, _| {
        content.remove(list);
    });
    assert_eq!(made.rules(), [("image-packages", IMAGE.to_owned())]);
}

#[test]
fn image_that_lacks_a_requirement_is_found_even_if_the_repository_has_it() {
    let made = release(|content, _| {
        let document = content.get_mut("sbom/image-toy.spdx.json").expect("there");
        let mut value: serde_json::Value = serde_json::from_slice(document).expect("JSON");
        let packages = value["packages"].as_array_mut().expect("list");
        packages.retain(|package| package["packageFileName"] != "toy-data-1.0-1.noarch.rpm");
        *document = value.to_string().into_bytes();
    });
    assert_eq!(made.rules(), [("image-closure", "sbom/image-toy.spdx.json".to_owned())]);
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let made = release(|_, _| {});
    made.write("evil\u{1b}[31mname", b"x");
    let report = check(made.root.path(), made.key.certificate(), VerifyReport::default());
    assert!(!report.is_ok() && !report.to_string().contains('\u{1b}'));
}

#[test]
fn absent_directory_and_bad_key_are_failures_of_their_own() {
    let made = release(|_, _| {});
    assert!(matches!(verify(&made.path("nowhere"), None), Err(Failure::Verification(_))));
    assert!(matches!(verify(made.root.path(), Some(&made.path(IMAGE))), Err(Failure::Verification(_))));
    assert!(verify(made.root.path(), Some(&made.path(KEY_FILE))).expect("checked").is_ok());
}

#[test]
fn buildinfo_that_is_missing_or_tells_of_other_packages_is_found() {
    let file = "buildinfo/toy-1.0-1.x86_64.rpm.json";
    let made = release(|content, _| drop(content.remove(file)));
    assert_rule(&made, "buildinfo-missing", RPM);
    let made = release(|content, key| {
        let (name, bytes) = ("toy-1.0-1.x86_64.rpm", content[RPM].clone());
        let mut info = buildinfo(name, &bytes);
        info.outputs[0].header_sha256 = Digest::of(b"another");
        let line = azl_sign::sign_dsse(BUILDINFO_TYPE, &info.to_bytes(), key, TIME).expect("signs");
        content.insert(file.into(), line.into_bytes());
        add_buildinfo(content, "ghost-1.0-1.x86_64.rpm", &bytes, key);
        content.insert("buildinfo/x.json".into(), b"{}".to_vec());
        let line = azl_sign::sign_dsse(IN_TOTO_TYPE, &info.to_bytes(), key, TIME).expect("signs");
        content.insert("buildinfo/y.json".into(), line.into_bytes());
    });
    assert_rule(&made, "buildinfo-package", file);
    assert_rule(&made, "buildinfo-package", "buildinfo/ghost");
    assert_rule(&made, "buildinfo-signature", "buildinfo/x.json");
    assert_rule(&made, "buildinfo-format", "buildinfo/y.json");
}
