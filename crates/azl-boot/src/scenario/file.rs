//! `images/<name>.boot.toml`: the scenarios of an image as people write them.
//!
//! ```toml
//! kind = "machine"
//! memory-mib = 1024
//! forbid = ["Kernel panic", { regex = "azl-init: step \\S+ failed" }]
//!
//! [[goal.prompt]]                      # steps that several boots share
//! name = "prompt"
//! expect = "login:"
//! seconds = 60
//!
//! [scenario.second-boot]
//! description = "what the first boot made is there at the second"
//!
//! [[scenario.second-boot.boots]]
//! goals = ["prompt"]
//! end = "power-button"
//!
//! [[scenario.second-boot.boots]]
//! goals = ["prompt"]
//! steps = [{ name = "same machine", run = "test -s /etc/machine-id", seconds = 20 }]
//! ```
//!
//! A file with `steps` at its top instead of scenarios has one scenario of one boot, called [`ONLY`]; a container's file
//! is always of that kind.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Boot, Container, Damage, DiskBus, End, Machine, Pattern, Scenario, ScenarioError, SecureBoot, Step, refuse,
};

/// Name of the scenario of a file that names none.
const ONLY: &str = "start";

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum File {
    Machine(MachineFile),
    Container(Container),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct MachineFile {
    #[serde(default = "default_memory")]
    memory_mib: u32,
    #[serde(default = "default_cpus")]
    cpus: u32,
    #[serde(default)]
    disk_bus: DiskBus,
    #[serde(default)]
    forbid: Vec<Pattern>,
    #[serde(default)]
    settle_seconds: u32,
    #[serde(default)]
    steps: Vec<Step>,
    #[serde(default)]
    goal: BTreeMap<String, Vec<Step>>,
    #[serde(default)]
    scenario: BTreeMap<String, ScenarioTable>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ScenarioTable {
    /// What it shows; for readers, not in the action, so that better words boot nothing again.
    description: String,
    memory_mib: Option<u32>,
    disk_mib: Option<u32>,
    #[serde(default)]
    secure_boot: SecureBoot,
    #[serde(default)]
    kernel_arguments: String,
    #[serde(default)]
    credentials: BTreeMap<String, String>,
    boots: Vec<BootTable>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct BootTable {
    damage: Option<Damage>,
    /// Names of goals whose steps come before the boot's own.
    #[serde(default)]
    goals: Vec<String>,
    #[serde(default)]
    steps: Vec<Step>,
    /// In addition to the file's.
    #[serde(default)]
    forbid: Vec<Pattern>,
    settle_seconds: Option<u32>,
    #[serde(default)]
    end: End,
}

/// Reads the scenarios of an image, by name, from what is written in its file.
///
/// # Errors
/// Every scenario's first mistake, its name before it; a mistake of the file's shape alone.
pub fn scenarios(file: &serde_json::Value) -> Result<BTreeMap<String, Scenario>, Vec<ScenarioError>> {
    let file = File::deserialize(file).map_err(|error| vec![ScenarioError::Shape(error.to_string())])?;
    let all = match file {
        File::Container(container) => vec![(ONLY.to_owned(), Ok(Scenario::Container(container)))],
        File::Machine(file) => machines(file),
    };
    let (mut scenarios, mut mistakes) = (BTreeMap::new(), Vec::new());
    for (name, scenario) in all {
        match scenario.and_then(|scenario| scenario.check().map(|()| scenario)) {
            Ok(scenario) => drop(scenarios.insert(name, scenario)),
            Err(mistake) => mistakes.push(ScenarioError::Scenario { name, mistake: Box::new(mistake) }),
        }
    }
    if mistakes.is_empty() { Ok(scenarios) } else { Err(mistakes) }
}

fn machines(mut file: MachineFile) -> Vec<(String, Result<Scenario, ScenarioError>)> {
    let own = std::mem::take(&mut file.steps);
    if file.scenario.is_empty() {
        let boots = vec![BootTable { steps: own, ..BootTable::default() }];
        let only = ScenarioTable::plain(boots);
        return vec![(ONLY.to_owned(), machine(&file, only))];
    }
    if !own.is_empty() {
        let both =
            refuse("a file has either `steps` at its top or scenarios; put shared steps under `[[goal.<name>]]`");
        return vec![(ONLY.to_owned(), both)];
    }
    let tables = std::mem::take(&mut file.scenario);
    tables.into_iter().map(|(name, table)| (name, described(&file, table))).collect()
}

fn described(file: &MachineFile, table: ScenarioTable) -> Result<Scenario, ScenarioError> {
    match table.description.trim() {
        "" => refuse("it does not say what it shows: write a `description`"),
        _ => machine(file, table),
    }
}

impl ScenarioTable {
    fn plain(boots: Vec<BootTable>) -> Self {
        Self {
            description: String::new(),
            memory_mib: None,
            disk_mib: None,
            secure_boot: SecureBoot::Off,
            kernel_arguments: String::new(),
            credentials: BTreeMap::new(),
            boots,
        }
    }
}

fn machine(file: &MachineFile, table: ScenarioTable) -> Result<Scenario, ScenarioError> {
    let boots: Result<Vec<Boot>, ScenarioError> = table.boots.into_iter().map(|boot| boot_of(file, boot)).collect();
    Ok(Scenario::Machine(Machine {
        memory_mib: table.memory_mib.unwrap_or(file.memory_mib),
        cpus: file.cpus,
        disk_bus: file.disk_bus,
        disk_mib: table.disk_mib,
        secure_boot: table.secure_boot,
        kernel_arguments: table.kernel_arguments,
        credentials: table.credentials,
        boots: boots?,
    }))
}

fn boot_of(file: &MachineFile, boot: BootTable) -> Result<Boot, ScenarioError> {
    let mut steps = Vec::new();
    for name in &boot.goals {
        let Some(goal) = file.goal.get(name) else {
            let known: Vec<&str> = file.goal.keys().map(String::as_str).collect();
            return refuse(format!("there is no goal `{name}`; the file has: {}", known.join(", ")));
        };
        steps.extend(goal.iter().cloned());
    }
    steps.extend(boot.steps);
    Ok(Boot {
        damage: boot.damage,
        steps,
        forbid: file.forbid.iter().cloned().chain(boot.forbid).collect(),
        settle_seconds: boot.settle_seconds.unwrap_or(file.settle_seconds),
        end: boot.end,
    })
}

fn default_memory() -> u32 {
    512
}

fn default_cpus() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BTreeMap<String, Scenario>, String> {
        let value: serde_json::Value = toml::from_str(text).map_err(|error| error.to_string())?;
        let text = |errors: Vec<ScenarioError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        scenarios(&value).map_err(text)
    }

    fn machine(text: &str, name: &str) -> Machine {
        match read(text).expect("good scenarios").remove(name) {
            Some(Scenario::Machine(machine)) => machine,
            other => panic!("expected a machine, got {other:?}"),
        }
    }

    const HEAD: &str = "kind = \"machine\"\nforbid = [\"panic\"]\n";
    const STEP: &str = "[[steps]]\nname = \"k\"\nexpect = \"Linux version\"\nseconds = 9\n";
    const GOAL: &str = "[[goal.up]]\nname = \"k\"\nexpect = \"Linux version\"\nseconds = 9\n";

    #[test]
    fn a_file_of_steps_alone_is_one_scenario_of_one_boot() {
        let machine = machine(&format!("{HEAD}{STEP}"), ONLY);
        assert_eq!((machine.memory_mib, machine.cpus, machine.disk_bus), (512, 1, DiskBus::VirtioBlk));
        assert_eq!((machine.boots.len(), machine.boots[0].steps.len(), machine.boots[0].end), (1, 1, End::PowerCut));
        assert!(!machine.wants_ssh());
    }

    #[test]
    fn goals_come_before_a_boots_own_steps_and_forbidden_lines_add_up() {
        let text = format!(
            "{HEAD}{GOAL}[scenario.two]\ndescription = \"d\"\nkernel-arguments = \"fips=1\"\n\
             [[scenario.two.boots]]\ngoals = [\"up\"]\nforbid = [\"oops\"]\nend = \"power-button\"\n\
             [[scenario.two.boots.steps]]\nname = \"who\"\nrun = \"id -u\"\nexpect = \"0\"\nseconds = 5\n\
             [[scenario.two.boots]]\ngoals = [\"up\"]\n"
        );
        let machine = machine(&text, "two");
        let [first, second] = machine.boots.as_slice() else { panic!("two boots") };
        let names: Vec<&str> = first.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!((names.as_slice(), first.forbid.len(), first.end), (["k", "who"].as_slice(), 2, End::PowerButton));
        assert_eq!((second.steps.len(), second.forbid.len(), second.end), (1, 1, End::PowerCut));
        assert!(machine.wants_ssh() && machine.kernel_arguments == "fips=1");
    }

    #[test]
    fn mistakes_are_named_with_their_scenario() {
        let scenario = "[scenario.s]\ndescription = \"d\"\n";
        let cases = [
            (format!("{HEAD}memroy-mib = 1\n{STEP}"), "memroy-mib"),
            (HEAD.to_owned(), "without steps proves nothing"),
            (format!("{HEAD}cpus = 0\n{STEP}"), "needs a processor"),
            (format!("kind = \"machine\"\nforbid = [{{ regex = \"(\" }}]\n{STEP}"), "not a regular expression"),
            (format!("kind = \"machine\"\nforbid = [\"\"]\n{STEP}"), "every line"),
            ("kind = \"rocket\"\n".to_owned(), "rocket"),
            (format!("{HEAD}{STEP}{scenario}boots = []\n"), "either `steps` at its top or scenarios"),
            (
                format!("{HEAD}{GOAL}{scenario}boots = [{{ goals = [\"down\"] }}]\n"),
                "scenario `s`: there is no goal `down`; the file has: up",
            ),
            (format!("{HEAD}{scenario}boots = []\n"), "never booted"),
            (format!("{HEAD}[scenario.s]\ndescription = \"\"\nboots = []\n"), "does not say what it shows"),
            (
                format!("{HEAD}{scenario}boots = [{{ steps = [{{ name = \"n\", seconds = 1 }}] }}]\n"),
                "neither waits for",
            ),
            (
                "kind = \"container\"\nsteps = [{ name = \"n\", run = \"id\", seconds = 1 }]\n".to_owned(),
                "which a container does not answer",
            ),
        ];
        for (text, expected) in cases {
            let error = read(&text).expect_err(expected);
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }
}
