//! Footer of a fixed VHD (*Virtual Hard Disk Image Format Specification* 1.0), as Azure takes it.
//!
//! The creator application is `win `, which makes every reader take the size from the size field and not from the
//! rounded geometry.
//!
//! **Invariant:** the footer depends on size, epoch and identifier alone.

use super::SECTOR;
use crate::seed::Uuid;

/// 2000-01-01T00:00:00Z, where VHD's clock begins.
const VHD_EPOCH: u64 = 946_684_800;
const FIXED: u32 = 2;

/// Returns the footer of a disk of `size` bytes.
pub(super) fn footer(size: u64, epoch: u64, id: Uuid) -> [u8; SECTOR as usize] {
    let mut footer = [0; SECTOR as usize];
    let mut put = |at: usize, bytes: &[u8]| footer[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"conectix");
    put(8, &2u32.to_be_bytes());
    put(12, &0x0001_0000u32.to_be_bytes());
    put(16, &u64::MAX.to_be_bytes());
    put(24, &u32::try_from(epoch.saturating_sub(VHD_EPOCH)).unwrap_or(u32::MAX).to_be_bytes());
    put(28, b"win ");
    put(32, &0x000a_0000u32.to_be_bytes());
    put(36, b"Wi2k");
    put(40, &size.to_be_bytes());
    put(48, &size.to_be_bytes());
    put(56, &geometry(size));
    put(60, &FIXED.to_be_bytes());
    put(68, id.as_bytes());
    let sum: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
    footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
    footer
}

/// Returns cylinders, heads and sectors by the specification's appendix.
fn geometry(size: u64) -> [u8; 4] {
    let total = (size / SECTOR).min(65_535 * 16 * 255);
    let (heads, sectors, tracks) =
        if total >= 65_535 * 16 * 63 { (16, 255, total / 255) } else { small_geometry(total) };
    let cylinders = (tracks / heads) as u16;
    let [high, low] = cylinders.to_be_bytes();
    [high, low, heads as u8, sectors]
}

/// Returns heads, sectors per track and the number of tracks.
fn small_geometry(total: u64) -> (u64, u8, u64) {
    let tracks = total / 17;
    let heads = tracks.div_ceil(1024).max(4);
    if heads <= 16 && tracks < heads * 1024 {
        return (heads, 17, tracks);
    }
    let tracks = total / 31;
    if tracks < 16 * 1024 {
        return (16, 31, tracks);
    }
    (16, 63, total / 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_makes_the_byte_sum_complete() {
        let footer = footer(512 << 20, VHD_EPOCH + 7, Uuid::from_u128(1));
        let stored = u32::from_be_bytes([footer[64], footer[65], footer[66], footer[67]]);
        let sum: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
        let own: u32 = footer[64..68].iter().map(|byte| u32::from(*byte)).sum();
        assert_eq!(!stored, sum - own);
        assert_eq!(&footer[24..28], [0, 0, 0, 7]);
    }

    #[test]
    fn geometry_of_known_sizes() {
        for (mib, cylinders, heads, sectors) in [
            (5u64, 150u16, 4u8, 17u8),
            (40, 963, 5, 17),
            (512, 1040, 16, 63),
            (30 * 1024, 62_415, 16, 63),
            (1 << 20, 65_535, 16, 255),
        ] {
            let found = geometry(mib << 20);
            assert_eq!(
                (u16::from_be_bytes([found[0], found[1]]), found[2], found[3]),
                (cylinders, heads, sectors),
                "{mib}"
            );
        }
    }
}
