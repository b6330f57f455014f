//! A farm of BuildGrid's server, PostgreSQL, and workers with a content cache each.
//!
//! The server refuses calls beyond its threads, and each waiting action holds one. It forgets a worker that is silent for
//! half a minute and gives its action to another; the worker ends when it hears of that, so a shorter time would lose
//! workers to a busy machine.

use std::path::PathBuf;
use std::time::Duration;

use azl_digest::Digest;
use azl_host::{Cmd, environment, files};

use super::casd::{RUNNER, STAGING};
use super::place::{PYTHON, Place, Recruit, free_port, words};
use super::state::State;
use super::{await_answer, await_file};
use crate::checkout::Checkout;
use crate::error::Failure;
use crate::events::{Event, Reporter};

/// BuildGrid's Python packages, each pinned by digest.
const REQUIREMENTS: &str = "overlays/distro/farm.requirements.txt";
/// The Python that the set `farm` has, as pip names it.
const PYTHON_VERSION: &str = "3.14";
/// Tags of wheels that run on the set's C library, which the host's pip cannot know.
const PLATFORMS: [&str; 11] = [
    "manylinux_2_39",
    "manylinux_2_35",
    "manylinux_2_34",
    "manylinux_2_31",
    "manylinux_2_28",
    "manylinux_2_24",
    "manylinux_2_17",
    "manylinux2014",
    "manylinux_2_12",
    "manylinux_2_5",
    "manylinux1",
];

pub(super) fn start(place: &Place, workers: usize, state: &mut State, reporter: &dyn Reporter) -> Result<(), Failure> {
    let database = start_database(place, state)?;
    let port = free_port()?;
    state.address = format!("reapi://127.0.0.1:{port}");
    start_server(place, port, &database, state)?;
    // A worker's content cache that finds no server ends.
    await_answer(state, reporter)?;
    for number in 1..=workers {
        start_worker(place, port, &format!("worker-{number}"), state)?;
    }
    Ok(())
}

/// Puts the pinned packages where the sandboxes see them; the host's pip knows where packages come from.
pub(super) fn install_python(place: &Place, checkout: &Checkout, reporter: &dyn Reporter) -> Result<(), Failure> {
    let list = checkout.tree.root().join(REQUIREMENTS);
    let name = Digest::of(&files::read(&list)?).to_string();
    let python = place.directory().join("python");
    let packages = python.join(&name);
    if !files::exists(&packages) {
        reporter
            .report(&Event::Note { message: "pip installs BuildGrid's server below the farm's directory".to_owned() });
        let partial = python.join(format!("{name}.partial"));
        files::remove_dir_all(&partial)?;
        files::create_dir_all(&partial)?;
        pip(&list, &partial)?;
        files::rename(&partial, &packages)?;
    }
    let current = python.join("current");
    if files::is_link(&current) {
        files::remove_file(&current)?;
    }
    Ok(files::symlink(&name, &current)?)
}

fn pip(list: &std::path::Path, into: &std::path::Path) -> Result<(), Failure> {
    let python = environment::find_program("python3").ok_or_else(|| {
        Failure::Infrastructure("BuildGrid is installed with pip, and there is no python3 on this host".to_owned())
    })?;
    let mut cmd = Cmd::new(python, "/")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"])
        .args([
            "--no-compile",
            "--ignore-requires-python",
            "--implementation",
            "cp",
            "--python-version",
            PYTHON_VERSION,
        ])
        .arg("--requirement")
        .arg(list)
        .arg("--target")
        .arg(into)
        .timeout(Duration::from_secs(900));
    for platform in PLATFORMS {
        cmd = cmd.args(["--platform".to_owned(), format!("{platform}_x86_64")]);
    }
    // Where packages come from is the host's choice: its variables and configuration files.
    for variable in environment::names().filter(|name| is_pips(name)) {
        cmd = cmd.inherit(&variable);
    }
    cmd.output().map(drop).map_err(|error| Failure::Infrastructure(format!("cannot install BuildGrid: {error}")))
}

fn is_pips(variable: &str) -> bool {
    const OTHERS: [&str; 8] = [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "PYENV_VERSION",
    ];
    variable.starts_with("PIP_") || OTHERS.contains(&variable)
}

