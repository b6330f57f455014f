//! What cannot be reached from inside: the network, the host's processes, files, users and environment.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use azl_action::Run;
use azl_action::ports::{BlobStore, Executor};
use azl_host::{Cmd, environment, files};

use crate::fixture::{Sandbox, action, explain};

/// Prints for each address what the system says to one who wants to talk to it.
const CONNECT: &str = r#"
import errno, socket
def ask(name, family, kind, address):
    try:
        with socket.socket(family, kind) as s:
            s.settimeout(5)
            s.connect(address)
            s.send(b"x")
        print(name, "REACHED")
    except OSError as e:
        print(name, errno.errorcode.get(e.errno, e))
ask("ipv4", socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80))
ask("ipv6", socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8::1", 80))
ask("dns", socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53))
ask("metadata", socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80))
ask("loopback", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", PORT))
ask("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0NAME")
ask("vsock", socket.AF_VSOCK, socket.SOCK_STREAM, (2, 1024))
ask("packet", socket.AF_PACKET, socket.SOCK_RAW, ("lo", 0))
try:
    socket.getaddrinfo("example.org", 80)
    print("name REACHED")
except socket.gaierror:
    print("name UNKNOWN")
"#;

#[test]
fn no_address_leads_out() {
    let Some(sandbox) = Sandbox::with_python() else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let name = format!("azl-exec-{}", environment::process_id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let _host = UnixListener::bind_addr(&address).expect("a socket");
    let answers = sandbox.python(&CONNECT.replace("PORT", &port).replace("NAME", &name));
    let expected = [
        "ipv4 ENETUNREACH",
        "ipv6 ENETUNREACH",
        "dns ENETUNREACH",
        "metadata ENETUNREACH",
        "loopback ECONNREFUSED",
        "abstract ECONNREFUSED",
        "vsock EAFNOSUPPORT",
        "packet EAFNOSUPPORT",
        "name UNKNOWN",
    ];
    assert_eq!(answers.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn every_namespace_is_its_own() {
    let Some(sandbox) = Sandbox::with_python() else { return };
    for name in ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] {
        let inside = sandbox.python(&format!("import os; print(os.readlink('/proc/self/ns/{name}'))"));
        let outside = files::read_link(format!("/proc/self/ns/{name}")).expect("a link");
        assert_ne!(inside.trim(), outside.to_string_lossy(), "{name}");
    }
}

#[test]
fn no_process_gains_rights() {
    let Some(sandbox) = Sandbox::new() else { return };
    let id = sandbox.directory.path().join("root/usr/bin/id");
    files::set_mode(id, 0o4755).expect("a mode");
    assert_eq!(sandbox.output("id -u > /out/o"), "1000\n");
    let status = sandbox.output("cat /proc/self/status > /out/o");
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"] {
        assert!(status.contains(line), "{line}: {status}");
    }
}

#[test]
fn root_inside_has_the_same_rights_whoever_builds() {
    let Some(sandbox) = Sandbox::new() else { return };
    let run = Run { as_root: true, ..action("id -u > /out/o; cat /proc/self/status >> /out/o") };
    let result = sandbox.executor.run(&run, &sandbox.store, &sandbox.log()).expect("runs");
    let status = String::from_utf8(sandbox.store.read(result.outputs["o"]).expect("read")).expect("text");
    assert!(status.starts_with("0\n") && status.contains("CapEff:\t00000000800400db"), "{status}");
}

#[test]
fn the_first_process_is_the_sandboxs_and_has_its_environment() {
    let Some(sandbox) = Sandbox::new() else { return };
    assert_eq!(sandbox.output("cat /proc/1/environ > /out/o").trim_end_matches('\0'), "PATH=/usr/bin:/usr/sbin");
    assert!(
        sandbox.output("cat /proc/1/cmdline > /out/o").starts_with("/usr/bin/bwrap"),
        "not the host's first process"
    );
}

#[test]
fn no_variable_of_this_process_reaches_action_or_log() {
    let Some(sandbox) = Sandbox::new() else { return };
    let secret = environment::var("HOME").unwrap_or_else(|| "/root".to_owned());
    let result = sandbox.run("env; cat /proc/self/environ; echo").expect("runs");
    let log = String::from_utf8(sandbox.store.read(result.log.expect("a log")).expect("read")).expect("text");
    assert!(!log.contains("HOME") && !log.contains(&format!("={secret}\n")), "{log}");
    let error = sandbox.run("exit 1").expect_err("fails").to_string();
    assert!(!error.contains("HOME"), "{error}");
}

#[test]
fn a_link_to_a_file_of_the_host_is_no_output() {
    let Some(sandbox) = Sandbox::new() else { return };
    files::symlink("/etc/passwd", sandbox.directory.path().join("root/usr/link")).expect("a link");
    let error = sandbox.run("cat /usr/link > /out/o").expect_err("no such file inside");
    assert!(error.to_string().contains("No such file"), "{error}");
    files::copy("/bin/ln", sandbox.directory.path().join("root/bin/ln")).expect("a copy");
    let error = sandbox.run("ln -s /etc/passwd /out/o").expect_err("not a regular file");
    assert!(error.to_string().contains("`o` is not a regular file"), "{error}");
    assert_eq!(sandbox.scratch(), [""; 0]);
}

#[test]
fn an_ordinary_user_gets_the_same_sandbox() {
    if !environment::is_root() {
        return explain("the other tests run as an ordinary user already");
    }
    let Some(sandbox) = Sandbox::new() else { return };
    let directory = sandbox.directory.path().join("public");
    files::create_dir_all(&directory).expect("a directory");
    files::set_mode(sandbox.directory.path(), 0o755).expect("a mode");
    files::set_mode(&directory, 0o1777).expect("a mode");
    let exe = directory.join("tests");
    files::copy(environment::current_exe().expect("a path"), &exe).expect("a copy");
    let result = Cmd::new("setpriv", "/")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(exe)
        .args(["--test-threads=2", "--skip=ordinary_user", "isolation::", "contract::"])
        .env("TMPDIR", directory.to_string_lossy())
        .output();
    let output = result.unwrap_or_else(|error| panic!("{error}"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("test result: ok") && !text.contains("no sandbox here"), "{text}");
}
