//! Transactions on SQLite, and the commits that they share.
//!
//! What makes a change durable is a write to disk, and it costs the same for one transaction as for ten. So
//! those that wait for the writer while others are at work become members of one **batch**: each is a savepoint
//! that can be taken back alone, and nobody is told that a change is kept before the whole batch is on disk.
//! Where nobody waits, a transaction is committed by itself, as it would be anywhere.
//!
//! A member that is done goes to the end of the queue; by the time its turn comes again, everybody who stood
//! before it has joined, and it commits for all of them. Each step is done to its end, so that a visitor who
//! goes away in the middle leaves nothing in a state that nobody knows.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::{Conn, asking};
use crate::base::Fault;

/// Beyond this something is wrong, and whoever waits should hear of it.
const PATIENCE: Duration = Duration::from_secs(10);

const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const SET_APART: &str = "SAVEPOINT member";
/// What the member before did stays; what this one does can be taken back alone.
const SET_APART_AGAIN: &str = "RELEASE member; SAVEPOINT member";
const TAKE_BACK: &str = "ROLLBACK TO member";

/// The connection that writes, and the queue for it.
pub(super) struct Writer {
    desk: Arc<Mutex<Desk>>,
    /// How many stand in the queue to begin.
    waiting: AtomicUsize,
    commits: Arc<AtomicU64>,
}

struct Desk {
    conn: Conn,
    /// The transaction that is open.
    batch: Option<Batch>,
    /// Whether the last member went away without committing.
    abandoned: bool,
}

/// An open transaction, and who waits for it to be kept.
struct Batch {
    fate: watch::Sender<Fate>,
    /// Whether there is a savepoint: the first member has none, for with it goes the whole transaction.
    set_apart: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    Kept,
    Lost,
}

impl Writer {
    pub(super) fn new(conn: Conn, commits: Arc<AtomicU64>) -> Self {
        let desk = Desk { conn, batch: None, abandoned: false };
        Self { desk: Arc::new(Mutex::new(desk)), waiting: AtomicUsize::new(0), commits }
    }

    /// The connection, outside of any transaction.
    pub(super) async fn exclusive(&self) -> Result<impl DerefMut<Target = Conn> + use<>, Fault> {
        let mut desk = self.lock().await?;
        if desk.batch.is_some() {
            self.keep(&mut desk).await?;
        }
        Ok(Exclusive(desk))
    }

    async fn lock(&self) -> Result<OwnedMutexGuard<Desk>, Fault> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.desk).lock_owned()).await;
        let mut desk = turn.map_err(|_| Fault::new("the database has too much to write").that_may_pass())?;
        desk.tidy().await;
        Ok(desk)
    }

    /// Commits the batch for all its members.
    async fn keep(&self, desk: &mut Desk) -> Result<(), Fault> {
        let Some(batch) = desk.batch.take() else { return Err(Fault::new("no transaction is open")) };
        let kept = run(&mut desk.conn, COMMIT).await;
        if kept.is_ok() {
            self.commits.fetch_add(1, Ordering::Relaxed);
            batch.fate.send_replace(Fate::Kept);
        } else {
            batch.fate.send_replace(Fate::Lost);
            desk.give_up().await;
        }
        kept.map_err(asking("commit"))
    }

    /// Waits until a batch is kept, or for the turn to keep it.
    async fn see_to(&self, mut fate: watch::Receiver<Fate>) -> Result<(), Fault> {
        let turn = tokio::select! {
            told = fate.wait_for(|fate| *fate != Fate::Open) => { drop(told); None }
            desk = self.lock() => Some(desk?),
        };
        match turn {
            Some(mut desk) if *fate.borrow() == Fate::Open => return self.keep(&mut desk).await,
            _ => {}
        }
        let fate = *fate.borrow();
        match fate {
            Fate::Kept => Ok(()),
            Fate::Open | Fate::Lost => {
                Err(Fault::new("the database did not keep a change, nor those beside it").that_may_pass())
            }
        }
    }
}

