//! Behaviour of the reader on whole image files.

use azl_diagnostics::Diagnostic;

use super::read::image;
use super::*;

const DISK: &str = r#"
name = "vm"
description = "d"
arch = "x86_64"
seed = "s"
packages = ["bash", "kernel"]
[disk]
format = "vhd-fixed"
firmware = "uefi"
[disk.esp]
partition-name = "esp"
label = "ESP"
[[disk.esp.files]]
path = "EFI/BOOT/BOOTX64.EFI"
package = "kernel-core"
source = "/usr/lib/modules/*/vmlinuz"
[disk.root]
filesystem = "ext4"
partition-name = "azurelinux-root"
label = "azurelinux"
"#;

fn codes(text: &str) -> Vec<(&'static str, String)> {
    let (model, diagnostics) = image("images/vm.image.toml", text);
    assert_eq!(model.is_none(), azl_diagnostics::has_errors(&diagnostics));
    let at = |one: &Diagnostic| one.span.as_ref().map_or(String::new(), |span| text[span.start..span.end].to_owned());
    diagnostics.iter().map(|one| (one.code, at(one))).collect()
}

#[test]
fn a_disk_image_has_defaults_for_its_sizes() {
    let (model, diagnostics) = image("images/vm.image.toml", DISK);
    assert_eq!(diagnostics, []);
    let Some(ImageModel { kind: ImageKind::Disk(disk), packages, .. }) = model else { panic!("no disk") };
    assert_eq!((disk.size_mib, disk.esp.size_mib, disk.format), (512, 64, DiskFormat::VhdFixed));
    assert_eq!(packages[1].value.to_string(), "kernel");
    assert_eq!(&DISK[packages[1].span.start..packages[1].span.end], "\"kernel\"");
}

#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    let text = DISK.replace("description", "descripton");
    let (_, diagnostics) = image("images/vm.image.toml", &text);
    let unknown = diagnostics.iter().find(|one| one.code == "unknown-key").expect("reported");
    assert_eq!(unknown.hints, ["did you mean `description`?"]);
    assert!(diagnostics.iter().any(|one| one.code == "missing-key"));
}

#[test]
fn all_mistakes_of_a_file_are_shown() {
    let text = DISK
        .replace("vhd-fixed", "vhdx")
        .replace("EFI/BOOT/BOOTX64.EFI", "efi/boot/bootx64.efi")
        .replace("\"kernel\"", "\"bash\"")
        .replace("label = \"azurelinux\"", "label = \"a-label-that-is-too-long\"");
    assert_eq!(
        codes(&text),
        [
            ("duplicate-package", "\"bash\"".to_owned()),
            ("unknown-value", "\"vhdx\"".to_owned()),
            ("invalid-path", "\"efi/boot/bootx64.efi\"".to_owned()),
            ("invalid-label", "\"a-label-that-is-too-long\"".to_owned()),
        ]
    );
}

#[test]
fn wrong_sizes_types_and_kinds_are_refused() {
    for (from, to, code) in [
        ("firmware = \"uefi\"", "firmware = \"uefi\"\nsize-mib = 70", "invalid-size"),
        ("[disk.esp]", "[disk.esp]\nsize-mib = 20", "invalid-size"),
        ("seed = \"s\"", "seed = 5", "wrong-type"),
        ("name = \"vm\"", "name = \"other\"", "name-mismatch"),
        ("[disk]", "[oci]\nrepository = \"r\"\ntags = [\"t\"]\n[disk]", "two-kinds"),
        ("seed = \"s\"", "seed = ", "toml-syntax"),
        ("[disk.root]", "[disk.rooot]", "unknown-key"),
    ] {
        let found = codes(&DISK.replace(from, to));
        assert!(found.iter().any(|(found, _)| *found == code), "{to}: {found:?}");
    }
}

#[test]
fn authored_files_need_a_reason() {
    let file = "[[files]]\npath = \"/etc/machine-id\"\nmode = 0o444\ntext = \"\"\n";
    assert_eq!(codes(&format!("{DISK}{file}"))[0].0, "missing-key");
    assert_eq!(codes(&format!("{DISK}{file}reason = \"made at first boot\"")), []);
}

#[test]
fn labels_are_for_disks_and_name_their_policy() {
    let labelled = |text: &str| codes(&format!("{DISK}[selinux]\n{text}"));
    assert_eq!(labelled("policy = \"targeted\""), []);
    assert_eq!(labelled("policy = \"../x\"")[0].0, "invalid-policy");
    assert_eq!(labelled("")[0].0, "missing-key");
    let container = DISK.split("[disk]").next().unwrap_or_default();
    let oci = format!("{container}[oci]\nrepository = \"r\"\ntags = [\"t\"]\n[selinux]\npolicy = \"targeted\"\n");
    assert_eq!(codes(&oci)[0].0, "labels-without-disk");
}

#[test]
fn an_image_without_kind_is_refused() {
    let found = codes("name = \"vm\"\ndescription = \"d\"\narch = \"x86_64\"\nseed = \"s\"\npackages = [\"a\"]\n");
    assert_eq!(found, [("missing-key", String::new())]);
}

#[test]
fn the_images_of_the_tree_are_well_formed() {
    for (file, text) in [
        ("container-core.image.toml", include_str!("../../../../images/container-core.image.toml")),
        (
            "container-distroless-minimal.image.toml",
            include_str!("../../../../images/container-distroless-minimal.image.toml"),
        ),
        ("vm-base.image.toml", include_str!("../../../../images/vm-base.image.toml")),
        ("vm-minimal.image.toml", include_str!("../../../../images/vm-minimal.image.toml")),
    ] {
        let (model, diagnostics) = image(file, text);
        assert_eq!(diagnostics, [], "{file}");
        assert!(model.is_some_and(|model| file.starts_with(&model.name)), "{file}");
    }
}
