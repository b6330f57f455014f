//! Being asked to stop: SIGINT, SIGTERM and SIGHUP.
//!
//! The first one sets a flag, which loops and waits look at; they put things in order and end. The second ends the
//! program at once; what was finished is kept, scratch is removed by the next run.
//!
//! Not here: deciding what to do about it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Exit code of a program that was interrupted: 128 and the number of SIGINT, as shells have it.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Listens for requests to stop from now on.
///
/// # Errors
/// If the system refuses the handlers.
pub fn listen() -> std::io::Result<()> {
    let requested = Arc::clone(REQUESTED.get_or_init(Arc::default));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: the second request finds the flag set.
        signal_hook::flag::register_conditional_shutdown(signal, EXIT_CODE.into(), Arc::clone(&requested))?;
        signal_hook::flag::register(signal, Arc::clone(&requested))?;
    }
    Ok(())
}

/// Returns whether somebody asked this program to stop.
pub fn requested() -> bool {
    REQUESTED.get().is_some_and(|requested| requested.load(Ordering::Relaxed))
}
