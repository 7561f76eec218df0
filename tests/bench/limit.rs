//! How many passwords this machine can hash when it does nothing else.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

const LONG_ENOUGH: Duration = Duration::from_secs(2);

/// Hashes with the provider's parameters on every core at once, each keeping its memory.
pub fn hashes_per_second() -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let workers: Vec<_> = (0..cores).map(|_| std::thread::spawn(move || hash_until(began))).collect();
    let hashes: u32 = workers.into_iter().map(|worker| worker.join().expect("hashes")).sum();
    f64::from(hashes) / began.elapsed().as_secs_f64()
}

fn hash_until(began: Instant) -> u32 {
    let params = Params::new(19_456, 2, 1, Some(32)).expect("parameters");
    let mut memory = vec![Block::default(); params.block_count()];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut hashes, mut tag) = (0, [0; 32]);
    while began.elapsed() < LONG_ENOUGH {
        argon
            .hash_password_into_with_memory(
                b"purple otter drumming",
                b"sixteen bytes :)",
                &mut tag,
                &mut memory,
            )
            .expect("a hash");
        hashes += 1;
    }
    hashes
}
