//! Tiny packages for tests, built by the `rpm` crate.

use rpm::{BuildConfig, CompressionWithLevel, FileOptions, PackageBuilder};

/// The clock of every fixture: 2026-01-01.
pub(crate) const TIME: u32 = 1_767_225_600;

/// Starts a package with the given name, version 1.0, release 1.azl4.
pub(crate) fn builder(name: &str) -> PackageBuilder {
    let mut builder = PackageBuilder::new(name, "1.0", "MIT", "x86_64", "a toy");
    builder
        .using_config(BuildConfig::v4().source_date(TIME).compression(CompressionWithLevel::Zstd(1)))
        .release("1.azl4")
        .build_host("build.example")
        .description("A toy for tests.\nWith two lines.");
    builder
}

/// Builds and serialises.
pub(crate) fn bytes(builder: &mut PackageBuilder) -> Vec<u8> {
    let mut bytes = Vec::new();
    builder.build().expect("fixture builds").write(&mut bytes).expect("memory takes it");
    bytes
}

/// A package with one file of each kind we meet.
pub(crate) fn with_files() -> Vec<u8> {
    let mut builder = builder("toy");
    builder
        .with_file_contents("hello", FileOptions::new("/usr/bin/toy").permissions(0o755))
        .and_then(|b| b.with_file_contents("", FileOptions::new("/etc/toy.conf").config()))
        .and_then(|b| b.with_dir_entry(FileOptions::dir("/usr/share/toy").permissions(0o750).user("toy")))
        .and_then(|b| b.with_symlink(FileOptions::symlink("/usr/bin/toy2", "toy")))
        .and_then(|b| b.with_ghost(FileOptions::ghost("/var/log/toy.log")))
        .expect("fixture files");
    bytes(&mut builder)
}
