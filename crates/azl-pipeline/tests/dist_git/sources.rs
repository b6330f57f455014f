//! Sources of components from dist-git: found by the lookaside, fetched by the real fetcher.

use std::collections::BTreeMap;

use azl_action::ports::{BlobStore, Fetcher};
use azl_action::{Fetch, Origin, Wanted};
use azl_config::SourceEntry;
use azl_diagnostics::Diagnostic;
use azl_digest::Sha512;
use azl_fetch::HostFetcher;
use azl_pipeline::definition::{OriginsToml, parse};
use azl_pipeline::origins::wanted;
use azl_pipeline::render::render_components;
use azl_store::LocalStore;

use super::checkout::{Checkout, spec};
use super::web::{Reply, WebServer};

const CONTENT: &[u8] = b"a text";

fn find(checkout: &Checkout, origins: &str, source: &SourceEntry) -> Result<Wanted, Diagnostic> {
    let origins: OriginsToml = parse("upstream/origins.toml", origins).expect("origins");
    let tree = checkout.tree();
    let component = tree.config().resolve("bash").expect("a component");
    wanted(tree.config(), &origins, &component, source)
}

fn entry(file: &str, content: &[u8]) -> SourceEntry {
    SourceEntry { file: file.to_owned(), sha512: Sha512::of(content) }
}

fn urls(wanted: &Wanted) -> Vec<&str> {
    let url = |origin: &'_ Origin| matches!(origin, Origin::Url(_));
    assert!(wanted.origins.iter().all(url));
    wanted
        .origins
        .iter()
        .filter_map(|origin| if let Origin::Url(url) = origin { Some(url.as_str()) } else { None })
        .collect()
}

#[test]
fn a_source_comes_from_the_lookaside_by_package_and_digest() {
    let Some(checkout) = Checkout::new("[components.shell.spec]\nupstream-name = 'bash'\n") else { return };
    let sha512 = Sha512::of(CONTENT);
    let path = format!("/pkgs/bash/bash-1.txt/sha512/{sha512}/bash-1.txt");
    let lookaside = WebServer::start(vec![(path.as_str(), vec![Reply::Bytes(CONTENT.to_vec())])]);
    let template = lookaside.url("/pkgs/$pkg/$filename/$hashtype/$hash/$filename");
    checkout.put("azldev.toml", &checkout.distros(&format!("lookaside-base-uri = '{template}'")));
    let text = spec("bash", "1").replace("Summary", "Source0: bash-1.txt\nSummary");
    let upstream = checkout.world.upstream("bash");
    upstream.write("bash.spec", &text).write("sources", &format!("SHA512 (bash-1.txt) = {sha512}\n"));
    upstream.commit(100, "Import");
    checkout.update();
    let tree = checkout.tree();
    let rendered =
        render_components(&tree, &["shell".to_owned()].into()).unwrap_or_else(|failure| panic!("{failure:?}"));
    let component = tree.config().resolve("shell").expect("a component");
    let source = &rendered["shell"].sources[0];
    let wanted = wanted(tree.config(), &OriginsToml::default(), &component, source).expect("an origin");
    assert_eq!((wanted.sha256, wanted.sha512, wanted.size), (None, Some(sha512), None));
    let store = LocalStore::open(checkout.store().join("blobs-of-test")).expect("a store");
    let fetch = Fetch { files: BTreeMap::from([(source.file.clone(), wanted)]) };
    let result = HostFetcher::new().fetch(&fetch, &store).expect("fetched");
    assert_eq!(store.read(result.outputs["bash-1.txt"]).expect("a blob"), CONTENT);
    assert_eq!(lookaside.asked(), [path]);
}

#[test]
fn what_was_written_down_comes_before_the_lookaside_and_that_before_declared_addresses() {
    let hash = Sha512::of(b"own");
    let own = format!(
        "[components.bash]\n[[components.bash.source-files]]\nfilename = 'own.tar'\nhash = '{hash}'\nhash-type = 'SHA512'\n\
         origin = {{ type = 'download', uri = 'https://up.example/own.tar' }}\n"
    );
    let Some(checkout) = Checkout::new(&own) else { return };
    let own = entry("own.tar", b"own");
    assert_eq!(urls(&find(&checkout, "", &own).expect("declared")), ["https://up.example/own.tar"]);
    let unknown = find(&checkout, "", &entry("a.tar", CONTENT)).expect_err("nobody knows");
    assert_eq!((unknown.code, unknown.message.as_str()), ("no-origin", "`a.tar` of `bash` has no known origin"));

    checkout.put("azldev.toml", &checkout.distros("lookaside-base-uri = 'https://look.example/$hash'"));
    let lookaside = format!("https://look.example/{hash}");
    assert_eq!(urls(&find(&checkout, "", &own).expect("both")), [lookaside.as_str(), "https://up.example/own.tar"]);
    let written =
        format!("[[source]]\nsha512 = '{hash}'\nsize = 3\nfile = 'own.tar'\nurl = 'https://first.example/o'\n");
    let found = find(&checkout, &written, &own).expect("written down");
    assert_eq!((urls(&found), found.size), (vec!["https://first.example/o"], Some(3)));

    checkout.put("azldev.toml", &checkout.distros("lookaside-base-uri = 'ftp://look.example/$hash'"));
    let refused = find(&checkout, "", &own).expect_err("no such protocol");
    assert!(refused.code == "lookaside" && refused.span.is_some(), "{refused:?}");
}
