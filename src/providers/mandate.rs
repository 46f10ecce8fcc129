//! What an administrator grants to the privileged account, once.

/// What an administrator does once at the vendor, so that the account may act. Known from the spec and the credential alone, so that
/// it can be done before the first connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// What to do, from page to page.
    pub instruction: String,
    /// What is entered there: what the console calls it, and the value to paste.
    pub values: Vec<(&'static str, String)>,
    /// The page with everything filled in, where the vendor has one.
    pub url: Option<String>,
}
