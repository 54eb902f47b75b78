//! The SHA-256 of messages and files, as results and uploads know them (sha2).

use std::io;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of the UTF-8 bytes of `text`, in lower-case hex.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The same of everything that is left to be read.
///
/// # Errors
/// It cannot be read.
pub fn sha256_hex_of(mut from: impl io::Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(piece.get(..read).unwrap_or_default()),
        }
    }
}

/// Several times a message: the formatting of the standard library would cost more than the digest.
fn hex(digest: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
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
        assert_eq!(super::sha256_hex_of(&b"abc"[..]).ok(), Some(super::sha256_hex("abc")));
    }
}
