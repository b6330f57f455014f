//! Reads `images/<name>.image.toml` into the model and says everything that is wrong with it in one go.

use azl_diagnostics::{Diagnostic, Span, closest};
use azl_rpm::Dependency;
use toml::de::DeTable;

use super::table::TableReader;
use super::{
    Arch, AuthoredFile, Disk, DiskFormat, EspFile, EspPartition, ImageKind, ImageModel, Located, Oci, PackageRecord,
    RootPartition, Selinux,
};
use crate::disk::fat32;
use crate::seed::Seed;

const SUFFIX: &str = ".image.toml";
/// GPT names are 36 UTF-16 units.
const PARTITION_NAME_MAX: usize = 36;
/// ext4's `s_volume_name`.
const EXT4_LABEL_MAX: usize = 16;
/// Far more than any boot loader needs.
const ESP_MAX_MIB: u64 = 2048;
/// Largest operating system disk Azure documents, in MiB.
const DISK_MAX_MIB: u64 = 1023 * 1024;

pub(super) fn image(file: &str, text: &str) -> (Option<ImageModel>, Vec<Diagnostic>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let syntax = |error: toml::de::Error| {
        Diagnostic::error("toml-syntax", error.message().to_owned()).at(file, error.span().unwrap_or(0..0))
    };
    let mut diagnostics: Vec<_> = errors.into_iter().map(syntax).collect();
    if !diagnostics.is_empty() {
        return (None, diagnostics);
    }
    let mut reader = TableReader::new(file, "", table.get_ref(), 0..0);
    let model = read_image(file, &mut reader);
    diagnostics.extend(reader.finish());
    let model = model.filter(|_| !azl_diagnostics::has_errors(&diagnostics));
    (model, diagnostics)
}

fn read_image(file: &str, reader: &mut TableReader<'_>) -> Option<ImageModel> {
    let name = read_name(file, reader);
    let description = reader.string("description");
    let arch = choice(reader, "arch", &[("x86_64", Arch::X86_64), ("aarch64", Arch::Aarch64)]);
    let seed = reader.string("seed");
    let packages = read_packages(reader);
    let package_records = read_records(reader);
    let files = read_files(reader);
    let privileged = reader.string_map("privileged").into_iter().collect();
    let selinux = read_selinux(reader);
    let kind = read_kind(reader);
    Some(ImageModel {
        name: name?,
        description: description?.value,
        arch: arch?,
        seed: Seed::new(seed?.value),
        packages,
        package_records,
        files,
        privileged,
        selinux,
        kind: kind?,
    })
}

