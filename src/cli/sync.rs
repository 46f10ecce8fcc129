//! `deputy sync`: one run, by hand, with exactly what the operator would do for each person.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use kube::ResourceExt;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::check::{destination, open};
use super::input::{Input, InputArgs};
use super::table;
use crate::api::SyncedUser;
use crate::controllers::allowance::Allowance;
use crate::controllers::effective;
use crate::controllers::links::{Link, Origin};
use crate::controllers::roster::Roster;
use crate::controllers::synced_user::job::{Job, Outcome, Stop};
use crate::kube_io::key::ObjectKey;
use crate::providers::Clients;
use crate::supervisor;
use crate::sync::Fence;

/// What is synced.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// Read everything again in a new generation. Give another value to do it once more.
    #[arg(long, value_name = "VALUE")]
    resync: Option<String>,
}

/// By hand there is nobody to lose a lease to.
struct Alone;

impl Fence for Alone {
    fn holds(&self) -> bool {
        true
    }
}

pub(super) async fn run(args: &Args, clients: &Clients) -> anyhow::Result<ExitCode> {
    let input = args.input.read()?;
    let link = Arc::new(link(&input, clients).await?);
    let jobs = jobs(&input, &link, args.resync.as_ref());
    if jobs.is_empty() {
        bail!(
            "no SyncedUser in the files is enabled and admitted by the connection's allowedUsers"
        );
    }
    let cancel = CancellationToken::new();
    let runs = jobs
        .iter()
        .map(|job| job.run(&*clients.clock, &Alone, &cancel));
    let all = futures::future::join_all(runs);
    tokio::pin!(all);
    let signalled = supervisor::signalled()?;
    let outcomes = tokio::select! {
        outcomes = &mut all => outcomes,
        () = signalled => {
            cancel.cancel();
            all.await
        }
    };
    print(&jobs, &outcomes);
    let synced = outcomes.iter().all(is_synced);
    Ok(if synced {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

async fn link(input: &Input, clients: &Clients) -> anyhow::Result<Link> {
    let spec = &input.connection.spec;
    let Some(destination) = destination(input)? else {
        bail!("the connection has no destination to sync to");
    };
    destination.check().await?;
    let connection = &input.connection;
    let namespace = connection
        .namespace()
        .unwrap_or_else(|| "default".to_owned());
    Ok(Link {
        origin: Origin {
            uid: String::new(),
            generation: 0,
            secrets: Vec::new(),
        },
        key: ObjectKey::new(namespace, connection.name_any()),
        provider: spec.provider.name(),
        fingerprint: Some(input.credentials()?.fingerprint().to_string()),
        session: open(input, clients).await?,
        destination: Some(destination),
        seats: Arc::new(Semaphore::new(effective::concurrent_users(spec))),
        roster: Arc::new(Roster::new(
            Arc::clone(&clients.clock),
            effective::validation_interval(spec),
        )),
    })
}

fn jobs(input: &Input, link: &Arc<Link>, resync: Option<&String>) -> Vec<Job> {
    let spec = &input.connection.spec;
    let allowance = Allowance::of(spec);
    let listed = input.listed();
    let is_wanted = |user: &&Arc<SyncedUser>| listed.contains(&user.spec.email);
    let job = |user: &Arc<SyncedUser>| Job {
        key: ObjectKey::of(&**user),
        uid: user.name_any(),
        link: Arc::clone(link),
        email: user.spec.email.clone(),
        connected_email: user.spec.connected_email.clone(),
        listed: listed.clone(),
        allowance: allowance.clone(),
        plan: effective::plan(spec, &user.spec),
        since: spec.sync.as_ref().and_then(|sync| sync.since),
        require_license: effective::requires_license(spec),
        skus: effective::skus(spec),
        resync: resync.cloned(),
        requested_at: None,
    };
    input.users.iter().filter(is_wanted).map(job).collect()
}

fn is_synced(outcome: &Outcome) -> bool {
    outcome.stopped.is_none() && outcome.streams.iter().all(|stream| stream.error.is_none())
}

fn print(jobs: &[Job], outcomes: &[Outcome]) {
    let mut rows = Vec::new();
    for (job, outcome) in jobs.iter().zip(outcomes) {
        let person = job.email.to_string();
        for stream in &outcome.streams {
            let failure = stream.error.as_ref();
            rows.push(vec![
                person.clone(),
                stream.dataset.name().to_owned(),
                failure
                    .map_or("Synced", |failure| &failure.fact.reason)
                    .to_owned(),
                stream.report.upserts.to_string(),
                stream.report.deletes.to_string(),
                stream
                    .report
                    .records
                    .map_or_else(|| "unchanged".into(), |n| n.to_string()),
                failure.map_or_else(String::new, |failure| failure.fact.message.clone()),
            ]);
        }
        if let Some((reason, message)) = stopped(outcome) {
            let empty = String::new;
            rows.push(vec![
                person,
                "-".into(),
                reason,
                empty(),
                empty(),
                empty(),
                message,
            ]);
        }
    }
    let headings = [
        "PERSON", "STREAM", "STATE", "WRITTEN", "DELETED", "RECORDS", "MESSAGE",
    ];
    table::print(&headings, &rows);
}

fn stopped(outcome: &Outcome) -> Option<(String, String)> {
    match outcome.stopped.as_ref()? {
        Stop::Cancelled => Some(("Stopped".into(), "The run was stopped.".into())),
        Stop::Provider(error) => Some((error.reason.to_string(), error.to_string())),
        Stop::NotEligible => {
            let not_allowed = outcome.allowed.as_ref().filter(|allowed| !allowed.holds());
            let fact = not_allowed.unwrap_or(&outcome.eligible);
            Some((fact.reason.to_string(), fact.message.clone()))
        }
    }
}
