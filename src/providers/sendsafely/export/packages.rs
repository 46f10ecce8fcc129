//! Packages that a person has sent, and what has come in by their Dropzone: metadata only. What opens a package (its code, the
//! server's half of its key) is neither kept nor logged.
//!
//! The vendor can filter by who sent it; whether it looks for the whole address or a part is not documented, so that rows of
//! others may come, and are dropped at once. What a person was sent by others is in the senders' lists.
//!
//! Source: SendSafely/Java-Client-API `GetOrganizationPackagesRequest` and `PackageListResponse` (3.1.14) and
//! SendSafely/Code-Examples, read 2026-11-27; bump.sh/doc/sendsafely-rest-api (states), read 2026-11-27. That times are in UTC
//! is assumed; the vendor's own text is kept beside them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::kind::{Asking, Head, Kind, PAGE_ROWS, Row, Window};
use super::wire::{List, integer};
use crate::model::dataset::Dataset;
use crate::model::record::{Package, Record};
use crate::providers::reading::items::{self, Item, Misread};
use crate::providers::sendsafely::api::Method;

/// The list of packages.
pub(super) struct Packages;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHead {
    package_id: String,
    #[serde(default)]
    package_update_timestamp: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePackage {
    package_user_name: Option<String>,
    package_user_id: Option<String>,
    package_sender: Option<String>,
    package_parent_id: Option<String>,
    #[serde(deserialize_with = "integer")]
    package_state: Option<i64>,
    package_state_str: Option<String>,
    #[serde(deserialize_with = "integer")]
    package_life: Option<i64>,
    package_label: Option<String>,
    package_is_vdr: Option<bool>,
    is_dropzone_package: Option<bool>,
    package_contains_message: Option<bool>,
    package_update_timestamp: Option<String>,
    recipients: Option<Vec<String>>,
    contact_groups: Option<Vec<String>>,
    filenames: Option<Vec<String>>,
}

/// What a number says of a package's life, and of who has fetched it.
enum State {
    Alive(&'static str, Option<&'static str>),
    Deleted,
    /// It is only being begun.
    Temporary,
    Unknown,
}

const fn state(number: Option<i64>) -> State {
    match number {
        Some(0) => State::Alive("inProgress", None),
        Some(1) => State::Alive("expired", Some("none")),
        Some(2) => State::Alive("expired", Some("all")),
        Some(3) => State::Alive("active", Some("all")),
        Some(4) => State::Alive("active", Some("none")),
        Some(5) => State::Alive("active", Some("some")),
        Some(6) => State::Alive("expired", Some("some")),
        Some(-1 | -3 | -4) => State::Deleted,
        Some(-2) => State::Temporary,
        _ => State::Unknown,
    }
}

impl WirePackage {
    fn is_of(&self, subject: &str) -> bool {
        let people = [&self.package_user_name, &self.package_sender];
        let is_them = |name: &&Option<String>| {
            let name = name.as_deref().unwrap_or_default();
            name.trim().eq_ignore_ascii_case(subject)
        };
        people.iter().any(is_them)
    }

    fn into_row(self, state_and_pickup: (Option<&str>, Option<&str>)) -> Row {
        let (state, pickup) = state_and_pickup;
        let modified_at = self.package_update_timestamp.as_deref().and_then(time);
        let vendor = json!({
            "packageStateStr": self.package_state_str,
            "packageUpdateTimestamp": self.package_update_timestamp,
            "packageUserId": self.package_user_id,
            "packageParentId": self.package_parent_id,
        });
        Row::Theirs(Box::new(Record::Package(Box::new(Package {
            state: state.map(str::to_owned).or(self.package_state_str),
            pickup: pickup.map(str::to_owned),
            owner: self.package_user_name,
            sender: self.package_sender,
            recipients: self.recipients.unwrap_or_default(),
            recipient_groups: self.contact_groups.unwrap_or_default(),
            file_names: self.filenames.unwrap_or_default(),
            label: self.package_label,
            dropzone: self.is_dropzone_package,
            data_room: self.package_is_vdr,
            has_message: self.package_contains_message,
            life_days: self.package_life,
            modified_at,
            vendor: Some(vendor),
        }))))
    }
}

/// Reads `Nov 14, 2019 2:24:20 PM`. Newer Java puts a narrow space before the last part.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.replace(['\u{202f}', '\u{a0}'], " ");
    let civil = DateTime::strptime("%b %d, %Y %I:%M:%S %p", &text).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%m/%d/%Y").to_string()
}

impl Kind for Packages {
    const DATASET: Dataset = Dataset::Packages;
    const METHOD: Method = Method::Packages;
    const LOOK_BACK: SignedDuration = SignedDuration::from_hours(48);
    // The vendor's window is in days of a time zone that is not documented.
    const SLACK: SignedDuration = SignedDuration::from_hours(24);
    // That a package expires, is fetched or is deleted may not move it to the top of the list.
    const COMPARED_AFTER: Option<SignedDuration> = Some(SignedDuration::from_hours(25));
    const KEPT: Option<SignedDuration> = None;

    fn asking(subject: &str, window: Window, row: u64) -> Asking {
        let (from, until) = (window.from.map(day), window.until.map(day));
        let body = json!({"sender": subject, "fromDate": from, "toDate": until});
        Asking::new(row, body)
    }

