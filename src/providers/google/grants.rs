//! Which scope is asked for when: the narrowest of those that serve and that there are.
//!
//! A token is all or nothing: one scope that is not delegated spoils it. So each API has tokens of its own, and a
//! scope that is missing stops only what needs it. `gmail.metadata` is never put beside a wider scope, since the
//! vendor then holds the token to the narrower one.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use super::NAME;
use super::method::{ApiName, Method};
use super::scopes;
use super::spec::GoogleSpec;
use crate::model::dataset::Dataset;
use crate::model::privacy::{CalendarLevel, MailLevel, Privacy};
use crate::providers::CheckRequest;
use crate::providers::error::{Class, Error, Reason};

/// What a connection may ask for.
pub(super) struct Grants {
    /// What the YAML lists, in its order; nothing else is ever asked for then.
    listed: Option<Vec<String>>,
    /// What there is: what the YAML lists, else what was last seen to be delegated.
    known: RwLock<Arc<BTreeSet<String>>>,
}

impl Grants {
    pub(super) fn new(listed: Option<Vec<String>>) -> Self {
        let known: BTreeSet<String> = listed.iter().flatten().cloned().collect();
        Self {
            listed,
            known: RwLock::new(Arc::new(known)),
        }
    }

    /// Returns what is to be delegated: what the YAML lists, else what the streams need.
    pub(super) fn wanted(&self, needs: &Needs<'_>) -> Vec<String> {
        match &self.listed {
            Some(listed) => without_repeats(listed),
            None => needs.defaults(),
        }
    }

    /// Notes what a check has found to be delegated.
    pub(super) fn learn(&self, granted: impl IntoIterator<Item = String>) {
        if self.listed.is_none() {
            let granted = granted.into_iter().collect();
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(granted);
        }
    }

    /// Notes scopes that a token was got for.
    pub(super) fn learn_one(&self, granted: &[&str]) {
        if self.listed.is_some() {
            return;
        }
        let known = self.known();
        if !granted.iter().all(|&scope| known.contains(scope)) {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut known).extend(granted.iter().map(|&scope| scope.to_owned()));
        }
    }

    /// Returns whether there is a scope for `method`, as far as is known without asking.
    pub(super) fn may(&self, method: Method) -> bool {
        first(method, &self.known()).is_some()
    }

    /// Returns whether asking for `method` is worth a try: there is a scope for it, or nothing is known yet of what is
    /// delegated and the YAML leaves it open.
    pub(super) fn might(&self, method: Method) -> bool {
        let known = self.known();
        first(method, &known).is_some() || (self.listed.is_none() && known.is_empty())
    }

    /// Returns the sets of scopes to try for `method`, one after the other, until one is granted.
    ///
    /// # Errors
    /// [`Class::Invalid`] where the YAML lists scopes and none of them serves.
    pub(super) fn choices(&self, method: Method) -> Result<Vec<Vec<&'static str>>, Error> {
        let known = self.known();
        if first(method, &known).is_some() {
            return Ok(vec![together(method, &known)]);
        }
        match &self.listed {
            Some(_) => Err(unlisted(method)),
            None => Ok(method.scopes().iter().map(|&scope| vec![scope]).collect()),
        }
    }

    fn known(&self) -> Arc<BTreeSet<String>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known)
    }
}

/// Returns the scopes that go into the same token as `method`'s: calendars and events are always read together.
fn together(method: Method, known: &BTreeSet<String>) -> Vec<&'static str> {
    let methods: &[Method] = match method {
        Method::CalendarListList | Method::EventsList | Method::EventsGet => {
            &[Method::CalendarListList, Method::EventsList]
        }
        _ => std::slice::from_ref(&method),
    };
    let mut scopes: Vec<&'static str> = methods
        .iter()
        .filter_map(|&method| first(method, known))
        .collect();
    scopes.dedup();
    scopes
}

/// Returns the narrowest scope that serves and that there is.
fn first(method: Method, known: &BTreeSet<String>) -> Option<&'static str> {
    let scopes = method.scopes().iter().copied();
    let mut fitting = scopes.filter(|&scope| known.contains(scope));
    let first = fitting.next();
    // Where mail's content may be read, reading its metadata with the same token saves one a person.
    match method.api() {
        ApiName::Gmail if first == Some(scopes::GMAIL_METADATA) => fitting.next().or(first),
        _ => first,
    }
}

fn unlisted(method: Method) -> Error {
    Error {
        class: Class::Invalid,
        reason: Reason::ScopeNotAuthorized,
        provider: NAME,
        operation: method.name(),
        status: None,
        code: None,
        meaning: format!(
            "None of the scopes in spec.provider.google.scopes serves for {}.",
            method.name()
        ),
        remedy: format!("List and delegate one of: {}.", method.scopes().join(", ")),
        retry_after: None,
    }
}

fn without_repeats(list: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut list = list.to_vec();
    list.retain(|scope| seen.insert(scope.clone()));
    list
}

/// What the streams and features in use need.
pub(super) struct Needs<'a> {
    /// The kinds of data that are read.
    pub(super) datasets: &'a [Dataset],
    /// How much of them.
    pub(super) privacy: &'a Privacy,
    /// Whether licences are looked up.
    pub(super) licenses: bool,
    /// Whether there is an administrator to read the directory as.
    pub(super) directory: bool,
}

impl<'a> Needs<'a> {
    /// What a request needs of this connection.
    pub(super) fn of(spec: &GoogleSpec, request: &'a CheckRequest) -> Self {
        Self {
            datasets: &request.datasets,
            privacy: &request.privacy,
            licenses: request.licenses,
            directory: spec.admin_email.is_some(),
        }
    }

