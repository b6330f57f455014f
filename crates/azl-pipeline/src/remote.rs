//! Which other machines take part in a run: who does actions, and with whom results are shared.
//!
//! Not here: how one talks to them (`azl-remote`), and the farm on this host (`farm`).
//!
//! **Invariant:** a result of another machine is used only if a key that `release.toml` trusts signed it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use azl_action::ports::{Executor, SharedCache};
use azl_host::{clock, environment, files};
use azl_remote::{Address, Need, Patience, ReapiCache, ReapiExecutor, Seal, Server};
use azl_rpm::Arch;
use azl_sign::{Certificate, Key};

use crate::definition::CacheToml;
use crate::error::Failure;

/// Other machines, resolved from options and environment.
#[derive(Debug, Clone, Default)]
pub struct Remote {
    /// Who does runs; this machine, if nobody.
    pub executor: Option<Address>,
    /// With whom results are shared.
    pub cache: Option<Address>,
    /// The program that workers run, by their architecture.
    pub agents: BTreeMap<Arch, PathBuf>,
    /// How long a server is waited for.
    pub patience: Patience,
}

/// What a server said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it is wanted for.
    pub need: Need,
    /// Where it is.
    pub address: Address,
    /// Its words, or why there are none.
    pub said: Result<String, String>,
}

/// Variable with the seconds that an action may be queued while nothing else moves.
const QUEUE: &str = "AZL_EXECUTOR_QUEUE";
/// Subdirectory of the key directory that holds the certificates of others, `<FINGERPRINT>.asc`.
const TRUSTED: &str = "trusted";

impl Remote {
    /// Resolves what was not given from the environment.
    ///
    /// # Errors
    /// If an address or a number cannot be read.
    pub fn resolve(executor: Option<String>, cache: Option<String>) -> Result<Self, Failure> {
        let address = |given: Option<String>, variable| {
            let text = given.or_else(|| environment::var(variable));
            text.map(|text| text.parse::<Address>()).transpose().map_err(|error| unusable(&error))
        };
        let agent = |arch: Arch| {
            let variable = format!("AZL_AGENT_{}", arch.rpm().to_uppercase());
            environment::var(&variable).map(|path| (arch, PathBuf::from(path)))
        };
        let mut patience = Patience::default();
        if let Some(text) = environment::var(QUEUE) {
            let seconds =
                text.parse().map_err(|_| unusable(&format!("{QUEUE} is `{text}`, not a number of seconds")))?;
            patience.queue = Duration::from_secs(seconds);
        }
        Ok(Self {
            executor: address(executor, "AZL_EXECUTOR")?,
            cache: address(cache, "AZL_CACHE")?,
            agents: Arch::ALL.into_iter().filter_map(agent).collect(),
            patience,
        })
    }

    /// Asks each server what it can do.
    pub fn probe(&self) -> Vec<Answer> {
        let impatient = Patience { refusals: Duration::from_secs(3), call: Duration::from_secs(5), ..self.patience };
        let ask = |address: &Option<Address>, need| {
            let address = address.clone()?;
            let said = Server::new(address.clone(), impatient).and_then(|server| server.check(need));
            Some(Answer { need, address, said: said.map_err(|error| error.to_string()) })
        };
        [ask(&self.executor, Need::Execution), ask(&self.cache, Need::Cache)].into_iter().flatten().collect()
    }

    /// Connects what does runs, if it is another machine.
    ///
    /// # Errors
    /// If the address cannot be used.
    pub fn executor(&self) -> Result<Option<Box<dyn Executor>>, Failure> {
        let Some(address) = &self.executor else { return Ok(None) };
        let server = Arc::new(Server::new(address.clone(), self.patience)?);
        Ok(Some(Box::new(ReapiExecutor::new(server, self.agents.clone()))))
    }

    /// Connects the shared cache, if there is one.
    ///
    /// # Errors
    /// If the address or a trusted certificate cannot be used.
    pub fn cache(&self, toml: &CacheToml, key: Key, keys: &Path) -> Result<Option<Box<dyn SharedCache>>, Failure> {
        let Some(address) = &self.cache else { return Ok(None) };
        let seal = KeySeal { trusted: trusted(toml, &key, keys)?, key };
        let server = Arc::new(Server::new(address.clone(), self.patience)?);
        Ok(Some(Box::new(ReapiCache::new(server, Box::new(seal)))))
    }
}

