//! The label of `/lost+found`, written into its inode.
//!
//! ```text
//! 0x00 … 0x80 inode │ 0xa0 magic │ entry: name length, index, value offset, size, hash, name │ … │ value 0x100
//! ```
//!
//! **Invariant:** nothing of the inode changes but its attributes, which were none, and its checksum.

use mkext4::csum;

/// `lost+found` is the first inode that is not reserved.
const INODE: u32 = 11;
const SIZE: usize = 256;
/// Where attributes begin, behind `i_extra_isize` of 32 bytes.
const AREA: usize = 0xa0;
/// Offsets of values count from the first entry, behind the magic.
const FIRST: usize = AREA + 4;
const MAGIC: u32 = 0xea02_0000;
/// Index of `security.`, which the name then leaves out.
const SECURITY: u8 = 6;
const NAME: &[u8; 8] = b"selinux\0";
const ENTRY: usize = 16;
/// `s_uuid` of the superblock.
const UUID: std::ops::Range<usize> = 0x68..0x78;
const CHECKSUM_LOW: usize = 0x7c;
const CHECKSUM_HIGH: usize = 0x82;

/// Returns the first block of the inode table with the label in it.
///
/// # Errors
/// If the block has no such inode without attributes, or the label does not fit.
pub(super) fn with_label(block: &[u8], label: &[u8], superblock: &[u8]) -> Result<Vec<u8>, String> {
    let uuid: [u8; 16] = superblock.get(UUID).and_then(|uuid| uuid.try_into().ok()).ok_or("no superblock")?;
    let at = (INODE as usize - 1) * SIZE;
    let mut block = block.to_vec();
    let inode = block.get_mut(at..at + SIZE).ok_or("no inode of lost+found")?;
    if inode[AREA..].iter().any(|byte| *byte != 0) || inode[0x80] != 32 {
        return Err("the inode of lost+found has attributes already".to_owned());
    }
    let value = SIZE - label.len().next_multiple_of(4);
    // A list of entries ends with four zeros.
    if value < FIRST + ENTRY + NAME.len() + 4 {
        return Err(format!("a label of {} bytes does not fit into an inode", label.len()));
    }
    inode[AREA..FIRST].copy_from_slice(&MAGIC.to_le_bytes());
    inode[FIRST] = NAME.len() as u8 - 1;
    inode[FIRST + 1] = SECURITY;
    inode[FIRST + 2..FIRST + 4].copy_from_slice(&((value - FIRST) as u16).to_le_bytes());
    inode[FIRST + 8..FIRST + 12].copy_from_slice(&(label.len() as u32).to_le_bytes());
    inode[FIRST + ENTRY..FIRST + ENTRY + NAME.len()].copy_from_slice(NAME);
    inode[value..value + label.len()].copy_from_slice(label);
    let generation = u32::from_le_bytes([inode[0x64], inode[0x65], inode[0x66], inode[0x67]]);
    let [a, b, c, d] = csum::inode(csum::fs_seed(&uuid), INODE, generation, inode).to_le_bytes();
    inode[CHECKSUM_LOW..CHECKSUM_LOW + 2].copy_from_slice(&[a, b]);
    inode[CHECKSUM_HIGH..CHECKSUM_HIGH + 2].copy_from_slice(&[c, d]);
    Ok(block)
}
