//! What holds for an archive that nobody wrote; also the body of a fuzz target.

use azl_overlay::archive::{Limits, repack};

/// Small enough that a run notices when one of them does not hold.
pub(crate) const LIMITS: Limits = Limits {
    unpacked: 1 << 20,
    ratio: 64,
    ratio_free: 64 << 10,
    entries: 64,
    names: 4 << 10,
    depth: 8,
    link_steps: 1000,
};

/// Repacks the bytes: what is accepted stays within the limits and is repacked to itself.
///
/// # Panics
/// If a property does not hold.
pub(crate) fn holds(bytes: &[u8]) {
    if let Ok(repacked) = repack(bytes, &LIMITS) {
        assert!(repacked.len() as u64 <= 2 * LIMITS.unpacked, "{} bytes", repacked.len());
        assert_eq!(repack(&repacked, &LIMITS).as_ref(), Ok(&repacked), "repacking is not done at once");
    }
}
