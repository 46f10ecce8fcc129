//! Definitions and examples, printed from the types.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::api::{crds, examples};

/// How definitions are printed.
#[derive(Debug, clap::Args)]
pub(super) struct CrdArgs {
    /// Write a file a kind into this folder instead of all to standard output.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// How examples are printed.
#[derive(Debug, clap::Args)]
pub(super) struct ExampleArgs {
    /// Write a file an example into this folder instead of all to standard output.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(super) fn crds(args: &CrdArgs) -> anyhow::Result<ExitCode> {
    let mut files = Vec::new();
    for crd in crds::all() {
        files.push((format!("{}.yaml", crd.spec.names.plural), yaml(&crd)?));
    }
    put(args.dir.as_ref(), files)
}

pub(super) fn examples(args: &ExampleArgs) -> anyhow::Result<ExitCode> {
    let mut files = Vec::new();
    for example in examples::all()? {
        let objects: Result<Vec<_>, _> = example.objects.iter().map(yaml).collect();
        let about = format!("# {}\n", example.about);
        files.push((example.name, about + &objects?.join("---\n")));
    }
    put(args.dir.as_ref(), files)
}

fn yaml(value: &impl Serialize) -> anyhow::Result<String> {
    // Through JSON, so that what is not set does not appear.
    let value = serde_json::to_value(value)?;
    let mut text = serde_saphyr::to_string(&value)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn put(dir: Option<&PathBuf>, files: Vec<(String, String)>) -> anyhow::Result<ExitCode> {
    match dir {
        Some(dir) => {
            std::fs::create_dir_all(dir)?;
            for (name, text) in files {
                std::fs::write(dir.join(name), text)?;
            }
        }
        None => {
            let texts: Vec<_> = files.into_iter().map(|(_, text)| text).collect();
            print!("{}", texts.join("---\n"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
