//! The signature packet itself, put together by hand.
//!
//! Sequoia's `SignatureBuilder` adds a random salt notation to every version 4 signature in `pre_sign`, and no
//! setting turns that off. So the packet is made from its public parts here: subpackets, `Hash for
//! Signature4`, the key pair's `Signer`. The salt hinders attacks on weak hash functions; with SHA-512 it
//! protects nothing that the release's determinism should be given up for.
//!
//! **Invariant:** the bytes depend on key, payload and time alone, for keys whose algorithm is deterministic
//! (Ed25519, RSA).

use sequoia_openpgp::Packet;
use sequoia_openpgp::Result;
use sequoia_openpgp::crypto::hash::Hash;
use sequoia_openpgp::crypto::{KeyPair, Signer, mpi};
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::packet::signature::Signature4;
use sequoia_openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea, SubpacketValue};
use sequoia_openpgp::serialize::SerializeInto;
use sequoia_openpgp::types::{HashAlgorithm, SignatureType, Timestamp};

const HASH: HashAlgorithm = HashAlgorithm::SHA512;

/// Signs `payload` as binary data, dated `time`.
pub(crate) fn sign_packet(pair: &mut KeyPair, payload: &[u8], time: u32) -> Result<Vec<u8>> {
    let area = hashed_area(pair, time)?;
    let no_signature = mpi::Signature::Unknown { mpis: Box::new([]), rest: Box::new([]) };
    let mut context = HASH.context()?.for_signature(4);
    context.update(payload);
    assemble(pair, area.clone(), [0; 2], no_signature).hash(&mut context)?;
    let digest = context.into_digest()?;
    let signature = pair.sign(HASH, &digest)?;
    Packet::from(Signature::from(assemble(pair, area, [digest[0], digest[1]], signature))).to_vec()
}

fn hashed_area(pair: &KeyPair, time: u32) -> Result<SubpacketArea> {
    SubpacketArea::new(vec![
        Subpacket::new(SubpacketValue::SignatureCreationTime(Timestamp::from(time)), true)?,
        Subpacket::new(SubpacketValue::Issuer(pair.public().keyid()), false)?,
        Subpacket::new(SubpacketValue::IssuerFingerprint(pair.public().fingerprint()), false)?,
    ])
}

fn assemble(pair: &KeyPair, hashed: SubpacketArea, prefix: [u8; 2], signature: mpi::Signature) -> Signature4 {
    let algorithm = pair.public().pk_algo();
    Signature4::new(SignatureType::Binary, algorithm, HASH, hashed, SubpacketArea::default(), prefix, signature)
}

#[cfg(test)]
mod tests {
    use crate::fixture::key;

    #[test]
    fn signing_twice_gives_equal_bytes() {
        let key = key();
        let one = key.sign(b"payload", 1_700_000_000).expect("signs");
        assert_eq!(one, key.sign(b"payload", 1_700_000_000).expect("signs"));
        assert_ne!(one, key.sign(b"payload", 1_700_000_001).expect("signs"));
        assert_ne!(one, key.sign(b"payloae", 1_700_000_000).expect("signs"));
    }

    #[test]
    fn packet_is_valid_openpgp() {
        let key = key();
        let packet = key.sign(b"payload", 1_700_000_000).expect("signs");
        assert_eq!(key.certificate().verify(b"payload", &packet), Ok(1_700_000_000));
    }
}
