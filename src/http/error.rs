//! What can go wrong on the way, before a vendor has said anything.

use std::error::Error as StdError;

/// The longest detail that an error carries, bytes.
const MAX_DETAIL: usize = 160;

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Kind {
    /// The request may not go there: not the vendor's host, no TLS, or an address that is not public.
    #[strum(to_string = "the endpoint is refused")]
    Refused,
    /// There was no connection.
    #[strum(to_string = "there was no connection")]
    Unreachable,
    /// It took too long.
    #[strum(to_string = "it took too long")]
    TimedOut,
    /// The connection ended in the middle.
    #[strum(to_string = "the connection ended early")]
    Cut,
    /// The reply passed its bound.
    #[strum(to_string = "the reply is too large")]
    TooLarge,
    /// The reply is not what it says it is.
    #[strum(to_string = "the reply is malformed")]
    Malformed,
}

impl Kind {
    /// Returns the failure as a metric has it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timeout",
            Self::Cut => "cut",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
        }
    }

    /// Returns whether the same request may succeed later by itself.
    pub fn is_transient(self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut | Self::Cut | Self::TooLarge | Self::Malformed => {
                true
            }
            Self::Refused => false,
        }
    }
}

/// A request that got no usable reply. Holds the host alone, never a path, a header or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {kind} ({detail})")]
pub struct Error {
    /// What kind of failure it was.
    pub kind: Kind,
    /// The host that was asked, with the port where one was named.
    pub host: String,
    /// What the layer below said, shortened.
    pub detail: String,
}

impl Error {
    /// Makes an error. `detail` is shortened to 160 bytes.
    pub fn new(kind: Kind, host: impl Into<String>, detail: impl AsRef<str>) -> Self {
        Self {
            kind,
            host: host.into(),
            detail: shortened(detail.as_ref(), MAX_DETAIL),
        }
    }

    /// Makes an error of a request that got no reply.
    pub(super) fn from_hyper(host: &str, error: &hyper_util::client::legacy::Error) -> Self {
        let kind = match (error.is_connect(), timed_out(error)) {
            (true, true) => Kind::TimedOut,
            (true, false) => Kind::Unreachable,
            (false, _) => Kind::Cut,
        };
        Self::from_chain(host, error, kind)
    }

    /// Makes an error of whatever a library returned: a refusal or a passed bound of ours may be at its bottom.
    pub(super) fn from_chain(
        host: &str,
        error: &(dyn StdError + 'static),
        otherwise: Kind,
    ) -> Self {
        match marked(error) {
            Some(mark) => Self::new(mark.kind, host, mark.detail),
            None => Self::new(otherwise, host, bottom(error).to_string()),
        }
    }
}

fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut) {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error of ours that travels through a library and is found again at the other side.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{detail}")]
pub(super) struct Mark {
    pub(super) kind: Kind,
    pub(super) detail: &'static str,
}

fn marked(error: &(dyn StdError + 'static)) -> Option<Mark> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(mark) = error.downcast_ref::<Mark>() {
            return Some(*mark);
        }
        let inside = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}

fn bottom<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

/// Returns at most `most` bytes of `text`, cut between characters, on one line.
pub fn shortened(text: &str, most: usize) -> String {
    let mut short = String::new();
    for c in text.chars() {
        if short.len() + c.len_utf8() > most {
            break;
        }
        short.push(if c.is_control() { ' ' } else { c });
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_under_what_libraries_wrap_around_it() {
        let mark = Mark {
            kind: Kind::TooLarge,
            detail: "too much",
        };
        let wrapped = std::io::Error::other(std::io::Error::other(mark));
        let error = Error::from_chain("host", &wrapped, Kind::Cut);
        assert_eq!(
            (error.kind, error.detail.as_str()),
            (Kind::TooLarge, "too much")
        );
    }

    #[test]
    fn a_detail_is_one_short_line() {
        let error = Error::new(Kind::Cut, "host", format!("a\n{}", "é".repeat(200)));
        assert!(error.detail.len() <= MAX_DETAIL);
        assert!(!error.detail.contains('\n'));
    }
}
