//! Processes that are killed at random and started again, as a supervisor would; and how much they compute.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A random time between these.
#[derive(Clone, Copy, Debug)]
pub struct Every {
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}

impl Every {
    fn draw(self, rng: &mut Rng) -> Duration {
        self.least + (self.most - self.least).mul_f64(rng.f64())
    }
}

/// Seconds of CPU that a process and its threads have had, as the scheduler counts them (Linux; else, and of one that is gone, 0).
#[must_use]
pub fn cpu(process: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let of = |task: io::Result<std::fs::DirEntry>| -> Option<f64> {
        let stat = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        Some(stat.split(' ').next()?.parse::<f64>().ok()? / 1e9)
    };
    tasks.filter_map(of).sum()
}

/// What may become of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It is left alone, and started again only if it ends by itself.
    Calm,
    /// It is killed now and then.
    Burning,
    /// It ends.
    Over,
}

/// A program that is kept running. It says where it listens in its first lines.
pub(crate) struct Keeper {
    address: watch::Receiver<Option<String>>,
    phase: watch::Sender<Phase>,
    kills: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Keeper {
    pub(crate) fn start(mut rng: Rng, every: Every, command: impl Fn() -> Command + Send + 'static) -> Keeper {
        let (tell, address) = watch::channel(None);
        let (phase, mut phases) = watch::channel(Phase::Calm);
        let kills = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&kills);
        let task = tokio::spawn(async move {
            'running: while *phases.borrow() != Phase::Over {
                let Some(mut running) = Running::start(command()).await else {
                    // It ended before it listened: its store may be down.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                tell.send_replace(Some(running.address.clone()));
                let mut lives = every.draw(&mut rng);
                while running.is_alive() && *phases.borrow() != Phase::Over {
                    let burning = *phases.borrow_and_update() == Phase::Burning;
                    let look = Duration::from_millis(50);
                    if burning && lives < look {
                        counted.fetch_add(1, Ordering::Relaxed);
                        break;
                    }
                    tokio::select! {
                        () = tokio::time::sleep(look) => lives = lives.saturating_sub(if burning { look } else { Duration::ZERO }),
                        changed = phases.changed() => if changed.is_err() { break 'running },
                    }
                }
                tell.send_replace(None);
                drop(running);
            }
        });
        Keeper { address, phase, kills, task }
    }

    /// Where it listens now.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<String>> {
        self.address.clone()
    }

    /// Where it listens, once it does.
    pub(crate) async fn address(&self) -> io::Result<String> {
        let mut at = self.watch();
        let found = tokio::time::timeout(Duration::from_secs(60), at.wait_for(Option::is_some)).await;
        let found = found.ok().and_then(|found| found.ok()?.clone());
        found.ok_or_else(|| io::Error::other("a process did not start"))
    }

    pub(crate) fn may_die(&self) {
        self.phase.send_replace(Phase::Burning);
    }

    /// Is not killed any more; says how often it was.
    pub(crate) fn settle(&self) -> u64 {
        self.phase.send_replace(Phase::Calm);
        self.kills.load(Ordering::Relaxed)
    }

    pub(crate) async fn end(self) {
        self.phase.send_replace(Phase::Over);
        self.task.await.ok();
    }
}

/// A process that listens; killed with `SIGKILL` when it is dropped.
pub struct Running {
    /// Where it listens, such as `http://127.0.0.1:8787`.
    pub address: String,
    child: Child,
    // Kept open, so that it can go on writing.
    _out: Box<dyn Read + Send>,
}

impl Running {
    /// Starts it and reads what it says until it says where it listens. `None`: it ended before.
    pub async fn start(mut command: Command) -> Option<Running> {
        let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
        let out = child.stdout.take()?;
        let heard = tokio::task::spawn_blocking(move || {
            let mut out = BufReader::new(out);
            let mut line = String::new();
            while out.read_line(&mut line).ok()? > 0 {
                if let Some((_, address)) = line.trim_end().split_once("http://127.0.0.1:") {
                    return Some((format!("http://127.0.0.1:{address}"), out));
                }
                line.clear();
            }
            None
        });
        match heard.await.ok().flatten() {
            Some((address, out)) => Some(Running { address, child, _out: Box::new(out) }),
            None => {
                child.wait().ok();
                None
            }
        }
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
