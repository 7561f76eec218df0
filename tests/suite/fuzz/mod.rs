//! Whatever comes from outside, damaged at random: good examples are taken, altered a little again and again, and
//! handed to what reads them, which has to keep its promises. An example that is answered as none was before is kept
//! and altered further, so that the search goes on from where it got to.
//!
//!     cargo test --lib fuzz                                          # a moment for each target
//!     GATEHOUSE_FUZZ_SECONDS=600 cargo test --release --lib fuzz     # ten minutes for each
//!
//! The short search makes the same choices every time; the long one makes others. What broke a promise is printed,
//! ready to be put among the examples of its target.
//!
//! **To add a target:** a test that calls [`fuzz`] with a world to make, or [`read`] where none is needed: examples,
//! and a function that takes bytes, asserts what must always be so, and returns in a few words what came of it.

mod readers;
mod signed;
mod wire;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::base::{OsRandom, Random, SeededRandom};

/// How long one target is tried where nothing else is said.
const MOMENT: Duration = Duration::from_millis(300);
/// How long one example may take, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// Examples after which the world is made anew, so that it does not fill up.
const WORLD: usize = 50_000;
const MOST_KEPT: usize = 1_000;
const LONGEST: usize = 8 * 1024;

/// What readers have stumbled over before.
const WORDS: &[&str] = &[
    "\0",
    "%00",
    "%0a",
    "%0d%0a",
    "\r\n",
    "%",
    "%f",
    "%ff",
    "%ef%bf%bd",
    "+",
    "%2b",
    "%20",
    " ",
    "\t",
    "&",
    "=",
    "?",
    "#",
    ";",
    ":",
    ",",
    ".",
    "..",
    "/",
    "//",
    "/../",
    "\\",
    "@",
    "@evil.example",
    "//evil.example/",
    "https://",
    "https://evil.example/",
    "javascript:",
    "\"",
    "'",
    "\"><zq>",
    "<zq>",
    "%3Czq%3E",
    "{{7*7}}",
    "{%",
    "[",
    "]",
    "{}",
    "[]",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "9999999999999999999999",
    "18446744073709551615",
    "0.5",
    "\u{202e}",
    "\u{e9}",
    "\u{ff0e}",
    "\u{3002}",
    "\u{1f600}",
    "%e2%80%ae",
    "none",
    "HS256",
    "\"alg\":\"none\"",
    "Basic ",
    "Bearer ",
    "__Host-session=",
    "==",
    "prompt=none",
    "openid",
    "127.0.0.1",
    "[::1]",
    "xn--",
];

/// Tries a target that needs nothing but what it reads.
async fn read(examples: &[&str], target: impl Fn(&[u8]) -> String) {
    let world = async || ((), examples.iter().map(|text| text.as_bytes().to_vec()).collect());
    search(usize::MAX, world, async |(), input: &[u8]| target(input)).await;
}

/// Tries a target in a world, which comes with the examples to begin from.
async fn fuzz<W>(world: impl AsyncFn() -> (W, Vec<Vec<u8>>), target: impl AsyncFn(&W, &[u8]) -> String) {
    search(WORLD, world, target).await;
}

/// Goes on until the time is over, in one world after another, each for some altered examples.
async fn search<W>(
    most: usize,
    world: impl AsyncFn() -> (W, Vec<Vec<u8>>),
    target: impl AsyncFn(&W, &[u8]) -> String,
) {
    let seconds = std::env::var("GATEHOUSE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let (time, seed) = match seconds {
        Some(seconds) => (Duration::from_secs(seconds), OsRandom.below(u64::MAX)),
        None => (MOMENT, 1),
    };
    let random = SeededRandom::new(seed);
    let (mut tried, mut best, mut begun) = (0, 0, None::<Instant>);
    while begun.is_none_or(|began| began.elapsed() < time) {
        let (here, mut kept) = world().await;
        // The first world takes its time to make, which is not counted.
        let began = *begun.get_or_insert_with(now);
        let mut answers = BTreeSet::new();
        for example in &kept {
            answers.insert(run(&here, &target, example).await);
        }
        for _ in 0..most {
            tried += 1;
            let input = alter(&random, &kept);
            let answer = run(&here, &target, &input).await;
            if answers.insert(answer) && kept.len() < MOST_KEPT {
                kept.push(input);
            }
            if began.elapsed() >= time {
                break;
            }
        }
        best = best.max(answers.len());
    }
    eprintln!("{tried} altered examples, {best} different answers");
}

async fn run<W>(world: &W, target: &impl AsyncFn(&W, &[u8]) -> String, input: &[u8]) -> String {
    let began = now();
    let culprit = Culprit(input);
    let answer = target(world, input).await;
    assert!(began.elapsed() < PATIENCE, "it took {:?}", began.elapsed());
    drop(culprit);
    answer
}

#[expect(
    clippy::disallowed_methods,
    reason = "the search is as long as it was told to be, by the real clock"
)]
fn now() -> Instant {
    Instant::now()
}

/// Says what broke a promise, if one is broken while it lives.
struct Culprit<'a>(&'a [u8]);

impl Drop for Culprit<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what broke it: \"{}\"", self.0.escape_ascii());
        }
    }
}

/// One of the examples with up to eight alterations.
fn alter(random: &SeededRandom, kept: &[Vec<u8>]) -> Vec<u8> {
    let mut input = choose(random, kept).clone();
    for _ in 0..1 << random.below(4) {
        alter_once(random, kept, &mut input);
    }
    input.truncate(LONGEST);
    input
}

fn alter_once(random: &SeededRandom, kept: &[Vec<u8>], input: &mut Vec<u8>) {
    let (from, to) = part(random, input);
    let at = from;
    match random.below(9) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = u8::try_from(random.below(256)).unwrap(),
        2 => drop(input.drain(from..to)),
        3 => {
            let again = input[from..to].repeat(usize::try_from(1 + random.below(4)).unwrap());
            input.splice(at..at, again);
        }
        4 => drop(input.splice(at..at, choose(random, WORDS).bytes())),
        5 => drop(input.splice(from..to, choose(random, WORDS).bytes())),
        6 => {
            let other = choose(random, kept);
            let (start, end) = part(random, other);
            input.splice(from..to, other[start..end].iter().copied());
        }
        7 => {
            let escaped =
                input[from..to.min(from + 8)].iter().map(|byte| format!("%{byte:02x}")).collect::<String>();
            input.splice(from..to.min(from + 8), escaped.bytes());
        }
        _ => input[from..to].iter_mut().for_each(|byte| *byte = byte.to_ascii_uppercase()),
    }
}

/// A part of an example, most often a short one.
fn part(random: &SeededRandom, whole: &[u8]) -> (usize, usize) {
    let below = |bound: usize| usize::try_from(random.below(bound as u64)).unwrap();
    let from = below(whole.len() + 1);
    let longest = if random.below(8) == 0 { whole.len() } else { 16 };
    (from, whole.len().min(from + below(longest + 1)))
}

fn choose<'a, T>(random: &SeededRandom, among: &'a [T]) -> &'a T {
    &among[usize::try_from(random.below(among.len() as u64)).unwrap()]
}

/// What `error_description` may be made of (RFC 6749, section 5.2).
fn assert_plain(words: &str) {
    let is_plain = |b: u8| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(words.bytes().all(is_plain), "not in the alphabet: {words:?}");
}
