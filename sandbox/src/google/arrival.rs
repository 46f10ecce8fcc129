//! A person arrives, with mail, calendars and files.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use parking_lot::{Mutex, RwLock};
use serde_json::Value;

use super::Google;
use super::calendar::event;
use super::calendar::store::{Calendar, Calendars};
use super::drive::store::{self as drive, Drive};
use super::gmail::labels::{self, LabelSet};
use super::gmail::mailbox::{Mailbox, Stored};
use super::people::{Profile, User};
use crate::corpus::generate::{self, mail::Letters};
use crate::corpus::{self, mbox, mime};
use crate::random::{hash, mix};
use crate::scenario::{CalendarScenario, UserScenario};
use crate::visit::Visits;

impl Google {
    /// Makes a person from the scenario's description.
    ///
    /// # Errors
    /// A file is missing, or an address or id is taken or in no customer's domain.
    pub(crate) fn add_user(&self, given: &UserScenario, now: i64) -> anyhow::Result<Arc<User>> {
        let seed = mix(self.seed, hash(&given.email.to_lowercase()));
        let customer = self.people.read().customer_of(&given.email);
        let customer =
            customer.ok_or_else(|| anyhow!("{} is in no customer's domain", given.email))?;
        let profile = profile(given, self.epoch);
        let user = User {
            id: given
                .id
                .clone()
                .unwrap_or_else(|| format!("1{:020}", seed % 100_000_000_000_000_000)),
            customer,
            seed,
            mailbox: Mutex::new(self.mailbox(given, &profile.name, seed)?),
            calendars: Mutex::new(self.calendars(given, seed, now)?),
            drive: Mutex::new(self.drive(given, &profile.name, seed)),
            profile: RwLock::new(profile),
            visits: Visits::default(),
        };
        let added = self.people.write().add(user);
        added.map_err(|taken| anyhow!("{}: {taken}", given.email))
    }

    fn mailbox(&self, given: &UserScenario, name: &str, seed: u64) -> anyhow::Result<Mailbox> {
        let mut mailbox = Mailbox::new(Letters {
            seed: mix(seed, 1),
            owner: given.email.clone(),
            owner_name: name.to_owned(),
            epoch: self.epoch,
            count: given.mail.generate.messages,
        });
        let messages = corpus::letters(&given.mail, &self.base)?;
        let placed = messages.into_iter().map(|raw| {
            let date = mime::date(&raw).unwrap_or(self.epoch);
            let stored = Stored::new(raw);
            let labels = initial_labels(&mut mailbox.labels, &stored);
            (stored, date, labels)
        });
        let placed: Vec<_> = placed.collect();
        mailbox.load(placed.into_iter());
        Ok(mailbox)
    }

    fn calendars(&self, given: &UserScenario, seed: u64, now: i64) -> anyhow::Result<Calendars> {
        let mut calendars = Calendars::new();
        let primary =
            |calendar: &&CalendarScenario| calendar.id == "primary" || calendar.id == given.email;
        if !given.calendars.iter().any(|calendar| primary(&calendar)) {
            calendars.add(Calendar::new(
                given.email.clone(),
                given.email.clone(),
                true,
            ));
        }
        for wanted in &given.calendars {
            let own = primary(&wanted);
            let id = if own {
                given.email.clone()
            } else {
                wanted.id.clone()
            };
            let mut calendar = Calendar::new(
                id.clone(),
                wanted.summary.clone().unwrap_or_else(|| id.clone()),
                own,
            );
            if let Some(zone) = &wanted.time_zone {
                calendar.time_zone.clone_from(zone);
            }
            if let Some(role) = &wanted.access_role {
                calendar.access_role.clone_from(role);
            }
            calendars.add(calendar);
            let mut events = corpus::events(&wanted.ics, &self.base)?;
            events.extend(generate::calendar::events(
                mix(seed, hash(&wanted.id)),
                wanted.generate.events,
                self.epoch,
            ));
            for resource in events {
                let event_id = resource
                    .get("id")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                let resource =
                    if resource.get("status").and_then(Value::as_str) == Some("cancelled") {
                        event::tombstone(&resource, self.epoch)
                    } else {
                        event::complete(resource, &event_id, &given.email, self.epoch)
                    };
                calendars.put(&id, &event_id, resource, self.epoch.min(now));
            }
        }
        Ok(calendars)
    }

    fn drive(&self, given: &UserScenario, name: &str, seed: u64) -> Drive {
        let mut store = Drive::new(mix(seed, 2));
        let root = store.root.clone();
        for file in
            generate::drive::files(mix(seed, 3), given.files.generate.files, self.epoch, &root)
        {
            let id = file
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let file = drive::complete(file, &id, (&given.email, name), &root, self.epoch);
            store.load(id, file);
        }
        store
    }

    /// A person by address, alias or id.
    pub(crate) fn user(&self, key: &str) -> anyhow::Result<Arc<User>> {
        self.people
            .read()
            .find(key)
            .cloned()
            .context("no such user")
    }
}

fn initial_labels(table: &mut labels::LabelTable, stored: &Stored) -> LabelSet {
    let names = mbox::takeout_labels(&stored.headers).unwrap_or_else(|| vec!["INBOX".to_owned()]);
    let bits = names.iter().filter_map(|name| table.make(name));
    bits.fold(LabelSet::default(), LabelSet::with)
}

fn profile(given: &UserScenario, created: i64) -> Profile {
    Profile {
        primary: given.email.clone(),
        aliases: given.aliases.clone(),
        name: given
            .name
            .clone()
            .unwrap_or_else(|| corpus::name_of(&given.email)),
        admin: given.admin,
        suspended: given.suspended,
        archived: given.archived,
        mailbox: given.mailbox,
        calendar: given.calendar,
        drive: given.drive,
        licenses: given.licenses.clone(),
        created,
        deleted: None,
    }
}
