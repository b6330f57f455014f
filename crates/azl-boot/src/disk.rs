//! The virtual machine's disk: a copy of the shipped one, which it may write to from boot to boot.
//!
//! A fixed VHD is the disk's bytes followed by a footer of 512 bytes (*Virtual Hard Disk Image Format Specification* 1.0).
//! The copy ends before the footer, so that the machine's disk has the exact size it will have in Azure; or it is larger,
//! as when somebody puts the image on a larger disk. It is sparse: what is not written takes no room.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use azl_host::{FileError, files};

use crate::esp;
use crate::scenario::Damage;

const FOOTER: u64 = 512;
const SECTOR: u64 = 512;

const MIB: u64 = 1 << 20;

/// Why there is no disk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    /// The image is none that can be put on this disk.
    #[error("{0}")]
    Image(String),
    #[error(transparent)]
    File(#[from] FileError),
}

/// Puts an image on a new disk, the file `target`, of `mib` MiB if a size is given.
///
/// # Errors
/// If the image is no disk image or does not fit, or a file cannot be written.
pub(crate) fn put(image: (&str, &Path), target: &Path, mib: Option<u32>) -> Result<(), DiskError> {
    let (name, image) = image;
    let shipped = visible_size(name, &mut files::open(image)?).map_err(DiskError::Image)?;
    let size = mib.map_or(shipped, |mib| u64::from(mib) * MIB);
    if size < shipped {
        return Err(DiskError::Image(format!(
            "its {} MiB do not fit a disk of {} MiB",
            shipped.div_ceil(MIB),
            size / MIB
        )));
    }
    files::copy_sparse(image, target)?;
    let disk = files::open_writable(target)?;
    let failed = |source| FileError { operation: "resize", path: target.to_owned(), source };
    // First shorter: what lay behind the image's last byte is not on the disk.
    disk.set_len(shipped).and_then(|()| disk.set_len(size)).map_err(failed)?;
    Ok(())
}

/// Flips a bit of the disk `target`, in the middle of the file that is to be damaged.
///
/// # Errors
/// If the disk has no such file.
pub(crate) fn damage(target: &Path, damage: &Damage) -> Result<(), DiskError> {
    let mut disk = files::open_writable(target)?;
    let at = esp::middle(&mut disk, &damage.esp_file).map_err(DiskError::Image)?;
    let mut byte = [0];
    let mut flip = || {
        disk.seek(SeekFrom::Start(at))?;
        disk.read_exact(&mut byte)?;
        disk.seek(SeekFrom::Start(at))?;
        disk.write_all(&[byte[0] ^ 1])
    };
    Ok(flip().map_err(|source| FileError { operation: "damage", path: target.to_owned(), source })?)
}

/// Returns the bytes of the disk inside the file, which all lie at its start.
///
/// # Errors
/// If the file is no disk we can start, with the reason.
fn visible_size(name: &str, file: &mut File) -> Result<u64, String> {
    let size = file.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    if !name.ends_with(".vhd") {
        return whole_sectors(size);
    }
    let mut footer = [0; FOOTER as usize];
    if size < FOOTER {
        return Err("it is shorter than a VHD footer".to_owned());
    }
    file.seek(SeekFrom::Start(size - FOOTER))
        .and_then(|_| file.read_exact(&mut footer))
        .map_err(|error| error.to_string())?;
    vhd_size(&footer, size)
}

fn vhd_size(footer: &[u8; FOOTER as usize], file_size: u64) -> Result<u64, String> {
    let number = |range: std::ops::Range<usize>| footer[range].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    if &footer[..8] != b"conectix" {
        return Err("it has no VHD footer".to_owned());
    }
    if number(60..64) != 2 {
        return Err(format!("its disk type is {}, not fixed (2)", number(60..64)));
    }
    let sum = footer
        .iter()
        .enumerate()
        .filter(|(at, _)| !(64..68).contains(at))
        .map(|(_, byte)| u64::from(*byte))
        .sum::<u64>();
    if number(64..68) != u64::from(!(sum as u32)) {
        return Err("its footer's checksum is wrong".to_owned());
    }
    let declared = number(48..56);
    if declared != file_size - FOOTER {
        return Err(format!("its footer declares {declared} bytes, the file has {}", file_size - FOOTER));
    }
    whole_sectors(declared)
}

fn whole_sectors(size: u64) -> Result<u64, String> {
    match size {
        0 => Err("it is empty".to_owned()),
        size if size % SECTOR != 0 => Err(format!("its {size} bytes are not whole sectors")),
        size => Ok(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footer(size: u64, kind: u8) -> [u8; 512] {
        let mut footer = [0; 512];
        footer[..8].copy_from_slice(b"conectix");
        footer[48..56].copy_from_slice(&size.to_be_bytes());
        footer[63] = kind;
        let sum: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
        footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
        footer
    }

    #[test]
    fn a_fixed_vhd_shows_the_bytes_before_its_footer() {
        assert_eq!(vhd_size(&footer(1 << 20, 2), (1 << 20) + 512), Ok(1 << 20));
    }

    #[test]
    fn a_disk_is_the_image_without_its_footer_or_larger() {
        let scratch = tempfile::tempdir().expect("scratch");
        let (image, target) = (scratch.path().join("x.vhd"), scratch.path().join("disk"));
        let bytes = [vec![7; 1 << 20], footer(1 << 20, 2).to_vec()].concat();
        files::write_atomic(&image, &bytes).expect("written");
        put(("x.vhd", &image), &target, None).expect("fits");
        assert_eq!(files::read(&target).expect("read"), vec![7; 1 << 20]);
        put(("x.vhd", &image), &target, Some(3)).expect("fits");
        let larger = files::read(&target).expect("read");
        assert_eq!((larger.len(), &larger[1 << 20..(1 << 20) + 512]), (3 << 20, &[0; 512][..]));
        assert!(put(("x.vhd", &image), &target, Some(0)).expect_err("smaller").to_string().contains("do not fit"));
    }

    #[test]
    fn other_footers_are_refused_with_the_reason() {
        let mut damaged = footer(1 << 20, 2);
        damaged[100] = 1;
        let cases = [
            (vhd_size(&footer(1 << 20, 3), (1 << 20) + 512), "not fixed"),
            (vhd_size(&footer(1 << 20, 2), (1 << 20) + 1024), "declares 1048576 bytes"),
            (vhd_size(&damaged, (1 << 20) + 512), "checksum"),
            (vhd_size(&[0; 512], 1024), "no VHD footer"),
        ];
        for (result, expected) in cases {
            let error = result.expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }
}