    fn query(asking: &Asking) -> Vec<(&'static str, String)> {
        vec![
            ("rowIndex", asking.row.to_string()),
            ("pageSize", PAGE_ROWS.to_string()),
        ]
    }

    fn rows(list: &List) -> Option<Vec<Item>> {
        list.named("packages")
    }

    fn head(item: &Item) -> Result<Head, Misread> {
        let head: WireHead = items::read(item).map_err(|_| Misread("a package has no id"))?;
        Ok(Head {
            at: head.package_update_timestamp.as_deref().and_then(time),
            id: head.package_id,
        })
    }

    fn read(item: &Item, subject: &str) -> Result<Row, Misread> {
        let package: WirePackage = items::read(item)?;
        if !package.is_of(subject) {
            return Ok(Row::NotTheirs);
        }
        Ok(match state(package.package_state) {
            State::Deleted => Row::Gone,
            State::Temporary => Row::NotTheirs,
            State::Alive(state, pickup) => package.into_row((Some(state), pickup)),
            State::Unknown => package.into_row((None, None)),
        })
    }

    fn gap(_: &str, _: Timestamp, _: Timestamp) -> Option<(String, Record)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const PETER: &str = "peter@acme.example";

    fn item(value: &Value) -> Item {
        serde_json::from_str(&value.to_string()).unwrap()
    }

    fn package() -> Value {
        json!({
            "packageId": "98HN-LO12", "packageCode": "codecanary", "serverSecret": "secretcanary",
            "packageUserName": "Peter@acme.example", "packageUserId": "048d", "packageState": "4",
            "packageStateStr": "Active - Waiting for Pickup", "packageLife": 20, "packageContainsMessage": false,
            "packageUpdateTimestamp": "Nov 14, 2019 2:24:20\u{202f}PM", "isDropzonePackage": false, "packageIsVdr": false,
            "recipients": ["may@parker.example"], "contactGroups": ["Group 1"], "filenames": ["example.pdf"],
        })
    }

    fn read(value: &Value) -> Row {
        Packages::read(&item(value), PETER).unwrap()
    }

    /// Source of the shape: bump.sh/doc/sendsafely-rest-api, read 2026-11-27.
    #[test]
    fn a_package_is_its_metadata_and_not_what_opens_it() {
        let Row::Theirs(record) = read(&package()) else {
            panic!("it is Peter's")
        };
        assert!(!format!("{record:?}").contains("canary"));
        let Record::Package(package) = *record else {
            panic!("it is a package")
        };
        assert_eq!(package.state.as_deref(), Some("active"));
        assert_eq!(package.pickup.as_deref(), Some("none"));
        assert_eq!(package.owner.as_deref(), Some("Peter@acme.example"));
        assert_eq!(package.modified_at, "2019-11-14T14:24:20Z".parse().ok());
        assert_eq!(
            (package.life_days, package.has_message),
            (Some(20), Some(false))
        );
        assert_eq!(package.file_names, ["example.pdf"]);
    }

    #[test]
    fn what_others_have_sent_is_not_theirs() {
        for (owner, sender, theirs) in [
            ("peter@acme.example", Value::Null, true),
            ("notpeter@acme.example", Value::Null, false),
            ("mary@acme.example", json!("peter@acme.example"), true),
            ("mary@acme.example", json!("may@parker.example"), false),
        ] {
            let mut package = package();
            package["packageUserName"] = json!(owner);
            package["packageSender"] = sender;
            assert_eq!(read(&package) != Row::NotTheirs, theirs, "{owner}");
        }
    }

    #[test]
    fn each_state_has_its_word() {
        for (number, wanted) in [
            (0, Some(("inProgress", None))),
            (1, Some(("expired", Some("none")))),
            (2, Some(("expired", Some("all")))),
            (3, Some(("active", Some("all")))),
            (4, Some(("active", Some("none")))),
            (5, Some(("active", Some("some")))),
            (6, Some(("expired", Some("some")))),
            (-1, None),
            (-3, None),
            (-4, None),
        ] {
            let mut package = package();
            package["packageState"] = json!(number);
            match (read(&package), wanted) {
                (Row::Theirs(record), Some((state, pickup))) => {
                    let Record::Package(package) = *record else {
                        panic!("it is a package")
                    };
                    assert_eq!(package.state.as_deref(), Some(state), "{number}");
                    assert_eq!(package.pickup.as_deref(), pickup, "{number}");
                }
                (Row::Gone, None) => {}
                (other, _) => panic!("{number}: {other:?}"),
            }
        }
        let mut temporary = package();
        temporary["packageState"] = json!(-2);
        assert_eq!(read(&temporary), Row::NotTheirs);
    }

    #[test]
    fn times_are_read_as_the_vendor_writes_them() {
        let at = |text: &str| time(text).map(|at| at.to_string());
        assert_eq!(
            at("Dec 1, 2018 12:04:08 AM").as_deref(),
            Some("2018-12-01T00:04:08Z")
        );
        assert_eq!(
            at("Dec 12, 2018 2:24:38 PM").as_deref(),
            Some("2018-12-12T14:24:38Z")
        );
        assert_eq!(at("yesterday"), None);
    }
}
