//! A request's body as it comes in: no more than so much, and no slower than so.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout};

use super::multipart::{Fault, Source};
use crate::server::edge::Body;
use crate::server::pace::{Pace, TooSlow};

/// How long an upload may take. What is larger must come faster.
const LONGEST: Duration = Duration::from_hours(12);

/// A body within bounds.
pub(super) struct Inflow {
    body: Body,
    left: u64,
    began: Instant,
    /// The time that the destination takes is not the client's.
    pace: Pace,
}

impl Inflow {
    /// Reads `body`, at most `most` bytes of it.
    pub(super) fn new(body: Body, most: u64) -> Self {
        Self {
            body,
            left: most,
            began: Instant::now(),
            pace: Pace::default(),
        }
    }
}

impl Source for Inflow {
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let asked = Instant::now();
            let came = timeout(self.pace.patience(), self.body.frame()).await;
            let data = match came {
                Err(_) => None,
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Fault::Cut),
                Ok(Some(Ok(frame))) => frame.into_data().ok(),
            };
            let bytes = data.as_ref().map_or(0, |data| data.len() as u64);
            let judged = self.pace.note(asked.elapsed(), bytes);
            judged.map_err(|TooSlow| Fault::Slow)?;
            if self.began.elapsed() >= LONGEST {
                return Err(Fault::Slow);
            }
            self.left = self.left.checked_sub(bytes).ok_or(Fault::TooLarge)?;
            if bytes > 0 {
                return Ok(data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, stream};
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    /// A body of so many bytes each so often, for ever.
    fn drip(bytes: usize, every: Duration) -> Body {
        let frames = stream::unfold((), move |()| async move {
            tokio::time::sleep(every).await;
            let frame: Result<_, crate::server::edge::BoxError> =
                Ok(Frame::data(Bytes::from(vec![0; bytes])));
            Some((frame, ()))
        });
        Body::new(StreamBody::new(frames.boxed()))
    }

    async fn read_for(body: Body, most: u64, span: Duration) -> Result<u64, Fault> {
        let (mut inflow, began, mut read) = (Inflow::new(body, most), Instant::now(), 0);
        while began.elapsed() < span {
            read += inflow.next().await?.map_or(0, |piece| piece.len() as u64);
        }
        Ok(read)
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_is_noticed_and_a_steady_one_is_not() {
        let hour = Duration::from_hours(1);
        let second = Duration::from_secs(1);
        let slow = read_for(drip(500, second), u64::MAX, hour).await;
        assert_eq!(slow, Err(Fault::Slow));
        let silent = read_for(drip(1, hour * 2), u64::MAX, hour).await;
        assert_eq!(silent, Err(Fault::Slow));
        let steady = read_for(drip(2_000, second), u64::MAX, hour).await;
        assert_eq!(steady, Ok(7_200_000));
        let endless = read_for(drip(2_000, second), u64::MAX, hour * 24).await;
        assert_eq!(endless, Err(Fault::Slow));
    }

    #[tokio::test(start_paused = true)]
    async fn the_bound_is_exact() {
        let second = Duration::from_secs(1);
        let within = read_for(drip(100_000, second), 300_000, second * 3).await;
        assert_eq!(within, Ok(300_000));
        let beyond = read_for(drip(100_000, second), 299_999, second * 3).await;
        assert_eq!(beyond, Err(Fault::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_destination_is_not_the_clients_fault() {
        let mut inflow = Inflow::new(drip(100, Duration::from_millis(1)), u64::MAX);
        for _ in 0..100 {
            inflow.next().await.unwrap();
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }
}
