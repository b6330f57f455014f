//! The few forms of DER (ITU-T X.690) that certificates and signatures are written in.
//!
//! Not here: reading DER.

pub(super) const NULL: [u8; 2] = [0x05, 0];

/// Wraps content in tag and length.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut bytes = vec![tag];
    if content.len() >= 0x80 {
        bytes.push(0x80 | significant.len() as u8);
        bytes.extend(significant);
    } else {
        bytes.push(content.len() as u8);
    }
    bytes.extend(content);
    bytes
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tagged(0x30, &parts.concat())
}

/// A set of the parts, in the order DER demands.
pub(super) fn set(parts: &[&[u8]]) -> Vec<u8> {
    tagged(0x31, &ordered(parts))
}

/// What stands in a set: its parts in the order of their bytes.
pub(super) fn ordered(parts: &[&[u8]]) -> Vec<u8> {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    parts.concat()
}

/// `[number]` round a whole value.
pub(super) fn explicit(number: u8, content: &[u8]) -> Vec<u8> {
    tagged(0xa0 | number, content)
}

/// A whole number that is not negative, from its big-endian bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let digits = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    match digits.first() {
        Some(first) if *first < 0x80 => tagged(0x02, digits),
        _ => tagged(0x02, &[&[0], digits].concat()),
    }
}

pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    tagged(0x04, bytes)
}

/// Whole bytes as bits.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], bytes].concat())
}

/// An object identifier; the first two arcs are 1.2, 1.3 or 2.5 and the like.
pub(super) fn oid(arcs: &[u32]) -> Vec<u8> {
    let (first, rest) = arcs.split_at(2);
    let mut bytes = vec![(first[0] * 40 + first[1]) as u8];
    for arc in rest {
        let septets = (0..5).rev().map(|place| (arc >> (7 * place)) as u8 & 0x7f);
        let significant: Vec<u8> = septets.skip_while(|septet| *septet == 0).collect();
        let (last, leading) = significant.split_last().unwrap_or((&0, &[]));
        bytes.extend(leading.iter().map(|septet| septet | 0x80));
        bytes.push(*last);
    }
    tagged(0x06, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_those_of_the_standard() {
        assert_eq!(oid(&[1, 2, 840, 113_549, 1, 7, 2]), [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]);
        assert_eq!(oid(&[2, 5, 29, 0]), [6, 3, 0x55, 29, 0]);
        assert_eq!(
            (integer(&[0]), integer(&[0, 0x7f]), integer(&[0x80])),
            (vec![2, 1, 0], vec![2, 1, 0x7f], vec![2, 2, 0, 0x80])
        );
        assert_eq!(tagged(4, &[7; 0x80])[..4], [4, 0x81, 0x80, 7]);
        assert_eq!(tagged(4, &[7; 0x1234])[..5], [4, 0x82, 0x12, 0x34, 7]);
        assert_eq!(set(&[&[5, 0], &[2, 1, 1]]), [0x31, 5, 2, 1, 1, 5, 0]);
    }
}
