//! Where the tests find what `make setup` has prepared.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The repository's root folder.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads one of the settings that CONTRIBUTING.md lists; empty counts as absent.
pub(crate) fn setting(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The folder that the scripts in `hack/` fill.
pub(crate) fn cache() -> PathBuf {
    setting("DEPUTY_CACHE").map_or_else(|| repository().join(".cache"), PathBuf::from)
}

/// The Python that has the vendors' own clients.
pub(crate) fn python() -> PathBuf {
    present(cache().join("venv/bin/python"), "the Python environment")
}

/// A program of the cluster's: from `KUBEBUILDER_ASSETS`, or built into the cache.
pub(crate) fn control_plane_program(name: &str) -> PathBuf {
    let given = setting("KUBEBUILDER_ASSETS").map(|assets| PathBuf::from(assets).join(name));
    present(
        given.unwrap_or_else(|| cache().join("bin").join(name)),
        name,
    )
}

/// A program that is built into the cache, wherever else one of its name is.
pub(crate) fn built(name: &str) -> PathBuf {
    present(cache().join("bin").join(name), name)
}

/// A command-line tool: from `PATH`, or built into the cache.
pub(crate) fn tool(name: &str) -> PathBuf {
    on_path(name).unwrap_or_else(|| present(cache().join("bin").join(name), name))
}

/// The Chromium that uses pages as a person does: named by `DEPUTY_TEST_BROWSER`, or fetched into the cache.
pub(crate) fn browser() -> PathBuf {
    let given = setting("DEPUTY_TEST_BROWSER").map(PathBuf::from);
    present(
        given.unwrap_or_else(|| cache().join("bin/chromium")),
        "Chromium",
    )
}

/// The first file of this name on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = setting("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A missing prerequisite fails a test: skipping would let a promise go unproved.
fn present(file: PathBuf, what: &str) -> PathBuf {
    assert!(
        file.is_file(),
        "{what} is missing ({}): run `make setup`",
        file.display()
    );
    file
}
