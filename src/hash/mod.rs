//! Password hashing: argon2id (RFC 9106), away from the threads that answer requests.
//!
//! At most one hash runs per core, a short queue waits, and the rest are told to come back. The memory of a
//! finished hash is kept for the next one: giving 19 MiB back and asking for them again
//! costs as much as a tenth of the hash. A few seconds after the last one it is given back.
//!
//! Hashes that other systems made ([`foreign`]) are checked in the same turns, and count as weak.

mod dialects;
mod foreign;
mod turns;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use self::foreign::Foreign;
pub(crate) use self::foreign::adopt;
use self::turns::Turns;
use crate::base::{Fault, Random, constant_time_eq};

/// KiB of address space for each hash, of which only what it needs is used: the C library gives back what is
/// larger than 32 MiB as soon as it is free, and keeps the rest for ever.
const ROOM: usize = 33 * 1024;
/// How long memory is kept after the last hash, at least.
const REST: Duration = Duration::from_secs(2);
const SALT: usize = 16;
const TAG: usize = 32;

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// KiB.
    pub(crate) memory: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl Cost {
    /// 19 MiB and two passes: the least that OWASP's password storage guidance accepts.
    pub(crate) const STANDARD: Self = Self { memory: 19_456, passes: 2, lanes: 1 };

    /// About thirty times what a hash takes: half a second. What other systems make as a matter of course is checked
    /// within it; what is accepted at the most takes twice as long.
    const fn beat(self) -> Duration {
        Duration::from_micros(self.memory as u64 * self.passes as u64 * 13)
    }
}

/// Too many people are logging in at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// What came of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    /// Right, and the stored hash is weaker than new ones are.
    RightButWeak,
    Wrong,
}

/// Hashes and checks passwords.
pub(crate) struct Hasher {
    workshop: Arc<Workshop>,
    turns: Turns,
    decoy: String,
}

struct Workshop {
    cost: Cost,
    pepper: [u8; 32],
    /// How many hashes are being made or wait for their turn.
    wanted: AtomicUsize,
    /// Memory of finished hashes.
    benches: Mutex<Vec<Vec<Block>>>,
    /// Whether somebody will look soon whether the memory can be given back.
    tidying: AtomicBool,
}

/// One hash that is being made or waits for its turn.
struct Want(Arc<Workshop>);

impl Want {
    fn new(workshop: &Arc<Workshop>) -> Self {
        workshop.wanted.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(workshop))
    }
}

impl Drop for Want {
    fn drop(&mut self) {
        let last = self.0.wanted.fetch_sub(1, Ordering::SeqCst) == 1;
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if last && !self.0.tidying.swap(true, Ordering::SeqCst) {
            let workshop = Arc::clone(&self.0);
            runtime.spawn(async move { workshop.tidy().await });
        }
    }
}

impl Hasher {
    /// A hasher of `cost` that runs `at_once` hashes and lets `queue` more wait.
    pub(crate) fn new(cost: Cost, pepper: [u8; 32], at_once: usize, queue: usize) -> Self {
        let workshop = Arc::new(Workshop {
            cost,
            pepper,
            wanted: AtomicUsize::new(0),
            benches: Mutex::default(),
            tidying: AtomicBool::new(false),
        });
        Self {
            workshop,
            turns: Turns::new(at_once, queue),
            // Checked against when nobody has the address: it must cost the same and never match.
            decoy: phc(cost, &[0; SALT], &[0; TAG]),
        }
    }

    /// The hash of a new password, in PHC form.
    pub(crate) async fn hash(
        &self,
        password: &str,
        random: &dyn Random,
    ) -> Result<Result<String, Busy>, Fault> {
        let mut salt = [0; SALT];
        random.fill(&mut salt);
        let password = normal(password);
        self.run(move |workshop| {
            let tag = workshop.tag(workshop.cost, password, &salt)?;
            Ok(phc(workshop.cost, &salt, &tag))
        })
        .await
    }

