//! Images: reading packages and derived files, composing the tree, writing it out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use azl_action::Blob;
use azl_action::ports::{BlobStore, PortError};
use azl_digest::Digest;
use azl_host::files;
use azl_image::{
    CATALOG_DATABASE, Derived, DerivedContent, DiskSink, HWDB, ImageModel, LD_SO_CACHE, Package, RPM_DATABASE, Tree,
    UNIT_LINKS,
};
use serde::{Deserialize, Serialize};

use super::{Call, input_error, parameters, role};

type Outputs = BTreeMap<String, Digest>;

#[derive(Deserialize)]
struct Parameters {
    name: String,
    /// The text of the image's TOML file: the model's canonical form.
    model: String,
    epoch: u64,
}

/// One package of an image, as its list names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ListedPackage {
    /// Name-version-release.architecture.
    nevra: String,
    /// File name in the repository.
    file: String,
    /// Digest of the signed package.
    sha256: Digest,
    /// Bytes of content in the image that this package owns.
    bytes: u64,
}

/// Stands in a blob's name for the `/` of a path on the partition: blobs are known by the last part of their names, and no
/// 8.3 name holds this.
const SLASH: &str = "+";

/// Takes out the programs that firmware starts, named after their place on the partition.
pub(super) fn programs(call: &Call, store: &dyn BlobStore) -> Result<Outputs, PortError> {
    let Parameters { name, model, .. } = parameters(call)?;
    let model = read_model(&name, &model)?;
    let mut packages = Vec::new();
    for blob in role(call, "packages") {
        let header = azl_rpm::read_header(&store.read(blob.digest)?).map_err(input_error)?;
        if azl_image::is_started_from(&model, &header.nevra.name) {
            packages.push(package(blob, store)?);
        }
    }
    let programs = azl_image::programs(&model, &packages).map_err(input_error)?;
    programs.into_iter().map(|(path, bytes)| Ok((path.replace('/', SLASH), store.put(&bytes)?))).collect()
}

fn read_model(name: &str, text: &str) -> Result<ImageModel, PortError> {
    let (model, _) = ImageModel::parse(&format!("{name}.image.toml"), text);
    model.ok_or_else(|| PortError::Input(format!("image `{name}` is not valid")))
}

/// Writes `<name>.vhd`, its lists of packages and files and the report of its layout.
pub(super) fn disk(call: &Call, store: &dyn BlobStore) -> Result<Outputs, PortError> {
    let signed: BTreeMap<String, Vec<u8>> = role(call, "programs")
        .iter()
        .map(|blob| Ok((blob.name.replace(SLASH, "/"), store.read(blob.digest)?)))
        .collect::<Result<_, PortError>>()?;
    compose(call, store, |model, tree, outputs| {
        let directory = store.scratch("disk")?;
        let path = directory.join("disk");
        let mut sink = SparseFile(files::create(&path).map_err(|e| PortError::Infrastructure(e.to_string()))?);
        let report = azl_image::write_signed_disk(model, tree, &signed, &mut sink).map_err(input_error)?;
        outputs.insert(format!("{}.vhd", model.name), store.take(&path)?);
        let json = serde_json::json!({
            "virtual_size": report.virtual_size,
            "file_size": report.file_size,
            "disk_guid": report.disk_guid.to_string(),
            "partitions": report.partitions.iter().map(|partition| serde_json::json!({
                "name": partition.name, "type": partition.type_guid.to_string(), "guid": partition.guid.to_string(),
                "start": partition.start, "size": partition.size, "used": partition.used,
                "label": partition.label, "filesystem_id": partition.filesystem_id,
            })).collect::<Vec<_>>(),
        });
        put_json(store, outputs, format!("{}.layout.json", model.name), &json)
    })
}

/// Writes `<name>.oci.tar`, its lists of packages and files and the digests that name it.
pub(super) fn oci(call: &Call, store: &dyn BlobStore) -> Result<Outputs, PortError> {
    compose(call, store, |model, tree, outputs| {
        let image = azl_image::write_oci(model, tree).map_err(input_error)?;
        let archive = image.archive().map_err(input_error)?;
        outputs.insert(format!("{}.oci.tar", model.name), store.put(&archive)?);
        let json = serde_json::json!({
            "manifest": image.manifest, "config": image.config, "layer": image.layer, "layer_size": image.layer_size,
            "diff_id": image.diff_id, "unpacked_size": image.unpacked_size,
        });
        put_json(store, outputs, format!("{}.layout.json", model.name), &json)
    })
}