/// Starts PostgreSQL and returns how to connect to it.
fn start_database(place: &Place, state: &mut State) -> Result<String, Failure> {
    let programs = postgres_programs(place)?;
    let program = |name: &str| programs.join(name).display().to_string();
    let init = [
        program("initdb"),
        "--pgdata=/state/data".to_owned(),
        "--username=bgd".to_owned(),
        "--auth=trust".to_owned(),
        "--encoding=UTF8".to_owned(),
        "--locale=C.UTF-8".to_owned(),
        "--no-sync".to_owned(),
    ];
    place.sandbox("database", &init)?.timeout(Duration::from_secs(120)).output()?;
    let port = free_port()?;
    let port_setting = format!("port={port}");
    let settings =
        ["listen_addresses=127.0.0.1", &port_setting, "unix_socket_directories=", "fsync=off", "max_connections=200"];
    let mut command = words(&[&program("postgres"), "-D", "/state/data"]);
    command.extend(settings.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
    let member = place.start(&Recruit { name: "database", keeps: "database", worker: None, command }, state)?;
    await_file(&place.state("database").join("data/postmaster.pid"), &member)?;
    Ok(format!("postgresql+psycopg2://bgd@127.0.0.1:{port}/postgres"))
}

/// Debian puts each version's programs in a directory of its own.
fn postgres_programs(place: &Place) -> Result<PathBuf, Failure> {
    let versions = files::list(place.root().join("usr/lib/postgresql"))?;
    let version =
        versions.last().ok_or_else(|| Failure::Infrastructure("the set `farm` has no PostgreSQL".to_owned()))?;
    Ok(PathBuf::from("/usr/lib/postgresql").join(version).join("bin"))
}

fn start_server(place: &Place, port: u16, database: &str, state: &mut State) -> Result<(), Failure> {
    let configuration = place.state("server").join("server.yml");
    files::create_dir_all(place.state("server"))?;
    files::write_atomic(&configuration, server_configuration(port, database).as_bytes())?;
    let bgd = format!("{PYTHON}/bin/bgd");
    let migrate = words(&["/usr/bin/python3", &bgd, "migrate", "apply", database]);
    let migrate = place.sandbox("server", &migrate)?.timeout(Duration::from_secs(120));
    migrate_when_ready(&migrate)?;
    let command = words(&["/usr/bin/python3", &bgd, "server", "start", "/state/server.yml", "-v"]);
    place.start(&Recruit { name: "server", keeps: "server", worker: None, command }, state).map(drop)
}

/// A database that was just started does not take connections at once.
fn migrate_when_ready(migrate: &Cmd) -> Result<(), Failure> {
    const TRIES: usize = 10;
    for _ in 1..TRIES {
        if migrate.output().is_ok() {
            return Ok(());
        }
        azl_host::clock::sleep(Duration::from_secs(1));
    }
    Ok(migrate.output().map(drop)?)
}

fn start_worker(place: &Place, port: u16, worker: &str, state: &mut State) -> Result<(), Failure> {
    let server = format!("http://127.0.0.1:{port}");
    let (content, results) = (format!("--cas-remote={server}"), format!("--ac-remote={server}"));
    let command = words(&[
        "/usr/bin/buildbox-casd",
        &content,
        &results,
        "--bind=unix:/state/casd.sock",
        "--log-level=info",
        "/state/cache",
    ]);
    let name = format!("{worker}-content");
    let member = place.start(&Recruit { name: &name, keeps: worker, worker: Some(worker), command }, state)?;
    await_file(&place.state(worker).join("casd.sock"), &member)?;
    let bots = format!("--bots-remote={server}");
    let command = words(&[
        "/usr/bin/buildbox-worker",
        &bots,
        "--cas-remote=unix:/state/casd.sock",
        RUNNER,
        STAGING,
        "--platform",
        "OSFamily=linux",
        "--platform",
        "ISA=x86-64",
        "--log-level=info",
        worker,
    ]);
    place.start(&Recruit { name: worker, keeps: worker, worker: Some(worker), command }, state).map(drop)
}

/// BuildGrid's configuration; actions may run for four hours.
fn server_configuration(port: u16, database: &str) -> String {
    format!(
        "\
server:
  - !channel
    address: 127.0.0.1:{port}
    insecure-mode: true
description: a farm on one host
authorization:
  method: none
connections:
  - !sql-connection &sql
    connection-string: {database}
    pool-size: 20
    max-overflow: 40
storages:
  - !disk-storage &content
    path: /state/content
caches:
  - !lru-action-cache &results
    storage: *content
    max-cached-refs: 100000
    allow-updates: true
    cache-failed-actions: false
schedulers:
  - !sql-scheduler &scheduler
    sql: *sql
    storage: *content
    action-cache: *results
    bot-session-keepalive-timeout: 30
    session-expiry-timer-interval: 2.0
    max-execution-timeout: 14400
    property-set: !dynamic-property-set
      match-property-keys: [OSFamily, ISA]
    assigners:
      - !priority-age-assigner
        count: 1
        interval: 0.2
instances:
  - name: ''
    description: the only one
    services:
      - !action-cache
        cache: *results
      - !execution
        scheduler: *scheduler
        operation-stream-keepalive-timeout: 60
      - !cas
        storage: *content
      - !bytestream
        storage: *content
thread-pool-size: 200
"
    )
}