    /// Ends when a wrong password may be answered, be it long after the work is done. Hashes that came from other systems
    /// take their own time to check, which would tell that there is an account.
    pub(crate) fn beat(&self) -> tokio::time::Sleep {
        tokio::time::sleep(self.workshop.cost.beat())
    }

    /// Checks a password against a stored hash, or against a decoy of the same cost where there is none.
    pub(crate) async fn verify(
        &self,
        password: &str,
        stored: Option<&str>,
    ) -> Result<Result<Verdict, Busy>, Fault> {
        let exists = stored.is_some();
        let stored = Stored::parse(stored.unwrap_or(&self.decoy))
            .ok_or_else(|| Fault::new("a stored password hash is damaged"))?;
        let typed = Zeroizing::new(password.to_owned());
        self.run(move |workshop| match stored {
            Stored::Ours { cost, salt, tag } => {
                let same = constant_time_eq(workshop.tag(cost, normal(&typed), &salt)?, tag);
                Ok(match (same && exists, cost == workshop.cost) {
                    (true, true) => Verdict::Right,
                    (true, false) => Verdict::RightButWeak,
                    (false, _) => Verdict::Wrong,
                })
            }
            Stored::Foreign(foreign) => {
                let normal = normal(&typed);
                // Most systems take a password as it is typed.
                let right = foreign.matches(&typed)? || (*normal != *typed && foreign.matches(&normal)?);
                Ok(if right { Verdict::RightButWeak } else { Verdict::Wrong })
            }
        })
        .await
    }

    /// Has a password that somebody chooses judged in the turns of hashes: some take a second to take apart.
    pub(crate) async fn judge<T: Send + 'static>(
        &self,
        password: &str,
        judgement: impl FnOnce(&str) -> T + Send + 'static,
    ) -> Result<Result<T, Busy>, Fault> {
        let typed = Zeroizing::new(password.to_owned());
        self.turns.take(move || judgement(&typed)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Workshop) -> Result<T, Fault> + Send + 'static,
    ) -> Result<Result<T, Busy>, Fault> {
        let want = Want::new(&self.workshop);
        match self.turns.take(move || work(&want.0)).await? {
            Ok(result) => result.map(Ok),
            Err(busy) => Ok(Err(busy)),
        }
    }
}

impl Workshop {
    fn benches(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.benches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the memory back once nobody has hashed for a while.
    async fn tidy(&self) {
        loop {
            tokio::time::sleep(REST).await;
            if self.wanted.load(Ordering::SeqCst) == 0 {
                break;
            }
        }
        self.tidying.store(false, Ordering::SeqCst);
        self.benches().clear();
    }

    fn tag(&self, cost: Cost, password: Zeroizing<String>, salt: &[u8]) -> Result<[u8; TAG], Fault> {
        let failed = |error: argon2::Error| Fault::new(format!("a password could not be hashed: {error}"));
        let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(TAG)).map_err(failed)?;
        let blocks = params.block_count();
        let argon = Argon2::new_with_secret(&self.pepper, Algorithm::Argon2id, Version::V0x13, params)
            .map_err(failed)?;
        let mut bench = self.benches().pop().unwrap_or_else(|| Vec::with_capacity(blocks.max(ROOM)));
        bench.resize(blocks, Block::default());
        let mut tag = [0; TAG];
        let result = argon.hash_password_into_with_memory(password.as_bytes(), salt, &mut tag, &mut bench);
        drop(password);
        self.benches().push(bench);
        result.map_err(failed)?;
        Ok(tag)
    }
}

