//! A bootable disk: partition table, EFI system partition, root filesystem, and the footer of a VHD.
//!
//! ```text
//! 0        1 MiB            1 MiB + esp                       size − 1 MiB      size
//! │ MBR GPT │ ESP (FAT32)    │ root (ext4)                     │ backup GPT      │ VHD footer (512 B)
//! ```
//!
//! Partitions begin and end at whole MiB; root is last so that it can grow with the disk. The last MiB holds only the
//! backup table. Azure takes a fixed VHD whose virtual size is whole MiB.
//!
//! Not here: dynamic VHD, VHDX and qcow2, and any boot loader but the kernel's own EFI stub.
//!
//! **Invariant:** a sink that reads as zeros where nothing was written holds the whole disk; only bytes that are not
//! all zero are written, so that a sparse file stays small.

mod ext4;
pub(crate) mod fat32;
mod gpt;
pub(crate) mod sink;
mod vhd;

use std::collections::BTreeMap;
use std::io;

use thiserror::Error;

use crate::compose::{ComposeError, boot_file};
use crate::model::{Disk, DiskFormat, EspPartition, ImageKind, ImageModel};
use crate::seed::Uuid;
use crate::tree::Tree;
use sink::{DiskSink, Window};

const MIB: u64 = 1 << 20;
/// Bytes per logical sector, of GPT and VHD.
const SECTOR: u64 = 512;

/// Why a disk cannot be written.
#[derive(Debug, Error)]
pub enum DiskError {
    /// The model describes another kind of image.
    #[error("image `{0}` is not a disk")]
    NotADisk(String),
    /// A signed program has no place on the EFI system partition.
    #[error("nothing puts the signed program `{0}` on the EFI system partition")]
    Unplaced(String),
    /// The file for the EFI system partition is not there.
    #[error(transparent)]
    BootFile(#[from] ComposeError),
    /// The files do not fit on the EFI system partition.
    #[error(
        "EFI system partition is too small: {needed} bytes for files, {available} available\nhint: raise `disk.esp.size-mib`"
    )]
    EspFull {
        /// Bytes the files take, whole clusters.
        needed: u64,
        /// Bytes the partition has for them.
        available: u64,
    },
    /// The tree does not fit in the root filesystem, or holds something that ext4 cannot.
    #[error(
        "root filesystem of {size_mib} MiB cannot hold {content_mib} MiB of files: {why}\nhint: raise `disk.size-mib`"
    )]
    Root {
        /// Size of the partition.
        size_mib: u64,
        /// Bytes of all files, in MiB.
        content_mib: u64,
        /// What the filesystem writer says.
        why: String,
    },
    /// The sink failed.
    #[error("cannot write the disk: {0}")]
    Write(#[source] io::Error),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskReport {
    /// Bytes a machine sees; whole MiB.
    pub virtual_size: u64,
    /// Bytes of the file, with the footer if the format has one.
    pub file_size: u64,
    /// Identifier in the partition table.
    pub disk_guid: Uuid,
    /// The partitions, in order.
    pub partitions: Vec<PartitionReport>,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionReport {
    /// Name in the partition table.
    pub name: String,
    /// Type in the partition table.
    pub type_guid: Uuid,
    /// Identifier in the partition table.
    pub guid: Uuid,
    /// First byte on the disk.
    pub start: u64,
    /// Bytes.
    pub size: u64,
    /// What it is formatted with.
    pub filesystem: FilesystemKind,
    /// Label of the filesystem.
    pub label: String,
    /// Identifier of the filesystem as `blkid` prints it.
    pub filesystem_id: String,
    /// Bytes in use, metadata included.
    pub used: u64,
}

/// A filesystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesystemKind {
    /// FAT with 32-bit entries.
    Fat32,
    /// ext4 with a journal and checksums.
    Ext4,
}

impl DiskReport {
    /// Returns the last partition, which holds the tree.
    pub fn root(&self) -> Option<&PartitionReport> {
        self.partitions.last()
    }
}

/// Writes the disk that `model` describes with the files of `tree`.
///
/// # Errors
/// If the model is no disk, something does not fit, or the sink fails.
pub fn write_disk(model: &ImageModel, tree: &Tree<'_>, sink: &mut dyn DiskSink) -> Result<DiskReport, DiskError> {
    write_signed_disk(model, tree, &BTreeMap::new(), sink)
}

