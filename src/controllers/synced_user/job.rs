//! One run for one person: who they are, whether they may be synced, then each stream in turn.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use super::eligibility::{Eligibility, eligibility, is_switched_off};
use super::licenses;
use crate::controllers::allowance::Allowance;
use crate::controllers::effective::Plan;
use crate::controllers::fact::Fact;
use crate::controllers::links::Link;
use crate::destinations::{self, Destination};
use crate::kube_io::key::ObjectKey;
use crate::model::account::RemoteUser;
use crate::model::clock::Clock;
use crate::model::cursor::{Lineage, Query, StreamId};
use crate::model::dataset::Dataset;
use crate::model::email::Email;
use crate::providers::{self, Directory, ExportRequest, Exporter};
use crate::sync::{self, Fence, Report, Stream};

/// Everything that a run needs, decided before it begins.
#[derive(Clone)]
pub struct Job {
    /// The person's object.
    pub key: ObjectKey,
    /// Its UID.
    pub uid: String,
    /// The connection.
    pub link: Arc<Link>,
    /// The person's address in the spec.
    pub email: Email,
    /// The alias to sync as.
    pub connected_email: Option<Email>,
    /// Everyone of this connection who is enabled and admitted: who may be looked up together.
    pub listed: Vec<Email>,
    /// The connection's lists.
    pub allowance: Allowance,
    /// What is in force for this person.
    pub plan: Plan,
    /// Nothing older than this.
    pub since: Option<Date>,
    /// Whether a licence is needed.
    pub require_license: bool,
    /// The licences that count, by the vendor's ids or names; any where there are none.
    pub skus: Vec<String>,
    /// The value of the annotation that asks for a full re-sync.
    pub resync: Option<String>,
    /// The value of the annotation that asked for this run, for the answer.
    pub requested_at: Option<String>,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The annotation that it answers.
    pub requested_at: Option<String>,
    /// The system's name.
    pub provider: &'static str,
    /// When it was asked for: waiting for a turn counts.
    pub began: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// The person's account, where it was found.
    pub account: Option<RemoteUser>,
    /// Whether the lists admit every address of the account.
    pub allowed: Option<Fact>,
    /// Whether the account can be synced.
    pub eligible: Fact,
    /// Each stream that was run.
    pub streams: Vec<StreamOutcome>,
    /// What stopped all of it, before or between streams.
    pub stopped: Option<Stop>,
}

/// What stopped a run.
#[derive(Debug, Clone)]
pub enum Stop {
    /// It was told to stop: nothing is to be concluded from it.
    Cancelled,
    /// The vendor.
    Provider(providers::Error),
    /// The account may not be synced: the fact is in [`Outcome::eligible`] or [`Outcome::allowed`].
    NotEligible,
}

/// What became of one stream.
#[derive(Debug, Clone)]
pub struct StreamOutcome {
    /// Which.
    pub dataset: Dataset,
    /// What it did, also where it failed.
    pub report: Report,
    /// Why it failed.
    pub error: Option<Failure>,
}

/// Why a stream failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What the condition says.
    pub fact: Fact,
    /// The vendor's error, where it is one.
    pub provider: Option<providers::Error>,
    /// What is wrong with the destination, where it is that.
    pub destination: Option<destinations::Kind>,
}

impl Job {
    /// Runs. It never fails: what failed is in the outcome.
    pub async fn run(
        &self,
        clock: &dyn Clock,
        fence: &dyn Fence,
        cancel: &CancellationToken,
    ) -> Outcome {
        let mut outcome = Outcome {
            requested_at: self.requested_at.clone(),
            provider: self.link.provider,
            began: clock.now(),
            at: clock.now(),
            account: None,
            allowed: None,
            eligible: Fact::unknown("NotLookedUp", "The person has not been looked up yet."),
            streams: Vec::new(),
            stopped: None,
        };
        let stopped = tokio::select! {
            biased;
            () = cancel.cancelled() => Some(Stop::Cancelled),
            seat = self.link.seats.acquire() => match seat {
                Ok(_seat) => self.sync(&mut outcome, clock, fence, cancel).await.err(),
                Err(_) => Some(Stop::Cancelled),
            },
        };
        outcome.stopped = stopped;
        outcome.at = clock.now();
        outcome
    }

    async fn sync(
        &self,
        outcome: &mut Outcome,
        clock: &dyn Clock,
        fence: &dyn Fence,
        cancel: &CancellationToken,
    ) -> Result<(), Stop> {
        let (Some(directory), Some(exporter), Some(destination)) = (
            self.link.session.directory(),
            self.link.session.exporter(),
            &self.link.destination,
        ) else {
            return Err(Stop::Cancelled);
        };
        let account = self.account(directory, outcome).await?;
        for dataset in self.plan.datasets.clone() {
            if is_switched_off(&account, dataset) {
                continue;
            }
            let stream = StreamRun {
                job: self,
                account: &account,
                exporter,
                destination,
                clock,
                fence,
            };
            let ran = stream.run(dataset, cancel).await;
            let stop = ran.error.as_ref().and_then(Self::stops_all);
            outcome.streams.push(ran);
            if cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            if let Some(stop) = stop {
                return Err(stop);
            }
        }
        Ok(())
    }