/// The same password typed on another keyboard must give the same bytes: Unicode's form NFC, and nothing else.
fn normal(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// A hash as it lies in the database.
enum Stored {
    Ours { cost: Cost, salt: Vec<u8>, tag: Vec<u8> },
    Foreign(Foreign),
}

impl Stored {
    fn parse(text: &str) -> Option<Self> {
        let ours = || parse(text).map(|(cost, salt, tag)| Self::Ours { cost, salt, tag });
        ours().or_else(|| Foreign::stored(text).map(Self::Foreign))
    }
}

/// The PHC string format, as argon2's reference implementation writes it.
fn phc(cost: Cost, salt: &[u8], tag: &[u8]) -> String {
    format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        cost.memory,
        cost.passes,
        cost.lanes,
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(tag)
    )
}

fn parse(stored: &str) -> Option<(Cost, Vec<u8>, Vec<u8>)> {
    let mut fields = stored.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, tag) = (fields.next()?, fields.next()?, fields.next()?);
    let mut costs = costs.split(',').map(|cost| cost.split_once('=').and_then(|(_, n)| n.parse().ok()));
    let cost = Cost { memory: costs.next()??, passes: costs.next()??, lanes: costs.next()?? };
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).ok();
    (fields.next().is_none()).then_some((cost, decode(salt)?, decode(tag)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRandom;

    const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

    #[tokio::test]
    async fn a_password_is_right_in_either_unicode_form_and_wrong_with_one_more_space() {
        let hasher = Hasher::new(CHEAP, [1; 32], 2, 4);
        let stored = hasher.hash("caf\u{e9} au lait", &SeededRandom::new(1)).await.unwrap().unwrap();
        for (typed, verdict) in [
            ("caf\u{e9} au lait", Verdict::Right),
            ("cafe\u{301} au lait", Verdict::Right),
            ("caf\u{e9} au lait ", Verdict::Wrong),
        ] {
            assert_eq!(hasher.verify(typed, Some(&stored)).await.unwrap(), Ok(verdict), "{typed}");
        }
        assert_eq!(hasher.verify("caf\u{e9} au lait", None).await.unwrap(), Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn row_97_a_hash_is_worth_nothing_without_the_pepper() {
        let stored =
            Hasher::new(CHEAP, [1; 32], 1, 1).hash("three random words", &SeededRandom::new(1)).await;
        let other = Hasher::new(CHEAP, [2; 32], 1, 1);
        let verdict = other.verify("three random words", Some(&stored.unwrap().unwrap())).await;
        assert_eq!(verdict.unwrap(), Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_right_but_weak() {
        let stored =
            Hasher::new(CHEAP, [1; 32], 1, 1).hash("three random words", &SeededRandom::new(1)).await;
        let dearer = Hasher::new(Cost { memory: 128, ..CHEAP }, [1; 32], 1, 1);
        let verdict = dearer.verify("three random words", Some(&stored.unwrap().unwrap())).await;
        assert_eq!(verdict.unwrap(), Ok(Verdict::RightButWeak));
    }

    #[tokio::test]
    async fn a_password_is_judged_by_another_thread_than_that_which_answers_requests() {
        let hasher = Hasher::new(CHEAP, [1; 32], 1, 1);
        let judgement = |typed: &str| (typed.len(), std::thread::current().id());
        let (length, thread) = hasher.judge("12345", judgement).await.unwrap().unwrap();
        assert_eq!(length, 5);
        assert_ne!(thread, std::thread::current().id());
    }

    #[tokio::test]
    async fn row_27_when_the_queue_is_full_the_next_is_told_so_at_once() {
        let hasher = Arc::new(Hasher::new(Cost { memory: 19_456, passes: 1, lanes: 1 }, [1; 32], 1, 2));
        let tries: Vec<_> = (0..20)
            .map(|_| {
                let hasher = Arc::clone(&hasher);
                tokio::spawn(async move { hasher.verify("x", None).await.unwrap() })
            })
            .collect();
        let mut busy = 0;
        for attempt in tries {
            busy += usize::from(attempt.await.unwrap() == Err(Busy));
        }
        assert_eq!(busy, 17, "one hashes, two wait");
    }
}
