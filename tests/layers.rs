//! Dependencies point one way. Reads the `use crate::` lines, so that a shortcut is noticed when it is taken.

use std::path::{Path, PathBuf};

use crate::support::settings::repository;

/// From the bottom up. A layer may use itself and what is below it.
const LAYERS: [&[&str]; 8] = [
    &["model"],
    &["http", "telemetry"],
    &["providers", "destinations"],
    &["sync"],
    &["api"],
    &["kube_io"],
    &["controllers", "server", "supervisor"],
    &["cli", "main", "lib"],
];

/// Words that belong to one vendor beside its folder's name, and that only its folder may say.
const VENDOR_WORDS: &[(&str, &[&str])] = &[
    ("google", &["gmail", "workspace"]),
    (
        "microsoft365",
        &["microsoft", "aadsts", "outlook", "onedrive", "sharepoint"],
    ),
];

/// The vendors' folders.
fn vendors() -> Vec<String> {
    let folder = repository().join("src/providers");
    let entries = std::fs::read_dir(folder).expect("reads the providers");
    let folders = entries
        .map(|entry| entry.expect("reads an entry").path())
        .filter(|path| path.join("spec.rs").is_file());
    let names = folders.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    // The built-in system is the program itself.
    names.filter(|name| name != "deputy").collect()
}

/// The words that a source may not say: those of every vendor but its own.
fn foreign_words(source: &str) -> Vec<String> {
    let others = vendors();
    let others = others
        .iter()
        .filter(|vendor| !source.contains(&format!("/providers/{vendor}/")));
    let words = |vendor: &String| {
        let more = VENDOR_WORDS.iter().find(|(name, _)| name == vendor);
        let more = more.map_or(&[] as &[&str], |(_, words)| words);
        let mut words: Vec<String> = more.iter().map(|&word| word.to_owned()).collect();
        words.push(vendor.clone());
        words
    };
    others.flat_map(words).collect()
}

fn sources() -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("reads a folder of sources") {
            let path = entry.expect("reads an entry").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(&repository().join("src"), &mut found);
    assert!(found.len() > 50, "the sources are there");
    found
}

fn module(path: &Path) -> String {
    let inside = path
        .strip_prefix(repository().join("src"))
        .expect("is a source");
    let first = inside
        .components()
        .next()
        .expect("has a name")
        .as_os_str()
        .to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The code without its unit tests and comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("reads a source");
    let text = text
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

fn used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names: String = match rest.strip_prefix('{') {
            Some(list) => list
                .split('}')
                .next()
                .unwrap_or_default()
                .replace('\n', " "),
            None => rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect(),
        };
        used.extend(names.split(',').map(|name| {
            name.trim()
                .split("::")
                .next()
                .unwrap_or_default()
                .to_owned()
        }));
    }
    used
}

#[test]
fn every_module_uses_only_what_is_below_it() {
    let mut wrong = Vec::new();
    for path in sources() {
        let module = module(&path);
        let own = layer(&module).unwrap_or_else(|| panic!("{module} is in no layer"));
        for name in used(&code(&path)) {
            let Some(used) = layer(&name) else { continue };
            let sideways = used == own && name != module;
            // kube_io counts what it does; metrics know nothing of the crate.
            if used > own || (sideways && name != "telemetry" && own < 6) {
                wrong.push(format!("{}: {module} uses {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn kubernetes_is_spoken_only_in_its_layers() {
    let speakers = ["api", "kube_io", "controllers", "server", "cli"];
    let mut wrong = Vec::new();
    for path in sources() {
        let text = code(&path);
        let speaks = text.contains("kube::") || text.contains("k8s_openapi::");
        // `crate::kube_io::` is ours, not Kubernetes itself.
        let text = text.replace("crate::kube_io::", "");
        let speaks = speaks && (text.contains("use kube::") || text.contains("k8s_openapi::"));
        if speaks && !speakers.contains(&module(&path).as_str()) {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_vendor_is_named_outside_its_folder_and_the_registry() {
    let mut wrong = Vec::new();
    for path in sources() {
        let name = path.display().to_string();
        // The lists of vendors, and object stores that happen to be sold by vendors.
        let is_named = name.ends_with("/providers/mod.rs")
            || name.ends_with("/providers/registry.rs")
            || name.contains("/destinations/");
        if is_named {
            continue;
        }
        let text = code(&path).to_lowercase();
        if let Some(word) = foreign_words(&name)
            .iter()
            .find(|word| text.contains(*word))
        {
            wrong.push(format!("{name} says {word}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_module_is_a_drawer_for_everything() {
    let drawers = ["utils", "util", "helpers", "helper", "common_utils", "misc"];
    for path in sources() {
        let stem = path
            .file_stem()
            .expect("has a name")
            .to_string_lossy()
            .into_owned();
        assert!(!drawers.contains(&stem.as_str()), "{}", path.display());
    }
}

#[test]
fn a_shortcut_would_be_noticed() {
    assert_eq!(
        used("use crate::sync::run;\nuse crate::{api, http::Client};"),
        ["sync", "api", "http"]
    );
    assert!(layer("sync") > layer("http"));
    assert!(vendors().contains(&"google".to_owned()));
    assert!(foreign_words("/src/sync/run.rs").contains(&"gmail".to_owned()));
    assert!(!foreign_words("/src/providers/google/api.rs").contains(&"gmail".to_owned()));
}
