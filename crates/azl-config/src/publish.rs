//! `publish`: the channels that packages go to, and how a binary package finds its own.
//!
//! Not here: which packages a component makes.
//!
//! **Invariant:** a channel is a plain directory name; `none` publishes nothing.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::spanned::Spanned;

/// Where packages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// Nowhere: `none`.
    Unpublished,
    /// A channel.
    Named(String),
}

impl Channel {
    /// Returns it as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unpublished => "none",
            Self::Named(name) => name,
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Channel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\\']) || name.contains(char::is_control) {
            return Err(D::Error::custom(format!("not a channel name: `{name}`")));
        }
        Ok(if name == "none" { Self::Unpublished } else { Self::Named(name) })
    }
}

impl JsonSchema for Channel {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Channel".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[^/\\]+$", "not": { "enum": [".", ".."] } })
    }
}

/// `publish` of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PublishLayer {
    /// Channel of binary packages; `none` publishes nothing.
    pub rpm_channel: Option<Spanned<Channel>>,
    /// Channel of source packages.
    pub srpm_channel: Option<Spanned<Channel>>,
    /// Channel of debuginfo and debugsource packages.
    pub debuginfo_channel: Option<Spanned<Channel>>,
}

/// `publish` of a binary package or of package defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PackagePublishLayer {
    /// Channel of the package; `none` does not publish it.
    pub rpm_channel: Option<Spanned<Channel>>,
    /// Channel of debuginfo and debugsource packages.
    pub debuginfo_channel: Option<Spanned<Channel>>,
    /// Old name of `rpm-channel`, which wins.
    pub channel: Option<Spanned<Channel>>,
}

/// `{ publish = … }`, as packages and package defaults have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageLayer {
    /// Where the package goes.
    #[serde(default)]
    pub publish: PackagePublishLayer,
}

/// Where a component's packages go, with nothing left to inherit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publish {
    /// Channel of binary packages.
    pub rpm: Option<Channel>,
    /// Channel of the source package.
    pub srpm: Option<Channel>,
    /// Channel of debuginfo and debugsource packages.
    pub debuginfo: Option<Channel>,
}

/// Where a binary package goes, with nothing left to inherit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackagePublish {
    /// Channel of the package.
    pub rpm: Option<Channel>,
    /// Channel of debuginfo and debugsource packages.
    pub debuginfo: Option<Channel>,
    /// Channel by its old name; counts where no layer uses the new one.
    pub old: Option<Channel>,
}

impl PackagePublish {
    /// Returns this with a layer on top.
    #[must_use]
    pub(crate) fn under(self, layer: &PackagePublishLayer) -> Self {
        let own = |channel: &Option<Spanned<Channel>>| channel.as_ref().map(|channel| channel.get_ref().clone());
        Self {
            rpm: own(&layer.rpm_channel).or(self.rpm),
            debuginfo: own(&layer.debuginfo_channel).or(self.debuginfo),
            old: own(&layer.channel).or(self.old),
        }
    }

    /// Returns the channel for a package of this form.
    pub(crate) fn channel(&self, form: PackageForm) -> Option<&Channel> {
        match form {
            PackageForm::Debug => self.debuginfo.as_ref(),
            PackageForm::Ordinary => self.rpm.as_ref().or(self.old.as_ref()),
        }
    }
}

/// Which of the two binary channels a package goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageForm {
    /// Debuginfo or debugsource.
    Debug,
    /// Any other.
    Ordinary,
}

impl PackageForm {
    /// Tells by the name: `debuginfo` or `debugsource` between hyphens, so that `elfutils-debuginfod` is ordinary.
    pub fn of(package: &str) -> Self {
        let debug = package.split('-').skip(1).any(|part| matches!(part, "debuginfo" | "debugsource"));
        if debug { Self::Debug } else { Self::Ordinary }
    }
}
