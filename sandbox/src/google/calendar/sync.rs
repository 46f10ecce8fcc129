//! Sync tokens and page tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::google::errors::ApiError;

/// What a sync token remembers: the list it is for, the last change seen and the parameters of the full sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyncToken {
    pub(crate) list: u64,
    pub(crate) seq: u64,
    pub(crate) single_events: bool,
}

impl SyncToken {
    pub(crate) fn encode(&self) -> String {
        let text = format!(
            "sync:{:x}:{}:{}",
            self.list,
            self.seq,
            u8::from(self.single_events)
        );
        URL_SAFE_NO_PAD.encode(text)
    }

    pub(crate) fn decode(text: &str, list: u64) -> Result<Self, ApiError> {
        let invalid = || ApiError::invalid_parameter("syncToken", "Invalid sync token value.");
        let text = decoded(text).ok_or_else(invalid)?;
        let mut parts = text.strip_prefix("sync:").ok_or_else(invalid)?.split(':');
        let mut number = |radix| {
            parts
                .next()
                .and_then(|part| u64::from_str_radix(part, radix).ok())
        };
        let (Some(own), Some(seq), Some(single)) = (number(16), number(10), number(10)) else {
            return Err(invalid());
        };
        let token = Self {
            list: own,
            seq,
            single_events: single == 1,
        };
        if own == list {
            Ok(token)
        } else {
            Err(invalid())
        }
    }
}

/// Where a page begins: after a key, in a listing that began at a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageToken {
    pub(crate) began: u64,
    /// The empty page in front of this one has been given.
    pub(crate) paused: bool,
    pub(crate) after: String,
}

impl PageToken {
    pub(crate) fn encode(&self) -> String {
        let text = format!(
            "page:{}:{}:{}",
            self.began,
            u8::from(self.paused),
            self.after
        );
        URL_SAFE_NO_PAD.encode(text)
    }

    pub(crate) fn decode(text: &str) -> Result<Self, ApiError> {
        let invalid = || ApiError::invalid_parameter("pageToken", "Invalid page token value.");
        let text = decoded(text).ok_or_else(invalid)?;
        let mut parts = text
            .strip_prefix("page:")
            .ok_or_else(invalid)?
            .splitn(3, ':');
        let began = parts
            .next()
            .and_then(|part| part.parse().ok())
            .ok_or_else(invalid)?;
        let paused = parts.next().ok_or_else(invalid)? == "1";
        Ok(Self {
            began,
            paused,
            after: parts.next().ok_or_else(invalid)?.to_owned(),
        })
    }
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// The reply to a token that is too old.
pub(crate) fn gone() -> ApiError {
    let message = "Sync token is no longer valid, a full sync is required.";
    ApiError::new(410, "fullSyncRequired", message)
        .domain("calendar")
        .parameter("syncToken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_way_and_fit_one_list_only() {
        let token = SyncToken {
            list: 0xabc,
            seq: 7,
            single_events: true,
        };
        assert_eq!(SyncToken::decode(&token.encode(), 0xabc).unwrap(), token);
        assert!(SyncToken::decode(&token.encode(), 0xabd).is_err());
        let page = PageToken {
            began: 9,
            paused: true,
            after: "a:b".to_owned(),
        };
        assert_eq!(PageToken::decode(&page.encode()).unwrap(), page);
        for wrong in ["", "x", "c3luYzo", &page.encode()] {
            assert!(SyncToken::decode(wrong, 0).is_err(), "{wrong}");
        }
        assert!(PageToken::decode(&token.encode()).is_err());
    }
}