fn read_name(file: &str, reader: &mut TableReader<'_>) -> Option<String> {
    let name = reader.string("name")?;
    let base = file.rsplit('/').next().unwrap_or(file);
    if base.strip_suffix(SUFFIX).is_some_and(|stem| stem != name.value) {
        reader.refuse_at(
            "name-mismatch",
            &name.span,
            format!("image `{}` must be in `{}{SUFFIX}`", name.value, name.value),
        );
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.value.is_empty() || !name.value.chars().all(allowed) {
        reader.refuse_at("invalid-name", &name.span, "an image name has lower-case letters, digits and `-` only");
    }
    Some(name.value)
}

fn read_packages(reader: &mut TableReader<'_>) -> Vec<Located<Dependency>> {
    let mut packages: Vec<Located<Dependency>> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for Located { value, span } in reader.strings("packages") {
        if !seen.insert(value.clone()) {
            reader.refuse_at("duplicate-package", &span, format!("package `{value}` is listed twice"));
        }
        match value.parse::<Dependency>() {
            Ok(value) => packages.push(Located { value, span }),
            Err(error) => reader.refuse_at("invalid-package", &span, format!("not a package name: {error}")),
        }
    }
    if packages.is_empty() {
        reader.refuse("no-packages", "packages", "an image needs at least one package in `packages`");
    }
    packages
}

fn read_records(reader: &mut TableReader<'_>) -> Vec<PackageRecord> {
    let known = [("rpm-database", PackageRecord::RpmDatabase), ("scanner-manifest", PackageRecord::ScannerManifest)];
    let mut records = Vec::new();
    for text in reader.strings("package-records") {
        records.extend(chosen(reader, "package-records", &text, &known));
    }
    records.sort_unstable();
    records.dedup();
    records
}

fn read_files(reader: &mut TableReader<'_>) -> Vec<AuthoredFile> {
    let mut files = Vec::new();
    for mut inner in reader.tables("files") {
        files.extend(read_file(&mut inner));
        reader.absorb(inner);
    }
    files
}

fn read_file(inner: &mut TableReader<'_>) -> Option<AuthoredFile> {
    let path = inner.string("path");
    let mode = inner.integer("mode").unwrap_or(0o644);
    let text = inner.string("text");
    let reason = inner.string("reason");
    if mode > 0o7777 {
        inner.refuse("invalid-mode", "mode", "`mode` has permission bits only, e.g. 0o644");
    }
    if let Some(reason) = reason.as_ref().filter(|reason| reason.value.trim().is_empty()) {
        inner.refuse_at("empty-reason", &reason.span, "`reason` must say why the image has the file");
    }
    if let Some(path) = path.as_ref().filter(|path| !crate::tree::is_clean_path(&path.value)) {
        inner.refuse_at("invalid-path", &path.span, "a path is absolute, without `.`, `..` and doubled `/`");
    }
    Some(AuthoredFile { path: path?, mode: mode as u32, text: text?.value, reason: reason?.value })
}

/// A label is for a disk: a container's come from the host, and WSL has none.
fn read_selinux(reader: &mut TableReader<'_>) -> Option<Selinux> {
    let mut table = reader.table("selinux")?;
    let policy = table.string("policy");
    let plain =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if let Some(policy) = policy.as_ref().filter(|policy| !plain(&policy.value)) {
        table.refuse_at("invalid-policy", &policy.span, "a policy is named by letters, digits, `-` and `_`");
    }
    reader.absorb(table);
    if !reader.has("disk") {
        reader.refuse("labels-without-disk", "selinux", "only a disk has SELinux labels: `[selinux]` needs `[disk]`");
    }
    Some(Selinux { policy: policy?.value })
}

fn read_kind(reader: &mut TableReader<'_>) -> Option<ImageKind> {
    let oci = reader.table("oci");
    let disk = reader.table("disk");
    match (oci, disk) {
        (Some(mut table), None) => {
            let oci = read_oci(&mut table);
            reader.absorb(table);
            oci.map(ImageKind::Oci)
        }
        (None, Some(mut table)) => {
            let disk = read_disk(&mut table);
            reader.absorb(table);
            disk.map(ImageKind::Disk)
        }
        (Some(_), Some(_)) => {
            reader.refuse("two-kinds", "disk", "an image is either `[oci]` or `[disk]`, not both");
            None
        }
        (None, None) => {
            if !reader.has("oci") && !reader.has("disk") {
                reader.refuse("missing-key", "", "an image file needs a table `[oci]` or `[disk]`");
            }
            None
        }
    }
}

fn read_oci(table: &mut TableReader<'_>) -> Option<Oci> {
    let values = |list: Vec<Located<String>>| list.into_iter().map(|item| item.value).collect::<Vec<_>>();
    let repository = table.string("repository");
    let tags = table.strings("tags");
    for tag in tags.iter().filter(|tag| !is_tag(&tag.value)) {
        table.refuse_at("invalid-tag", &tag.span, format!("not an OCI tag: `{}`", tag.value));
    }
    if tags.is_empty() {
        table.refuse("missing-key", "tags", "`oci.tags` needs at least one tag");
    }
    let oci = Oci {
        tags: values(tags),
        entrypoint: values(table.strings("entrypoint")),
        cmd: values(table.strings("cmd")),
        env: table.string_map("env").into_iter().collect(),
        labels: table.string_map("labels").into_iter().collect(),
        working_dir: table.optional_string("working-dir").map(|dir| dir.value),
        repository: repository?.value,
    };
    Some(oci)
}

/// The grammar of the OCI distribution specification: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn read_disk(table: &mut TableReader<'_>) -> Option<Disk> {
    let format = choice(table, "format", &[("vhd-fixed", DiskFormat::VhdFixed), ("raw", DiskFormat::Raw)]);
    choice(table, "firmware", &[("uefi", ())]);
    let size_mib = table.integer("size-mib").unwrap_or(512);
    let esp = table.table("esp").and_then(|mut inner| {
        let esp = read_esp(&mut inner);
        table.absorb(inner);
        esp
    });
    let root = table.table("root").and_then(|mut inner| {
        let root = read_root(&mut inner);
        table.absorb(inner);
        root
    });
    for key in ["esp", "root"] {
        if !table.has(key) {
            table.refuse("missing-key", key, format!("table `[disk.{key}]` is missing"));
        }
    }
    check_sizes(table, size_mib, esp.as_ref());
    Some(Disk { format: format?, size_mib, esp: esp?, root: root? })
}

