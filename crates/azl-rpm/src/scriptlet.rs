//! Scriptlets and triggers of a package.

use rpm::{DependencyFlags, IndexTag as Tag, PackageMetadata, Trigger};
use serde::{Deserialize, Serialize};

use crate::RpmError;

/// One script that rpm would run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scriptlet {
    /// Section name without `%`: `pre`, `post`, `preun`, `postun`, `pretrans`, `posttrans`, `preuntrans`,
    /// `postuntrans`, `verify`, `triggerprein`, `triggerin`, `triggerun`, `triggerpostun`, and the last three
    /// with `file` or `transfile` before `trigger`.
    pub phase: String,
    /// Program and its arguments, e.g. `/bin/sh` or `<lua>`; `/bin/sh` if the package names none.
    pub interpreter: Vec<String>,
    /// Text of the script; empty if the interpreter alone is the action.
    pub body: String,
    /// Packages or path prefixes that fire a trigger, with their version condition.
    pub triggers: Vec<String>,
}

/// Reads all scriptlets, then all triggers, in rpm's own order.
pub(crate) fn read_scriptlets(metadata: &PackageMetadata) -> Result<Vec<Scriptlet>, RpmError> {
    let mut result = Vec::new();
    for (phase, body, program) in PHASES {
        result.extend(read_scriptlet(metadata, phase, *body, *program)?);
    }
    for (family, triggers) in [
        ("trigger", metadata.get_triggers()?),
        ("filetrigger", metadata.get_file_triggers()?),
        ("transfiletrigger", metadata.get_trans_file_triggers()?),
    ] {
        for trigger in triggers {
            result.push(read_trigger(family, trigger)?);
        }
    }
    Ok(result)
}

/// Phase, tag of the script, tag of its interpreter.
const PHASES: &[(&str, Tag, Tag)] = &[
    ("pretrans", Tag::RPMTAG_PRETRANS, Tag::RPMTAG_PRETRANSPROG),
    ("pre", Tag::RPMTAG_PREIN, Tag::RPMTAG_PREINPROG),
    ("post", Tag::RPMTAG_POSTIN, Tag::RPMTAG_POSTINPROG),
    ("preun", Tag::RPMTAG_PREUN, Tag::RPMTAG_PREUNPROG),
    ("postun", Tag::RPMTAG_POSTUN, Tag::RPMTAG_POSTUNPROG),
    ("posttrans", Tag::RPMTAG_POSTTRANS, Tag::RPMTAG_POSTTRANSPROG),
    ("preuntrans", Tag::RPMTAG_PREUNTRANS, Tag::RPMTAG_PREUNTRANSPROG),
    ("postuntrans", Tag::RPMTAG_POSTUNTRANS, Tag::RPMTAG_POSTUNTRANSPROG),
    ("verify", Tag::RPMTAG_VERIFYSCRIPT, Tag::RPMTAG_VERIFYSCRIPTPROG),
];

/// `%post -p /sbin/ldconfig` has an interpreter and no script.
fn read_scriptlet(
    metadata: &PackageMetadata,
    phase: &str,
    body: Tag,
    program: Tag,
) -> Result<Option<Scriptlet>, RpmError> {
    let header = &metadata.header;
    let (has_body, has_program) = (header.entry_is_present(body), header.entry_is_present(program));
    if !has_body && !has_program {
        return Ok(None);
    }
    let body = if has_body { header.get_entry_data_as_string(body)?.to_owned() } else { String::new() };
    let interpreter = match has_program {
        true => header.get_entry_data_as_string_array(program)?.into_iter().map(str::to_owned).collect(),
        false => vec!["/bin/sh".to_owned()],
    };
    Ok(Some(Scriptlet { phase: phase.to_owned(), interpreter, body, triggers: Vec::new() }))
}

fn read_trigger(family: &str, trigger: Trigger) -> Result<Scriptlet, RpmError> {
    let flags = trigger.conditions.iter().fold(DependencyFlags::empty(), |flags, condition| flags | condition.flags);
    let suffix = [
        (DependencyFlags::TRIGGERPREIN, "prein"),
        (DependencyFlags::TRIGGERIN, "in"),
        (DependencyFlags::TRIGGERUN, "un"),
        (DependencyFlags::TRIGGERPOSTUN, "postun"),
    ]
    .into_iter()
    .find_map(|(flag, suffix)| flags.contains(flag).then_some(suffix))
    .ok_or_else(|| RpmError::tag("TRIGGERFLAGS", format!("a %{family} script has no condition that fires it")))?;
    let triggers = trigger
        .conditions
        .into_iter()
        .map(|c| rpm::Dependency { name: c.name, flags: c.flags, version: c.version }.to_string())
        .collect();
    Ok(Scriptlet { phase: format!("{family}{suffix}"), interpreter: trigger.program, body: trigger.script, triggers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn scriptlets_and_triggers_keep_phase_interpreter_and_conditions() {
        let mut builder = fixture::builder("toy");
        builder
            .post_install_script("echo post")
            .pre_trans_script(rpm::Scriptlet::new("print(1)").prog(vec!["<lua>"]))
            .trans_file_trigger_in("/usr/lib64", None, "ldconfig")
            .trigger_un("bash", Some((DependencyFlags::LESS, "5.3")), "echo un");
        let bytes = fixture::bytes(&mut builder);
        let scriptlets = read_scriptlets(&PackageMetadata::parse(&mut &bytes[..]).expect("good")).expect("good");
        let phases: Vec<&str> = scriptlets.iter().map(|s| s.phase.as_str()).collect();
        assert_eq!(phases, ["pretrans", "post", "triggerun", "transfiletriggerin"]);
        assert_eq!(scriptlets[0].interpreter, ["<lua>"]);
        assert_eq!(scriptlets[1].body, "echo post");
        assert_eq!(scriptlets[2].triggers, ["bash < 5.3"]);
        assert_eq!(scriptlets[3].triggers, ["/usr/lib64"]);
    }
}
