//! A file in `tests/` that `main.rs` forgets would never be compiled, and its tests would pass by not existing.

use std::collections::BTreeSet;

use crate::support::settings;

#[test]
fn every_file_in_tests_is_a_module_of_main() {
    let folder = settings::repository().join("tests");
    let main = std::fs::read_to_string(folder.join("main.rs")).expect("reads main.rs");
    let files: BTreeSet<_> = std::fs::read_dir(&folder)
        .expect("reads tests/")
        .map(|entry| entry.expect("reads an entry").path())
        .filter(|path| path.is_dir() && path.join("mod.rs").is_file() || is_rust(path))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .filter(|name| name != "main")
        .collect();
    let modules: BTreeSet<_> = main
        .lines()
        .filter_map(|line| {
            line.trim()
                .strip_prefix("mod ")?
                .strip_suffix(';')
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(files, modules);
}

fn is_rust(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}
