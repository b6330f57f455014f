//! Where a tarball can be had: the lookaside of a distribution, then the places that were declared.
//!
//! Not here: what a tarball must be (its digest), and getting it.
//!
//! **Invariant:** a value fills one segment of an address and cannot add another, whatever its letters are.

use azl_diagnostics::Diagnostic;

use crate::distro::Distro;
use crate::source_file::HashType;

/// Placeholders of `lookaside-base-uri`; where one begins like another, the longer is first.
const PLACEHOLDERS: [&str; 4] = ["$filename", "$hashtype", "$hash", "$pkg"];

/// A file of a lookaside.
#[derive(Debug, Clone, Copy)]
pub struct LookasideFile<'a> {
    /// The package, by its name in that distribution.
    pub package: &'a str,
    /// Name of the file.
    pub file: &'a str,
    /// Kind of the hash.
    pub hash_type: HashType,
    /// The hash, in hexadecimal digits.
    pub hash: &'a str,
}

impl Distro {
    /// Returns the addresses to try for a file, in order: the lookaside, then the declared ones, unless
    /// `disable-origins` forbids them.
    ///
    /// # Errors
    /// As [`LookasideFile::address`].
    pub fn addresses(&self, file: &LookasideFile<'_>, declared: &[String]) -> Result<Vec<String>, Diagnostic> {
        let lookaside = self.lookaside_base_uri.as_ref().map(|template| file.address(template)).transpose()?;
        let declared = if self.disable_origins == Some(true) { &[] } else { declared };
        Ok(lookaside.into_iter().chain(declared.iter().cloned()).collect())
    }
}

impl LookasideFile<'_> {
    /// Returns the address that the template of `lookaside-base-uri` gives for the file. Values are escaped as segments
    /// of a path; the kind of the hash is in lower case.
    ///
    /// # Errors
    /// If the template is no http(s) address or has an unknown placeholder, or if a value is empty, `.`, `..`, or contains
    /// the text of a placeholder. The place is the caller's to add.
    pub fn address(&self, template: &str) -> Result<String, Diagnostic> {
        let refuse = |message: String| Diagnostic::error("lookaside", message);
        if !template.starts_with("https://") && !template.starts_with("http://") {
            let problem = refuse(format!("`lookaside-base-uri` is not an http address: `{template}`"));
            return Err(problem.hint("begin it with `https://`"));
        }
        for value in [self.package, self.file, self.hash] {
            if let Some(found) = PLACEHOLDERS.iter().find(|placeholder| value.contains(**placeholder)) {
                return Err(refuse(format!("`{value}` contains `{found}`, which stands for something else")));
            }
            if matches!(value, "" | "." | "..") {
                return Err(refuse(format!("`{value}` cannot be a part of an address")));
            }
        }
        let (mut address, mut rest) = (String::new(), template);
        while let Some((before, after)) = rest.split_once('$') {
            address.push_str(before);
            let from = &rest[before.len()..];
            let Some(name) = PLACEHOLDERS.iter().find(|placeholder| from.starts_with(**placeholder)) else {
                let problem = refuse(format!("unknown placeholder in `lookaside-base-uri`: `{template}`"));
                return Err(
                    problem.hint(format!("known are {}", PLACEHOLDERS.map(|one| format!("`{one}`")).join(", ")))
                );
            };
            address.push_str(&escape(self.value(name)));
            rest = &after[name.len() - 1..];
        }
        address.push_str(rest);
        Ok(address)
    }

    fn value(&self, placeholder: &str) -> &str {
        match placeholder {
            "$filename" => self.file,
            "$hashtype" => match self.hash_type {
                HashType::Sha256 => "sha256",
                HashType::Sha512 => "sha512",
            },
            "$hash" => self.hash,
            _ => self.package,
        }
    }
}

/// Escapes what a segment of a path cannot hold (RFC 3986, `pchar`), and the comma and semicolon.
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(char::from(byte)),
            _ if b"-_.~$&+:=@".contains(&byte) => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "https://host.example/pkgs/$pkg/$filename/$hashtype/$hash/$filename";

    fn file<'a>(package: &'a str, file: &'a str) -> LookasideFile<'a> {
        LookasideFile { package, file, hash_type: HashType::Sha512, hash: "ab12" }
    }

    #[test]
    fn every_placeholder_is_filled_wherever_it_stands() {
        let address = file("bash", "bash-5.3.tar.gz").address(TEMPLATE).expect("an address");
        assert_eq!(address, "https://host.example/pkgs/bash/bash-5.3.tar.gz/sha512/ab12/bash-5.3.tar.gz");
        let address = file("a", "b").address("https://host.example/$hashtype$hash").expect("an address");
        assert_eq!(address, "https://host.example/sha512ab12");
    }

    #[test]
    fn values_stay_in_their_segment() {
        let address = file("libstdc++", "a b/../c?d#e%2f,;\u{e9}").address(TEMPLATE).expect("an address");
        let name = "a%20b%2F..%2Fc%3Fd%23e%252f%2C%3B%C3%A9";
        assert_eq!(address, format!("https://host.example/pkgs/libstdc++/{name}/sha512/ab12/{name}"));
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_is_refused() {
        for (package, name) in [("$pkg", "a"), ("a", "x$hash"), ("a", "$hashtypes"), ("", "a"), ("a", ".."), (".", "a")]
        {
            assert!(file(package, name).address(TEMPLATE).is_err(), "{package} {name}");
        }
        assert!(file("a", "cost-in-$.txt").address(TEMPLATE).is_ok());
    }

    #[test]
    fn a_template_that_cannot_be_filled_is_refused() {
        let unknown = file("a", "b").address("https://host.example/$package").expect_err("unknown");
        assert_eq!(unknown.message, "unknown placeholder in `lookaside-base-uri`: `https://host.example/$package`");
        for template in ["file:///srv/$filename", "ftp://host.example/$filename", "$pkg", ""] {
            assert!(file("a", "b").address(template).is_err(), "{template}");
        }
    }

    #[test]
    fn the_lookaside_comes_before_declared_origins_unless_they_are_forbidden() {
        let declared = ["https://up.example/b".to_owned()];
        let mut distro = Distro::default();
        assert_eq!(distro.addresses(&file("a", "b"), &declared).expect("addresses"), declared);
        distro.lookaside_base_uri = Some("https://host.example/$hash".to_owned());
        let both = ["https://host.example/ab12", "https://up.example/b"];
        assert_eq!(distro.addresses(&file("a", "b"), &declared).expect("addresses"), both);
        distro.disable_origins = Some(true);
        assert_eq!(distro.addresses(&file("a", "b"), &declared).expect("addresses"), both[..1]);
    }
}
