//! Components from dist-git through the verbs, against real git and a real web server on the loopback interface.
//!
//! Upstream and its server are those of `azl-fetch`'s own tests. Without git or its parts for HTTP each test prints why
//! it did not run.

mod checkout;
mod locking;
mod rendering;
mod reporting;
#[path = "../../../azl-fetch/tests/dist_git/server.rs"]
#[allow(dead_code, reason = "shared with the tests of `azl-fetch`, which use the rest")]
mod server;
mod sources;
#[path = "../../../azl-fetch/tests/dist_git/upstream.rs"]
#[allow(dead_code, reason = "shared with the tests of `azl-fetch`, which use the rest")]
mod upstream;
#[path = "../../../azl-fetch/src/fixture/server.rs"]
#[allow(dead_code, reason = "shared with the tests of `azl-fetch`, which use the rest")]
mod web;
