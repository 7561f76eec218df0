//! A power cut takes what is not on disk: so everything is, before its answer leaves (SECURITY, row 102).
//!
//! The provider runs under strace, and its system calls are read in the order in which they happened.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::backups::{furnished, path};
use crate::house::{House, Node, PATIENCE, PROGRAM};
use crate::http::Browser;
use crate::partner::{ALEX, PASSWORD, Service, code_for, terminate};

const JOURNEYS: usize = 5;
const CALLS: &str = "trace=read,recvfrom,write,writev,sendto,sendmsg,pwrite64,openat,close,fsync,fdatasync";

/// A system call, with the lines of the trace on which it began and was over.
struct Call {
    began: usize,
    over: usize,
    text: String,
}

impl Call {
    fn name(&self) -> &str {
        self.text.split('(').next().unwrap_or_default()
    }

    /// The file descriptor that it is about.
    fn file(&self) -> Option<&str> {
        self.text.split_once('(')?.1.split([',', ')']).next()
    }

    /// The beginning of what was read or written.
    fn data(&self) -> Option<&str> {
        self.text.split_once('"').map(|(_, data)| data)
    }

    fn result(&self) -> Option<&str> {
        self.text.rsplit_once(" = ").map(|(_, result)| result.trim())
    }
}

/// Every call of a trace. One that others come between is written down in two halves.
fn calls(trace: &str) -> Vec<Call> {
    let (mut calls, mut halves) = (Vec::new(), HashMap::new());
    for (line, text) in trace.lines().enumerate() {
        let Some((thread, text)) = text.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(half) = text.strip_suffix(" <unfinished ...>") {
            halves.insert(thread, (line, half));
        } else if let Some((_, rest)) =
            text.strip_prefix("<... ").and_then(|text| text.split_once(" resumed>"))
        {
            let Some((began, half)) = halves.remove(thread) else { continue };
            calls.push(Call { began, over: line, text: format!("{half}{rest}") });
        } else {
            calls.push(Call { began: line, over: line, text: text.to_owned() });
        }
    }
    // What was never over.
    let open = halves.into_values();
    calls.extend(open.map(|(began, half)| Call { began, over: usize::MAX, text: half.to_owned() }));
    calls.sort_by_key(|call| call.began);
    calls
}

/// What had become of what was written when an answer left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing was written.
    Untouched,
    /// All of it was on disk.
    Kept,
    /// Some was on disk, and more was being written: by the same request, or by a job that began beside it.
    Unsure,
    /// None of it was.
    Lost,
}

/// A request, such as "POST /token", and what had become of its writes when its answer left.
#[derive(Debug)]
struct Step {
    request: String,
    fate: Fate,
}

impl Step {
    /// Whether it changes something. Beside the others, jobs may write of which the answer says nothing: a letter leaves
    /// while the page is read that asks for the code in it.
    fn changes_something(&self) -> bool {
        self.request.starts_with("POST ") || self.request == "GET /authorize"
    }
}

/// Judges every request of a trace that was answered.
fn judge(trace: &str) -> Vec<Step> {
    let calls = calls(trace);
    let (mut logs, mut asked) = (HashSet::new(), HashMap::new());
    let (mut writes, mut syncs, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    for call in &calls {
        let Some(file) = call.file() else { continue };
        match call.name() {
            "openat" if call.text.contains("gatehouse.db-wal\"") => {
                logs.extend(call.result());
            }
            "close" => {
                logs.remove(file);
                asked.remove(file);
            }
            "fsync" | "fdatasync" if logs.contains(file) => syncs.push(call),
            "pwrite64" | "write" if logs.contains(file) => writes.push(call),
            "read" | "recvfrom" => {
                let request = call.data().and_then(request_in);
                asked.extend(request.map(|request| (file, (request, call.over))));
            }
            "write" | "writev" | "sendto" | "sendmsg" => {
                let is_answer = call.data().is_some_and(|data| data.starts_with("HTTP/1.1 "));
                let Some((request, since)) = asked.remove(file).filter(|_| is_answer) else { continue };
                let fate = fate(&writes, &syncs, (since, call.began));
                steps.push(Step { request, fate });
            }
            _ => {}
        }
    }
    steps
}

/// The method and the path of a request's first line.
fn request_in(data: &str) -> Option<String> {
    let mut words = data.split([' ', '?']);
    let (method, path) = (words.next()?, words.next()?);
    ["GET", "POST"].contains(&method).then(|| format!("{method} {path}"))
}

fn fate(writes: &[&Call], syncs: &[&Call], (since, until): (usize, usize)) -> Fate {
    let own: Vec<_> = writes.iter().filter(|write| since < write.began && write.began < until).collect();
    let (Some(first), Some(last)) =
        (own.iter().map(|write| write.over).min(), own.iter().map(|write| write.over).max())
    else {
        return Fate::Untouched;
    };
    let synced_after = |line| syncs.iter().any(|sync| line < sync.began && sync.over < until);
    match (synced_after(last), synced_after(first)) {
        (true, _) => Fate::Kept,
        (false, true) => Fate::Unsure,
        (false, false) => Fate::Lost,
    }
}

/// Logs in, gets tokens, refreshes them and logs out.
async fn journey(house: &House, service: &Service) {
    let mut browser = Browser::at(house.port);
    let page = browser.enter_password(&Service::authorize_url(), (ALEX, PASSWORD)).await.unwrap();
    let emailed = house.code_to(ALEX).await;
    browser.submit(&page, &[("code", &emailed)]).await.unwrap();
    let code = code_for(&mut browser).await.unwrap();
    let tokens = service.redeem(house.port, &code).await.unwrap().json();
    service.refresh(house.port, tokens["refresh_token"].as_str().unwrap()).await.unwrap();
    let page = browser.open("/logout").await.unwrap();
    browser.submit(&page, &[]).await.unwrap();
    assert!(code_for(&mut browser).await.is_err(), "logged out");
}

/// The trace of a provider in which somebody went through some journeys.
async fn traced(house: &House, service: &Service) -> String {
    let trace = path(house, "trace");
    let mut strace = house.within(Command::new("strace"));
    // As a child of the provider, which so can be told to stop.
    strace.args([
        "-D",
        "-f",
        "-qq",
        "-s",
        "64",
        "-e",
        CALLS,
        "-e",
        "signal=none",
        "-o",
        &trace,
        PROGRAM,
        "serve",
    ]);
    let mut node = Node::start(strace, house.port).await;
    for _ in 0..JOURNEYS {
        journey(house, service).await;
    }
    terminate(&node.child);
    node.child.wait().unwrap();
    // strace ends a moment after what it watched.
    let (began, mut length) = (Instant::now(), 0);
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let text = fs::read_to_string(&trace).unwrap();
        if text.len() == length {
            return text;
        }
        assert!(began.elapsed() < PATIENCE, "the trace does not end");
        length = text.len();
    }
}

