//! The `[metadata]` table of an overlay file: why the change exists and what became of it upstream.

use serde::{Deserialize, Serialize};

/// Reason of an overlay file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Metadata {
    /// What kind of change this is.
    pub category: Category,
    /// Whether it is upstream.
    pub upstream_status: UpstreamStatus,
    /// Commits it is taken from.
    #[serde(default)]
    pub commits: Vec<Link>,
    /// Bugs it is about.
    #[serde(default)]
    pub bugs: Vec<Link>,
}

impl Metadata {
    /// Returns why the metadata contradicts itself, if it does.
    pub fn contradiction(&self) -> Option<&'static str> {
        let known_upstream = matches!(self.upstream_status, UpstreamStatus::Upstreamed | UpstreamStatus::Upstreamable);
        match self.category {
            Category::UpstreamBackport if self.commits.is_empty() => Some("an upstream backport names its `commits`"),
            Category::UpstreamBackport if !known_upstream => {
                Some("an upstream backport has `upstream-status` `upstreamed` or `upstreamable`")
            }
            _ => None,
        }
    }
}

/// A web address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// `http` or `https` address.
    pub url: String,
}

/// Why a change exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the format's own words")]
pub enum Category {
    UpstreamBackport,
    AzlPruning,
    AzlCompatibility,
    AzlTempWorkaround,
    AzlBrandingPolicy,
    AzlDisableFlakyTests,
    AzlDisableUnsupportedTests,
    AzlSecurityCompliance,
    AzlReleaseManagement,
    AzlPlatformAdaptation,
}

/// What became of a change upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the format's own words")]
pub enum UpstreamStatus {
    Upstreamed,
    Upstreamable,
    NeedsUpstreamHook,
    Inapplicable,
    Unknown,
}
