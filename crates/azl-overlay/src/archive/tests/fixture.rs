//! Tar files made byte by byte, so that they can be wrong.

/// A tar file in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tar(pub(crate) Vec<u8>);

/// A header to be spoilt before it is sealed.
pub(crate) struct Block(pub(crate) [u8; 512]);

impl Block {
    /// Makes a ustar header of mode 0644.
    pub(crate) fn new(flag: u8, name: &[u8], size: u64) -> Self {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name);
        block[100..107].copy_from_slice(b"0000644");
        block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        block[156] = flag;
        block[257..265].copy_from_slice(b"ustar\x0000");
        Self(block)
    }

    /// Overwrites bytes.
    pub(crate) fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn sealed(mut self) -> [u8; 512] {
        self.0[148..156].fill(b' ');
        let sum: u32 = self.0.iter().map(|&byte| u32::from(byte)).sum();
        self.0[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.0
    }
}

impl Tar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a header and its content, whatever the header says.
    pub(crate) fn block(mut self, block: Block, content: &[u8]) -> Self {
        self.0.extend(block.sealed());
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn entry(self, flag: u8, name: &str, content: &[u8]) -> Self {
        self.block(Block::new(flag, name.as_bytes(), content.len() as u64), content)
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(b'0', name, content)
    }

    pub(crate) fn directory(self, name: &str) -> Self {
        self.block(Block::new(b'5', name.as_bytes(), 0).with(100, b"0000755"), b"")
    }

    pub(crate) fn link(self, flag: u8, name: &str, target: &str) -> Self {
        self.block(Block::new(flag, name.as_bytes(), 0).with(157, target.as_bytes()), b"")
    }

    pub(crate) fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let body: Vec<u8> = records.iter().flat_map(|(key, value)| pax_record(key, value)).collect();
        self.entry(b'x', "PaxHeaders/x", &body)
    }

    /// Ends the archive.
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

/// Returns a pax record with its right length.
pub(crate) fn pax_record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let digits = (1..).find(|&digits| (rest + digits).to_string().len() == digits).expect("some length fits");
    [format!("{} {key}=", rest + digits).as_bytes(), value, b"\n"].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).expect("memory takes every write");
    encoder.finish().expect("memory takes every write")
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    std::io::Write::write_all(&mut encoder, bytes).expect("memory takes every write");
    encoder.finish().expect("memory takes every write")
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory takes every write")
}
