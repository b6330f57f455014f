//! One run of a verb: settings resolved, the store open and shared, the adapters put together.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use azl_action::ports::{PortError, RootComposer};
use azl_boot::Qemu;
use azl_exec::{Bubblewrap, Conditions, Limits, Roots};
use azl_fetch::HostFetcher;
use azl_host::environment;
use azl_host::lock::Lock;
use azl_rpm::Arch;
use azl_sign::{Key, KeyPolicy, KeySigner, SecureBootKey};
use azl_store::LocalStore;

use crate::definition::{self, ReleaseToml, SigningToml};
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::ports::Ports;
use crate::realise::Policy;
use crate::remote::Remote;

/// Where things are and how much may be used, resolved from options and environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The checkout.
    pub root: PathBuf,
    /// The store.
    pub store: PathBuf,
    /// The directory of signing keys.
    pub keys: PathBuf,
    /// Where releases appear.
    pub out: PathBuf,
    /// How a run over a graph behaves.
    pub policy: Policy,
    /// What is built for.
    pub arch: Arch,
    /// Other machines that take part.
    pub remote: Remote,
}

impl Settings {
    /// Resolves what was not given from the environment.
    ///
    /// # Errors
    /// If neither an option, a variable nor a home directory says where the store is.
    pub fn resolve(
        root: PathBuf,
        store: Option<PathBuf>,
        out: Option<PathBuf>,
        policy: Policy,
        arch: Option<Arch>,
    ) -> Result<Self, Failure> {
        let homeless = |what: &str, variable: &str| {
            Failure::Infrastructure(format!("no place for the {what}: HOME is not set\n  hint: set {variable}"))
        };
        let store = store
            .or_else(|| environment::var("AZL_STORE").map(PathBuf::from))
            .or_else(|| environment::cache_dir().map(|cache| cache.join("azurelinux/store")))
            .ok_or_else(|| homeless("store", "AZL_STORE"))?;
        let keys = environment::var("AZL_KEY")
            .map(PathBuf::from)
            .or_else(|| environment::config_dir().map(|config| config.join("azurelinux/keys")))
            .ok_or_else(|| homeless("signing key", "AZL_KEY"))?;
        let out = out.unwrap_or_else(|| root.join("out"));
        // Where nothing can be built, the tree can still be read and rendered.
        let arch = arch.unwrap_or_else(|| environment::machine().parse().unwrap_or(Arch::X86_64));
        Ok(Self { root, store, keys, out, policy, arch, remote: Remote::default() })
    }
}

/// An open store, shared with other runs, with its adapters.
pub struct Session {
    /// Where things are.
    pub settings: Settings,
    /// The adapters.
    pub ports: Ports,
    /// The signing key.
    pub key: Key,
    /// The certificate of the key that signs what firmware starts, and its fingerprint; none if there is no such key.
    pub secure_boot: Option<(Vec<u8>, String)>,
    /// Composes roots, for verbs that enter one.
    pub roots: Arc<Roots>,
    _lock: Lock,
}

impl Session {
    /// Opens the store beside other runs (it waits for garbage collection alone), loads or makes the key.
    ///
    /// # Errors
    /// If the store or key cannot be used, or bubblewrap is missing.
    pub fn open(
        settings: Settings,
        release: &ReleaseToml,
        purpose: &str,
        reporter: &dyn Reporter,
    ) -> Result<Self, Failure> {
        let store = Arc::new(LocalStore::open(&settings.store)?);
        let lock = store.share(purpose, |holder| {
            reporter.report(&Event::Note { message: format!("waiting for the store, which is held by {holder}") });
        })?;
        let signing = &release.signing;
        let key = load_key(&settings, signing)?;
        let secure_boot_key = load_secure_boot_key(&settings, signing)?;
        let secure_boot = secure_boot_key.as_ref().map(|key| (key.certificate().to_vec(), key.fingerprint()));
        let roots = Arc::new(Roots::new(store.root()));
        let composer: Arc<dyn RootComposer> = Arc::clone(&roots) as Arc<dyn RootComposer>;
        let limits = Limits::from_environment().map_err(|error| Failure::configuration("limit", error))?;
        let executor = match settings.remote.executor()? {
            Some(executor) => executor,
            None => Box::new(Bubblewrap::new(Arc::clone(&composer), Conditions::default())?.limited(limits)),
        };
        let ports = Ports {
            shared: settings.remote.cache(&release.cache, load_key(&settings, signing)?, &settings.keys)?,
            fetcher: Box::new(HostFetcher::new()),
            executor,
            signer: Box::new(
                KeySigner::new(load_key(&settings, signing)?, &key_policy(signing)?)
                    .map_err(refused)?
                    .with_secure_boot(secure_boot_key),
            ),
            hypervisor: Box::new(Qemu::new(composer)),
            headers: Mutex::default(),
            store,
        };
        Ok(Self { settings, ports, key, secure_boot, roots, _lock: lock })
    }
}

fn key_policy(signing: &SigningToml) -> Result<KeyPolicy, Failure> {
    match (signing.policy, &signing.fingerprint) {
        (definition::Policy::Development, _) => Ok(KeyPolicy::DevelopmentAllowed),
        (definition::Policy::Release, Some(fingerprint)) => Ok(KeyPolicy::ReleaseKeyRequired(fingerprint.clone())),
        (definition::Policy::Release, None) => {
            Err(Failure::configuration("signing", "`release.toml` demands a release key but states no `fingerprint`"))
        }
    }
}

/// Name of the release key's file in the directory of keys.
const RELEASE_KEY: &str = "release.key.asc";

fn load_key(settings: &Settings, signing: &SigningToml) -> Result<Key, Failure> {
    match signing.policy {
        definition::Policy::Development => azl_sign::development_key(&settings.keys).map_err(infrastructure),
        definition::Policy::Release => azl_sign::load_key(&settings.keys.join(RELEASE_KEY)).map_err(infrastructure),
    }
}

fn load_secure_boot_key(settings: &Settings, signing: &SigningToml) -> Result<Option<SecureBootKey>, Failure> {
    match signing.policy {
        definition::Policy::Development => {
            azl_sign::development_secure_boot_key(&settings.keys).map(Some).map_err(infrastructure)
        }
        definition::Policy::Release => azl_sign::release_secure_boot_key(&settings.keys).map_err(infrastructure),
    }
}

fn refused(error: azl_sign::PolicyError) -> Failure {
    Failure::configuration("signing-key", error.to_string())
}

fn infrastructure(error: impl std::fmt::Display) -> Failure {
    Failure::from(PortError::Infrastructure(error.to_string()))
}
