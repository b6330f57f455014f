//! Which firmware files to use, after QEMU's firmware descriptors (docs/interop/firmware.json in QEMU).

use serde::Deserialize;

use crate::scenario::SecureBoot;

/// Where descriptors lie, relative to the monitor's root.
pub(crate) const DESCRIPTORS: &str = "usr/share/qemu/firmware";

/// UEFI firmware in two flash chips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Firmware {
    /// The code, as a path inside the monitor's root.
    pub(crate) code: String,
    /// The template of the variable store.
    pub(crate) vars: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Descriptor {
    interface_types: Vec<String>,
    mapping: Mapping,
    targets: Vec<Target>,
    #[serde(default)]
    features: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Mapping {
    device: String,
    executable: Option<FlashFile>,
    nvram_template: Option<FlashFile>,
}

#[derive(Deserialize)]
struct FlashFile {
    filename: String,
    format: String,
}

#[derive(Deserialize)]
struct Target {
    architecture: String,
    machines: Vec<String>,
}

/// Chooses UEFI firmware for an x86-64 q35 machine, by descriptors given as name and text. For Secure Boot it is one that
/// keeps its variables from the guest by system management mode, and has no keys yet.
///
/// # Errors
/// What was looked at, if none fits.
pub(crate) fn choose(descriptors: &[(String, String)], secure_boot: SecureBoot) -> Result<Firmware, String> {
    let mut refused = Vec::new();
    // Priority is the order of the descriptors' names.
    let mut sorted: Vec<_> = descriptors.iter().collect();
    sorted.sort();
    for (name, text) in sorted {
        let descriptor = serde_json::from_str::<Descriptor>(text).map_err(|error| error.to_string());
        match descriptor.and_then(|descriptor| suitable(descriptor, secure_boot)) {
            Ok(firmware) => return Ok(firmware),
            Err(reason) => refused.push(format!("  {name}: {reason}")),
        }
    }
    if refused.is_empty() {
        refused
            .push(format!("  no descriptor in `{DESCRIPTORS}`; is the firmware package among the monitor's packages?"));
    }
    Err(format!("no UEFI firmware for x86-64 q35 machines is described:\n{}", refused.join("\n")))
}

fn suitable(descriptor: Descriptor, secure_boot: SecureBoot) -> Result<Firmware, String> {
    if !descriptor.interface_types.iter().any(|kind| kind == "uefi") {
        return Err("not UEFI".to_owned());
    }
    let q35 =
        |target: &Target| target.architecture == "x86_64" && target.machines.iter().any(|m| m.starts_with("pc-q35-"));
    if !descriptor.targets.iter().any(q35) {
        return Err("for other machines".to_owned());
    }
    let has = |feature: &str| descriptor.features.iter().any(|known| known == feature);
    let (wanted, refused): (&[&str], &[&str]) = match secure_boot {
        SecureBoot::Off => (&[], &["requires-smm", "enrolled-keys"]),
        SecureBoot::Enrolled => (&["secure-boot", "requires-smm"], &["enrolled-keys"]),
    };
    if let Some(feature) = refused.iter().find(|feature| has(feature)) {
        return Err(format!("has the feature `{feature}`"));
    }
    if let Some(feature) = wanted.iter().find(|feature| !has(feature)) {
        return Err(format!("lacks the feature `{feature}`"));
    }
    match (descriptor.mapping.device.as_str(), descriptor.mapping.executable, descriptor.mapping.nvram_template) {
        ("flash", Some(code), Some(vars)) if code.format == "raw" && vars.format == "raw" => {
            Ok(Firmware { code: code.filename, vars: vars.filename })
        }
        _ => Err("not a pair of raw flash images".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(name: &str, code: &str, features: &str) -> (String, String) {
        let text = format!(
            r#"{{"description": "x", "interface-types": ["uefi"], "mapping": {{"device": "flash",
                "executable": {{"filename": "{code}", "format": "raw"}},
                "nvram-template": {{"filename": "/VARS.fd", "format": "raw"}}}},
                "targets": [{{"architecture": "x86_64", "machines": ["pc-i440fx-*", "pc-q35-*"]}}],
                "features": [{features}], "tags": []}}"#
        );
        (name.to_owned(), text)
    }

    #[test]
    fn the_first_by_name_without_secure_boot_is_taken() {
        let all = [
            descriptor("70-other.json", "/OTHER.fd", ""),
            descriptor("60-plain.json", "/CODE.fd", "\"acpi-s3\""),
            descriptor("40-secure.json", "/SECURE.fd", "\"requires-smm\", \"secure-boot\""),
        ];
        assert_eq!(choose(&all, SecureBoot::Off).expect("one fits").code, "/CODE.fd");
    }

    #[test]
    fn secure_boot_wants_firmware_that_can_and_has_no_keys() {
        let enrolled = descriptor("40.json", "/MS.fd", "\"requires-smm\", \"secure-boot\", \"enrolled-keys\"");
        let empty = descriptor("50.json", "/SECURE.fd", "\"requires-smm\", \"secure-boot\"");
        let plain = descriptor("60.json", "/CODE.fd", "");
        let all = [enrolled.clone(), empty, plain.clone()];
        assert_eq!(choose(&all, SecureBoot::Enrolled).expect("one fits").code, "/SECURE.fd");
        let error = choose(&[enrolled, plain], SecureBoot::Enrolled).expect_err("none fits");
        assert!(error.contains("has the feature `enrolled-keys`") && error.contains("lacks the feature `secure-boot`"));
    }

    #[test]
    fn when_none_fits_every_reason_is_given() {
        let all = [descriptor("40.json", "/S", "\"requires-smm\""), ("50.json".to_owned(), "{".to_owned())];
        let error = choose(&all, SecureBoot::Off).expect_err("none fits");
        assert!(error.contains("40.json: has the feature `requires-smm`") && error.contains("50.json: "), "{error}");
        assert!(choose(&[], SecureBoot::Off).expect_err("none").contains("firmware package"));
    }
}