fn compose(
    call: &Call,
    store: &dyn BlobStore,
    write: impl FnOnce(&ImageModel, &Tree<'_>, &mut Outputs) -> Result<(), PortError>,
) -> Result<Outputs, PortError> {
    let parameters: Parameters = parameters(call)?;
    let model = read_model(&parameters.name, &parameters.model)?;
    let blobs = role(call, "packages");
    let packages: Vec<Package> = blobs.iter().map(|blob| package(blob, store)).collect::<Result<_, _>>()?;
    let derived: Vec<Derived> =
        role(call, "derived").iter().map(|blob| derived(blob, store)).collect::<Result<_, _>>()?;
    let tree = azl_image::compose(&model, &packages, &derived, parameters.epoch)
        .map_err(|errors| PortError::Input(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let mut outputs = Outputs::new();
    write(&model, &tree, &mut outputs)?;
    put_json(store, &mut outputs, format!("{}.packages.json", model.name), &list(blobs, &packages, &tree))?;
    put_json(store, &mut outputs, format!("{}.files.json", model.name), &tree.listing())?;
    Ok(outputs)
}

fn package(blob: &Blob, store: &dyn BlobStore) -> Result<Package, PortError> {
    let bytes = store.read(blob.digest)?;
    let malformed = |error: azl_rpm::RpmError| PortError::Input(format!("`{}`: {error}", blob.name));
    let header = azl_rpm::read_header(&bytes).map_err(malformed)?;
    let files = azl_rpm::read_files(&bytes).map_err(malformed)?;
    Ok(Package { header, files })
}

fn derived(blob: &Blob, store: &dyn BlobStore) -> Result<Derived, PortError> {
    let path = match blob.name.as_str() {
        "ld.so.cache" => LD_SO_CACHE,
        "rpmdb.sqlite" => RPM_DATABASE,
        "hwdb.bin" => HWDB,
        "catalog" => CATALOG_DATABASE,
        "unit.links" => UNIT_LINKS,
        other => return Err(PortError::Input(format!("nothing is known about the derived file `{other}`"))),
    };
    let bytes = store.read(blob.digest)?;
    let content = match path {
        UNIT_LINKS => DerivedContent::Links(links(&bytes)?),
        _ => DerivedContent::File { mode: 0o644, bytes },
    };
    Ok(Derived { path: path.to_owned(), content })
}

/// Reads lines of a path, a tab and the target of the link there.
fn links(bytes: &[u8]) -> Result<BTreeMap<String, String>, PortError> {
    let text = std::str::from_utf8(bytes).map_err(input_error)?;
    let link = |line: &str| {
        let (path, target) = line.split_once('\t').ok_or_else(|| PortError::Input(format!("not a link: `{line}`")))?;
        Ok((path.to_owned(), target.to_owned()))
    };
    text.lines().map(link).collect()
}

fn list(blobs: &[Blob], packages: &[Package], tree: &Tree<'_>) -> Vec<ListedPackage> {
    let sizes: BTreeMap<String, u64> =
        tree.package_sizes().into_iter().map(|size| (size.package, size.bytes)).collect();
    let mut list: Vec<ListedPackage> = blobs
        .iter()
        .zip(packages)
        .map(|(blob, package)| {
            let nevra = package.header.nevra.to_string();
            let bytes = sizes.get(&nevra).or_else(|| sizes.get(&package.header.nevra.name)).copied().unwrap_or(0);
            ListedPackage { nevra, file: blob.name.clone(), sha256: blob.digest, bytes }
        })
        .collect();
    list.sort_by(|a, b| a.nevra.cmp(&b.nevra));
    list
}

fn put_json(
    store: &dyn BlobStore,
    outputs: &mut Outputs,
    name: String,
    value: &impl Serialize,
) -> Result<(), PortError> {
    let mut json = serde_json::to_vec_pretty(value).map_err(input_error)?;
    json.push(b'\n');
    outputs.insert(name, store.put(&json)?);
    Ok(())
}

/// A file with holes where nothing is written.
struct SparseFile(File);

impl DiskSink for SparseFile {
    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }
}
