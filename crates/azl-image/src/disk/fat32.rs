//! FAT32 for the EFI system partition (Microsoft *FAT32 File System Specification* 1.03).
//!
//! ```text
//! sector 0 boot │ 1 FSInfo │ 6,7 copies │ … 32 │ FAT │ FAT copy │ clusters: root directory, directories, files
//! ```
//!
//! Written once and in order: every directory and file is one run of clusters, so the table is a list of runs. Names
//! are 8.3 and upper case, which is all that firmware paths need; long names are not written.
//!
//! **Invariant:** at least 65,525 clusters, since a volume with fewer is FAT16 to every reader.

use std::collections::BTreeMap;

use super::sink::Window;
use super::{DiskError, SECTOR};
use crate::calendar::Moment;

/// Smallest volume that is FAT32, with clusters of one sector.
pub(crate) const SMALLEST_MIB: u64 = 33;

const LEAST_CLUSTERS: u64 = 65_525;
const LARGEST_CLUSTER_SECTORS: u64 = 8;
const RESERVED_SECTORS: u64 = 32;
const BACKUP_SECTOR: u64 = 6;
const FAT_COPIES: u64 = 2;
const FIRST_CLUSTER: u32 = 2;
const END_OF_RUN: u32 = 0x0fff_ffff;
const ENTRY: usize = 32;
const ATTRIBUTE_LABEL: u8 = 0x08;
const ATTRIBUTE_DIRECTORY: u8 = 0x10;
const ATTRIBUTE_ARCHIVE: u8 = 0x20;

/// A file to be stored; `path` has 8.3 names separated by `/`.
pub(super) struct File<'f> {
    pub(super) path: &'f str,
    pub(super) content: &'f [u8],
}

/// A volume to be written.
pub(super) struct Volume<'v> {
    /// Bytes.
    pub(super) size: u64,
    /// First byte on the disk, which the boot sector repeats.
    pub(super) start: u64,
    pub(super) label: &'v str,
    pub(super) serial: u32,
    pub(super) epoch: u64,
}

/// Returns whether `label` is a volume label: 1 to 11 upper-case letters, digits, `-` or `_`.
pub(crate) fn is_label(label: &str) -> bool {
    (1..=11).contains(&label.len()) && label.bytes().all(is_short_byte)
}

/// Returns whether every component of a relative path is an upper-case 8.3 name.
pub(crate) fn is_short_path(path: &str) -> bool {
    path.split('/').all(|name| short_name(name).is_some())
}

fn is_short_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
}

/// Returns a name as directories store it: base and extension, padded with spaces.
fn short_name(name: &str) -> Option<[u8; 11]> {
    let (base, extension) = name.split_once('.').unwrap_or((name, ""));
    let fits = (1..=8).contains(&base.len()) && extension.len() <= 3 && !name.ends_with('.');
    if !fits || !base.bytes().chain(extension.bytes()).all(is_short_byte) {
        return None;
    }
    let mut padded = [b' '; 11];
    padded[..base.len()].copy_from_slice(base.as_bytes());
    padded[8..8 + extension.len()].copy_from_slice(extension.as_bytes());
    Some(padded)
}

/// Where things are, in sectors and clusters.
struct Geometry {
    sectors: u64,
    cluster_sectors: u64,
    fat_sectors: u64,
    clusters: u64,
}

impl Geometry {
    /// Chooses the largest cluster that leaves a FAT32 volume.
    fn of(size: u64) -> Self {
        let mut cluster_sectors = LARGEST_CLUSTER_SECTORS;
        loop {
            let geometry = Self::with_cluster(size / SECTOR, cluster_sectors);
            if geometry.clusters >= LEAST_CLUSTERS || cluster_sectors == 1 {
                return geometry;
            }
            cluster_sectors /= 2;
        }
    }

    fn with_cluster(sectors: u64, cluster_sectors: u64) -> Self {
        let data_and_fats = sectors.saturating_sub(RESERVED_SECTORS);
        // Each FAT sector of 128 entries stands for 128 clusters; two entries stand for none.
        let per_fat_sector = 128 * cluster_sectors + FAT_COPIES;
        let fat_sectors = (data_and_fats + 2 * cluster_sectors).div_ceil(per_fat_sector);
        let clusters = data_and_fats.saturating_sub(FAT_COPIES * fat_sectors) / cluster_sectors;
        Self { sectors, cluster_sectors, fat_sectors, clusters }
    }

    fn cluster_bytes(&self) -> u64 {
        self.cluster_sectors * SECTOR
    }

    fn cluster_offset(&self, cluster: u32) -> u64 {
        let data = RESERVED_SECTORS + FAT_COPIES * self.fat_sectors;
        data * SECTOR + u64::from(cluster - FIRST_CLUSTER) * self.cluster_bytes()
    }
}

