//! The names that the sandbox makes up: pure functions of what they name, so that they are the same in every run.

const PROFILE: &str = "urn:li:fsd_profile:";

/// The profile URN of a person: of a profile id in any case, of an id such as `ACoAA…`, or of a profile URN in any of its forms.
pub(super) fn profile(name: &str) -> String {
    if let Some(id) = name.strip_prefix("urn:li:").and_then(|rest| rest.split_once(':')).map(|(_, id)| id) {
        return format!("{PROFILE}{id}");
    }
    if name.starts_with("ACoAA") {
        return format!("{PROFILE}{name}");
    }
    let id = base64(&digest(b"profile", &name.to_lowercase()));
    format!("{PROFILE}ACoAA{}", id.get(..34).unwrap_or(&id))
}

/// The part of a profile URN that `senderProfileId` has.
pub(super) fn profile_id(urn: &str) -> &str {
    urn.strip_prefix(PROFILE).unwrap_or(urn)
}

/// The tail that all names of a conversation between these two share, `2-…==`.
pub(super) fn thread(owner: &str, person: &str) -> String {
    let bytes = digest(b"thread", &format!("{owner}\n{person}"));
    format!("2-{}", base64(bytes.get(..16).unwrap_or(&bytes)))
}

/// The URN of an ordinary conversation.
pub(super) fn conversation(owner: &str, thread: &str) -> String {
    format!("urn:li:msg_conversation:({owner},{thread})")
}

/// The URN of a Sales Navigator thread.
pub(super) fn sales_thread(thread: &str) -> String {
    format!("urn:li:salesNav_thread:{thread}")
}

/// The tail that all names of a message share; `number` is unique in a sandbox.
pub(super) fn message_tail(sent_at: i64, number: u64) -> String {
    format!("2-{}", base64(format!("{sent_at}b{number:08}-msg").as_bytes()))
}

/// The URN of a message as sends answer with it.
pub(super) fn message(owner: &str, tail: &str) -> String {
    format!("urn:li:msg_message:({owner},{tail})")
}

/// The other form of a message's URN.
pub(super) fn messaging_message(tail: &str) -> String {
    format!("urn:li:messagingMessage:{tail}")
}

/// The URN of an uploaded file.
pub(super) fn asset(content: u64, number: u64) -> String {
    let bytes = [mix(content).to_be_bytes(), mix(number).to_be_bytes()].concat();
    format!("urn:li:digitalmediaAsset:{}", base64(&bytes).trim_end_matches('='))
}

/// Scrambles a number so that near ones give far ones (the finisher of `SplitMix64`).
pub(super) const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One more piece folded into a running sum of bytes (FNV-1a); start with [`SUM`].
pub(super) fn sum(start: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The sum of nothing.
pub(super) const SUM: u64 = 0xcbf2_9ce4_8422_2325;

fn digest(space: &[u8], text: &str) -> Vec<u8> {
    let seed = sum(SUM, space);
    (0..4u64)
        .flat_map(|part| mix(sum(mix(seed ^ part), text.as_bytes())).to_be_bytes())
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: [char; 64] = {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut signs = ['A'; 64];
        let mut index = 0;
        while index < 64 {
            signs[index] = alphabet[index] as char;
            index += 1;
        }
        signs
    };
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0usize, |word, byte| word << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            text.push(if place <= group.len() {
                SIGNS[word >> (18 - 6 * place) & 63]
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_in_any_case_is_one_person() {
        assert_eq!(profile("Jane-Doe"), profile("jane-doe"));
        assert_ne!(profile("jane-doe"), profile("jane-do"));
        assert_eq!(profile("jane-doe").len(), "urn:li:fsd_profile:".len() + 39);
    }

    #[test]
    fn a_slug_and_its_urn_are_one_person() {
        let urn = profile("jane-doe");
        assert_eq!(profile(&urn), urn);
        assert_eq!(profile(profile_id(&urn)), urn);
        assert_eq!(profile(&urn.replace("fsd_profile", "fs_miniProfile")), urn);
    }

    #[test]
    fn the_names_keep_their_form_over_versions() {
        assert_eq!(profile("jane-doe"), "urn:li:fsd_profile:ACoAAU-FH_wYiMV2fnfJcF0BKUaLJ3S1f-71Wvf");
        assert!(thread("a", "b").starts_with("2-") && thread("a", "b").ends_with("=="));
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"M"), "TQ==");
        assert_ne!(message_tail(1, 1), message_tail(1, 2));
    }
}