    async fn account(
        &self,
        directory: &dyn Directory,
        outcome: &mut Outcome,
    ) -> Result<RemoteUser, Stop> {
        let found = self
            .link
            .roster
            .account(directory, &self.email, &self.listed, |account| {
                self.admits_all_addresses(account).holds()
            })
            .await;
        let mut account = match found {
            Ok(account) => account,
            Err(error) => {
                outcome.eligible = Fact::from(&error);
                return Err(Stop::Provider(error));
            }
        };
        let license = licenses::judge(&account, &self.skus, |sku| directory.untold(sku));
        account.licensed = license.is_there;
        outcome.account = Some(account.clone());
        let allowed = self.admits_all_addresses(&account);
        let admitted = allowed.holds();
        outcome.allowed = Some(allowed);
        let Eligibility { fact, may_sync } = eligibility(&account, &license, self);
        outcome.eligible = fact;
        if admitted && may_sync {
            return Ok(account);
        }
        // What keeps them out may be mended any moment: look again next time.
        self.link.roster.forget(&self.email).await;
        Err(Stop::NotEligible)
    }

    /// An alias must not be a way round the lists: every address of the account has to be admitted or at least not denied.
    fn admits_all_addresses(&self, account: &RemoteUser) -> Fact {
        let addresses = std::iter::once(&account.primary_email).chain(&account.aliases);
        for address in addresses {
            let fact = self.allowance.admits(address);
            if fact.reason == "Denied" || (address == &account.primary_email && !fact.holds()) {
                return fact;
            }
        }
        Fact::good("Allowed", "The connection admits this person.")
    }

    /// What concerns the credential or the whole person would fail in the next stream too.
    fn stops_all(failure: &Failure) -> Option<Stop> {
        use providers::Reason::{
            AccountDisabled, ClientNotAuthorized, ClockSkew, KeyRevoked, ScopeNotAuthorized,
            UserNotAccessible, UserNotFound, UserSuspended,
        };
        let error = failure.provider.as_ref()?;
        let whole = [
            AccountDisabled,
            ClientNotAuthorized,
            ClockSkew,
            KeyRevoked,
            ScopeNotAuthorized,
            UserNotAccessible,
            UserNotFound,
            UserSuspended,
        ];
        whole
            .contains(&error.reason)
            .then(|| Stop::Provider(error.clone()))
    }
}

struct StreamRun<'a> {
    job: &'a Job,
    account: &'a RemoteUser,
    exporter: &'a dyn Exporter,
    destination: &'a Arc<dyn Destination>,
    clock: &'a dyn Clock,
    fence: &'a dyn Fence,
}

impl StreamRun<'_> {
    async fn run(&self, dataset: Dataset, cancel: &CancellationToken) -> StreamOutcome {
        let job = self.job;
        let request = ExportRequest {
            user: self.account.clone(),
            // The primary address, also where an alias is chosen: whether a vendor lets one act as an alias is not
            // documented, and the mailbox is the same.
            subject: self.account.primary_email.clone(),
            dataset,
            privacy: job.plan.privacy.clone(),
            since: job.since,
        };
        let stream = Stream {
            id: StreamId {
                namespace: job.link.key.namespace.clone(),
                connection: job.link.key.name.clone(),
                dataset,
                user: self.account.id.clone(),
            },
            lineage: Lineage {
                provider: job.link.provider.to_owned(),
                // The link's own, and not the status's, which may still speak of the spec before this one.
                tenant: job.link.session.tenant().unwrap_or_default(),
                user: self.account.id.clone(),
                query: Query::of(dataset, &job.plan.privacy, job.since),
            },
            request: &request,
            exporter: self.exporter,
            destination: &**self.destination,
            clock: self.clock,
            fence: self.fence,
        };
        let (report, result) = stream.run(job.resync.as_deref(), cancel).await;
        StreamOutcome {
            dataset,
            report,
            error: result.err().map(|error| failure(dataset, &error)),
        }
    }
}

fn failure(dataset: Dataset, error: &sync::Error) -> Failure {
    let (fact, provider, destination) = match error {
        sync::Error::Provider(error) => (Fact::from(error), Some(error.clone()), None),
        sync::Error::Destination(error) => (Fact::from(error), None, Some(error.kind)),
        sync::Error::Stopped => (Fact::unknown(error.reason(), error.to_string()), None, None),
        sync::Error::ForeignData(_) | sync::Error::TooManyFailedItems(..) => {
            let message = format!("{}: {error}", dataset.name());
            (Fact::bad(error.reason(), message), None, None)
        }
    };
    Failure {
        fact,
        provider,
        destination,
    }
}
