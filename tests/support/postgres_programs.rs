//! Where Postgres is installed, and as whom it runs.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{guard, random, settings};

const NOBODY: u32 = 65534;

fn is_root() -> bool {
    std::fs::metadata(guard::folder())
        .expect("the temporary folder exists")
        .uid()
        == 0
}

/// A program with an empty environment, run as `nobody` when we are root, which Postgres refuses to be.
pub(crate) fn as_nobody_if_root(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir("/")
        .env_clear()
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Lets that user have a file or folder.
pub(crate) fn give_away(path: &Path) {
    if is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("root gives files away");
    }
}

/// Finds the folder with `postgres` and `initdb` that we may run.
pub(crate) fn find() -> PathBuf {
    runnable(programs())
}

/// Installed, or fetched by `make setup`.
fn programs() -> PathBuf {
    let installed = settings::on_path("initdb").and_then(|file| file.parent().map(Path::to_owned));
    installed
        .filter(|folder| folder.join("postgres").is_file())
        .or_else(debian_programs)
        .unwrap_or_else(|| {
            let fetched = settings::cache().join("postgres/bin");
            assert!(
                fetched.join("postgres").is_file(),
                "Postgres is missing: run `make setup`"
            );
            fetched
        })
}

/// Debian keeps the server's programs off `PATH`, in a folder for each version.
fn debian_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .max()
}

/// `nobody` may not be allowed into the folder of root's repository, so it gets a copy then.
fn runnable(programs: PathBuf) -> PathBuf {
    let probe = as_nobody_if_root(&programs.join("postgres"))
        .arg("--version")
        .output();
    if probe.is_ok_and(|output| output.status.success()) {
        return programs;
    }
    let source = programs
        .parent()
        .expect("the programs are in a folder of the installation");
    let copy = guard::folder().join(random::name("postgres-programs"));
    let copied = Command::new("cp")
        .arg("-R")
        .arg(source)
        .arg(&copy)
        .status()
        .expect("runs cp");
    assert!(copied.success(), "copies {}", source.display());
    let everyone = PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&copy, everyone).expect("opens the copy");
    copy.join("bin")
}
