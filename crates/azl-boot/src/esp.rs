//! The EFI system partition of a disk, read as far as it takes to find a file's bytes: GPT, FAT32, 8.3 names.
//!
//! Formats: UEFI 2.11 section 5.3; Microsoft *FAT32 File System Specification* 1.03. Not here: writing a file system,
//! long names.

use std::io::{Read, Seek, SeekFrom};

const SECTOR: u64 = 512;
/// Type of the partition, `c12a7328-f81f-11d2-ba4b-00a0c93ec93b`, as the table holds it.
const TYPE: [u8; 16] = [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b];
/// Entries of a partition table that are looked at; the usual table has as many.
const ENTRIES: u32 = 128;
/// Clusters of a file that are followed, so that a circle ends: 1 GiB in the smallest clusters.
const CLUSTERS: u32 = 1 << 21;
const END_OF_RUN: u32 = 0x0fff_fff8;

/// Returns where on the disk the byte in the middle of a file of the system partition lies.
///
/// # Errors
/// What is not there, or not as it should be.
pub(crate) fn middle(disk: &mut (impl Read + Seek), path: &str) -> Result<u64, String> {
    let volume = Volume::open(disk)?;
    let mut found = Found { cluster: volume.root, size: 0 };
    for name in path.split('/') {
        let short = short_name(name).ok_or_else(|| format!("`{name}` is no 8.3 name"))?;
        found = volume
            .entry(disk, found.cluster, short)?
            .ok_or_else(|| format!("the EFI system partition has no `{path}`: `{name}` is missing"))?;
    }
    let middle = u64::from(found.size / 2);
    let mut cluster = found.cluster;
    for _ in 0..middle / volume.cluster_bytes {
        cluster = volume.next(disk, cluster)?.ok_or_else(|| format!("`{path}` is shorter than it says"))?;
    }
    Ok(volume.cluster_start(cluster)? + middle % volume.cluster_bytes)
}

struct Volume {
    fat_start: u64,
    data_start: u64,
    cluster_bytes: u64,
    root: u32,
}

struct Found {
    cluster: u32,
    size: u32,
}

impl Volume {
    fn open(disk: &mut (impl Read + Seek)) -> Result<Self, String> {
        let start = partition(disk)?;
        let boot = read(disk, start, SECTOR as usize)?;
        let sectors_per_cluster = u64::from(boot[13]);
        let (reserved, fats, fat_sectors) = (number(&boot[14..16]), u64::from(boot[16]), number(&boot[36..40]));
        if number(&boot[11..13]) != SECTOR || sectors_per_cluster == 0 || number(&boot[22..24]) != 0 || fat_sectors == 0
        {
            return Err("the EFI system partition holds no FAT32 of 512-byte sectors".to_owned());
        }
        let fat_start = start + reserved * SECTOR;
        Ok(Self {
            fat_start,
            data_start: fat_start + fats * fat_sectors * SECTOR,
            cluster_bytes: sectors_per_cluster * SECTOR,
            root: cluster_number(&boot[44..48]),
        })
    }

    fn cluster_start(&self, cluster: u32) -> Result<u64, String> {
        let index = cluster.checked_sub(2).ok_or_else(|| format!("{cluster} is no cluster"))?;
        Ok(self.data_start + u64::from(index) * self.cluster_bytes)
    }

    fn next(&self, disk: &mut (impl Read + Seek), cluster: u32) -> Result<Option<u32>, String> {
        let entry = cluster_number(&read(disk, self.fat_start + 4 * u64::from(cluster), 4)?);
        Ok((entry < END_OF_RUN).then_some(entry))
    }

    /// Finds a name in the directory that begins at a cluster.
    fn entry(&self, disk: &mut (impl Read + Seek), first: u32, name: [u8; 11]) -> Result<Option<Found>, String> {
        let mut cluster = Some(first);
        for _ in 0..CLUSTERS {
            let Some(at) = cluster else { return Ok(None) };
            let bytes = read(disk, self.cluster_start(at)?, self.cluster_bytes as usize)?;
            for entry in bytes.chunks_exact(32) {
                match entry[0] {
                    0 => return Ok(None),
                    // Volume labels and parts of long names.
                    _ if entry[11] & 0x08 != 0 => {}
                    _ if entry[..11] == name => {
                        let cluster = cluster_number(&[entry[26], entry[27], entry[20], entry[21]]);
                        return Ok(Some(Found { cluster, size: number(&entry[28..32]) as u32 }));
                    }
                    _ => {}
                }
            }
            cluster = self.next(disk, at)?;
        }
        Err("a directory of the EFI system partition has no end".to_owned())
    }
}

