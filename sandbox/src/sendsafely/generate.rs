//! An account's packages and what the audit log tells of them, from the seed.

use super::SendSafely;
use super::accounts::{User, canary};
use super::audit::Entry;
use super::packages::{File, Package, State};
use super::scenario::UserScenario;
use crate::corpus::generate::words::{DOMAINS, FILES, PEOPLE, TOPICS};
use crate::random::{hash, mix, pick, uuid, word};

const DAY: i64 = 86_400_000;
/// Ends of file names.
const EXTENSIONS: &[&str] = &["pdf", "docx", "xlsx", "png", "zip", "csv"];
/// Who an upload is by when nobody has proved who it is.
const UNVERIFIED: &str = "Unverified Sender";

/// Makes the packages that the scenario asks for; they lead up to `epoch` (milliseconds since 1970).
pub(crate) fn life_of(
    portal: &SendSafely,
    user: &User,
    given: &UserScenario,
    seed: u64,
    epoch: i64,
) {
    let seed = mix(seed, hash(&user.email));
    for nth in 0..u64::from(given.generate.packages) {
        let package = package(user, seed, nth, epoch);
        let mut audit = portal.audit.write();
        for entry in events(&package) {
            audit.add(entry);
        }
        portal.packages.write().put(package);
    }
}

/// A correspondent outside of the company.
fn stranger(number: u64) -> String {
    let (_, local) = pick(PEOPLE, number).unwrap_or_default();
    format!("{local}@{}", word(DOMAINS, number >> 8))
}

fn package(user: &User, seed: u64, nth: u64, epoch: i64) -> Package {
    let number = mix(seed, nth);
    let created = epoch
        - i64::try_from(number % 120).unwrap_or(0) * DAY
        - i64::try_from((number >> 16) % 86_400).unwrap_or(0) * 1000;
    let dropzone = nth % 3 == 2 && !user.dropzone_recipients.is_empty();
    let recipients = if dropzone {
        user.dropzone_recipients.clone()
    } else {
        (0..=number % 3)
            .map(|one| stranger(mix(number, one)))
            .collect()
    };
    let files = (0..=(number >> 8) % 3).map(|one| file(mix(number ^ 0xF11E, one), created));
    Package {
        id: short_id(number),
        code: code(number),
        owner: user.email.clone(),
        owner_id: user.id.clone(),
        sender: if dropzone {
            stranger(number)
        } else {
            user.email.clone()
        },
        dropzone,
        workspace: !dropzone && nth % 7 == 6,
        archived: nth % 22 == 11,
        state: pick(&State::ALL, nth).unwrap_or(State::ActiveComplete),
        life: 10 + u32::try_from(number % 80).unwrap_or(0),
        label: word(TOPICS, number >> 4).to_owned(),
        has_message: number.is_multiple_of(2),
        recipients,
        files: files.collect(),
        created,
        updated: created + DAY / 2,
        server_secret: canary(32),
    }
}

fn file(number: u64, at: i64) -> File {
    File {
        id: uuid(number),
        name: format!("{}.{}", word(FILES, number), word(EXTENSIONS, number >> 8)),
        size: 1_000 + (number >> 16) % 9_000_000,
        uploaded: at,
    }
}

/// Such as `ABCD-EFGH`.
pub(crate) fn short_id(number: u64) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letters = (0..8_u64).map(|place| {
        let letter = pick(ALPHABET, mix(number, place)).unwrap_or(b'A');
        char::from(letter)
    });
    let text: String = letters.collect();
    let (head, tail) = text.split_at(4);
    format!("{head}-{tail}")
}

/// A package's code.
pub(crate) fn code(number: u64) -> String {
    let (high, low) = (mix(number, 11), mix(number, 12));
    format!("{high:016x}{low:016x}")
}

/// What the audit log tells of a package. The names of the actions are assumed.
pub(crate) fn events(package: &Package) -> Vec<Entry> {
    let unverified = package.dropzone.then(|| UNVERIFIED.to_owned());
    let uploads = package.files.iter().map(|file| {
        let who = unverified.clone().unwrap_or_else(|| package.owner.clone());
        Entry::of_package("FILE_UPLOAD", &who, package, &file.name, file.uploaded)
    });
    let first = package.files.first();
    let download = first.zip(package.recipients.first()).map(|(file, who)| {
        Entry::of_package("FILE_DOWNLOAD", who, package, &file.name, package.updated)
    });
    uploads.chain(download).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_packages_have_eleven_states() {
        let user = User {
            id: "1".to_owned(),
            email: "a@b.example".to_owned(),
            name: "A".to_owned(),
            admin: false,
            service_account: true,
            active: true,
            dropzone_recipients: vec!["c@b.example".to_owned()],
            client_key: String::new(),
        };
        let made: Vec<Package> = (0..11)
            .map(|nth| package(&user, 7, nth, DAY * 20_000))
            .collect();
        for state in State::ALL {
            assert!(
                made.iter().any(|package| package.state == state),
                "{state:?}"
            );
        }
        assert!(made.iter().any(|one| one.dropzone) && made.iter().any(|one| one.workspace));
        assert!(
            made.iter()
                .all(|one| !one.files.is_empty() && one.updated <= DAY * 20_000 + DAY)
        );
    }
}