/// One directory: its children by name, in the order of their bytes.
#[derive(Default)]
struct Directory<'f> {
    children: BTreeMap<[u8; 11], Child<'f>>,
}

enum Child<'f> {
    Directory(Directory<'f>),
    File(&'f [u8]),
}

impl<'f> Directory<'f> {
    fn of(files: &[File<'f>]) -> Self {
        let mut root = Self::default();
        for file in files {
            root.insert(file.path, file.content);
        }
        root
    }

    /// Inserts a file. The model was refused unless names are short and no file is another's directory.
    fn insert(&mut self, path: &str, content: &'f [u8]) {
        let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let Some(name) = short_name(name) else { return };
        match rest {
            None => _ = self.children.insert(name, Child::File(content)),
            Some(rest) => {
                let child = self.children.entry(name).or_insert_with(|| Child::Directory(Self::default()));
                if let Child::Directory(directory) = child {
                    directory.insert(rest, content);
                }
            }
        }
    }

    /// Bytes of the directory itself: its children and two more entries (`.` and `..`, or the label and none).
    fn bytes(&self) -> u64 {
        ((self.children.len() + 2) * ENTRY) as u64
    }
}

impl Volume<'_> {
    /// Writes the volume and returns the bytes in use by clusters.
    pub(super) fn write(&self, files: &[File<'_>], window: &mut Window<'_>) -> Result<u64, DiskError> {
        let geometry = Geometry::of(self.size);
        let mut writing = Writing { volume: self, geometry: &geometry, runs: Vec::new(), next: FIRST_CLUSTER };
        let root = Directory::of(files);
        let mut pieces = Vec::new();
        writing.place_directory(&root, None, 0, &mut pieces);
        let used = u64::from(writing.next - FIRST_CLUSTER);
        if used > geometry.clusters {
            let bytes = geometry.cluster_bytes();
            return Err(DiskError::EspFull { needed: used * bytes, available: geometry.clusters * bytes });
        }
        let fat = writing.table();
        let mut put = |at: u64, bytes: &[u8]| window.write_at(at, bytes).map_err(DiskError::Write);
        for copy in [0, BACKUP_SECTOR] {
            put(copy * SECTOR, &self.boot_sector(&geometry))?;
            put((copy + 1) * SECTOR, &information_sector(geometry.clusters - used, writing.next))?;
        }
        for copy in 0..FAT_COPIES {
            put((RESERVED_SECTORS + copy * geometry.fat_sectors) * SECTOR, &fat)?;
        }
        for (cluster, bytes) in pieces {
            put(geometry.cluster_offset(cluster), bytes.as_ref())?;
        }
        Ok(used * geometry.cluster_bytes())
    }

    fn boot_sector(&self, geometry: &Geometry) -> [u8; SECTOR as usize] {
        let mut sector = [0; SECTOR as usize];
        let mut put = |at: usize, bytes: &[u8]| sector[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &[0xeb, 0x58, 0x90]);
        put(3, b"AZLINUX ");
        put(11, &(SECTOR as u16).to_le_bytes());
        put(13, &[geometry.cluster_sectors as u8]);
        put(14, &(RESERVED_SECTORS as u16).to_le_bytes());
        put(16, &[FAT_COPIES as u8]);
        put(21, &[0xf8]);
        put(24, &63u16.to_le_bytes());
        put(26, &255u16.to_le_bytes());
        put(28, &((self.start / SECTOR) as u32).to_le_bytes());
        put(32, &(geometry.sectors as u32).to_le_bytes());
        put(36, &(geometry.fat_sectors as u32).to_le_bytes());
        put(44, &FIRST_CLUSTER.to_le_bytes());
        put(48, &1u16.to_le_bytes());
        put(50, &(BACKUP_SECTOR as u16).to_le_bytes());
        put(64, &[0x80, 0, 0x29]);
        put(67, &self.serial.to_le_bytes());
        put(71, &self.padded_label());
        put(82, b"FAT32   ");
        put(510, &[0x55, 0xaa]);
        sector
    }

    fn padded_label(&self) -> [u8; 11] {
        let mut padded = [b' '; 11];
        for (slot, byte) in padded.iter_mut().zip(self.label.bytes()) {
            *slot = byte;
        }
        padded
    }

    fn entry(&self, name: [u8; 11], attribute: u8, cluster: u32, size: u32) -> [u8; ENTRY] {
        let (date, time) = Moment::from_epoch(self.epoch).fat();
        let mut entry = [0; ENTRY];
        let mut put = |at: usize, bytes: &[u8]| entry[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &name);
        put(11, &[attribute]);
        put(14, &time.to_le_bytes());
        put(16, &date.to_le_bytes());
        put(18, &date.to_le_bytes());
        put(20, &((cluster >> 16) as u16).to_le_bytes());
        put(22, &time.to_le_bytes());
        put(24, &date.to_le_bytes());
        put(26, &(cluster as u16).to_le_bytes());
        put(28, &size.to_le_bytes());
        entry
    }
}

fn information_sector(free: u64, next: u32) -> [u8; SECTOR as usize] {
    let mut sector = [0; SECTOR as usize];
    let mut put = |at: usize, bytes: &[u8]| sector[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"RRaA");
    put(484, b"rrAa");
    put(488, &(free as u32).to_le_bytes());
    put(492, &next.to_le_bytes());
    put(510, &[0x55, 0xaa]);
    sector
}

/// What a cluster run holds.
enum Piece<'f> {
    Directory(Vec<u8>),
    File(&'f [u8]),
}

impl AsRef<[u8]> for Piece<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Directory(bytes) => bytes,
            Self::File(bytes) => bytes,
        }
    }
}

