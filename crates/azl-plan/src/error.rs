//! What cannot be planned, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use azl_action::GraphError;

/// Input that cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A BuildRequires leads nowhere.
    #[error("{}", nobody_provides(component, capability, near))]
    NobodyProvides {
        /// Who asks.
        component: String,
        /// For what.
        capability: String,
        /// Who provides something like it, and what is wrong with it.
        near: Vec<String>,
    },
    /// A BuildRequires that is no dependency.
    #[error(
        "`{component}` needs `{text}`, which is no dependency: a name, a name with a version, or an expression in parentheses"
    )]
    NoDependency {
        /// Who asks.
        component: String,
        /// The text.
        text: String,
    },
    /// Components need each other to be built.
    #[error("{}", cycle(steps, entangled, declared))]
    Cycle {
        /// The shortest way round: who needs the next, and what it asks for.
        steps: Vec<(String, String)>,
        /// All builds that need each other.
        entangled: Vec<String>,
        /// Those with a declared bootstrap variant, which does not break this cycle.
        declared: Vec<String>,
    },
    /// A declared bootstrap variant breaks no cycle.
    #[error(
        "`[bootstrap.{component}]` names `{user}`, which {problem}\n  hint: remove `{user}` from its `for` in release.toml, or the whole table"
    )]
    UselessBootstrap {
        /// Whose variant.
        component: String,
        /// Who was to build against it.
        user: String,
        /// Why it need not.
        problem: &'static str,
    },
    /// `%generate_buildrequires` has no fixed point.
    #[error(
        "the generated BuildRequires of `{component}` do not settle: {why}\n{}  hint: have the section print everything it needs in each round, or replace it by BuildRequires with an overlay `spec-remove-section`",
        numbered(rounds)
    )]
    Endless {
        /// Whose.
        component: String,
        /// What is wrong with the rounds.
        why: &'static str,
        /// What each round added and took away.
        rounds: Vec<String>,
    },
    /// Our own packages cannot replace the seed yet.
    #[error("{}", stage2_lacks(.0))]
    Stage2Lacks(BTreeMap<String, BTreeSet<String>>),
    /// A component that was asked for is not built for this architecture.
    #[error("`{component}` is not built for {arch}: its spec says {said}")]
    OtherArch {
        /// The component.
        component: String,
        /// The architecture planned for.
        arch: String,
        /// `ExclusiveArch` or `ExcludeArch`.
        said: String,
    },
    /// Two components make a package of one name.
    #[error(
        "package `{package}` is made by `{}` and by `{}`{identity}\n  hint: remove it from one of them with an overlay `spec-remove-subpackage`",
        components[0],
        components[1]
    )]
    PackageTwice {
        /// Its name.
        package: String,
        /// Who makes it.
        components: [String; 2],
        /// What to say if both even have one NEVRA.
        identity: &'static str,
    },
    /// Two components make one source package.
    #[error(
        "source package `{package}` is made by `{}` and by `{}`\n  hint: the `Name` of a spec is its component's; change one of them",
        components[0],
        components[1]
    )]
    SourceTwice {
        /// Its NEVRA.
        package: String,
        /// Who makes it.
        components: [String; 2],
    },
    /// A component provides the name of another's package.
    #[error(
        "`{component}` provides `{package}`, which is a package of `{owner}`\n  hint: remove one of them: `spec-remove-dependency` with tag `Provides`, or `spec-remove-subpackage`"
    )]
    Usurped {
        /// Who provides it.
        component: String,
        /// The name.
        package: String,
        /// Whose it is.
        owner: String,
    },
    /// A component's package replaces another's.
    #[error(
        "`{component}` obsoletes `{capability}`, which is `{package}` of `{owner}`\n  hint: remove one of them: `spec-remove-dependency` with tag `Obsoletes`, or `spec-remove-subpackage`"
    )]
    Replaced {
        /// Who obsoletes it.
        component: String,
        /// As the spec writes it.
        capability: String,
        /// The package, with its version.
        package: String,
        /// Whose it is.
        owner: String,
    },
    /// The stages do not fit together.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

fn nobody_provides(component: &str, capability: &str, near: &[String]) -> String {
    let mut text = format!(
        "`{component}` needs `{capability}`, which neither a component of the release set nor the seed provides"
    );
    for note in near {
        let _ = write!(text, "\n  {note}");
    }
    text.push_str("\n  hint: add a component that provides it, or list it under `provides` in overlays/distro/seed.toml if the seed has the tool");
    text
}

fn cycle(steps: &[(String, String)], entangled: &[String], declared: &[String]) -> String {
    let names: Vec<&str> = steps.iter().chain(steps.first()).map(|(build, _)| build.as_str()).collect();
    let mut text = format!("BuildRequires go in a circle: {}", names.join(" needs "));
    for ((build, capability), next) in steps.iter().zip(&names[1..]) {
        let _ = write!(text, "\n  `{build}` asks for `{capability}`, which is of `{next}`");
    }
    if entangled.len() > steps.len() {
        let _ = write!(text, "\n  {} builds need each other: {}", entangled.len(), entangled.join(", "));
    }
    for component in declared {
        let _ = write!(text, "\n  the variant declared as `[bootstrap.{component}]` does not break it");
    }
    let (user, provider) = (names[0], names[1]);
    let _ = write!(
        text,
        "\n  hint: declare a variant that needs less, in release.toml, e.g. `[bootstrap.{provider}]` with `without`, `for = [\"{user}\"]` and a reason"
    );
    text
}

fn numbered(rounds: &[String]) -> String {
    rounds.iter().enumerate().map(|(at, round)| format!("  round {}: {round}\n", at + 1)).collect()
}

fn stage2_lacks(missing: &BTreeMap<String, BTreeSet<String>>) -> String {
    let width = missing.keys().map(String::len).max().unwrap_or(0).min(60);
    let mut text = format!("stage 2 has no seed, and the release does not provide {} capabilities yet:", missing.len());
    for (capability, asking) in missing {
        let asking: Vec<&str> = asking.iter().map(String::as_str).collect();
        let _ = write!(text, "\n  {capability:<width$}  {}", asking.join(" "));
    }
    text.push_str("\n  hint: package what provides them and add it to the set; `[stage2]` is the list of release.toml, `(installed)` a package that requires it");
    text
}
