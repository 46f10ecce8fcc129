//! How many requests may be under way: one more as long as all goes well, half as many when the vendor complains.

/// A bound that feels its way (additive increase, multiplicative decrease).
#[derive(Debug)]
pub(super) struct Window {
    limit: f64,
    under_way: usize,
}

impl Window {
    /// Begins at `most`: the vendor's documented bound is usually right.
    pub(super) fn new(most: usize) -> Self {
        Self {
            limit: to_f64(most.max(1)),
            under_way: 0,
        }
    }

    /// Takes a place if there is one below both the bound and `most`.
    pub(super) fn has_room(&self, most: usize) -> bool {
        to_f64(self.under_way) + 1.0 <= self.limit.min(to_f64(most.max(1))).max(1.0)
    }

    pub(super) fn enter(&mut self) {
        self.under_way += 1;
    }

    pub(super) fn leave(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Adds one place for every full round of successes.
    pub(super) fn widen(&mut self, most: usize) {
        self.limit = (self.limit + 1.0 / self.limit).min(to_f64(most.max(1)));
    }

    pub(super) fn halve(&mut self) {
        self.limit = (self.limit / 2.0).max(1.0);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.under_way == 0
    }
}

#[allow(clippy::cast_precision_loss, reason = "places are far below 2^53")]
fn to_f64(places: usize) -> f64 {
    places as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(window: &mut Window, most: usize) -> usize {
        let mut taken = 0;
        while window.has_room(most) {
            window.enter();
            taken += 1;
        }
        (0..taken).for_each(|_| window.leave());
        taken
    }

    #[test]
    fn it_halves_at_once_and_grows_by_one_a_round() {
        let mut window = Window::new(8);
        assert_eq!(places(&mut window, 8), 8);
        window.halve();
        assert_eq!(places(&mut window, 8), 4);
        (0..5).for_each(|_| window.widen(8));
        assert_eq!(places(&mut window, 8), 5);
        (0..1_000).for_each(|_| window.widen(8));
        assert_eq!(places(&mut window, 8), 8);
        (0..9).for_each(|_| window.halve());
        assert_eq!(places(&mut window, 8), 1);
    }
}