/// The allocation so far.
struct Writing<'w> {
    volume: &'w Volume<'w>,
    geometry: &'w Geometry,
    /// First cluster and length of each run, in order and without gaps.
    runs: Vec<(u32, u32)>,
    next: u32,
}

impl Writing<'_> {
    /// Takes the clusters of so many bytes; an empty file has none and cluster 0.
    fn allocate(&mut self, bytes: u64) -> u32 {
        if bytes == 0 {
            return 0;
        }
        let first = self.next;
        let count = u32::try_from(bytes.div_ceil(self.geometry.cluster_bytes())).unwrap_or(u32::MAX / 4);
        self.runs.push((first, count));
        self.next = self.next.saturating_add(count);
        first
    }

    /// Places a directory before its children; `parent` is 0 for children of the root, as the specification wants.
    fn place_directory<'f>(
        &mut self,
        directory: &Directory<'f>,
        name: Option<[u8; 11]>,
        parent: u32,
        pieces: &mut Vec<(u32, Piece<'f>)>,
    ) -> u32 {
        let first = self.allocate(directory.bytes());
        let slot = pieces.len();
        pieces.push((first, Piece::Directory(Vec::new())));
        let mut bytes = Vec::new();
        if name.is_some() {
            bytes.extend(self.volume.entry(*b".          ", ATTRIBUTE_DIRECTORY, first, 0));
            bytes.extend(self.volume.entry(*b"..         ", ATTRIBUTE_DIRECTORY, parent, 0));
        } else {
            bytes.extend(self.volume.entry(self.volume.padded_label(), ATTRIBUTE_LABEL, 0, 0));
        }
        let parent_of_children = if name.is_some() { first } else { 0 };
        for (name, child) in &directory.children {
            bytes.extend(match child {
                Child::Directory(inner) => {
                    let cluster = self.place_directory(inner, Some(*name), parent_of_children, pieces);
                    self.volume.entry(*name, ATTRIBUTE_DIRECTORY, cluster, 0)
                }
                Child::File(content) => {
                    let cluster = self.allocate(content.len() as u64);
                    if cluster != 0 {
                        pieces.push((cluster, Piece::File(content)));
                    }
                    self.volume.entry(*name, ATTRIBUTE_ARCHIVE, cluster, content.len() as u32)
                }
            });
        }
        pieces[slot].1 = Piece::Directory(bytes);
        first
    }

    /// Returns the table up to the last entry in use; the rest is zero, which means free.
    fn table(&self) -> Vec<u8> {
        let mut entries = vec![0x0fff_fff8, END_OF_RUN];
        for (first, count) in &self.runs {
            entries.extend(first + 1..first + count);
            entries.push(END_OF_RUN);
        }
        entries.iter().flat_map(|entry: &u32| entry.to_le_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_allowed_size_is_fat32_and_its_table_covers_its_clusters() {
        for mib in (SMALLEST_MIB..300).chain([512, 1024, 2048]) {
            let geometry = Geometry::of(mib << 20);
            assert!(geometry.clusters >= LEAST_CLUSTERS, "{mib} MiB: {} clusters", geometry.clusters);
            assert!(geometry.fat_sectors * 128 >= geometry.clusters + 2, "{mib} MiB");
            let end = geometry.cluster_offset(FIRST_CLUSTER) + geometry.clusters * geometry.cluster_bytes();
            assert!(end <= mib << 20, "{mib} MiB");
        }
        assert!(Geometry::of((SMALLEST_MIB - 1) << 20).clusters < LEAST_CLUSTERS);
    }

    #[test]
    fn short_names_are_padded_and_others_refused() {
        assert_eq!(short_name("BOOTX64.EFI"), Some(*b"BOOTX64 EFI"));
        assert_eq!(short_name("EFI"), Some(*b"EFI        "));
        for name in ["", "bootx64.efi", "BOOTX64.EFI2", "TOOLONGNAME", "A.", ".A", "A.B.C", "A B"] {
            assert_eq!(short_name(name), None, "{name}");
        }
    }
}
