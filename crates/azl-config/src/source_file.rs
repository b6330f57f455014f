//! `source-files` of a component: files kept outside its packaging, by hash and origin.
//!
//! Not here: fetching them, and the names that a component's merged list must not repeat.
//!
//! **Invariant:** a hash is SHA-256 or SHA-512 in lower-case hexadecimal of its full length; what a plain-text
//! protocol brings has one.

use std::collections::BTreeSet;

use azl_overlay::FileName;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::build::said;
use crate::spanned::Spanned;

/// Kind of a source file's hash; MD5 and SHA-1 are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HashType {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl HashType {
    /// Returns how many hexadecimal digits a hash has.
    pub fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    /// Returns the name as written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// Where a source file comes from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "type")]
pub enum Origin {
    /// An address.
    Download {
        /// Address with a scheme.
        uri: String,
    },
    /// A script that makes it.
    Custom {
        /// Script, beside the spec or the component's file.
        script: String,
        /// Packages the script needs.
        #[serde(default, rename = "mock-packages")]
        mock_packages: Vec<String>,
        /// Files the script needs.
        #[serde(default)]
        inputs: Vec<String>,
    },
    /// An archive changed by overlays.
    Overlay,
}

/// One of `source-files`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SourceFile {
    /// Its name beside the spec.
    pub filename: Spanned<FileName>,
    /// Hexadecimal hash.
    pub hash: Option<Spanned<String>>,
    /// Kind of `hash`.
    pub hash_type: Option<HashType>,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it takes the place of an upstream source of this name.
    #[serde(default)]
    pub replace_upstream: bool,
    /// Why it does.
    pub replace_reason: Option<String>,
}

/// A mistake of a source file with the place of the value it is about.
pub(crate) struct SourceFileProblem {
    pub(crate) range: std::ops::Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<&'static str>,
}

impl SourceFile {
    /// Returns what is wrong with its values.
    pub(crate) fn problems(&self) -> Vec<SourceFileProblem> {
        let name = self.filename.get_ref().as_str();
        let rules = [
            (
                name.contains(char::is_whitespace) || name.contains('\\'),
                "file name has a blank or backslash".to_owned(),
            ),
            (self.hash.is_some() != self.hash_type.is_some(), "`hash` and `hash-type` come together".to_owned()),
            (
                self.replace_upstream != said(self.replace_reason.as_deref()),
                "`replace-upstream` and `replace-reason` come together".to_owned(),
            ),
            (
                matches!(self.origin, Origin::Overlay) && !self.replace_upstream,
                "origin `overlay` needs `replace-upstream`".to_owned(),
            ),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken).map(|(_, message)| (message, None));
        let broken = broken.chain(self.origin_problem());
        let range = || self.filename.span();
        let broken = broken.map(|(message, hint)| SourceFileProblem { range: range(), message, hint });
        broken.chain(self.hash_problem()).collect()
    }

    fn hash_problem(&self) -> Option<SourceFileProblem> {
        let (hash, kind) = (self.hash.as_ref()?, self.hash_type?);
        let text = hash.get_ref();
        let of_kind = text.len() == kind.digits();
        let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let hint = (of_kind && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some("write it in lower case");
        let message = format!("not a {} hash ({} lower-case hexadecimal digits): `{text}`", kind.name(), kind.digits());
        (!of_kind || !lower).then(|| SourceFileProblem { range: hash.span(), message, hint })
    }

    fn origin_problem(&self) -> Option<(String, Option<&'static str>)> {
        match &self.origin {
            Origin::Download { uri } => self.uri_problem(uri),
            Origin::Custom { script, inputs, .. } => custom_problem(script, inputs).map(|message| (message, None)),
            Origin::Overlay => None,
        }
    }

    fn uri_problem(&self, uri: &str) -> Option<(String, Option<&'static str>)> {
        let Some((scheme, rest)) = uri.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            return Some((format!("`uri` has no scheme: `{uri}`"), None));
        };
        if rest.is_empty() || uri.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Some((format!("not an address: `{uri}`"), None));
        }
        if !scheme.eq_ignore_ascii_case("https") && self.hash.is_none() {
            let message = format!("a download by `{scheme}` without `hash`: anyone on the way can change it");
            return Some((message, Some("add `hash` and `hash-type`, or an `https` address")));
        }
        None
    }
}

fn custom_problem(script: &str, inputs: &[String]) -> Option<String> {
    let plain = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', '\0']);
    let mut seen = BTreeSet::new();
    if !plain(script) || inputs.iter().any(|input| input == script) {
        return Some("`script` is a plain file name and none of `inputs`".into());
    }
    if let Some(input) = inputs.iter().find(|input| !plain(input)) {
        return Some(format!("not a plain file name in `inputs`: `{input}`"));
    }
    let twice = inputs.iter().find(|input| !seen.insert(*input));
    twice.map(|input| format!("listed twice in `inputs`: `{input}`"))
}

/// Returns whether this is a URI scheme of RFC 3986.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}
