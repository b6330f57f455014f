//! The bytes of one file, and what is known of their form.

use std::io::Read;

use similar::{ChangeTag, TextDiff};

use super::cause::of_text;
use super::window::{bytes, first_difference, printable, shorten};
use super::{Cause, Clue, Difference, Guess, How, ar, elf};

/// Archives in archives are opened so deep.
const MAX_DEPTH: usize = 4;
/// Compressed content is opened up to this size, in bytes.
const MAX_OPENED: u64 = 256 << 20;
/// Lines of text that are compared one by one; of a longer part, only the first of each side are shown.
const MAX_LINES: usize = 4000;
/// Lines of a hunk that are shown.
const SHOWN_LINES: usize = 24;
/// Places of one file that causes are looked for in.
const MAX_PLACES: usize = 64;

/// Compares two contents.
pub(super) fn diff(one: &[u8], other: &[u8], clues: &[Clue]) -> Vec<Difference> {
    Comparison { clues, depth: 0 }.content(one, other)
}

/// How contents are compared, and how deep inside others they are.
#[derive(Clone, Copy)]
pub(super) struct Comparison<'a> {
    clues: &'a [Clue],
    depth: usize,
}

impl Comparison<'_> {
    /// Compares two contents of any form; equal ones have no difference, others at least one.
    pub(super) fn content(self, one: &[u8], other: &[u8]) -> Vec<Difference> {
        if one == other {
            return Vec::new();
        }
        let deeper = Self { depth: self.depth + 1, ..self };
        let inside = if self.depth < MAX_DEPTH { deeper.known(one, other) } else { Vec::new() };
        match inside.is_empty() {
            true => vec![self.plain("content", one, other)],
            false => inside,
        }
    }

    /// Looks into forms we know; nothing if both are of none, or the difference is outside of what is looked at.
    fn known(self, one: &[u8], other: &[u8]) -> Vec<Difference> {
        if let (Some(one), Some(other)) = (elf::sections(one), elf::sections(other)) {
            return elf::diff(&one, &other, self);
        }
        if let (Some(one), Some(other)) = (ar::members(one), ar::members(other)) {
            return ar::diff(&one, &other, self);
        }
        match (opened(one), opened(other)) {
            (Some(left), Some(right)) => self.compressed((one, &left), (other, &right)),
            _ => Vec::new(),
        }
    }

    fn compressed(self, one: (&[u8], &[u8]), other: (&[u8], &[u8])) -> Vec<Difference> {
        let mut inside: Vec<Difference> = gzip_header(one.0, other.0).into_iter().collect();
        inside.extend(self.content(one.1, other.1).into_iter().map(|mut difference| {
            difference.place = format!("uncompressed {}", difference.place);
            difference
        }));
        if inside.is_empty() {
            let guess = Guess::new(Cause::Toolchain, "equal content, compressed in another way");
            inside.push(Difference::new("compressed content", bytes(one.0, other.0)).because([guess]));
        }
        inside
    }

    /// Compares text by lines and all else by bytes.
    pub(super) fn plain(self, place: &str, one: &[u8], other: &[u8]) -> Difference {
        match (as_text(one), as_text(other)) {
            (Some(one), Some(other)) => self.text(place, one, other),
            _ => Difference::new(place, bytes(one, other)).because(self.guesses(one, other)),
        }
    }

    fn text(self, place: &str, one: &str, other: &str) -> Difference {
        let mut left: Vec<&str> = one.lines().collect();
        let mut right: Vec<&str> = other.lines().collect();
        let difference = match left.len().max(right.len()) > MAX_LINES {
            true => Difference::new(place, bytes(one.as_bytes(), other.as_bytes()))
                .because(self.guesses(one.as_bytes(), other.as_bytes())),
            false => self.lines(place, one, other),
        };
        left.sort_unstable();
        right.sort_unstable();
        match left == right && left.len() > 1 {
            true => Difference { guesses: Vec::new(), ..difference }
                .because([Guess::new(Cause::Order, "the same lines in another order")]),
            false => difference,
        }
    }

    fn lines(self, place: &str, one: &str, other: &str) -> Difference {
        let changes = TextDiff::from_lines(one, other);
        let of =
            |tag| changes.iter_all_changes().filter(move |change| change.tag() == tag).map(|change| change.value());
        let pairs = of(ChangeTag::Delete).zip(of(ChangeTag::Insert)).take(MAX_PLACES);
        let guesses: Vec<Guess> =
            pairs.filter_map(|(one, other)| of_text(one.trim_end(), other.trim_end(), self.clues)).collect();
        let hunk = changes.unified_diff().context_radius(1).to_string();
        let mut shown: Vec<String> = hunk.lines().take(SHOWN_LINES).map(shorten).collect();
        let left = hunk.lines().count() - shown.len();
        if left > 0 {
            shown.push(format!("… {left} more lines"));
        }
        Difference::new(place, How::Lines(shown.join("\n"))).because(guesses)
    }

    /// Looks at the text round each place where the bytes differ.
    fn guesses(self, one: &[u8], other: &[u8]) -> Vec<Guess> {
        let mut guesses: Vec<Guess> = places(one, other)
            .into_iter()
            .filter_map(|at| {
                let (left, right) = (printable(one, at), printable(other, at));
                (left.len() > 3 && right.len() > 3).then(|| of_text(&left, &right, self.clues)).flatten()
            })
            .collect();
        if guesses.is_empty() && histogram(one) == histogram(other) {
            guesses.push(Guess::new(Cause::Order, "the same bytes in another order"));
        }
        guesses
    }
}

/// Returns where the runs of differing bytes begin; of contents of two lengths, the first only.
fn places(one: &[u8], other: &[u8]) -> Vec<usize> {
    if one.len() != other.len() {
        return vec![first_difference(one, other)];
    }
    /// Runs that are so near are one.
    const NEAR: usize = 16;
    let mut places = Vec::new();
    let mut last = None;
    for at in (0..one.len()).filter(|&at| one[at] != other[at]) {
        if last.is_none_or(|last| at > last + NEAR) {
            places.push(at);
        }
        if places.len() == MAX_PLACES {
            break;
        }
        last = Some(at);
    }
    places
}

fn histogram(bytes: &[u8]) -> [usize; 256] {
    let mut counts = [0; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    counts
}

fn as_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Returns what a compressed file holds, if it is one and whole.
fn opened(bytes: &[u8]) -> Option<Vec<u8>> {
    let stream: Box<dyn Read + '_> = match bytes {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::with_buffer(bytes).ok()?),
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(bytes)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Box::new(liblzma::bufread::XzDecoder::new(bytes)),
        _ => return None,
    };
    let mut content = Vec::new();
    stream.take(MAX_OPENED).read_to_end(&mut content).ok()?;
    ((content.len() as u64) < MAX_OPENED).then_some(content)
}

/// Compares the time in the headers of two gzip files.
fn gzip_header(one: &[u8], other: &[u8]) -> Option<Difference> {
    let time = |bytes: &[u8]| match bytes {
        [0x1f, 0x8b, _, _, a, b, c, d, ..] => Some(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => None,
    };
    let (one, other) = (time(one)?, time(other)?);
    (one != other).then(|| {
        Difference::values("gzip time", &one.to_string(), &other.to_string())
            .because([Guess::new(Cause::Time, "is the time of compression")])
    })
}
