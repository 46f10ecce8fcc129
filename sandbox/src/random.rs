//! Randomness that comes from a seed, so that two runs are alike.

/// Mixes two numbers into one that looks random (`SplitMix64`).
pub(crate) fn mix(seed: u64, value: u64) -> u64 {
    let mut z = seed
        ^ value
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number for a text (FNV-1a), so that a person's content depends on who it is and not on the order of the file.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// One of the choices, by a number.
pub(crate) fn pick<T: Copy>(choices: &[T], number: u64) -> Option<T> {
    let index = number % choices.len().max(1) as u64;
    choices.get(usize::try_from(index).unwrap_or(0)).copied()
}

/// One of the texts, by a number; empty if there are none.
pub(crate) fn word<'a>(choices: &[&'a str], number: u64) -> &'a str {
    pick(choices, number).unwrap_or_default()
}

/// A UUID of version 4 from a number.
pub(crate) fn uuid(number: u64) -> String {
    let (high, low) = (mix(number, 1), mix(number, 2));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_spreads_and_repeats() {
        assert_eq!(mix(7, 1), mix(7, 1));
        let distinct: std::collections::BTreeSet<u64> =
            (0..1000).map(|n| mix(7, n) % 1_000_003).collect();
        assert!(distinct.len() > 990, "{}", distinct.len());
        assert_ne!(hash("peter"), hash("mary"));
    }

    #[test]
    fn picking_from_nothing_gives_nothing() {
        assert_eq!(pick::<u8>(&[], 3), None);
        assert_eq!(word(&["a", "b"], 3), "b");
    }
}
