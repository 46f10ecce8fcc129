//! What is printed from the types is what lies in the repository. `UPDATE=1 cargo test manifests_are_current` prints it anew.

use std::path::Path;
use std::process::Command;

use crate::support::namespace::Namespace;
use crate::support::settings::{repository, setting};
use crate::support::{kinds, manifests};

fn print(what: &str, folder: &Path) {
    let done = Command::new(env!("CARGO_BIN_EXE_deputy"))
        .arg(what)
        .arg("--dir")
        .arg(folder)
        .status();
    assert!(done.expect("runs deputy").success());
}

fn compare(what: &str) {
    let kept = repository().join(what);
    if setting("UPDATE").is_some() {
        print(what, &kept);
    }
    let printed = tempfile::tempdir().expect("makes a folder");
    print(what, printed.path());
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("reads a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("reads an entry").file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&kept), names(printed.path()), "in {what}/");
    for name in names(&kept) {
        let read =
            |folder: &Path| std::fs::read_to_string(folder.join(&name)).expect("reads a file");
        assert!(
            read(&kept) == read(printed.path()),
            "{what}/{} is not what the types print: run UPDATE=1 cargo test manifests_are_current",
            name.display()
        );
    }
}

#[test]
fn definitions() {
    compare("crds");
}

#[test]
fn examples() {
    compare("examples");
}

/// Every example is admitted by a real API server that refuses what it does not know.
#[tokio::test]
async fn examples_are_admitted() {
    kinds::install().await;
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    for entry in std::fs::read_dir(repository().join("examples")).expect("reads examples/") {
        let path = entry.expect("reads an entry").path();
        let yaml = std::fs::read_to_string(&path).expect("reads an example");
        let yaml = yaml.replace(
            "namespace: revops",
            &format!("namespace: {}", namespace.name()),
        );
        let applied = manifests::dry_run(&client, namespace.name(), &manifests::parse(&yaml)).await;
        applied.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
