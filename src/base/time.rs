//! Time as it is stored and compared: whole milliseconds since the Unix epoch.

use std::sync::atomic::{AtomicI64, Ordering};

/// A moment, in milliseconds since 1 January 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    pub(crate) const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub(crate) const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down: the `NumericDate` of RFC 7519, section 2.
    pub(crate) const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment, or where it is not later than `other`, the one right after that: versions must differ.
    pub(crate) fn after(self, other: Self) -> Self {
        self.max(Self(other.0.saturating_add(1)))
    }

    /// How long ago `earlier` was; zero where it lies ahead.
    pub(crate) fn since(self, earlier: Self) -> Span {
        Span((self.0.saturating_sub(earlier.0)).max(0))
    }
}

impl std::ops::Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl std::ops::Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// A length of time, never negative, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(i64);

impl Span {
    pub(crate) const fn seconds(seconds: u32) -> Self {
        Self(seconds as i64 * 1000)
    }

    pub(crate) const fn minutes(minutes: u32) -> Self {
        Self(minutes as i64 * 60_000)
    }

    pub(crate) const fn hours(hours: u32) -> Self {
        Self::minutes(hours * 60)
    }

    pub(crate) const fn days(days: u32) -> Self {
        Self(days as i64 * 86_400_000)
    }

    pub(crate) const fn as_seconds(self) -> i64 {
        self.0 / 1000
    }

    pub(crate) const fn as_millis(self) -> i64 {
        self.0
    }

    pub(crate) const fn times(self, factor: u32) -> Self {
        Self(self.0.saturating_mul(factor as i64))
    }

    pub(crate) fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.unsigned_abs())
    }
}

/// Where the present comes from: the machine in service, the test's hand in a test.
pub(crate) trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The machine's clock, set right by the database's where several nodes must agree.
#[derive(Default)]
pub(crate) struct SystemClock {
    offset: AtomicI64,
    /// How far a script of the demo has run ahead, in milliseconds; zero in service.
    ahead: AtomicI64,
}

impl SystemClock {
    /// Adds `millis` to every reading from now on: how far the database's clock runs ahead of this machine's.
    pub(crate) fn set_offset(&self, millis: i64) {
        self.offset.store(millis, Ordering::Relaxed);
    }

    /// Runs ahead by `span` more from now on: how the demo lets a script wait without waiting. Returns how far
    /// ahead that is altogether, in milliseconds.
    #[cfg(feature = "demo")]
    pub(crate) fn advance(&self, span: Span) -> i64 {
        self.ahead.fetch_add(span.as_millis(), Ordering::Relaxed) + span.as_millis()
    }

    /// The machine's own reading, without the offset.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that the others are told to ask")]
    pub(crate) fn machine(&self) -> Timestamp {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let offset = self.offset.load(Ordering::Relaxed).saturating_add(self.ahead.load(Ordering::Relaxed));
        Timestamp(self.machine().millis().saturating_add(offset))
    }
}

/// A clock that stands still until it is moved.
#[cfg(test)]
pub(crate) struct ManualClock(AtomicI64);

#[cfg(test)]
impl ManualClock {
    pub(crate) fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.millis()))
    }

    pub(crate) fn advance(&self, span: Span) {
        self.0.fetch_add(span.as_millis(), Ordering::SeqCst);
    }

    pub(crate) fn step_back(&self, span: Span) {
        self.0.fetch_sub(span.as_millis(), Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
