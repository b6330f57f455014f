//! Provenance: which inputs and which build made an artifact.
//!
//! Format: in-toto Statement v1 round an SLSA provenance v1 predicate. The build type's document is the
//! table in the crate `azl-action`: an action's digest and its inputs are all that a result depends on.

use std::collections::BTreeMap;

use azl_digest::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sorted::sorted;

/// `_type` of the statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// `predicateType` of the statement.
pub const PROVENANCE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// An artifact the statement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// Path in the release, or file name.
    pub name: String,
    /// Digest of its bytes.
    pub sha256: Digest,
}

/// An input, by digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResolvedDependency {
    /// Where it came from, or what it is: a URL or a purl.
    pub uri: String,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// Anything else worth telling, e.g. `role`.
    pub annotations: BTreeMap<String, String>,
}

/// What is known about a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildFacts {
    /// URI of the document that says how to read the parameters.
    pub build_type: String,
    /// What a user of the build chose: component, architecture, options.
    pub external_parameters: Value,
    /// What the builder added: action digest, sandbox revision.
    pub internal_parameters: Value,
    /// Every input by digest.
    pub resolved_dependencies: Vec<ResolvedDependency>,
    /// URI of the builder.
    pub builder_id: String,
    /// The action's digest; names the invocation.
    pub invocation: Option<Digest>,
    /// Whether the artifact holds files taken from the seed instead of built by us.
    pub seed_derived: bool,
}

/// Says why there is no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A statement about nothing verifies everything.
    #[error("a statement needs at least one subject")]
    NoSubject,
    /// One name with two digests.
    #[error("two subjects are named `{0}`")]
    DuplicateSubject(String),
    /// The bytes are no provenance statement.
    #[error("not a provenance statement: {0}")]
    Malformed(String),
}

/// Returns the statement as compact JSON.
///
/// # Errors
/// If the subjects are none or ambiguous.
pub fn statement(subjects: &[Subject], facts: &BuildFacts) -> Result<Vec<u8>, StatementError> {
    let subjects = check_subjects(subjects.to_vec())?;
    let value = json!({
        "_type": STATEMENT_TYPE,
        "subject": subjects.iter().map(|s| json!({ "name": s.name, "digest": digest_set(s.sha256) })).collect::<Vec<_>>(),
        "predicateType": PROVENANCE_TYPE,
        "predicate": {
            "buildDefinition": build_definition(facts),
            "runDetails": run_details(facts),
        },
    });
    Ok(serde_json::to_vec(&sorted(value)).expect("plain data is JSON"))
}

fn check_subjects(mut subjects: Vec<Subject>) -> Result<Vec<Subject>, StatementError> {
    subjects.sort();
    subjects.dedup();
    if let Some(pair) = subjects.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(StatementError::DuplicateSubject(pair[0].name.clone()));
    }
    match subjects.is_empty() {
        true => Err(StatementError::NoSubject),
        false => Ok(subjects),
    }
}

fn digest_set(digest: Digest) -> Value {
    json!({ "sha256": digest.to_string() })
}

fn build_definition(facts: &BuildFacts) -> Value {
    let mut dependencies = facts.resolved_dependencies.clone();
    dependencies.sort();
    dependencies.dedup();
    json!({
        "buildType": facts.build_type,
        "externalParameters": facts.external_parameters,
        "internalParameters": { "parameters": facts.internal_parameters, "seedDerived": facts.seed_derived },
        "resolvedDependencies": dependencies.iter().map(dependency).collect::<Vec<_>>(),
    })
}

fn dependency(dependency: &ResolvedDependency) -> Value {
    let mut value = json!({ "uri": dependency.uri, "digest": digest_set(dependency.sha256) });
    if !dependency.annotations.is_empty() {
        value["annotations"] = json!(dependency.annotations);
    }
    value
}

/// When it ran is left out: a statement about equal bytes is equal bytes.
fn run_details(facts: &BuildFacts) -> Value {
    let mut value = json!({ "builder": { "id": facts.builder_id } });
    if let Some(invocation) = facts.invocation {
        value["metadata"] = json!({ "invocationId": format!("sha256:{invocation}") });
    }
    value
}

