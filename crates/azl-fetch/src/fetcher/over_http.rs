//! Downloads from a lookaside and from declared origins, against a real server on the loopback interface.

use super::*;
use crate::fixture::{DirectoryStore, Reply, WebServer};
use azl_digest::Sha512;

/// As a `sources` file says it: the digest and nothing else.
fn fetch(content: &[u8], urls: &[String]) -> Fetch {
    let origins = urls.iter().cloned().map(Origin::Url).collect();
    let wanted = Wanted { sha256: None, sha512: Some(Sha512::of(content)), size: None, origins };
    Fetch { files: BTreeMap::from([("a.patch".to_owned(), wanted)]) }
}

fn run(store: &DirectoryStore, content: &[u8], urls: &[String]) -> Result<ActionResult, PortError> {
    HostFetcher::new().fetch(&fetch(content, urls), store)
}

#[test]
fn a_file_of_unknown_size_is_known_by_its_digest() {
    let store = DirectoryStore::new();
    let server = WebServer::start(vec![("/a", vec![Reply::Bytes(b"right".to_vec())])]);
    let result = run(&store, b"right", &[server.url("/a"), server.url("/b")]).expect("fetched");
    assert_eq!(result.outputs["a.patch"], Digest::of(b"right"));
    assert_eq!(server.asked(), ["/a"], "the next origin was not needed");
}

#[test]
fn a_lookaside_without_the_file_is_asked_once_and_the_next_origin_is_taken() {
    let store = DirectoryStore::new();
    let server = WebServer::start(vec![("/b", vec![Reply::Bytes(b"right".to_vec())])]);
    run(&store, b"right", &[server.url("/a"), server.url("/b")]).expect("fetched");
    assert_eq!(server.asked(), ["/a", "/b"]);
    let error = run(&store, b"other", &[server.url("/a")]).expect_err("nobody has it").to_string();
    assert!(error.contains("the server says 404"), "{error}");
}

#[test]
fn an_older_file_of_the_same_name_and_length_goes_to_quarantine_and_the_next_origin_is_taken() {
    let store = DirectoryStore::new();
    let server = WebServer::start(vec![
        ("/a", vec![Reply::Bytes(b"older".to_vec())]),
        ("/b", vec![Reply::Bytes(b"right".to_vec())]),
    ]);
    run(&store, b"right", &[server.url("/a"), server.url("/b")]).expect("fetched");
    assert_eq!(store.quarantined().as_deref(), Some(&b"older"[..]));
    assert!(!store.contains(Digest::of(b"older")));
}

#[test]
fn a_login_page_with_status_200_is_wrong_input() {
    let store = DirectoryStore::new();
    let page = b"<html>please sign in</html>".to_vec();
    let server = WebServer::start(vec![("/a", vec![Reply::Bytes(page.clone())])]);
    let error = run(&store, b"right", &[server.url("/a")]).expect_err("refused");
    assert!(matches!(error, PortError::Input(_)) && error.to_string().contains("expected SHA-512"), "{error}");
    assert_eq!(store.quarantined(), Some(page));
}

#[test]
fn a_download_that_stops_is_begun_anew_and_never_glued() {
    let store = DirectoryStore::new();
    let half = Reply::Part(b"first version".to_vec(), 6);
    let server = WebServer::start(vec![("/a", vec![half.clone(), Reply::Bytes(b"second version".to_vec())])]);
    run(&store, b"second version", &[server.url("/a")]).expect("the second attempt");
    assert_eq!(server.asked().len(), 2);

    let server = WebServer::start(vec![("/a", vec![half])]);
    let error = run(&store, b"first version", &[server.url("/a")]).expect_err("it always stops");
    assert!(matches!(error, PortError::Infrastructure(_)), "{error}");
    assert!(!store.contains(Digest::of(b"first ")), "{error}");
}

#[test]
fn a_longer_file_than_declared_is_not_read() {
    let store = DirectoryStore::new();
    let server = WebServer::start(vec![("/a", vec![Reply::Bytes(vec![b'x'; 100])])]);
    let mut fetch = fetch(b"right", &[server.url("/a")]);
    fetch.files.values_mut().for_each(|wanted| wanted.size = Some(5));
    let error = HostFetcher::new().fetch(&fetch, &store).expect_err("refused").to_string();
    assert!(error.contains("more than the expected 5 bytes"), "{error}");
}

#[test]
fn a_redirect_leads_to_http_only() {
    let store = DirectoryStore::new();
    let Origin::Url(secret) = store.file("secret", b"right") else { panic!("a file URL") };
    for to in [secret.as_str(), "ftp://127.0.0.1/a", "gopher://127.0.0.1/a"] {
        let server = WebServer::start(vec![("/a", vec![Reply::Redirect(to.to_owned())])]);
        let error = run(&store, b"right", &[server.url("/a")]).expect_err(to);
        assert!(matches!(error, PortError::Infrastructure(_)), "{to}: {error}");
    }
    let server = WebServer::start(vec![
        ("/a", vec![Reply::Redirect("/b".to_owned())]),
        ("/b", vec![Reply::Bytes(b"right".to_vec())]),
    ]);
    run(&store, b"right", &[server.url("/a")]).expect("another place of the server");
}

#[test]
fn a_server_that_sends_round_in_circles_is_left() {
    let store = DirectoryStore::new();
    let server = WebServer::start(vec![("/a", vec![Reply::Redirect("/a".to_owned())])]);
    let error = run(&store, b"right", &[server.url("/a")]).expect_err("no end");
    assert!(matches!(error, PortError::Infrastructure(_)) && server.asked().len() < 50, "{error}");
}
