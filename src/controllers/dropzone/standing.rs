//! Whether a box is open, in the words of a condition. Pure.

use jiff::Timestamp;

use super::Service;
use super::depots::{keeps_no_files, no_destination};
use crate::controllers::fact::Fact;
use crate::kube_io::conditions::Conditions;
use crate::model::email::Email;
use crate::providers::deputy::dropzone::DropzoneSpec;
use crate::providers::deputy::spec::DeputySpec;

/// The reason of a box that has closed as its spec says: nothing is wrong then.
pub(in crate::controllers) const CLOSED: &str = "Closed";

/// What is seen of a box.
#[derive(Debug, Clone)]
pub(in crate::controllers) struct Sight {
    /// The account.
    pub(in crate::controllers) account: DeputySpec,
    /// The box.
    pub(in crate::controllers) spec: DropzoneSpec,
    /// How boxes are served; none where they are not.
    pub(in crate::controllers) service: Option<Service>,
    /// An older account of the name.
    pub(in crate::controllers) holder: Option<String>,
    /// Whether the destination keeps files; none where there is no destination.
    pub(in crate::controllers) keeps_files: Option<bool>,
    /// What is wrong with the webhook before anything is sent, or how the last notification went.
    pub(in crate::controllers) notified: Option<Fact>,
}

/// What a box's conditions say, and where it is.
pub(in crate::controllers) struct Standing {
    /// Whether it takes files.
    pub(in crate::controllers) ready: Fact,
    /// Where it is; none where it is not served.
    pub(in crate::controllers) url: Option<String>,
}

/// Says how a box stands, given what else is known of the connection.
pub(in crate::controllers) fn standing(
    sight: &Sight,
    conditions: &Conditions,
    now: Timestamp,
) -> Standing {
    let Some(service) = &sight.service else {
        let message = "This Deputy serves no Dropzone. Start it with --edge-listen and --dropzone (the chart: dropzone.enabled=true).";
        return Standing {
            ready: Fact::bad("NotServed", message),
            url: None,
        };
    };
    let url = service.url_of(&sight.account.username);
    Standing {
        ready: obstacle(sight, conditions, now).unwrap_or_else(|| open(sight, &url)),
        url: sight.holder.is_none().then_some(url),
    }
}

/// Returns where a box's uploads are listed.
pub(in crate::controllers) fn inbox_url(service: &Service, username: &Email) -> String {
    format!("{}/inbox", service.url_of(username))
}

fn obstacle(sight: &Sight, conditions: &Conditions, now: Timestamp) -> Option<Fact> {
    if let Some(holder) = &sight.holder {
        let message = format!(
            "The box of {} is that of the connection {holder}, which had the name before. Choose another username.",
            sight.account.username
        );
        return Some(Fact::bad("UsernameTaken", message));
    }
    if let Some(end) = sight.spec.closed_at(now) {
        let message = format!(
            "The box has closed on {end} (spec.provider.deputy.dropzone.closesAt), and tells senders so. What it has taken stays."
        );
        return Some(Fact::bad(CLOSED, message));
    }
    match sight.keeps_files {
        None => Some(no_destination()),
        Some(false) => Some(keeps_no_files()),
        Some(true) => conditions
            .get("DestinationReachable")
            .filter(|reachable| reachable.status != "True")
            .map(Fact::of),
    }
}

fn open(sight: &Sight, url: &str) -> Fact {
    let until = sight
        .spec
        .closes_at
        .map_or_else(String::new, |end| format!(" until {end}"));
    Fact::good("Open", format!("The box takes files at {url}{until}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube_io::conditions::ConditionStatus;
    use serde_json::json;

    fn sight() -> Sight {
        let account: DeputySpec = serde_json::from_value(json!({
            "username": "in@acme.example",
            "dropzone": {"enabled": true, "closesAt": "2026-12-01T00:00:00Z"},
        }))
        .unwrap();
        Sight {
            spec: account.dropzone.clone().unwrap(),
            account,
            service: Some(Service {
                url: Some("https://x.example".parse().unwrap()),
            }),
            holder: None,
            keeps_files: Some(true),
            notified: None,
        }
    }

    fn said(sight: &Sight, reachable: ConditionStatus, now: &str) -> (String, String) {
        let mut conditions = Conditions::new(&[], None, Timestamp::UNIX_EPOCH);
        conditions.set("DestinationReachable", reachable, "DestinationFull", "full");
        let standing = standing(sight, &conditions, now.parse().unwrap());
        let ready = standing.ready;
        (ready.reason.into_owned(), ready.message)
    }

    #[test]
    fn each_obstacle_has_its_reason() {
        use ConditionStatus::{False, True};
        let (before, after) = ("2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z");
        let changed = |change: fn(&mut Sight)| {
            let mut sight = sight();
            change(&mut sight);
            sight
        };
        for (sight, reachable, now, reason) in [
            (sight(), True, before, "Open"),
            (sight(), True, after, "Closed"),
            (sight(), False, before, "DestinationFull"),
            (changed(|s| s.service = None), True, before, "NotServed"),
            (
                changed(|s| s.keeps_files = None),
                True,
                before,
                "NoDestination",
            ),
            (
                changed(|s| s.keeps_files = Some(false)),
                True,
                before,
                "UnsupportedByDestination",
            ),
            (
                changed(|s| s.holder = Some("a/b".to_owned())),
                True,
                before,
                "UsernameTaken",
            ),
        ] {
            let (said, message) = said(&sight, reachable, now);
            assert_eq!(said, reason, "{message}");
        }
        let (_, message) = said(&sight(), True, before);
        assert!(
            message.contains("https://x.example/dropzone/in@acme.example"),
            "{message}"
        );
    }
}