fn unusable(error: &dyn std::fmt::Display) -> Failure {
    Failure::configuration("remote", error.to_string())
}

/// Proofs by OpenPGP signatures.
struct KeySeal {
    key: Key,
    trusted: Vec<Certificate>,
}

impl Seal for KeySeal {
    fn seal(&self, statement: &[u8]) -> Result<String, String> {
        azl_sign::sign_detached(statement, &self.key, clock::now()).map_err(|error| error.to_string())
    }

    fn check(&self, statement: &[u8], seal: &[u8]) -> Result<(), String> {
        let mut why = "no key is trusted".to_owned();
        for certificate in &self.trusted {
            match azl_sign::verify_detached(statement, seal, certificate) {
                Ok(_) => return Ok(()),
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }
}

/// Returns the certificates whose results are accepted: those listed, or else our own.
fn trusted(toml: &CacheToml, key: &Key, keys: &Path) -> Result<Vec<Certificate>, Failure> {
    let own = key.certificate();
    if toml.trusted.is_empty() {
        return Ok(vec![own]);
    }
    let mut certificates = Vec::new();
    let mut mistakes = Vec::new();
    for fingerprint in &toml.trusted {
        if *fingerprint == own.fingerprint() {
            certificates.push(own.clone());
            continue;
        }
        match certificate(&keys.join(TRUSTED).join(format!("{fingerprint}.asc")), fingerprint) {
            Ok(certificate) => certificates.push(certificate),
            Err(problem) => mistakes.push(azl_diagnostics::Diagnostic::error("untrusted-key", problem)),
        }
    }
    if mistakes.is_empty() { Ok(certificates) } else { Err(Failure::Configuration(mistakes)) }
}

fn certificate(path: &Path, fingerprint: &str) -> Result<Certificate, String> {
    let bytes = files::read(path).map_err(|error| {
        format!("`release.toml` trusts the key {fingerprint}, whose certificate is not there: {error}")
    })?;
    let certificate = Certificate::from_bytes(&bytes).map_err(|error| format!("`{}`: {error}", path.display()))?;
    if certificate.fingerprint() == fingerprint {
        return Ok(certificate);
    }
    Err(format!("`{}` holds the key {}, another one", path.display(), certificate.fingerprint()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(trusted: &[&Key], key: &Key) -> KeySeal {
        let key = Key::from_bytes(&key.to_armor().expect("armor")).expect("the same key");
        KeySeal { key, trusted: trusted.iter().map(|key| key.certificate()).collect() }
    }

    #[test]
    fn a_seal_is_good_for_its_statement_and_for_keys_that_are_trusted() {
        let (ours, theirs) = (Key::generate_development().expect("a key"), Key::generate_development().expect("a key"));
        let made = seal(&[], &theirs).seal(b"statement").expect("seals");
        assert_eq!(seal(&[&ours, &theirs], &ours).check(b"statement", made.as_bytes()), Ok(()));
        assert!(seal(&[&theirs], &ours).check(b"another", made.as_bytes()).is_err());
        let why = seal(&[&ours], &ours).check(b"statement", made.as_bytes()).expect_err("a stranger's");
        assert!(why.starts_with("signed by another key"), "{why}");
        assert!(seal(&[&ours], &ours).check(b"statement", b"").is_err());
    }

    #[test]
    fn a_trusted_key_without_its_certificate_is_named() {
        let keys = tempfile::tempdir().expect("a temporary directory");
        let (ours, theirs) = (Key::generate_development().expect("a key"), Key::generate_development().expect("a key"));
        let toml = CacheToml { trusted: vec![theirs.fingerprint()] };
        let Err(Failure::Configuration(mistakes)) = trusted(&toml, &ours, keys.path()) else { panic!("it is absent") };
        assert!(mistakes[0].message.contains(&theirs.fingerprint()), "{}", mistakes[0].message);
        let directory = keys.path().join(TRUSTED);
        files::create_dir_all(&directory).expect("directory");
        let file = directory.join(format!("{}.asc", theirs.fingerprint()));
        files::write_atomic(&file, theirs.certificate().to_armor().as_bytes()).expect("write");
        assert_eq!(trusted(&toml, &ours, keys.path()).expect("trusted").len(), 1);
    }
}
