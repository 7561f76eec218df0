//! Sets this node's clock by the database's, so that several nodes agree on when things end.

use crate::base::{Fault, Span, SystemClock};
use crate::kit::Kit;

/// Beyond this the operator should know.
const ALARMING: Span = Span::seconds(5);

/// Measures how far the clocks are apart. A database on the same machine has no clock of its own.
pub(crate) async fn round(kit: &Kit, clock: &SystemClock) -> Result<(), Fault> {
    let before = clock.machine();
    let Some(remote) = kit.store.remote_clock().await? else { return Ok(()) };
    let after = clock.machine();
    // The answer was true about half-way between asking and hearing.
    let here = before.millis().midpoint(after.millis());
    let offset = remote.millis() - here;
    clock.set_offset(offset);
    if offset.abs() > ALARMING.as_millis() {
        tracing::warn!(offset, "this machine's clock differs from the database's by so many milliseconds");
    }
    Ok(())
}
