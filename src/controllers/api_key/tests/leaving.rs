//! An object that goes takes all that it has made along, and nothing that its connection needs.

use futures::FutureExt as _;

use super::super::end::{end_all, tidy};
use super::fake::{Crash, Kind};
use super::{Stage, kinds};

impl Stage {
    /// Ends what the object has made, as its deletion does; none where that is cut off.
    fn end_all(&self, is_needed: bool) -> Option<()> {
        let ground = self.ground_of(&self.object);
        let ended = end_all(&ground, &self.object, is_needed).now_or_never()?;
        ended.unwrap();
        tidy(&ground).now_or_never()?.unwrap();
        Some(())
    }
}

#[test]
fn an_object_that_goes_leaves_nothing_but_what_the_connection_needs() {
    for is_credential in [false, true] {
        let mut stage = Stage::new(Kind::MakesItself, is_credential);
        stage.settle();
        stage.rotate("1");
        stage.settle();
        stage.rotate("2");
        // Cut off when the key is made and nobody has written it down.
        stage
            .world
            .crash_at(Some(Crash::After(stage.world.effects() + 2)));
        while stage.try_pass().is_some() {}
        stage.world.crash_at(None);
        let kept = stage.status().current.clone().unwrap().id;
        let ground = stage.ground_of(&stage.object);
        let ended = end_all(&ground, &stage.object, is_credential);
        ended.now_or_never().unwrap().unwrap();
        let left = if is_credential { vec![kept] } else { vec![] };
        assert_eq!(stage.world.alive(), left);
    }
}

/// Makes a key, and is cut off so many effects after another one was asked for.
fn cut_off(kind: Kind, is_credential: bool, effects: usize) -> Stage {
    let mut stage = Stage::new(kind, is_credential);
    stage.world.put_foreign_entry("theirs");
    stage.settle();
    stage.rotate("1");
    stage.world.crash_in(Crash::After(effects));
    while stage.try_pass().is_some() && !stage.world.has_crashed() {
        if stage.status().pending.is_none() && stage.status().previous.len() == 1 {
            break;
        }
    }
    stage.world.crash_at(None);
    stage
}

#[test]
fn nothing_that_waits_is_left_in_the_connections_secret_wherever_it_is_cut_off() {
    for (kind, is_needed) in kinds() {
        let mut waited = 0;
        for effects in 0..12 {
            for end in 0..6 {
                for crash in [Crash::Before(end), Crash::After(end)] {
                    let stage = cut_off(kind, true, effects);
                    waited += usize::from(!stage.world.has_nothing_waiting());
                    let held = stage.world.held();
                    stage.world.crash_in(crash);
                    let _ = stage.end_all(is_needed);
                    stage.world.crash_at(None);
                    stage.end_all(is_needed).unwrap();
                    assert_eq!(stage.world.names(), ["key", "theirs"]);
                    assert_eq!(stage.world.notes(), [""; 0]);
                    assert_eq!(stage.world.held(), held, "the key in use stays");
                    let alive: Vec<_> = held.into_iter().filter(|_| is_needed).collect();
                    assert_eq!(stage.world.alive(), alive);
                }
            }
        }
        assert!(waited >= 12, "{kind:?}: only {waited} had anything waiting");
    }
}

#[test]
fn a_key_that_somebody_has_put_back_is_not_revoked_with_the_object() {
    let mut stage = Stage::new(Kind::Drafts, true);
    stage.settle();
    stage.rotate("1");
    stage.settle();
    assert_eq!(stage.status().previous[0].id, "foreign");
    stage.world.put_foreign_key();
    stage.end_all(true).unwrap();
    assert_eq!(stage.world.alive(), ["foreign"]);
}

#[test]
fn what_another_object_has_put_into_the_secret_stays() {
    let stage = cut_off(Kind::Drafts, true, 3);
    assert!(!stage.world.has_nothing_waiting());
    let (names, notes) = (stage.world.names(), stage.world.notes());
    let mut other = stage.object.clone();
    other.metadata.uid = Some("another".to_owned());
    let tidied = tidy(&stage.ground_of(&other)).now_or_never();
    tidied.unwrap().unwrap();
    assert_eq!((stage.world.names(), stage.world.notes()), (names, notes));
}
