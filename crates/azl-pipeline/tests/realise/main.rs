//! The realise loop over fake ports and a real store: caching, early cutoff, resuming, healing, failing, sharing.

mod bench;
mod caching;
mod damage;
mod failing;
#[cfg(feature = "faults")]
mod faults;
mod sharing;
