//! Archives from outside: bad ones, round trips, and overlays on them.

mod bad_inputs;
pub(crate) mod fixture;
mod overlays;
mod round_trip;
