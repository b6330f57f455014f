//! The address of a server: `reapi://<host>:<port>[/<instance>]`.

use std::fmt;
use std::str::FromStr;

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    authority: String,
    instance: String,
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address of a build farm\n  hint: write it as reapi://<host>:<port> or reapi://<host>:<port>/<instance>"
)]
pub struct ParseAddressError(String);

impl Address {
    /// Returns `host:port`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the instance of the server; most have one, without a name.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Returns the name of a resource of this instance.
    pub(crate) fn resource(&self, path: &str) -> String {
        if self.instance.is_empty() { path.to_owned() } else { format!("{}/{path}", self.instance) }
    }
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        let error = || ParseAddressError(text.to_owned());
        let rest = text.strip_prefix("reapi://").ok_or_else(error)?;
        let (authority, instance) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = authority.rsplit_once(':').ok_or_else(error)?;
        let odd = |c: char| c.is_whitespace() || c.is_control() || "@?#/\\".contains(c);
        let sound = !host.is_empty() && port.parse::<u16>().is_ok() && !authority.contains(odd);
        if !sound || instance.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(error());
        }
        Ok(Self { authority: authority.to_owned(), instance: instance.trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reapi://{}", self.resource_root())
    }
}

impl Address {
    fn resource_root(&self) -> String {
        if self.instance.is_empty() { self.authority.clone() } else { format!("{}/{}", self.authority, self.instance) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_comes_back_and_names_resources_of_its_instance() {
        for text in ["reapi://127.0.0.1:50051", "reapi://[::1]:1/main", "reapi://farm.example:8980/a/b"] {
            assert_eq!(text.parse::<Address>().expect("an address").to_string(), text);
        }
        let address: Address = "reapi://h:1/main/".parse().expect("an address");
        assert_eq!((address.authority(), address.instance()), ("h:1", "main"));
        assert_eq!(address.resource("blobs/x"), "main/blobs/x");
    }

    #[test]
    fn other_texts_are_refused_with_the_form_to_write() {
        for text in [
            "",
            "127.0.0.1:1",
            "grpc://h:1",
            "reapi://h",
            "reapi://:1",
            "reapi://h:x",
            "reapi://u@h:1",
            "reapi://h:1/a b",
        ] {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(error.contains("hint: write it as reapi://"), "{error}");
        }
    }
}
