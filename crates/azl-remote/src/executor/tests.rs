//! The executor against a server that behaves, and against one that does not.

use std::path::PathBuf;

use azl_action::ports::{BlobStore, Executor, PortError};
use azl_action::{Blob, Run};
use azl_store::LocalStore;

use super::*;
use crate::fake::{Fake, Saying, Served, input, result, serve, serve_to_the_hurried};

struct Bench {
    served: Served,
    store: LocalStore,
    directory: tempfile::TempDir,
    executor: ReapiExecutor,
}

fn bench(instance: &str) -> Bench {
    bench_of(serve(instance))
}

fn bench_of(served: Served) -> Bench {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = LocalStore::open(directory.path().join("store")).expect("a store");
    let agent = directory.path().join("agent");
    files::write_atomic(&agent, b"program").expect("write");
    let executor = ReapiExecutor::new(Arc::clone(&served.server), BTreeMap::from([(Arch::X86_64, agent)]));
    Bench { served, store, directory, executor }
}

impl Bench {
    fn do_it(&self, run: &Run<Vec<Blob>>) -> Result<ActionResult, PortError> {
        self.executor.run(run, &self.store, &self.log())
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn run(&self, input: &[u8]) -> Run<Vec<Blob>> {
        let digest = self.store.put(input).expect("put");
        Run {
            arch: Arch::X86_64,
            command: vec!["/bin/true".to_owned()],
            env: BTreeMap::new(),
            root: Vec::new(),
            inputs: BTreeMap::from([("/in".to_owned(), vec![Blob { name: "i".to_owned(), digest }])]),
            timeout: 1,
            as_root: false,
            sandbox_revision: 1,
        }
    }

    fn fake(&self) -> &Fake {
        &self.served.fake
    }

    fn calls(&self, wanted: &str) -> usize {
        self.fake().know().calls.iter().filter(|call| call.starts_with(wanted)).count()
    }
}

const DONE: &[u8] = br#"{"status":"done"}"#;

fn succeed(fake: &Fake, _: &api::Action) -> api::ActionResult {
    let usage = br#"{"cpu_millis":7,"peak_memory":8}"#;
    result(fake, 0, &[("status.json", DONE), ("usage.json", usage), ("log", b"said\n"), ("out/p.rpm", b"package")])
}

#[test]
fn a_run_goes_there_as_an_errand_and_its_outputs_come_back() {
    let bench = bench("main");
    let run = bench.run(b"source");
    let expected = serde_json::to_vec(&run).expect("JSON");
    bench.fake().employ(move |fake, action| {
        let input = input(fake, action);
        let source = Digest::of(b"source");
        assert_eq!(input["agent"], b"program");
        assert_eq!(input["action.json"], expected);
        assert_eq!(input[&format!("blobs/{source}")], b"source");
        let command = api::Command::decode(&fake.blob(action.command_digest.as_ref())[..]).expect("a command");
        assert_eq!(command.arguments, ["./agent"]);
        assert_eq!(words(&action.platform.clone().expect("a platform")), "ISA=x86-64 OSFamily=linux");
        succeed(fake, action)
    });
    let done = bench.do_it(&run).expect("it is done");
    assert_eq!(done.outputs, BTreeMap::from([("p.rpm".to_owned(), Digest::of(b"package"))]));
    assert_eq!(bench.store.read(Digest::of(b"package")).expect("it is here"), b"package");
    assert_eq!((done.log, done.usage.cpu_millis), (Some(Digest::of(b"said\n")), 7));
    assert_eq!(files::read(bench.log()).expect("a log"), b"said\n");
}

#[test]
fn large_blobs_travel_as_streams_named_by_instance_and_size() {
    let bench = bench("main");
    bench.fake().know().batch = 4096;
    let source: Vec<u8> = (0..10_000u32).map(|number| (number % 251) as u8).collect();
    let output = vec![9; 20_000];
    let large = output.clone();
    bench.fake().employ(move |fake, _| result(fake, 0, &[("status.json", DONE), ("out/large", &large)]));
    let done = bench.do_it(&bench.run(&source)).expect("it is done");
    assert_eq!(bench.store.read(done.outputs["large"]).expect("it is here"), output);
    let calls = bench.fake().know().calls.clone();
    let hash = Digest::of(&source).to_string();
    assert!(
        calls.iter().any(|call| call.starts_with("write main/uploads/") && call.ends_with(&format!("{hash}/10000")))
    );
    assert!(calls.contains(&format!("read main/blobs/{}/20000", Digest::of(&output))), "{calls:?}");
}

#[test]
fn what_the_server_has_is_not_sent_again() {
    let bench = bench("");
    bench.fake().employ(succeed);
    bench.do_it(&bench.run(b"source")).expect("it is done");
    let sent = bench.calls("batch-update");
    bench.do_it(&bench.run(b"source")).expect("it is done");
    assert_eq!((sent, bench.calls("batch-update")), (1, 1));
}

#[test]
fn a_build_that_fails_is_told_with_its_log() {
    let bench = bench("");
    let status = br#"{"status":"failed","message":"exit status 1: rpmbuild"}"#;
    bench.fake().employ(|fake, _| result(fake, 1, &[("status.json", status), ("log", b"no such header\n")]));
    match bench.do_it(&bench.run(b"source")) {
        Err(PortError::Work { message, log: Some(log) }) => {
            assert_eq!(message, "exit status 1: rpmbuild");
            assert_eq!(files::read(log).expect("a log"), b"no such header\n");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_failure_that_a_server_kept_is_done_anew() {
    let bench = bench("");
    let status = br#"{"status":"failed","message":"m"}"#;
    let mut times = 0;
    bench.fake().employ(move |fake, action| {
        times += 1;
        if times == 1 { result(fake, 1, &[("status.json", status)]) } else { succeed(fake, action) }
    });
    bench.fake().know().sayings = [vec![Saying::Earlier]].into();
    bench.do_it(&bench.run(b"source")).expect("it is done");
    assert_eq!((bench.calls("execute"), bench.calls("execute-anew")), (2, 1));
}

#[test]
fn a_worker_that_cannot_is_no_failing_build() {
    let bench = bench("");
    let refused: &[(&str, &[u8])] = &[("status.json", br#"{"status":"worker","message":"no user namespaces"}"#)];
    for (exit_code, files) in [(3, refused), (127, &[]), (0, &[]), (0, refused), (1, &[("status.json", DONE)])] {
        let files: Vec<(String, Vec<u8>)> =
            files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
        bench.fake().employ(move |fake, _| {
            let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), &bytes[..])).collect();
            result(fake, exit_code, &files)
        });
        let done = bench.do_it(&bench.run(b"source"));
        assert!(matches!(done, Err(PortError::Infrastructure(_))), "{exit_code} {done:?}");
    }
}

#[test]
fn a_missing_output_directory_is_no_result() {
    let bench = bench("");
    bench.fake().employ(|fake, action| api::ActionResult { output_directories: Vec::new(), ..succeed(fake, action) });
    let error = bench.do_it(&bench.run(b"source")).expect_err("it lacks an output").to_string();
    assert!(error.contains("output `out` is missing"), "{error}");
}

#[test]
fn other_bytes_than_those_named_are_refused() {
    let bench = bench("");
    for batch in [0, 2] {
        bench.fake().know().batch = batch;
        bench.fake().employ(|fake, action| {
            let result = succeed(fake, action);
            fake.know().blobs.insert(Digest::of(b"package").to_string(), b"PACKAGE".to_vec());
            result
        });
        let error = bench.do_it(&bench.run(b"source")).expect_err("other bytes").to_string();
        assert!(error.contains("gives other bytes"), "{error}");
        assert!(!bench.store.contains(Digest::of(b"package")));
    }
}

#[test]
fn a_broken_stream_is_taken_up_where_the_action_is() {
    let bench = bench("");
    bench.fake().employ(succeed);
    let broken = vec![Saying::Queued, Saying::Break];
    bench.fake().know().sayings = [broken, vec![Saying::Refuse(tonic::Code::Unavailable)]].into();
    bench.do_it(&bench.run(b"source")).expect("it is done");
    assert_eq!((bench.calls("execute"), bench.calls("wait")), (1, 2));
}

#[test]
fn a_server_that_forgot_an_action_gets_it_again_and_a_busy_one_is_asked_again() {
    let bench = bench("");
    bench.fake().employ(succeed);
    let broken = vec![Saying::Queued, Saying::Break];
    let busy = vec![Saying::Refuse(tonic::Code::ResourceExhausted)];
    bench.fake().know().sayings = [busy, broken, vec![Saying::Refuse(tonic::Code::NotFound)]].into();
    bench.do_it(&bench.run(b"source")).expect("it is done");
    assert_eq!((bench.calls("execute"), bench.calls("wait")), (3, 1));
}

#[test]
fn inputs_that_a_server_lost_meanwhile_are_sent_again() {
    let bench = bench("");
    bench.fake().employ(succeed);
    let lost = vec![Saying::Refuse(tonic::Code::FailedPrecondition)];
    bench.fake().know().sayings = [lost.clone()].into();
    bench.do_it(&bench.run(b"source")).expect("it is done");
    bench.fake().know().sayings = vec![lost; RESENDS + 1].into();
    let again = bench.do_it(&bench.run(b"source"));
    assert!(matches!(again, Err(PortError::Infrastructure(_))), "{again:?}");
}

#[test]
fn an_action_that_nobody_takes_is_told_with_the_platform_it_asks_for() {
    let bench = bench_of(serve_to_the_hurried());
    bench.fake().know().sayings = [vec![Saying::Queued]].into();
    let error = bench.do_it(&bench.run(b"source")).expect_err("nobody takes it").to_string();
    assert!(error.contains("asks for the platform ISA=x86-64 OSFamily=linux"), "{error}");
}

#[test]
fn a_server_without_sha_256_or_a_program_for_the_worker_is_refused() {
    let bench = bench("");
    let run = Run { arch: Arch::Aarch64, ..bench.run(b"source") };
    let error = bench.do_it(&run).expect_err("no program").to_string();
    assert!(error.contains("AZL_AGENT_AARCH64"), "{error}");
    bench.fake().know().digest_functions = vec![api::digest_function::Value::Sha1 as i32];
    let error = bench.do_it(&bench.run(b"source")).expect_err("another digest").to_string();
    assert!(error.contains("does not offer SHA-256"), "{error}");
}
