//! Nothing that a test starts outlives the test process: not after a panic, not after `kill -9`.
//!
//! A small shell process reads lines from a pipe that only the test process holds open. When the pipe closes, for
//! whatever reason, it stops the listed processes, last started first (an API server hangs when its etcd goes
//! first), and removes the folder that everything lives in.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};

/// Each process gets 3 s after SIGTERM before SIGKILL. A zombie counts as gone: its parent has died, and the one
/// that inherits it may not reap.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
gone() { kill -0 "$1" 2>/dev/null || return 0; grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
watched=
while read -r verb process; do
    others=
    for known in $watched; do [ "$known" = "$process" ] || others="$others $known"; done
    watched=$others
    [ "$verb" = watch ] && watched="$process $watched"
done
for process in $watched; do
    kill -TERM "$process" 2>/dev/null
    waited=0
    until gone "$process" || [ "$waited" -ge 30 ]; do sleep 0.1; waited=$((waited + 1)); done
    gone "$process" || kill -KILL "$process" 2>/dev/null
done
rm -rf "$1"
"#;

struct Guard {
    shell: Mutex<Child>,
    folder: PathBuf,
}

static GUARD: LazyLock<Guard> = LazyLock::new(|| {
    let folder = tempfile::Builder::new()
        .prefix("deputy-tests-")
        .permissions(PermissionsExt::from_mode(0o755)) // PostgreSQL runs as another user when we are root
        .tempdir()
        .expect("makes a temporary folder")
        .keep();
    let shell = Mutex::new(shell(&folder));
    Guard { shell, folder }
});

/// The temporary folder of this test process.
pub(crate) fn folder() -> &'static Path {
    &GUARD.folder
}

/// Makes a new folder of its own inside [`folder`].
pub(crate) fn new_folder(prefix: &str) -> PathBuf {
    let folder = folder().join(super::random::name(prefix));
    std::fs::create_dir(&folder).expect("makes a folder");
    folder
}

/// Has the process stopped when the test process ends.
pub(crate) fn watch(process: u32) {
    tell_own("watch", process);
}

/// Forgets a process that has ended, since its number may be given to another.
pub(crate) fn forget(process: u32) {
    tell_own("forget", process);
}

fn tell_own(verb: &str, process: u32) {
    let mut shell = GUARD
        .shell
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    tell(&mut shell, verb, process);
}

/// Starts a guard. It works when the pipe to it closes.
pub(crate) fn shell(folder: &Path) -> Child {
    Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("starts a shell")
}

/// Tells a guard to `watch` or to `forget` a process.
pub(crate) fn tell(shell: &mut Child, verb: &str, process: u32) {
    let pipe = shell.stdin.as_mut().expect("the guard has a pipe");
    writeln!(pipe, "{verb} {process}").expect("the guard is alive");
}
