//! A server as a child process: in a process group of its own, with a log, and never outliving us.
//!
//! The pipe to its standard input is the lifeline: when we end, however we end, the pipe closes and a
//! small watcher in the server's own process group kills that group.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

/// Waits for the end of the pipe, then kills the process group that it shares with the server.
///
/// A group's number is not given out again while the watcher lives in it, so this kills nobody else.
const WATCHED: &str = r#"
exec 3<&0 </dev/null
( read -r line <&3; kill -KILL 0 ) &
exec 3<&-
exec "$@"
"#;

/// Lines of a server's log that an error quotes.
const TAIL_LINES: usize = 15;

/// A signal takes effect within moments, also on a busy machine.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// What to start.
#[derive(Debug, Clone)]
pub struct Launch {
    /// How errors call it.
    pub name: &'static str,
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What its environment has beside ours.
    pub environment: Vec<(&'static str, String)>,
    /// Standard output and error are appended here.
    pub log: PathBuf,
}

/// A running server. Dropping it kills it, and so does the end of this process, however that comes.
#[derive(Debug)]
pub struct Process {
    launch: Launch,
    child: Mutex<Child>,
}

impl Launch {
    /// Starts the program; it is not ready yet when this returns.
    ///
    /// # Errors
    /// When there is no such program, or no log can be written.
    pub fn start(self) -> Result<Process> {
        let child = Mutex::new(self.spawn()?);
        Ok(Process { launch: self, child })
    }

    fn spawn(&self) -> Result<Child> {
        let failed = || format!("{} does not start ({})", self.name, self.program.display());
        let log = File::options().create(true).append(true).open(&self.log).with_context(failed)?;
        Command::new("sh")
            .args(["-c", WATCHED, "sh"])
            .arg(&self.program)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().with_context(failed)?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(failed)
    }
}

impl Process {
    /// How the server ended by itself, if it did.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ended(&self) -> Result<Option<ExitStatus>> {
        self.child().try_wait().with_context(|| format!("{} cannot be waited for", self.launch.name))
    }

    /// Stops the server's clock: connections are still accepted by the kernel, nothing is answered.
    ///
    /// It stands still when this returns: a busy program goes on for a moment after the signal was sent.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pause(&self) -> Result<()> {
        self.signal("STOP")?;
        let began = Instant::now();
        while state(self.id()) != Some('T') {
            ensure!(began.elapsed() < STOPS_WITHIN, "{} does not stand still", self.launch.name);
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Lets a paused server go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resume(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// Asks the server to end (SIGTERM); [`ended`](Self::ended) says when it did.
    ///
    /// # Errors
    /// When it has ended.
    pub fn terminate(&self) -> Result<()> {
        self.signal("TERM")
    }

    /// Kills the server at once, without its cleaning up, and waits until it is gone.
    pub fn kill(&self) {
        end(&mut self.child());
    }

    /// Kills the server if it runs, and starts it again with the same arguments.
    ///
    /// # Errors
    /// As [`Launch::start`].
    pub fn restart(&self) -> Result<()> {
        let mut child = self.child();
        end(&mut child);
        *child = self.launch.spawn()?;
        Ok(())
    }

    /// The last lines of the log, for an error.
    pub fn log_tail(&self) -> String {
        let log = fs::read(&self.launch.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// How errors call the server.
    pub fn name(&self) -> &'static str {
        self.launch.name
    }

    /// The server's process number; another one after a restart.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("sh")
            .args(["-c", r#"kill -"$1" "$2""#, "sh", signal, &self.id().to_string()])
            .status()
            .with_context(|| format!("cannot run sh to signal {}", self.launch.name))?;
        ensure!(sent.success(), "{} could not be sent SIG{signal}: {sent}", self.launch.name);
        Ok(())
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a process does, in the letter that ps has for it; nothing when there is none of that number.
fn state(id: u32) -> Option<char> {
    let letter = match fs::read_to_string(format!("/proc/{id}/stat")) {
        // The program's name stands before it in parentheses, and may hold anything.
        Ok(stat) => stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()),
        Err(_) => asked_of_ps(id),
    };
    letter?.trim_start().chars().next()
}

/// Where there is no /proc, there is a ps.
fn asked_of_ps(id: u32) -> Option<String> {
    let asked = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().ok()?;
    String::from_utf8(asked.stdout).ok()
}

fn end(child: &mut Child) {
    drop(child.stdin.take());
    // Both fail only when the server has ended already, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests;