    /// Returns the methods that must work.
    pub(super) fn methods(&self) -> Vec<Method> {
        let mut methods = Vec::new();
        for dataset in self.datasets {
            methods.extend_from_slice(self.reading(*dataset));
        }
        if self.directory {
            methods.push(Method::UsersGet);
        }
        if self.licenses && self.directory {
            methods.push(Method::LicensesList);
        }
        methods
    }

    fn reading(&self, dataset: Dataset) -> &'static [Method] {
        match dataset {
            Dataset::Mail => match self.privacy.mail {
                MailLevel::None => &[],
                MailLevel::Metadata | MailLevel::Subject => &[Method::MessagesGet],
                MailLevel::Full => &[Method::MessagesGetFull],
            },
            Dataset::Calendar => match self.privacy.calendar {
                CalendarLevel::None => &[],
                CalendarLevel::FreeBusy | CalendarLevel::Metadata | CalendarLevel::Full => {
                    &[Method::EventsList, Method::CalendarListList]
                }
            },
            Dataset::Drive => &[Method::FilesList],
            Dataset::Packages | Dataset::Activity => &[],
        }
    }

    /// Returns the narrowest scope of each.
    fn defaults(&self) -> Vec<String> {
        let methods = self.methods();
        let narrowest = methods.iter().filter_map(|method| method.scopes().first());
        without_repeats(&narrowest.map(|&scope| scope.to_owned()).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What administrators are used to paste.
    fn pasted() -> Grants {
        let listed = [
            "gmail.readonly",
            "gmail.send",
            "calendar",
            "drive.metadata.readonly",
        ];
        let full = |name| format!("https://www.googleapis.com/auth/{name}");
        Grants::new(Some(listed.map(full).to_vec()))
    }

    fn needs<'a>(datasets: &'a [Dataset], privacy: &'a Privacy) -> Needs<'a> {
        Needs {
            datasets,
            privacy,
            licenses: false,
            directory: false,
        }
    }

    #[test]
    fn a_broader_scope_serves_a_narrower_need() {
        let grants = pasted();
        for (method, scope) in [
            (Method::MessagesGet, scopes::GMAIL_READONLY),
            (Method::MessagesGetFull, scopes::GMAIL_READONLY),
            (Method::HistoryList, scopes::GMAIL_READONLY),
            (Method::EventsList, scopes::CALENDAR),
            (Method::CalendarListList, scopes::CALENDAR),
            (Method::CalendarsGet, scopes::CALENDAR),
            (Method::ChangesList, scopes::DRIVE_METADATA_READONLY),
        ] {
            assert_eq!(grants.choices(method).unwrap(), [[scope]], "{method:?}");
            assert!(grants.may(method));
        }
        assert!(!grants.may(Method::UsersGet));
        let error = grants.choices(Method::UsersGet).unwrap_err();
        assert_eq!(
            (error.class, error.reason),
            (Class::Invalid, Reason::ScopeNotAuthorized)
        );
        assert!(error.remedy.contains("admin.directory.user.readonly"));
    }

    #[test]
    fn without_a_list_the_streams_decide() {
        let grants = Grants::new(None);
        let privacy = Privacy::default();
        let all = [Dataset::Mail, Dataset::Calendar, Dataset::Drive];
        let mut needs = needs(&all, &privacy);
        needs.directory = true;
        assert_eq!(
            grants.wanted(&needs),
            [
                scopes::GMAIL_METADATA,
                scopes::CALENDAR_EVENTS_READONLY,
                scopes::CALENDAR_LIST_READONLY,
                scopes::DRIVE_METADATA_READONLY,
                scopes::DIRECTORY_USER_READONLY,
            ]
        );
        let full = Privacy {
            mail: MailLevel::Full,
            calendar: CalendarLevel::None,
            ..Privacy::default()
        };
        let needs = self::needs(&all[..2], &full);
        assert_eq!(grants.wanted(&needs), [scopes::GMAIL_READONLY]);
    }

    #[test]
    fn what_a_check_has_seen_is_used_without_trying() {
        let grants = Grants::new(None);
        assert!(!grants.may(Method::MessagesSearch) && grants.might(Method::MessagesSearch));
        assert_eq!(grants.choices(Method::MessagesGet).unwrap().len(), 4);
        grants.learn([scopes::GMAIL_READONLY.to_owned()]);
        assert!(grants.may(Method::MessagesSearch));
        assert!(!grants.might(Method::UsersGet));
        assert_eq!(
            grants.choices(Method::MessagesGet).unwrap(),
            [[scopes::GMAIL_READONLY]]
        );
        grants.learn([]);
        assert!(!grants.may(Method::MessagesGet));
    }

    #[test]
    fn calendars_and_events_share_a_token_and_metadata_never_narrows_a_wider_one() {
        let grants = Grants::new(None);
        grants.learn(
            [
                scopes::CALENDAR_EVENTS_READONLY,
                scopes::CALENDAR_LIST_READONLY,
                scopes::GMAIL_METADATA,
                scopes::GMAIL_READONLY,
            ]
            .map(str::to_owned),
        );
        let both = [
            scopes::CALENDAR_LIST_READONLY,
            scopes::CALENDAR_EVENTS_READONLY,
        ];
        assert_eq!(grants.choices(Method::EventsList).unwrap(), [both]);
        assert_eq!(grants.choices(Method::CalendarListList).unwrap(), [both]);
        assert_eq!(
            grants.choices(Method::MessagesGet).unwrap(),
            [[scopes::GMAIL_READONLY]]
        );
    }
}