#[tokio::test]
async fn row_102_what_an_answer_stands_for_is_on_disk_before_it_leaves() {
    let (house, service) = furnished().await;
    let trace = traced(&house, &service).await;
    let changes =
        |trace: &str| -> Vec<Step> { judge(trace).into_iter().filter(Step::changes_something).collect() };
    let steps = changes(&trace);
    // A job that began beside a request makes it unsure: then another journey has to show it.
    let kept: BTreeSet<&str> =
        steps.iter().filter(|step| step.fate == Fate::Kept).map(|step| &*step.request).collect();
    for request in ["GET /authorize", "POST /login", "POST /login/code", "POST /token", "POST /logout"] {
        assert!(kept.contains(request), "{request}: {steps:?}");
    }
    assert!(steps.iter().all(|step| step.fate != Fate::Lost), "{steps:?}");
    let written = |steps: &[Step]| steps.iter().filter(|step| step.fate != Fate::Untouched).count();
    assert!(written(&steps) >= 6 * JOURNEYS, "{steps:?}");
    // Had nothing been brought to disk, each of them would have been noticed.
    let is_sync = |line: &&str| line.contains("sync(") || line.contains("sync resumed");
    let without: Vec<&str> = trace.lines().filter(|line| !is_sync(line)).collect();
    let noticed = changes(&without.join("\n"));
    assert_eq!(noticed.iter().filter(|step| step.fate == Fate::Lost).count(), written(&steps), "{noticed:?}");
}

const OPENED: &str = "7 openat(AT_FDCWD, \"/var/gatehouse.db-wal\", O_RDWR|O_CREAT, 0600) = 12\n\
    7 openat(AT_FDCWD, \"/var/gatehouse.db\", O_RDWR, 0600) = 11\n\
    8 recvfrom(20, \"POST /token HTTP/1.1\\r\\n\"..., 8192, 0, NULL, NULL) = 200\n";
const WRITE: &str = "7 pwrite64(12, \"\\0\\0\"..., 4096, 32) = 4096\n";
const SYNC: &str = "7 fdatasync(12) = 0\n";
const ANSWER: &str = "8 writev(20, [{iov_base=\"HTTP/1.1 200 OK\\r\\n\"..., iov_len=90}], 1) = 90\n";

#[test]
fn what_is_not_on_disk_is_noticed() {
    for (lines, fate) in [
        (&[WRITE, SYNC, ANSWER][..], Fate::Kept),
        (
            &[WRITE, "7 fdatasync(12 <unfinished ...>\n", "7 <... fdatasync resumed>) = 0\n", ANSWER],
            Fate::Kept,
        ),
        (&[WRITE, SYNC, WRITE, WRITE, SYNC, ANSWER], Fate::Kept),
        (&[ANSWER], Fate::Untouched),
        (&[WRITE, SYNC, WRITE, ANSWER, SYNC], Fate::Unsure),
        (&[WRITE, ANSWER], Fate::Lost),
        (&[WRITE, ANSWER, SYNC], Fate::Lost),
        (&[SYNC, WRITE, ANSWER], Fate::Lost),
        // Of another file.
        (&[WRITE, "7 fdatasync(11) = 0\n", ANSWER], Fate::Lost),
        (&[WRITE, "7 close(12) = 0\n", SYNC, ANSWER], Fate::Lost),
        // Begun too early, and ended too late.
        (&["6 fsync(12 <unfinished ...>\n", WRITE, "6 <... fsync resumed>) = 0\n", ANSWER], Fate::Lost),
        (&[WRITE, "7 fsync(12 <unfinished ...>\n", ANSWER, "7 <... fsync resumed>) = 0\n"], Fate::Lost),
        (
            &[
                "7 pwrite64(12, \"\"..., 9, 9 <unfinished ...>\n",
                SYNC,
                ANSWER,
                "7 <... pwrite64 resumed>) = 9\n",
            ],
            Fate::Lost,
        ),
    ] {
        let trace = format!("{OPENED}{}", lines.concat());
        let steps = judge(&trace);
        assert_eq!(steps.len(), 1, "{trace}");
        assert_eq!((&*steps[0].request, steps[0].fate), ("POST /token", fate), "{trace}");
    }
}
