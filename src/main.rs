//! The `deputy` binary.

use std::process::ExitCode;

use clap::Parser;
use deputy::cli::{self, Cli};

/// It gives memory back, which the system's own keeps for each thread; its settings are in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The one cryptography of the process; a second one beside it would be a panic at the first handshake.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("error: another cryptography was installed first");
        return ExitCode::from(2);
    }
    match cli::run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
