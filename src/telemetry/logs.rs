//! Logs: one JSON object per line on standard error.
//!
//! Some libraries write credentials or people's data at debug level (yup-oauth2 the assertion and the token, tokio-postgres
//! the parameters of a statement). They are capped here, in the code, whatever level is asked for.

use std::panic::{self, PanicHookInfo};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Subscriber;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The most that these libraries may say, by the start of a log line's target.
///
/// Source: their sources at the locked versions; `kube_client::client` writes bodies that it cannot read as warnings.
const CAPS: [(&str, LevelFilter); 12] = [
    ("yup_oauth2", LevelFilter::WARN),
    ("kube_client::client", LevelFilter::OFF),
    ("hyper", LevelFilter::INFO),
    ("hyper_util", LevelFilter::INFO),
    ("hyper_rustls", LevelFilter::INFO),
    ("h2", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
    ("tower", LevelFilter::INFO),
    ("object_store", LevelFilter::INFO),
    ("tokio_postgres", LevelFilter::INFO),
    ("deadpool", LevelFilter::INFO),
];

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one.
    #[error("{filter:?} is no log filter ({source}); try info, or info,deputy=debug")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Somebody else logs already.
    #[error("logging has begun already: {0}")]
    Taken(#[from] tracing_subscriber::util::TryInitError),
}

/// Begins to log what `filter` lets through (its syntax is that of `RUST_LOG`, for instance `info,deputy=debug`), and logs
/// panics without what they carry.
pub fn init(filter: &str) -> Result<(), LogError> {
    subscriber(filter, std::io::stderr)?.try_init()?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn subscriber<W>(filter: &str, writer: W) -> Result<impl Subscriber + Send + Sync, LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let wanted = EnvFilter::try_new(filter).map_err(|source| LogError::Filter {
        filter: filter.to_owned(),
        source,
    })?;
    // Without the hint, libraries would put every line together only to see it dropped.
    let harmless = filter_fn(is_harmless).with_max_level_hint(LevelFilter::TRACE);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_writer(writer)
        .with_filter(wanted.and(harmless));
    Ok(registry().with(lines))
}

fn is_harmless(metadata: &Metadata<'_>) -> bool {
    is_within_cap(metadata.target(), *metadata.level())
}

fn is_within_cap(target: &str, level: Level) -> bool {
    CAPS.iter()
        .filter(|(library, _)| is_part_of(target, library))
        .all(|(_, most)| level <= *most)
}

fn is_part_of(target: &str, library: &str) -> bool {
    match target.strip_prefix(library) {
        Some(rest) => rest.is_empty() || rest.starts_with("::"),
        None => false,
    }
}

/// Logs where a panic was, and its message only if that is a literal: a formatted one may hold anything.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let location = location.as_deref().unwrap_or("unknown");
    let message = panic.payload().downcast_ref::<&'static str>();
    let message = message
        .copied()
        .unwrap_or("withheld, because it is put together at run time");
    tracing::error!(
        panic.location = location,
        panic.message = message,
        "a task panicked"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, say: impl FnOnce()) -> String {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = subscriber(filter, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, say);
        page.text()
    }

    #[test]
    fn libraries_that_print_secrets_are_silent_even_when_asked_for() {
        let filters = ["trace", "trace,yup_oauth2=trace", "hyper=trace,h2=trace"];
        for filter in filters {
            let text = logged(filter, || {
                tracing::debug!(target: "yup_oauth2::service_account", "canary");
                tracing::info!(target: "yup_oauth2", "canary");
                tracing::trace!(target: "hyper::proto::h1", "canary");
                tracing::debug!(target: "h2", "canary");
                tracing::debug!(target: "rustls::client", "canary");
                tracing::trace!(target: "reqwest::connect", "canary");
                tracing::debug!(target: "tokio_postgres::query", "canary");
                tracing::warn!(target: "kube_client::client", "canary");
            });
            assert_eq!(text, "", "{filter}");
        }
    }

    #[test]
    fn other_lines_pass_as_asked_for() {
        let say = || {
            tracing::trace!(target: "deputy::sync", "one");
            tracing::info!(target: "hyper_like", "two");
            tracing::warn!(target: "yup_oauth2", "three");
            tracing::trace!(target: "h2o", "four");
        };
        assert_eq!(logged("trace", say).lines().count(), 4);
        assert_eq!(logged("info", say).lines().count(), 2);
        assert_eq!(logged("off", say).lines().count(), 0);
    }

    #[test]
    fn a_line_is_one_json_object_with_its_fields_and_those_around_it() {
        let text = logged("info", || {
            let span = tracing::info_span!("pass", object.name = "acme");
            span.in_scope(|| tracing::info!(answer = 42, "a message\\nof two lines"));
        });
        assert_eq!(text.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "a message\\nof two lines");
        assert_eq!(line["answer"], 42);
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["spans"][0]["object.name"], "acme");
        assert!(line["timestamp"].is_string());
    }

    #[test]
    fn a_filter_that_is_none_is_named() {
        let error = subscriber("deputy=loud", io::sink).err().unwrap();
        assert!(error.to_string().contains("deputy=loud"), "{error}");
    }

    #[test]
    fn a_panic_is_logged_without_what_it_was_made_of() {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(log_panic));
        let secret = String::from("canary");
        let text = logged("info", || {
            let formatted = panic::catch_unwind(|| panic!("the key is {secret}"));
            let literal = panic::catch_unwind(|| panic!("a literal"));
            assert!(formatted.is_err() && literal.is_err());
        });
        panic::set_hook(hook);
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("a literal"), "{text}");
        assert_eq!(text.matches("logs.rs:").count(), 2, "{text}");
    }
}
