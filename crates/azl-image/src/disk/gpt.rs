//! GUID partition table (UEFI specification, chapter 5) with its protective MBR.
//!
//! ```text
//! LBA 0 protective MBR │ 1 header │ 2..33 entries (128 × 128 B) │ … │ −33..−2 entries │ −1 backup header
//! ```
//!
//! **Invariant:** both copies describe the same table, and every checksum is the CRC-32 the specification names.

use std::io;

use super::SECTOR;
use super::sink::DiskSink;
use crate::seed::Uuid;

/// Partition type of the EFI system partition.
pub(super) const EFI_SYSTEM: Uuid = Uuid::from_u128(0xc12a7328_f81f_11d2_ba4b_00a0c93ec93b);

/// Partition attribute: the filesystem grows with the partition (Discoverable Partitions Specification).
pub(super) const GROW_FILESYSTEM: u64 = 1 << 59;

const ENTRY_COUNT: u32 = 128;
const ENTRY_SIZE: u32 = 128;
const HEADER_SIZE: u32 = 92;
const ENTRY_SECTORS: u64 = (ENTRY_COUNT * ENTRY_SIZE) as u64 / SECTOR;

/// One partition; places in bytes, multiples of a sector.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    pub(super) name: String,
    pub(super) type_guid: Uuid,
    pub(super) guid: Uuid,
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) attributes: u64,
}

/// A whole table.
pub(super) struct Table {
    pub(super) disk_guid: Uuid,
    /// Bytes of the disk.
    pub(super) size: u64,
    pub(super) partitions: Vec<Partition>,
}

impl Table {
    /// Writes both copies and the protective MBR.
    pub(super) fn write(&self, sink: &mut dyn DiskSink) -> io::Result<()> {
        let entries = self.entries();
        let last = self.size / SECTOR - 1;
        let mut front = protective_mbr(last).to_vec();
        front.extend(self.header(1, last, 2, &entries));
        front.extend(&entries);
        sink.write_at(0, &front)?;
        let mut back = entries.clone();
        back.extend(self.header(last, 1, last - ENTRY_SECTORS, &entries));
        sink.write_at((last - ENTRY_SECTORS) * SECTOR, &back)
    }

    fn entries(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity((ENTRY_COUNT * ENTRY_SIZE) as usize);
        for partition in &self.partitions {
            let first = partition.start / SECTOR;
            bytes.extend(partition.type_guid.gpt_bytes());
            bytes.extend(partition.guid.gpt_bytes());
            bytes.extend(first.to_le_bytes());
            bytes.extend((first + partition.size / SECTOR - 1).to_le_bytes());
            bytes.extend(partition.attributes.to_le_bytes());
            let mut name: Vec<u8> = partition.name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            name.resize(72, 0);
            bytes.extend(name);
        }
        bytes.resize((ENTRY_COUNT * ENTRY_SIZE) as usize, 0);
        bytes
    }

    fn header(&self, at: u64, other: u64, entries_at: u64, entries: &[u8]) -> Vec<u8> {
        let first_usable = 2 + ENTRY_SECTORS;
        let last_usable = self.size / SECTOR - 2 - ENTRY_SECTORS;
        let mut bytes = b"EFI PART".to_vec();
        bytes.extend(0x0001_0000u32.to_le_bytes());
        bytes.extend(HEADER_SIZE.to_le_bytes());
        bytes.extend([0; 8]);
        for place in [at, other, first_usable, last_usable] {
            bytes.extend(place.to_le_bytes());
        }
        bytes.extend(self.disk_guid.gpt_bytes());
        bytes.extend(entries_at.to_le_bytes());
        bytes.extend(ENTRY_COUNT.to_le_bytes());
        bytes.extend(ENTRY_SIZE.to_le_bytes());
        bytes.extend(crc32fast::hash(entries).to_le_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes[16..20].copy_from_slice(&checksum.to_le_bytes());
        bytes.resize(SECTOR as usize, 0);
        bytes
    }
}

/// One MBR partition of type 0xEE over the whole disk, so that tools without GPT see no free space.
fn protective_mbr(last: u64) -> [u8; SECTOR as usize] {
    let mut sector = [0; SECTOR as usize];
    let sectors = u32::try_from(last).unwrap_or(u32::MAX);
    let entry = &mut sector[446..462];
    entry[1..4].copy_from_slice(&[0x00, 0x02, 0x00]);
    entry[4] = 0xee;
    entry[5..8].copy_from_slice(&[0xff; 3]);
    entry[8..12].copy_from_slice(&1u32.to_le_bytes());
    entry[12..16].copy_from_slice(&sectors.to_le_bytes());
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    sector
}
