//! Dist-git against real git on both sides: `git http-backend` behind a server on the loopback interface.
//!
//! Without git or its parts for HTTP each test prints why it did not run.

mod choosing;
mod fetching;
mod killing;
mod reading;
mod refusing;
mod server;
mod upstream;
