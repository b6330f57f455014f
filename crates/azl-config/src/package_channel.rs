//! Which channel a package goes to.
//!
//! Not here: what may be written about it; see `publish`.

use crate::document::Config;
use crate::publish::{Channel, PackageForm, PackagePublish};
use crate::resolve::ResolvedComponent;

impl Config {
    /// Returns the channel of a binary package of a component; the first that says so wins: the component's
    /// `packages.NAME`, the package's group, the component's `publish`, `default-package-config`.
    pub fn package_channel(&self, component: &ResolvedComponent, package: &str) -> Option<Channel> {
        let form = PackageForm::of(package);
        let own = component.packages.get(package).and_then(|own| own.channel(form));
        let group = self.package_groups.values().find(|group| group.packages.contains_key(package));
        let group = group.map(|group| PackagePublish::default().under(&group.publish));
        let of_component = match form {
            PackageForm::Debug => component.publish.debuginfo.as_ref(),
            PackageForm::Ordinary => component.publish.rpm.as_ref(),
        };
        own.or(group.as_ref().and_then(|group| group.channel(form)))
            .or(of_component)
            .or_else(|| self.default_publish.channel(form))
            .cloned()
    }

    /// Returns the channel of a component's source package, which only its `publish` says.
    pub fn source_package_channel<'a>(&self, component: &'a ResolvedComponent) -> Option<&'a Channel> {
        component.publish.srpm.as_ref()
    }
}
