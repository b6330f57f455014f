//! Package URLs (purl) of RPMs.

use azl_rpm::Nevra;

/// Returns `pkg:rpm/azurelinux/<name>@<version>-<release>?arch=…&distro=…[&epoch=…]`.
///
/// Qualifiers come in order of their names, and all but purl's unreserved characters are percent-encoded, so
/// that equal packages have equal texts.
pub fn purl(nevra: &Nevra, distro: &str) -> String {
    let version = format!("{}-{}", nevra.evr.version, nevra.evr.release);
    let mut text = format!(
        "pkg:rpm/azurelinux/{}@{}?arch={}&distro={}",
        encode(&nevra.name),
        encode(&version),
        encode(&nevra.arch),
        encode(distro)
    );
    if nevra.evr.epoch != 0 {
        text.push_str(&format!("&epoch={}", nevra.evr.epoch));
    }
    text
}

fn encode(text: &str) -> String {
    let mut result = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => result.push(byte as char),
            _ => result.push_str(&format!("%{byte:02X}")),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_is_a_qualifier_and_odd_characters_are_encoded() {
        let purl = |nevra: &str| purl(&nevra.parse().expect("valid"), "azurelinux-4.0");
        assert_eq!(
            purl("openssl-libs-1:3.5.4-1.azl4.x86_64"),
            "pkg:rpm/azurelinux/openssl-libs@3.5.4-1.azl4?arch=x86_64&distro=azurelinux-4.0&epoch=1"
        );
        assert_eq!(
            purl("libstdc++-15.2^git1~rc-1.x86_64"),
            "pkg:rpm/azurelinux/libstdc%2B%2B@15.2%5Egit1~rc-1?arch=x86_64&distro=azurelinux-4.0"
        );
    }
}
