//! What a release holds on one architecture: a component whose spec leaves the architecture out is not in it.

use std::borrow::Cow;

use crate::error::PlanError;
use crate::facts::Facts;
use crate::inputs::Inputs;

/// Returns the components that are left out, each with what its spec says.
pub fn unfit<'a>(inputs: &'a Inputs, facts: &'a Facts) -> impl Iterator<Item = (&'a str, String)> {
    let unfit =
        facts.iter().filter(|(name, facts)| inputs.components.contains_key(*name) && !facts.is_for(inputs.arch));
    unfit.map(|(name, facts)| {
        let said = match facts.exclusive_arch.is_empty() {
            true => format!("ExcludeArch: {}", facts.exclude_arch.join(" ")),
            false => format!("ExclusiveArch: {}", facts.exclusive_arch.join(" ")),
        };
        (name.as_str(), said)
    })
}

/// Returns the inputs without what is left out.
pub(crate) fn fitting<'a>(inputs: &'a Inputs, facts: &Facts) -> Cow<'a, Inputs> {
    let mut fitting = Cow::Borrowed(inputs);
    for (name, _) in unfit(inputs, facts) {
        let fitting = fitting.to_mut();
        fitting.components.remove(name);
        fitting.bootstrap.remove(name);
    }
    fitting
}

/// Refuses components that were asked for by name and are left out.
pub(crate) fn check<'a>(inputs: &Inputs, facts: &Facts, names: impl Iterator<Item = &'a String>) -> Vec<PlanError> {
    let names: Vec<&String> = names.collect();
    unfit(inputs, facts)
        .filter(|(name, _)| names.iter().any(|asked| asked == name))
        .map(|(name, said)| PlanError::OtherArch { component: name.to_owned(), arch: inputs.arch.to_string(), said })
        .collect()
}
