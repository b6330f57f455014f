//! How much an archive may ask for.

const MIB: u64 = 1 << 20;

/// Bounds on one archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the unpacked tar file, and of a file after a replacement.
    pub unpacked: u64,
    /// How many times its packed size a compressed archive may unpack to.
    pub ratio: u64,
    /// Bytes an archive may unpack to whatever the ratio.
    pub ratio_free: u64,
    /// Files, directories and links, with the directories that are only implied.
    pub entries: usize,
    /// Bytes of all names and link targets together.
    pub names: usize,
    /// Directories an entry may be deep.
    pub depth: usize,
    /// Parts of link targets that are followed, all links together.
    pub link_steps: usize,
}

impl Default for Limits {
    /// Returns bounds that the largest source archives (browsers, kernels, TeX) stay well below.
    fn default() -> Self {
        Self {
            unpacked: 10 * 1024 * MIB,
            ratio: 256,
            ratio_free: 64 * MIB,
            entries: 1_000_000,
            names: 256 << 20,
            depth: 128,
            link_steps: 4_000_000,
        }
    }
}

impl Limits {
    /// Returns how many bytes an archive of this packed size may unpack to.
    pub(crate) fn allowance(&self, packed: usize) -> u64 {
        let by_ratio = (packed as u64).saturating_mul(self.ratio);
        by_ratio.max(self.ratio_free).min(self.unpacked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_archives_are_not_held_to_the_ratio_and_none_passes_the_cap() {
        let limits = Limits::default();
        assert_eq!(limits.allowance(10), 64 * MIB);
        assert_eq!(limits.allowance(1 << 20), 256 * MIB);
        assert_eq!(limits.allowance(usize::MAX), 10 * 1024 * MIB);
    }
}
