//! A web server on the loopback interface that runs `git http-backend`, or misbehaves as told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use azl_fetch::Address;
use azl_host::Cmd;

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Answers as git does.
    Git,
    /// Answers everything with a login page.
    Html,
    /// Breaks off in the middle of a pack.
    Truncated,
    /// Says no more in the middle of a pack, and does not hang up.
    Stalled,
    /// Sends the client elsewhere.
    Redirect(String),
}

/// A server; dropping it stops it.
pub(crate) struct Server {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    manner: Mutex<Manner>,
    requests: AtomicUsize,
    stopped: AtomicBool,
    stalls: AtomicBool,
}

impl Server {
    /// Serves the repositories below `root`.
    pub(crate) fn start(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            manner: Mutex::new(Manner::Git),
            requests: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            stalls: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_thread.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                std::thread::spawn(move || shared.answer(stream));
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self, repository: &str) -> Address {
        format!("http://127.0.0.1:{}/{repository}", self.port).parse().expect("an address")
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().expect("a manner") = manner;
    }

    /// Returns whether a pack has been begun and not ended.
    pub(crate) fn stalls(&self) -> bool {
        self.shared.stalls.load(Ordering::SeqCst)
    }

    /// Returns the requests since the last call.
    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Server {
    #[expect(clippy::disallowed_methods, reason = "wakes this server's own listener")]
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn answer(&self, stream: TcpStream) {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        let Some(request) = Request::read(&mut reader) else { return };
        let manner = self.manner.lock().expect("a manner").clone();
        let mut answer = match &manner {
            Manner::Html => {
                page("200 OK", "Content-Type: text/html\r\n", "<!DOCTYPE html>\n<html>\nplease sign in\n</html>\n")
            }
            Manner::Redirect(to) => page("302 Found", &format!("Location: {to}\r\n"), ""),
            Manner::Git | Manner::Truncated | Manner::Stalled => self.git(&request),
        };
        if matches!(manner, Manner::Truncated | Manner::Stalled) && request.path.ends_with("/git-upload-pack") {
            let pack = answer.windows(4).position(|window| window == b"PACK");
            answer.truncate(pack.map_or(answer.len(), |at| at + 40));
        }
        let _ = (&stream).write_all(&answer);
        if matches!(manner, Manner::Stalled) && answer.windows(4).any(|window| window == b"PACK") {
            self.stalls.store(true, Ordering::SeqCst);
            // Until the client is gone.
            let _ = std::io::copy(&mut reader, &mut std::io::sink());
        }
    }

    fn git(&self, request: &Request) -> Vec<u8> {
        // It fails where it says `not our ref`; a web server passes on what it said all the same.
        let cmd = Cmd::new("/bin/sh", &self.root)
            .args(["-c", "git -c 'safe.directory=*' http-backend || true"])
            .env("GIT_PROJECT_ROOT", self.root.to_string_lossy())
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("PATH_INFO", &request.path)
            .env("QUERY_STRING", &request.query)
            .env("REQUEST_METHOD", &request.method)
            .env("REMOTE_ADDR", "127.0.0.1")
            .env("CONTENT_TYPE", request.header("content-type"))
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .env("HTTP_CONTENT_ENCODING", request.header("content-encoding"))
            .env("GIT_PROTOCOL", request.header("git-protocol"));
        let said = cmd.input(request.body.clone()).output().expect("git http-backend").stdout;
        let status = String::from_utf8_lossy(&said[..said.len().min(100)]).into_owned();
        let status = status.strip_prefix("Status: ").and_then(|rest| rest.lines().next()).unwrap_or("200 OK");
        [format!("HTTP/1.1 {status}\r\nConnection: close\r\n").as_bytes(), &said].concat()
    }
}

fn page(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut first = String::new();
        reader.read_line(&mut first).ok()?;
        let mut words = first.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut request = Self { method, path, query, headers, body: Vec::new() };
        request.body = match request.header("transfer-encoding") {
            "chunked" => chunks(reader)?,
            _ => {
                let mut body = vec![0; request.header("content-length").parse().unwrap_or(0)];
                reader.read_exact(&mut body).ok()?;
                body
            }
        };
        Some(request)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

fn chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let length = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk).ok()?;
        body.extend_from_slice(&chunk[..length]);
        if length == 0 {
            return Some(body);
        }
    }
}
