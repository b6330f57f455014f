//! Archives from outside: bad ones, round trips, random bytes, and overlays on them.

mod bad_inputs;
pub(crate) mod fixture;
mod overlays;
mod random;
mod round_trip;
