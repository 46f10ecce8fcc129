//! Which roles are asked for: what the YAML lists, else the least that the streams need.

use std::collections::BTreeSet;

use super::roles;
use super::spec::Microsoft365Spec;
use crate::model::dataset::Dataset;
use crate::model::privacy::{CalendarLevel, MailLevel};
use crate::providers::report::CheckRequest;

/// Returns the roles that the streams and features in use need, the narrowest that serve.
pub(super) fn of(request: &CheckRequest) -> Vec<&'static str> {
    let mut needed: Vec<&str> = vec![roles::USER_READ_ALL];
    for dataset in &request.datasets {
        needed.extend(match dataset {
            Dataset::Mail => match request.privacy.mail {
                MailLevel::None => None,
                MailLevel::Metadata | MailLevel::Subject => Some(roles::MAIL_READ_BASIC_ALL),
                MailLevel::Full => Some(roles::MAIL_READ),
            },
            Dataset::Calendar => match request.privacy.calendar {
                CalendarLevel::None => None,
                CalendarLevel::FreeBusy | CalendarLevel::Metadata => {
                    Some(roles::CALENDARS_READ_BASIC_ALL)
                }
                CalendarLevel::Full => Some(roles::CALENDARS_READ),
            },
            Dataset::Drive => Some(roles::FILES_READ_ALL),
            Dataset::Packages | Dataset::Activity => None,
        });
    }
    needed
}

/// Returns what is to be consented to, each once.
pub(super) fn wanted(spec: &Microsoft365Spec, request: &CheckRequest) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut wanted = match &spec.roles {
        Some(listed) => listed.clone(),
        None => of(request).into_iter().map(str::to_owned).collect(),
    };
    wanted.retain(|role| seen.insert(role.clone()));
    wanted
}

/// Returns the needs that none of the wanted roles serves.
pub(super) fn unserved(wanted: &[String], request: &CheckRequest) -> Vec<&'static str> {
    let is_served = |need: &&str| {
        let serving = roles::serving(need);
        wanted.iter().any(|role| serving.contains(&role.as_str()))
    };
    let mut needs = of(request);
    needs.retain(|need| !is_served(need));
    needs
}

/// Returns what a token grants beyond what is wanted: a role that no wanted one has, and that serves for none of them.
pub(super) fn excess(granted: &[String], wanted: &[String], request: &CheckRequest) -> Vec<String> {
    let needs = of(request);
    let useful = |role: &str| {
        let needed = wanted
            .iter()
            .map(String::as_str)
            .chain(needs.iter().copied());
        // What lets the check and the directory tell more is no excess: it reads no one's data.
        let helps = [
            roles::APPLICATION_READ_ALL,
            roles::LICENSE_ASSIGNMENT_READ_ALL,
            roles::MAILBOX_SETTINGS_READ,
        ];
        helps.contains(&role) || needed.into_iter().any(|need| need == role)
    };
    let mut excess = granted.to_vec();
    excess.retain(|role| !useful(role));
    excess
}

#[cfg(test)]
mod tests {
    use super::super::testing::{request, spec};
    use super::*;
    use crate::model::privacy::Privacy;

    fn owned(roles: &[&str]) -> Vec<String> {
        roles.iter().map(|&role| role.to_owned()).collect()
    }

    #[test]
    fn the_levels_decide_what_is_needed() {
        assert_eq!(
            of(&request()),
            [
                "User.Read.All",
                "Mail.ReadBasic.All",
                "Calendars.ReadBasic.All",
                "Files.Read.All"
            ]
        );
        let full = CheckRequest {
            privacy: Privacy {
                mail: MailLevel::Full,
                calendar: CalendarLevel::None,
                ..Privacy::default()
            },
            ..request()
        };
        assert_eq!(of(&full), ["User.Read.All", "Mail.Read", "Files.Read.All"]);
    }

    #[test]
    fn a_listed_role_may_be_wider_than_what_is_needed() {
        let listed = Microsoft365Spec {
            roles: Some(owned(&["Mail.Read", "User.Read.All", "Mail.Read"])),
            ..spec()
        };
        let wanted = wanted(&listed, &request());
        assert_eq!(wanted, ["Mail.Read", "User.Read.All"]);
        assert_eq!(
            unserved(&wanted, &request()),
            ["Calendars.ReadBasic.All", "Files.Read.All"]
        );
    }

    #[test]
    fn what_nothing_needs_is_excess() {
        let wanted = wanted(&spec(), &request());
        let granted = owned(&[
            "Mail.ReadBasic.All",
            "Mail.Send",
            "Mail.ReadWrite",
            "Application.Read.All",
        ]);
        assert_eq!(
            excess(&granted, &wanted, &request()),
            ["Mail.Send", "Mail.ReadWrite"]
        );
    }
}
