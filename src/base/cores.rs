//! On which cores threads run.
//!
//! A statement on SQLite is handed to the driver's thread and back. Where the two sit on different cores, each handing
//! over wakes a core that sleeps, and that costs several times what the statement does. So what answers requests and
//! what works for it stay on one core, and only password hashes, which are worth a core each, use them all.

/// Keeps the threads of this process, and those that they will start, on one of the cores that it may use.
pub(crate) fn gather() {
    #[cfg(target_os = "linux")]
    if let Err(error) = linux::gather() {
        // As quick as on any other system, and nothing worse.
        tracing::debug!(%error, "the threads stay on all cores");
    }
}

/// Lets the thread that calls it run on every core that the process may use.
pub(crate) fn scatter() {
    #[cfg(target_os = "linux")]
    linux::scatter();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::sync::OnceLock;

    use rustix::process::Pid;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// The cores that the process may use, once its threads were gathered.
    static ALL: OnceLock<CpuSet> = OnceLock::new();

    pub(super) fn gather() -> io::Result<()> {
        let all = sched_getaffinity(None)?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)).collect();
        // Several processes on one machine should not all take the first.
        let turn = usize::try_from(std::process::id()).unwrap_or(0).checked_rem(cores.len());
        let Some(core) = turn.and_then(|turn| cores.get(turn)) else { return Ok(()) };
        let _ = ALL.set(all);
        let mut one = CpuSet::new();
        one.set(*core);
        for task in std::fs::read_dir("/proc/self/task")? {
            let name = task?.file_name();
            let thread = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
            // A thread that has ended meanwhile needs no place.
            let _ = thread.map(|thread| sched_setaffinity(Some(thread), &one));
        }
        Ok(())
    }

    pub(super) fn scatter() {
        if let Some(all) = ALL.get() {
            // Where it is refused, this thread is slower and nothing else.
            let _ = sched_setaffinity(None, all);
        }
    }
}