fn check_sizes(table: &mut TableReader<'_>, size_mib: u64, esp: Option<&EspPartition>) {
    let least = esp.map_or(0, |esp| esp.size_mib) + 2 + 16;
    if !(least..=DISK_MAX_MIB).contains(&size_mib) {
        let message = format!("`disk.size-mib` must be between {least} and {DISK_MAX_MIB}, not {size_mib}");
        table.refuse("invalid-size", "size-mib", message);
    }
}

fn read_esp(table: &mut TableReader<'_>) -> Option<EspPartition> {
    let size_mib = table.integer("size-mib").unwrap_or(64);
    if !(fat32::SMALLEST_MIB..=ESP_MAX_MIB).contains(&size_mib) {
        let least = fat32::SMALLEST_MIB;
        let message = format!("an EFI system partition has {least} to {ESP_MAX_MIB} MiB, not {size_mib}");
        table.refuse("invalid-size", "size-mib", message);
    }
    let partition_name = read_partition_name(table);
    let label = table.string("label");
    if let Some(label) = label.as_ref().filter(|label| !fat32::is_label(&label.value)) {
        table.refuse_at("invalid-label", &label.span, "a FAT label has 1 to 11 upper-case letters, digits, `-` or `_`");
    }
    let mut files: Vec<EspFile> = Vec::new();
    for mut inner in table.tables("files") {
        if let Some((file, span)) = read_esp_file(&mut inner) {
            if let Some(other) = files.iter().find(|other| overlap(&other.path, &file.path)) {
                let message = format!("`{}` and `{}` cannot both be files", other.path, file.path);
                inner.refuse_at("duplicate-path", &span, message);
            }
            files.push(file);
        }
        table.absorb(inner);
    }
    Some(EspPartition { size_mib, partition_name: partition_name?, label: label?.value, files })
}

/// Returns whether two paths are equal or one lies below the other.
fn overlap(a: &str, b: &str) -> bool {
    let below = |path: &str, parent: &str| path.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/'));
    a == b || below(a, b) || below(b, a)
}

fn read_esp_file(table: &mut TableReader<'_>) -> Option<(EspFile, Span)> {
    let path = table.string("path");
    let package = table.string("package");
    let source = table.string("source");
    if let Some(path) = path.as_ref().filter(|path| !fat32::is_short_path(&path.value)) {
        table.refuse_at(
            "invalid-path",
            &path.span,
            "a path on the EFI system partition has upper-case 8.3 names and `/`",
        );
    }
    if let Some(source) = source.as_ref().filter(|source| !crate::tree::is_clean_path(&source.value)) {
        table.refuse_at("invalid-path", &source.span, "a path is absolute, without `.`, `..` and doubled `/`");
    }
    let path = path?;
    Some((EspFile { path: path.value, package: package?.value, source: source? }, path.span))
}

fn read_root(table: &mut TableReader<'_>) -> Option<RootPartition> {
    choice(table, "filesystem", &[("ext4", ())]);
    let partition_name = read_partition_name(table);
    let label = table.string("label");
    if let Some(label) = label.as_ref().filter(|label| label.value.is_empty() || label.value.len() > EXT4_LABEL_MAX) {
        table.refuse_at("invalid-label", &label.span, format!("an ext4 label has 1 to {EXT4_LABEL_MAX} bytes"));
    }
    let grows = table.boolean("grows").unwrap_or(false);
    Some(RootPartition { partition_name: partition_name?, label: label?.value, grows })
}

fn read_partition_name(table: &mut TableReader<'_>) -> Option<String> {
    let name = table.string("partition-name")?;
    if name.value.is_empty() || name.value.encode_utf16().count() > PARTITION_NAME_MAX {
        table.refuse_at(
            "invalid-label",
            &name.span,
            format!("a partition name has 1 to {PARTITION_NAME_MAX} characters"),
        );
    }
    Some(name.value)
}

/// Reads a key that must be one of a few words.
fn choice<T: Copy>(table: &mut TableReader<'_>, key: &'static str, known: &[(&str, T)]) -> Option<T> {
    let text = table.string(key)?;
    chosen(table, key, &text, known)
}

fn chosen<T: Copy>(table: &mut TableReader<'_>, key: &str, text: &Located<String>, known: &[(&str, T)]) -> Option<T> {
    if let Some((_, value)) = known.iter().find(|(word, _)| *word == text.value) {
        return Some(*value);
    }
    let words: Vec<_> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
    let near = closest(&text.value, known.iter().map(|(word, _)| *word));
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    let message = format!("`{}` is no value of `{key}` (known: {}){near}", text.value, words.join(", "));
    table.refuse_at("unknown-value", &text.span, message);
    None
}
