//! Randomness, handed in so that tests can repeat it.

/// A source of unpredictable bytes.
pub(crate) trait Random: Send + Sync {
    /// Fills `bytes`. A source that cannot, ends the process: there is no safe way on.
    fn fill(&self, bytes: &mut [u8]);

    /// A number from 0 to `bound` - 1, every one as likely as any other.
    ///
    /// Draws again where a plain remainder would favour the small numbers.
    fn below(&self, bound: u64) -> u64 {
        let bound = bound.max(1);
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let mut bytes = [0; 8];
            self.fill(&mut bytes);
            let drawn = u64::from_le_bytes(bytes);
            if drawn < fair {
                return drawn % bound;
            }
        }
    }
}

/// The operating system's generator.
pub(crate) struct OsRandom;

impl Random for OsRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the one source that the others are told to ask")]
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Guessable secrets would be worse than no service.
            std::process::abort();
        }
    }
}

/// A repeatable stream for tests: SHA-256 in counter mode over a seed.
#[cfg(test)]
pub(crate) struct SeededRandom(std::sync::Mutex<(u64, u64)>);

#[cfg(test)]
impl SeededRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(std::sync::Mutex::new((seed, 0)))
    }
}

#[cfg(test)]
impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in bytes.chunks_mut(32) {
            let (seed, counter) = *state;
            state.1 += 1;
            let block = crate::base::sha256([seed.to_le_bytes(), counter.to_le_bytes()].concat());
            for (target, source) in chunk.iter_mut().zip(block) {
                *target = source;
            }
        }
    }
}