/// Returns where the system partition begins, in bytes.
fn partition(disk: &mut (impl Read + Seek)) -> Result<u64, String> {
    let header = read(disk, SECTOR, SECTOR as usize)?;
    if &header[..8] != b"EFI PART" {
        return Err("the disk has no GUID partition table".to_owned());
    }
    let (entries, size) = (number(&header[72..80]), number(&header[84..88]));
    let count = (number(&header[80..84]) as u32).min(ENTRIES);
    if !(128..=4096).contains(&size) || entries > u64::from(u32::MAX) {
        return Err("the disk's partition table is not as it should be".to_owned());
    }
    for index in 0..u64::from(count) {
        let entry = read(disk, entries * SECTOR + index * size, 40)?;
        if entry[..16] == TYPE {
            let first = number(&entry[32..40]);
            return first.checked_mul(SECTOR).ok_or_else(|| format!("no disk has a sector {first}"));
        }
    }
    Err("the disk has no EFI system partition".to_owned())
}

fn read(disk: &mut (impl Read + Seek), at: u64, size: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; size];
    let read = disk.seek(SeekFrom::Start(at)).and_then(|_| disk.read_exact(&mut bytes));
    read.map_err(|error| format!("cannot read the disk at byte {at}: {error}"))?;
    Ok(bytes)
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Reads a cluster's number; the upper four bits are reserved.
fn cluster_number(bytes: &[u8]) -> u32 {
    number(bytes) as u32 & 0x0fff_ffff
}

/// Returns a name as directories store it: base and extension, padded with spaces.
fn short_name(name: &str) -> Option<[u8; 11]> {
    let (base, extension) = name.split_once('.').unwrap_or((name, ""));
    let mut padded = [b' '; 11];
    padded.get_mut(..base.len()).filter(|_| (1..=8).contains(&base.len()))?.copy_from_slice(base.as_bytes());
    padded.get_mut(8..8 + extension.len())?.copy_from_slice(extension.as_bytes());
    padded.make_ascii_uppercase();
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A disk with a system partition at sector 8 of one-sector clusters; `EFI/K.EFI` has 1200 bytes in the clusters 4, 6
    /// and 5.
    fn disk() -> Vec<u8> {
        let mut disk = vec![0; 64 * 512];
        let mut put = |at: usize, bytes: &[u8]| disk[at..at + bytes.len()].copy_from_slice(bytes);
        put(512, b"EFI PART");
        put(512 + 72, &2_u64.to_le_bytes());
        put(512 + 80, &4_u32.to_le_bytes());
        put(512 + 84, &128_u32.to_le_bytes());
        put(1024 + 128, &TYPE);
        put(1024 + 128 + 32, &8_u64.to_le_bytes());
        let volume = 8 * 512;
        put(volume + 11, &512_u16.to_le_bytes());
        put(volume + 13, &[1, 2, 0, 2]);
        put(volume + 36, &1_u32.to_le_bytes());
        put(volume + 44, &2_u32.to_le_bytes());
        let fat = volume + 2 * 512;
        for (cluster, next) in [(2, 0x0fff_ffff_u32), (3, 0x0fff_ffff), (4, 6), (6, 5), (5, 0x0fff_ffff)] {
            put(fat + 4 * cluster, &next.to_le_bytes());
        }
        let data = volume + 4 * 512;
        let mut entry = |at: usize, name: &[u8; 11], attribute: u8, cluster: u8, size: u32| {
            put(at, name);
            put(at + 11, &[attribute]);
            put(at + 26, &[cluster, 0]);
            put(at + 28, &size.to_le_bytes());
        };
        entry(data, b"EFI        ", 0x08, 9, 0);
        entry(data + 32, b"EFI        ", 0x10, 3, 0);
        entry(data + 512, b"K       EFI", 0x20, 4, 1200);
        disk
    }

    #[test]
    fn the_middle_of_a_file_is_found_through_its_run_of_clusters() {
        // Byte 600 is the 88th of the second cluster, which is number 6: the fifth of the data.
        let expected = (8 + 4 + 4) * 512 + 88;
        assert_eq!(middle(&mut Cursor::new(disk()), "EFI/K.EFI"), Ok(expected));
    }

    #[test]
    fn what_is_missing_is_named() {
        let find = |disk: Vec<u8>, path: &str| middle(&mut Cursor::new(disk), path).expect_err("not there");
        assert!(find(disk(), "EFI/L.EFI").contains("`L.EFI` is missing"));
        assert!(find(disk(), "EFI/kernel-image.efi").contains("no 8.3 name"));
        assert!(find(vec![0; 2048], "EFI/K.EFI").contains("no GUID partition table"));
        let mut other = disk();
        other[1024 + 128] = 0;
        assert!(find(other, "EFI/K.EFI").contains("no EFI system partition"));
    }

    #[test]
    fn damaged_tables_are_errors_not_panics() {
        let whole = disk();
        for at in (512..1280).chain(8 * 512..8 * 512 + 64).chain(10 * 512..13 * 512) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            let _ = middle(&mut Cursor::new(damaged), "EFI/K.EFI");
        }
    }
}