/// A statement as far as checking needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStatement {
    /// The artifacts it is about.
    pub subjects: Vec<Subject>,
    /// The builder's URI.
    pub builder_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStatement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<WireSubject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: WirePredicate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSubject {
    name: String,
    digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WirePredicate {
    #[serde(rename = "buildDefinition")]
    _build_definition: Value,
    run_details: WireRunDetails,
}

#[derive(Deserialize)]
struct WireRunDetails {
    builder: WireBuilder,
}

#[derive(Deserialize)]
struct WireBuilder {
    id: String,
}

/// Reads a provenance statement.
///
/// # Errors
/// If it is another kind of statement, has no subject, or a subject has no SHA-256.
pub fn read_statement(bytes: &[u8]) -> Result<ReadStatement, StatementError> {
    let malformed = |problem: String| StatementError::Malformed(problem);
    let wire: WireStatement = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    if wire.kind != STATEMENT_TYPE || wire.predicate_type != PROVENANCE_TYPE {
        return Err(malformed(format!("it is a `{}` with a `{}`", wire.kind, wire.predicate_type)));
    }
    let mut subjects = Vec::new();
    for subject in wire.subject {
        let sha256 =
            subject.digest.get("sha256").ok_or_else(|| malformed(format!("`{}` has no sha256", subject.name)))?;
        let sha256 = sha256.parse().map_err(|error| malformed(format!("`{}`: {error}", subject.name)))?;
        subjects.push(Subject { name: subject.name, sha256 });
    }
    Ok(ReadStatement { subjects: check_subjects(subjects)?, builder_id: wire.predicate.run_details.builder.id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str) -> Subject {
        Subject { name: name.into(), sha256: Digest::of(name.as_bytes()) }
    }

    fn facts() -> BuildFacts {
        BuildFacts {
            build_type: "https://azurelinux.invalid/build/rpmbuild/v1".into(),
            external_parameters: json!({ "component": "bash", "arch": "x86_64" }),
            internal_parameters: json!({ "z": 1, "a": { "y": 1, "b": 2 } }),
            resolved_dependencies: vec![ResolvedDependency {
                uri: "https://ftp.gnu.org/gnu/bash/bash-5.3.tar.gz".into(),
                sha256: Digest::of(b"tarball"),
                annotations: BTreeMap::from([("role".into(), "source".into())]),
            }],
            builder_id: "https://azurelinux.invalid/builder/local".into(),
            invocation: Some(Digest::of(b"action")),
            seed_derived: false,
        }
    }

    #[test]
    fn statement_has_the_slsa_shape() {
        let value: Value =
            serde_json::from_slice(&statement(&[subject("b"), subject("a")], &facts()).expect("good")).expect("JSON");
        assert_eq!(value["_type"], STATEMENT_TYPE);
        assert_eq!(value["subject"][0]["name"], "a");
        assert_eq!(value["predicateType"], PROVENANCE_TYPE);
        let definition = &value["predicate"]["buildDefinition"];
        assert_eq!(definition["externalParameters"]["component"], "bash");
        assert_eq!(definition["internalParameters"]["seedDerived"], false);
        assert_eq!(definition["resolvedDependencies"][0]["digest"]["sha256"], Digest::of(b"tarball").to_string());
        assert_eq!(value["predicate"]["runDetails"]["builder"]["id"], "https://azurelinux.invalid/builder/local");
    }

    #[test]
    fn order_of_subjects_and_dependencies_does_not_matter() {
        let one = statement(&[subject("a"), subject("b")], &facts()).expect("good");
        let mut doubled = facts();
        doubled.resolved_dependencies.extend(facts().resolved_dependencies);
        assert_eq!(one, statement(&[subject("b"), subject("a")], &doubled).expect("good"));
        assert!(String::from_utf8(one).expect("UTF-8").contains(r#"{"a":{"b":2,"y":1},"z":1}"#));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = statement(&[subject("a"), subject("b")], &facts()).expect("good");
        let read = read_statement(&bytes).expect("good");
        assert_eq!(read.subjects, [subject("a"), subject("b")]);
        assert_eq!(read.builder_id, facts().builder_id);
    }

    #[test]
    fn statements_about_nothing_or_two_things_of_one_name_are_refused() {
        assert_eq!(statement(&[], &facts()), Err(StatementError::NoSubject));
        let other = Subject { sha256: Digest::of(b"other"), ..subject("a") };
        assert_eq!(statement(&[subject("a"), other], &facts()), Err(StatementError::DuplicateSubject("a".into())));
    }

    #[test]
    fn other_documents_are_not_statements() {
        for text in ["{}", "[]", "", r#"{"_type":"x","subject":[],"predicateType":"y","predicate":{}}"#] {
            assert!(matches!(read_statement(text.as_bytes()), Err(StatementError::Malformed(_))), "{text}");
        }
    }
}
