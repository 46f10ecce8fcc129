//! A person arrives, with mail, a calendar and files.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use parking_lot::{Mutex, RwLock};

use super::Microsoft365;
use super::calendar::arrival::fill;
use super::calendar::store::Calendar;
use super::drive::item::{self, Owner, item_id};
use super::drive::store::Drive;
use super::graph::chain::Chains;
use super::graph::skus;
use super::mail::mailbox::{Mailbox, Stored};
use super::people::{Profile, User};
use super::scenario::UserScenario;
use crate::corpus;
use crate::corpus::generate::{self, mail::Letters};
use crate::random::{hash, mix, uuid};

impl Microsoft365 {
    /// Makes a person from the scenario's description.
    ///
    /// # Errors
    /// A file is missing, or an address or id is taken or in none of the tenant's domains.
    pub(crate) fn add_user(&self, given: &UserScenario) -> anyhow::Result<Arc<User>> {
        let seed = mix(self.seed ^ 0x0365, hash(&given.email.to_lowercase()));
        let profile = profile(given, self.epoch);
        if let Some(unknown) = skus::unknown(profile.licenses.as_deref()) {
            return Err(anyhow!("{}: no such licence: {unknown}", given.email));
        }
        let user = User {
            id: given.id.clone().unwrap_or_else(|| uuid(seed)),
            seed,
            drive_id: drive_id(seed),
            chains: Mutex::new(Chains::new(mix(seed, 4))),
            mailbox: Mutex::new(self.mailbox(given, &profile.name, seed)?),
            calendar: Mutex::new(self.calendar(given, &profile, seed)?),
            drive: Mutex::new(self.drive(given, &profile, seed)),
            profile: RwLock::new(profile),
        };
        let added = self.people.write().add(user);
        added.map_err(|taken| anyhow!("{}: {taken}", given.email))
    }

    fn mailbox(&self, given: &UserScenario, name: &str, seed: u64) -> anyhow::Result<Mailbox> {
        let letters = Letters {
            seed: mix(seed, 1),
            owner: given.email.clone(),
            owner_name: name.to_owned(),
            epoch: self.epoch,
            count: given.mail.generate.messages,
        };
        let given = corpus::letters(&given.mail, &self.base)?;
        let stored = given.into_iter().map(|raw| {
            let stored = Stored::new(raw);
            let date = stored.envelope.sent.filter(|ms| *ms > 0);
            (stored, date.unwrap_or(self.epoch))
        });
        Ok(Mailbox::new(letters, stored.collect()))
    }

    fn calendar(
        &self,
        given: &UserScenario,
        profile: &Profile,
        seed: u64,
    ) -> anyhow::Result<Calendar> {
        let zone = given.calendar.time_zone.clone();
        let mut calendar = Calendar::new(zone.unwrap_or_else(|| "Europe/Berlin".to_owned()));
        let mut events = corpus::events(&given.calendar.ics, &self.base)?;
        let count = given.calendar.generate.events;
        events.extend(generate::calendar::events(mix(seed, 5), count, self.epoch));
        let owner = (profile.email.as_str(), profile.name.as_str());
        fill(&mut calendar, &events, owner, self.epoch);
        Ok(calendar)
    }

    fn drive(&self, given: &UserScenario, profile: &Profile, seed: u64) -> Drive {
        let mut drive = Drive::new(drive_id(seed), item_id(mix(seed, 2)));
        let owner = Owner {
            id: given.id.clone().unwrap_or_else(|| uuid(seed)),
            email: profile.email.clone(),
            name: profile.name.clone(),
        };
        let count = given.files.generate.files;
        for (id, item) in item::generated(&drive, &owner, mix(seed, 3), count, self.epoch) {
            drive.load(id, item);
        }
        drive
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

/// A drive's id from a number.
fn drive_id(seed: u64) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let tail = (0..64_u64).map(|place| {
        let digit = usize::try_from(mix(seed ^ 0xD21E, place) % 64).unwrap_or(0);
        ALPHABET.get(digit).map_or('a', |byte| char::from(*byte))
    });
    format!("b!{}", tail.collect::<String>())
}

fn profile(given: &UserScenario, created: i64) -> Profile {
    let own = !given.shared;
    let licensed = given.licensed.unwrap_or(own);
    Profile {
        email: given.email.clone(),
        aliases: given.aliases.clone(),
        name: given
            .name
            .clone()
            .unwrap_or_else(|| corpus::name_of(&given.email)),
        enabled: given.enabled.unwrap_or(own),
        licensed,
        licenses: given.licenses.clone(),
        mailbox: given.mailbox,
        mailbox_full: given.mailbox_full,
        shared: given.shared,
        drive: given.drive.unwrap_or(licensed),
        created,
    }
}