/// Writes the disk with these programs on the EFI system partition, by their path there, in the place of what the packages
/// hold: the same with a signature.
///
/// # Errors
/// As [`write_disk`].
pub fn write_signed_disk(
    model: &ImageModel,
    tree: &Tree<'_>,
    signed: &BTreeMap<String, Vec<u8>>,
    sink: &mut dyn DiskSink,
) -> Result<DiskReport, DiskError> {
    let ImageKind::Disk(disk) = &model.kind else {
        return Err(DiskError::NotADisk(model.name.clone()));
    };
    let layout = Layout::of(model, disk);
    let footer = match disk.format {
        DiskFormat::VhdFixed => Some(vhd::footer(layout.size, tree.epoch, model.seed.uuid("vhd"))),
        DiskFormat::Raw => None,
    };
    let file_size = layout.size + footer.map_or(0, |footer| footer.len() as u64);
    sink.set_len(file_size).map_err(DiskError::Write)?;
    let esp = write_esp((model, tree, signed), &disk.esp, &layout.esp, sink)?;
    let root = write_root(model, disk, tree, &layout.root, sink)?;
    let disk_guid = model.seed.uuid("disk");
    let table = gpt::Table { disk_guid, size: layout.size, partitions: vec![layout.esp, layout.root] };
    table.write(sink).map_err(DiskError::Write)?;
    if let Some(footer) = footer {
        sink.write_at(layout.size, &footer).map_err(DiskError::Write)?;
    }
    Ok(DiskReport { virtual_size: layout.size, file_size, disk_guid, partitions: vec![esp, root] })
}

struct Layout {
    size: u64,
    esp: gpt::Partition,
    root: gpt::Partition,
}

impl Layout {
    fn of(model: &ImageModel, disk: &Disk) -> Self {
        let size = disk.size_mib * MIB;
        let esp_size = disk.esp.size_mib * MIB;
        let esp = gpt::Partition {
            name: disk.esp.partition_name.clone(),
            type_guid: gpt::EFI_SYSTEM,
            guid: model.seed.uuid("partition esp"),
            start: MIB,
            size: esp_size,
            attributes: 0,
        };
        let start = MIB + esp_size;
        let root = gpt::Partition {
            name: disk.root.partition_name.clone(),
            type_guid: crate::model::root_partition_type(model.arch),
            guid: model.seed.uuid("partition root"),
            start,
            size: size.saturating_sub(start + MIB),
            attributes: if disk.root.grows { gpt::GROW_FILESYSTEM } else { 0 },
        };
        Self { size, esp, root }
    }
}

fn write_esp(
    (model, tree, signed): (&ImageModel, &Tree<'_>, &BTreeMap<String, Vec<u8>>),
    esp: &EspPartition,
    partition: &gpt::Partition,
    sink: &mut dyn DiskSink,
) -> Result<PartitionReport, DiskError> {
    // What was signed and would not be there is not passed over.
    if let Some(path) = signed.keys().find(|path| esp.files.iter().all(|file| file.path != **path)) {
        return Err(DiskError::Unplaced(path.clone()));
    }
    let mut files = Vec::new();
    for file in &esp.files {
        let content = match signed.get(&file.path) {
            Some(content) => content,
            None => boot_file(tree, &file.package, &file.source.value)?,
        };
        files.push(fat32::File { path: &file.path, content });
    }
    let volume = fat32::Volume {
        size: partition.size,
        start: partition.start,
        label: &esp.label,
        serial: model.seed.serial("filesystem esp"),
        epoch: tree.epoch,
    };
    let used = volume.write(&files, &mut Window::new(sink, partition.start, partition.size))?;
    let serial = format!("{:04X}-{:04X}", volume.serial >> 16, volume.serial & 0xffff);
    Ok(report(partition, FilesystemKind::Fat32, &esp.label, serial, used))
}

fn write_root(
    model: &ImageModel,
    disk: &Disk,
    tree: &Tree<'_>,
    partition: &gpt::Partition,
    sink: &mut dyn DiskSink,
) -> Result<PartitionReport, DiskError> {
    let uuid = model.seed.uuid("filesystem root");
    let volume = ext4::Volume { size: partition.size, uuid, label: &disk.root.label };
    let used = volume.write(tree, &mut Window::new(sink, partition.start, partition.size))?;
    Ok(report(partition, FilesystemKind::Ext4, &disk.root.label, uuid.to_string(), used))
}

fn report(
    partition: &gpt::Partition,
    filesystem: FilesystemKind,
    label: &str,
    filesystem_id: String,
    used: u64,
) -> PartitionReport {
    PartitionReport {
        name: partition.name.clone(),
        type_guid: partition.type_guid,
        guid: partition.guid,
        start: partition.start,
        size: partition.size,
        filesystem,
        label: label.to_owned(),
        filesystem_id,
        used,
    }
}

#[cfg(test)]
mod tests;
