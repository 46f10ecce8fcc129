//! Which files are worth folding: many of about one size, so that a row is written anew about once for every
//! sixteenfold growth of its stream and not at every sync.

use std::ops::Range;

/// How many neighbours of about one size are folded, unless a test wants it otherwise.
pub(super) const WIDTH: usize = 16;

/// How many times as many are folded at most: so that a fold stays short where nothing was folded for long.
const MOST: usize = 4;

/// The largest file of the lowest tier, in bytes: a commit of a few rows.
const LOWEST: u64 = 16 << 10;

/// Returns which neighbours to fold, if any are worth it: `width` of one tier, with the smaller ones among them.
/// `sizes` are in bytes, oldest file first.
pub(super) fn choose(sizes: &[u64], width: usize) -> Option<Range<usize>> {
    let tiers: Vec<u32> = sizes.iter().map(|size| tier(*size)).collect();
    let highest = tiers.iter().copied().max()?;
    (0..=highest).find_map(|tier| run_of(&tiers, tier, width))
}

/// Returns the first run of at least `width` files of a tier that no higher one interrupts, from the first of them
/// to the last.
fn run_of(tiers: &[u32], wanted: u32, width: usize) -> Option<Range<usize>> {
    let mut members: Vec<usize> = Vec::new();
    for (at, tier) in tiers.iter().enumerate() {
        if *tier == wanted {
            members.push(at);
        } else if *tier > wanted {
            if members.len() >= width {
                break;
            }
            members.clear();
        }
    }
    let enough = members.len() >= width;
    members.truncate(width * MOST);
    enough
        .then(|| Some(*members.first()?..members.last()? + 1))
        .flatten()
}

fn tier(size: u64) -> u32 {
    let mut tier = 0;
    let mut largest = LOWEST;
    while size > largest {
        tier += 1;
        largest = largest.saturating_mul(WIDTH as u64);
    }
    tier
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: u64 = 8 << 10;

    #[test]
    fn few_files_are_left_alone() {
        assert_eq!(choose(&[], WIDTH), None);
        assert_eq!(choose(&[SMALL; 15], WIDTH), None);
        assert_eq!(choose(&[SMALL; 16], WIDTH), Some(0..16));
        assert_eq!(choose(&[SMALL; 1_000], WIDTH), Some(0..64));
    }

    #[test]
    fn a_big_file_is_not_rewritten_for_small_ones() {
        let mut sizes = vec![64 << 20];
        sizes.extend([SMALL; 20]);
        assert_eq!(choose(&sizes, WIDTH), Some(1..21));
    }

    #[test]
    fn files_that_grew_are_folded_with_their_like() {
        let mut sizes = vec![1 << 30];
        sizes.extend([1 << 20; 16]);
        sizes.extend([SMALL; 3]);
        assert_eq!(choose(&sizes, WIDTH), Some(1..17));
    }

    #[test]
    fn folding_at_every_commit_rewrites_a_row_seldom() {
        let (mut files, mut rewritten) = (Vec::new(), 0);
        for _ in 0..10_000 {
            files.extend([SMALL]);
            while let Some(run) = choose(&files, WIDTH) {
                let folded: u64 = files.drain(run.clone()).sum();
                rewritten += folded;
                files.insert(run.start, folded);
            }
        }
        assert!(files.len() < 64, "{} files", files.len());
        assert!(
            rewritten < 10_000 * SMALL * 5,
            "{} times",
            rewritten / SMALL / 10_000
        );
    }
}
