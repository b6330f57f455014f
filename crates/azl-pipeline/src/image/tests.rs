//! What is told of an image, from its listing alone.

use azl_image::Listing;

use super::held::Held;
use super::sizes::Sizes;

const LISTING: &str = r#"{
    "packages": {
        "bash": { "version": "5.3-1.azl4.x86_64", "files": 2, "bytes": 750 },
        "setup": { "version": "1-1.azl4.noarch", "files": 1, "bytes": 200 }
    },
    "files": {
        "/": { "kind": "directory", "mode": "0555", "uid": 0, "gid": 0 },
        "/etc/made": { "kind": "file", "mode": "0644", "uid": 0, "gid": 0, "bytes": 50 },
        "/etc/passwd": { "kind": "file", "mode": "0644", "uid": 0, "gid": 0, "bytes": 200, "packages": ["setup"] },
        "/usr/bin/bash": { "kind": "file", "mode": "0755", "uid": 0, "gid": 0, "bytes": 700, "packages": ["bash"],
            "label": "system_u:object_r:shell_exec_t:s0" },
        "/usr/bin/sh": { "kind": "link", "mode": "0777", "uid": 0, "gid": 0, "target": "bash", "packages": ["bash"] },
        "/usr/share/bash": { "kind": "file", "mode": "0644", "uid": 0, "gid": 5, "bytes": 50, "packages": ["bash"] }
    }
}"#;

fn listing() -> Listing {
    serde_json::from_str(LISTING).expect("a listing")
}

fn told(subject: &str) -> Option<String> {
    Held::find("vm", &listing(), subject).map(|held| held.to_string())
}

#[test]
fn a_file_has_its_package_and_a_package_its_largest_files() {
    let file = "/usr/bin/bash of vm: mode 0755, owner 0:0, 700 bytes (70.0 %), system_u:object_r:shell_exec_t:s0\n";
    let package = "bash 5.3-1.azl4.x86_64: 750 bytes in 2 files, 75.0 % of vm\n";
    assert_eq!(told("/usr/bin/bash"), Some(format!("{file}{package}")));
    assert_eq!(told("bash"), Some(format!("{package}         700  /usr/bin/bash\n          50  /usr/share/bash\n")));
    assert!(told("/usr/bin/sh").is_some_and(|text| text.contains("link to bash")));
    assert!(
        told("/etc/made").is_some_and(|text| text.ends_with("it belongs to no package: the image itself has it\n"))
    );
    assert_eq!(told("/none"), None);
}

#[test]
fn sizes_add_up_and_begin_with_the_largest() {
    let sizes = Sizes::of(&listing());
    assert_eq!((sizes.bytes, sizes.unowned), (1000, 50));
    assert_eq!(sizes.packages[0], ("bash".to_owned(), 750, 2));
    assert_eq!(sizes.files[1], ("/etc/passwd".to_owned(), 200));
    let text = sizes.to_string();
    assert!(text.starts_with("         750   75.0 %  bash (2 files)\n"), "{text}");
    assert!(
        text.contains("          50    5.0 %  no package\n") && text.ends_with("        1000 bytes in all\n"),
        "{text}"
    );
}
