//! A child process whose output is kept, and which cannot outlive the tests.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::{guard, wait};

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program with no input, and both its outputs in one log file.
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        let log = guard::folder().join(format!("{}.log", super::random::name(name)));
        let output = std::fs::File::create(&log).expect("makes a log file");
        let errors = output.try_clone().expect("shares the log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        guard::watch(child.id());
        Self {
            name: name.to_owned(),
            child,
            log,
        }
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The file with everything that it has printed.
    pub(crate) fn log_file(&self) -> &Path {
        &self.log
    }

    /// Everything that it has printed so far.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).expect("reads the log file");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether it is still running.
    pub(crate) fn is_running(&mut self) -> bool {
        self.exit_status().is_none()
    }

    /// How it ended, once it has.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().expect("asks for the exit status")?;
        guard::forget(self.child.id());
        Some(status)
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let what = format!("the end of {}", self.name);
        wait::until(&what, async || self.exit_status()).await
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    /// Sends a signal by name, such as `TERM`, `STOP` or `CONT`.
    pub(crate) fn signal(&mut self, signal: &str) {
        if self.is_running() {
            let script = format!("kill -{signal} {}", self.id());
            let sent = Command::new("sh").args(["-c", &script]).status();
            assert!(
                sent.expect("runs a shell").success(),
                "{} takes {signal}",
                self.name
            );
        }
    }

    /// Kills it at once (SIGKILL), as a crash would. Nothing happens when it has ended already.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("kills its own child");
        self.child.wait().expect("reaps its own child");
        guard::forget(self.child.id());
    }

    /// The last lines that it printed, for the message of a failed test.
    pub(crate) fn last_lines(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!(
                "--- the last lines of {}:\n{}\n---",
                self.name,
                self.last_lines()
            );
        }
    }
}