impl Desk {
    /// Takes back what the last member did, where it went away without committing.
    async fn tidy(&mut self) {
        if !std::mem::take(&mut self.abandoned) {
            return;
        }
        let alone = self.batch.as_ref().is_none_or(|batch| !batch.set_apart);
        // SQLite ends the whole transaction by itself when the disk is full: then there is no savepoint either.
        if alone || run(&mut self.conn, TAKE_BACK).await.is_err() {
            self.give_up().await;
        }
    }

    /// Takes back all that is in the open transaction.
    async fn give_up(&mut self) {
        if let Some(batch) = self.batch.take() {
            batch.fate.send_replace(Fate::Lost);
        }
        // That there is nothing to roll back is no harm.
        let _ = run(&mut self.conn, ROLLBACK).await;
    }

    /// Makes room for one more member.
    async fn seat(&mut self) -> Result<(), Fault> {
        let doing = asking("begin a transaction");
        let Some(batch) = &mut self.batch else {
            run(&mut self.conn, BEGIN).await.map_err(doing)?;
            self.batch = Some(Batch { fate: watch::Sender::new(Fate::Open), set_apart: false });
            return Ok(());
        };
        let statement = if batch.set_apart { SET_APART_AGAIN } else { SET_APART };
        batch.set_apart = true;
        if let Err(error) = run(&mut self.conn, statement).await {
            self.give_up().await;
            return Err(doing(error));
        }
        Ok(())
    }
}

async fn run(conn: &mut Conn, statement: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(statement).execute(conn).await.map(drop)
}

/// Work that is done to its end: where whoever wants the result goes away, it goes on in a task of its own.
struct Unhindered<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

fn unhindered<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Unhindered<T> {
    Unhindered(Some(Box::pin(work)))
}

impl<T: Send + 'static> Future for Unhindered<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = self.0.as_mut() else { return Poll::Pending };
        let progress = work.as_mut().poll(context);
        if progress.is_ready() {
            self.0 = None;
        }
        progress
    }
}

impl<T: Send + 'static> Drop for Unhindered<T> {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move { drop(work.await) });
        }
    }
}

struct Exclusive(OwnedMutexGuard<Desk>);

impl Deref for Exclusive {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.0.conn
    }
}

impl DerefMut for Exclusive {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0.conn
    }
}

/// One transaction. Dropped without [`Member::commit`], it never happened.
pub(crate) struct Member {
    desk: OwnedMutexGuard<Desk>,
    writer: Arc<Writer>,
    done: bool,
}

impl Member {
    /// Begins a transaction: in the batch that is open, or as the first of a new one.
    pub(super) async fn enter(writer: Arc<Writer>) -> Result<Self, Fault> {
        unhindered(async move {
            writer.waiting.fetch_add(1, Ordering::SeqCst);
            let turn = writer.lock().await;
            writer.waiting.fetch_sub(1, Ordering::SeqCst);
            let mut desk = turn?;
            desk.seat().await?;
            Ok(Self { desk, writer, done: false })
        })
        .await
    }

    /// Makes everything since the beginning durable, all at once.
    pub(super) async fn commit(self) -> Result<(), Fault> {
        unhindered(async move {
            let writer = Arc::clone(&self.writer);
            match self.leave().await? {
                None => Ok(()),
                Some(fate) => writer.see_to(fate).await,
            }
        })
        .await
    }

    /// Commits where nobody waits; else leaves the desk to the next, with the fate to wait for.
    async fn leave(mut self) -> Result<Option<watch::Receiver<Fate>>, Fault> {
        self.done = true;
        if self.writer.waiting.load(Ordering::SeqCst) == 0 {
            self.writer.keep(&mut self.desk).await?;
            return Ok(None);
        }
        Ok(self.desk.batch.as_ref().map(|batch| batch.fate.subscribe()))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        self.desk.abandoned = true;
        // Whoever comes next takes it back, and somebody must come: an open transaction keeps others out.
        if let Ok(runtime) = Handle::try_current() {
            let writer = Arc::clone(&self.writer);
            runtime.spawn(async move { writer.lock().await.map(drop) });
        }
    }
}

impl Deref for Member {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.desk.conn
    }
}

impl DerefMut for Member {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.desk.conn
    }
}
