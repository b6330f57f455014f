//! Writes members as a tar file with GNU headers, as Go's `archive/tar` does for azldev.
//!
//! **Invariant:** no time, owner, device or host fact is written.

use std::io::{self, Write};

use super::compression::{Compression, Packer};
use super::members::{Content, Member, Members};
use super::refusal::{Refusal, Rule};
use super::stream::BLOCK;

/// Name of GNU's headers that carry a long name.
const LONG: &[u8] = b"././@LongLink";
/// Bytes of the name and link fields.
const FIELD: usize = 100;
/// Mode that Linux gives every symbolic link.
const LINK_MODE: u32 = 0o777;

/// Packs all members.
pub(crate) fn write(members: &Members, compression: Compression) -> Result<Vec<u8>, Refusal> {
    pack(members, compression).map_err(|_| Rule::Packing.into())
}

fn pack(members: &Members, compression: Compression) -> io::Result<Vec<u8>> {
    let mut packer = compression.packer()?;
    for (path, member) in members.iter() {
        entry(&mut packer, path.as_bytes(), member)?;
    }
    packer.write_all(&[0; 2 * BLOCK])?;
    packer.finish()
}

fn entry(packer: &mut Packer, path: &[u8], member: &Member) -> io::Result<()> {
    let (flag, name, link, mode, content) = match &member.content {
        Content::File(bytes) => (b'0', path.to_vec(), &[][..], member.mode, bytes.as_slice()),
        Content::Directory => (b'5', [path, b"/"].concat(), &[][..], member.mode, &[][..]),
        Content::Symlink(target) => (b'2', path.to_vec(), target.as_slice(), LINK_MODE, &[][..]),
    };
    for (text, flag) in [(name.as_slice(), b'L'), (link, b'K')] {
        if text.len() > FIELD {
            let mut header = header(flag, LONG, 0, text.len() as u64 + 1);
            packer.write_all(seal(&mut header))?;
            padded(packer, &[text, b"\0"].concat())?;
        }
    }
    let mut header = header(flag, &name, mode, content.len() as u64);
    put_text(&mut header[157..257], link);
    for devices in [329..337, 337..345] {
        put_octal(&mut header[devices], 0);
    }
    packer.write_all(seal(&mut header))?;
    padded(packer, content)
}

fn header(flag: u8, name: &[u8], mode: u32, size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    put_text(&mut block[..FIELD], name);
    put_octal(&mut block[100..108], u64::from(mode));
    put_octal(&mut block[108..116], 0);
    put_octal(&mut block[116..124], 0);
    put_size(&mut block[124..136], size);
    put_octal(&mut block[136..148], 0);
    block[156] = flag;
    block[257..265].copy_from_slice(b"ustar  \0");
    block
}

/// Copies what fits. A cut that ends in `/` would make old readers see a directory, so that byte becomes NUL.
fn put_text(field: &mut [u8], text: &[u8]) {
    let kept = text.len().min(field.len());
    field[..kept].copy_from_slice(&text[..kept]);
    if text.len() > field.len() && field.ends_with(b"/") {
        let end = text[..field.len() - 1].iter().rposition(|&byte| byte != b'/').map_or(0, |at| at + 1);
        field[end] = 0;
    }
}

/// Writes octal digits up to the field's last byte, which is NUL.
fn put_octal(field: &mut [u8], value: u64) {
    let digits = format!("{value:0width$o}\0", width = field.len() - 1);
    field[..digits.len()].copy_from_slice(digits.as_bytes());
}

/// Writes a size; 8 GiB and more take GNU's big-endian form.
fn put_size(field: &mut [u8], size: u64) {
    if size >> 33 == 0 {
        return put_octal(field, size);
    }
    field[4..].copy_from_slice(&size.to_be_bytes());
    field[0] = 0x80;
}

/// Writes the checksum and returns the block.
fn seal(block: &mut [u8; BLOCK]) -> &[u8] {
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
    put_octal(&mut block[148..155], sum);
    block
}

fn padded(packer: &mut Packer, content: &[u8]) -> io::Result<()> {
    packer.write_all(content)?;
    packer.write_all(&[0; BLOCK][..content.len().next_multiple_of(BLOCK) - content.len()])
}
