//! Whose turn it is to hash: so many at once, a short queue, and the rest are told to come back.
//!
//! A thread that has finished takes the next from the queue by itself: no core stands idle until somebody who answers
//! requests finds the time to hand it more.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::Busy;
use crate::base::{Fault, cores};

/// How long a log-in waits for its turn and its hash.
const PATIENCE: Duration = Duration::from_secs(6);

/// The places where hashes are made, and the queue for them.
pub(super) struct Turns {
    line: Arc<Line>,
    at_once: usize,
    places: usize,
}

#[derive(Default)]
struct Line(Mutex<Standing>);

#[derive(Default)]
struct Standing {
    /// How many threads hash. Where there are fewer than there may be, nobody waits.
    working: usize,
    waiting: VecDeque<Box<dyn Job>>,
}

/// Work that waits for its turn.
trait Job: Send {
    /// Whether anybody waits for it still.
    fn is_wanted(&self) -> bool;
    /// What hands the result to whoever waits for it.
    fn run(self: Box<Self>) -> Box<dyn FnOnce()>;
}

struct Answered<T, Work> {
    work: Work,
    answer: oneshot::Sender<T>,
}

impl<T: Send + 'static, Work: FnOnce() -> T + Send> Job for Answered<T, Work> {
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn run(self: Box<Self>) -> Box<dyn FnOnce()> {
        let Self { work, answer } = *self;
        let result = work();
        // Whoever asked may have gone away meanwhile.
        Box::new(move || drop(answer.send(result)))
    }
}

impl Turns {
    pub(super) fn new(at_once: usize, places: usize) -> Self {
        Self { line: Arc::default(), at_once: at_once.max(1), places }
    }

    /// Does the work when its turn has come.
    ///
    /// # Errors
    /// Where it panics.
    pub(super) async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Result<T, Busy>, Fault> {
        let (answer, answered) = oneshot::channel();
        if !self.join(Box::new(Answered { work, answer })) {
            return Ok(Err(Busy));
        }
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(result)) => Ok(Ok(result)),
            Ok(Err(_)) => Err(Fault::new("a password could not be hashed")),
            Err(_) => Ok(Err(Busy)),
        }
    }

    /// Begins with a job, or puts it at the end of the queue; `false` where that is full.
    fn join(&self, job: Box<dyn Job>) -> bool {
        let mut standing = self.line.standing();
        if standing.working < self.at_once {
            standing.working += 1;
            let line = Arc::clone(&self.line);
            spawn_blocking(move || line.work_off(job));
            return true;
        }
        if standing.waiting.len() >= self.places {
            standing.waiting.retain(|job| job.is_wanted());
        }
        let is_room = standing.waiting.len() < self.places;
        if is_room {
            standing.waiting.push_back(job);
        }
        is_room
    }
}

impl Line {
    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one job after another until nobody waits.
    fn work_off(&self, first: Box<dyn Job>) {
        cores::scatter();
        let mut next = Some(first);
        while let Some(job) = next {
            // A panic, which ends only that job, must not take the place away from those who wait.
            let done = job.is_wanted().then(|| catch_unwind(AssertUnwindSafe(|| job.run())));
            // Whoever hears of it finds the place free, if nobody waits.
            next = self.next();
            if let Some(Ok(hand_over)) = done {
                hand_over();
            }
        }
    }

    fn next(&self) -> Option<Box<dyn Job>> {
        let mut standing = self.standing();
        let next = standing.waiting.pop_front();
        if next.is_none() {
            standing.working -= 1;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_takes_nobodys_turn_away() {
        let turns = Turns::new(1, 8);
        for _ in 0..3 {
            let broken = turns.take(|| -> u8 { panic!("it was to be expected") }).await;
            assert!(broken.is_err());
            assert_eq!(turns.take(|| 7).await.unwrap(), Ok(7));
        }
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_the_place_to_somebody_else() {
        let turns = Arc::new(Turns::new(1, 1));
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let long = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.take(move || held.recv().is_err()).await }
        });
        tokio::task::yield_now().await;
        let gone = tokio::time::timeout(Duration::from_millis(1), turns.take(|| 1)).await;
        assert!(gone.is_err(), "it has to wait");
        let next = turns.take(|| 2);
        let refused = async {
            tokio::task::yield_now().await;
            let refused = turns.take(|| 3).await.unwrap();
            drop(hold);
            refused
        };
        let (next, refused) = tokio::join!(next, refused);
        assert_eq!((next.unwrap(), refused), (Ok(2), Err(Busy)));
        assert_eq!(long.await.unwrap().unwrap(), Ok(true));
    }
}
