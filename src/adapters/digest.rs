//! The SHA-256 of a message, as results show it (sha2).

use sha2::{Digest as _, Sha256};

/// The SHA-256 of the UTF-8 bytes of `text`, in lower-case hex.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digest = Sha256::digest(text.as_bytes());
    // Several times a message: the formatting of the standard library would cost more than the digest.
    let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut hex = String::with_capacity(64);
    hex.extend(nibbles.map(|nibble| DIGITS[usize::from(nibble)]));
    hex
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_digest_is_the_published_one() {
        assert_eq!(
            super::sha256_hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
