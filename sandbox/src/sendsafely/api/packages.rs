//! Packages: the company's, for administrators, and one's own.
//!
//! Source: Java and Windows clients, Code-Examples "Enforce Expiration Limits" and "Export Organization Activity Logs" (read
//! 2026-11-27). That texts are searched for anywhere and in any case is assumed.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{Answer, ApiError, Context, Page};
use crate::instruments::clock::utc;
use crate::sendsafely::packages::{Package, Status};

/// What a list is narrowed to; empty texts count as absent.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Filter {
    from_date: Day,
    to_date: Day,
    sender: String,
    recipient: String,
    filename: String,
    #[serde(deserialize_with = "status")]
    status: Option<Status>,
}

/// A day in UTC, such as `11/30/2026`, if one is given.
#[derive(Default)]
struct Day(Option<Date>);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        let day = Date::strptime("%m/%d/%Y", &text);
        let wrong = |_| serde::de::Error::custom(format!("{text} is no date like MM/dd/yyyy"));
        day.map(|day| Self(Some(day))).map_err(wrong)
    }
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Status>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" => Ok(None),
        "ACTIVE" => Ok(Some(Status::Active)),
        "EXPIRED" => Ok(Some(Status::Expired)),
        "ARCHIVED" => Ok(Some(Status::Archived)),
        other => Err(serde::de::Error::custom(format!("{other} is no status"))),
    }
}

impl Filter {
    fn fits(&self, package: &Package) -> bool {
        let day = utc(package.updated).date();
        let sent_by = [package.owner.as_str(), &package.sender];
        let recipients: Vec<&str> = package.recipients.iter().map(String::as_str).collect();
        let names: Vec<&str> = package
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        package.listed()
            && self.from_date.0.is_none_or(|from| day >= from)
            && self.to_date.0.is_none_or(|until| day <= until)
            && self.status.is_none_or(|status| package.has(status))
            && found(&self.sender, &sent_by)
            && found(&self.recipient, &recipients)
            && found(&self.filename, &names)
    }
}

/// Whether one of the texts has a part that is wanted.
fn found(wanted: &str, texts: &[&str]) -> bool {
    let wanted = wanted.to_lowercase();
    wanted.is_empty()
        || texts
            .iter()
            .any(|text| text.to_lowercase().contains(&wanted))
}

/// `POST package/organization/` and `…/search/`.
pub(crate) fn of_company(context: &Context<'_>) -> Answer {
    context.admins_only()?;
    let filter: Filter = context.body()?;
    listed(context, |package| filter.fits(package))
}

/// `GET package`: what the key's owner sent, dropzone uploads included.
pub(crate) fn sent(context: &Context<'_>) -> Answer {
    listed(context, |package| {
        package.listed() && package.owner == context.user.email
    })
}

/// `GET package/received`.
pub(crate) fn received(context: &Context<'_>) -> Answer {
    listed(context, |package| {
        package.listed() && package.is_for(&context.user.email)
    })
}

fn listed(context: &Context<'_>, fits: impl Fn(&Package) -> bool) -> Answer {
    let page = Page::of(context.call)?;
    let packages = context.portal.packages.read();
    let body = String::from_utf8_lossy(&context.call.body);
    let question = format!("{} {} {body}", context.user.email, context.call.path);
    let ids = packages.listed(&question, fits);
    let (rows, pagination, more) =
        page.cut(&ids, |id| packages.find(id).map(Package::entry).into());
    Ok(json!({ "packages": rows, "pagination": pagination, "capped": more }))
}

/// `GET package/{id or code}`.
pub(crate) fn information(context: &Context<'_>, key: &str) -> Answer {
    let packages = context.portal.packages.read();
    let package = packages.find(key).ok_or_else(|| {
        // Source: rsvihladremio/ssdownloader, "mimics the actual production api" (read 2026-11-22).
        ApiError::new("UNKNOWN_PACKAGE", "Package ID does not exist")
    })?;
    if !package.open_to(&context.user) {
        return Err(ApiError::denied("You do not have access to this package"));
    }
    Ok(package.information())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_as_clients_send_them() {
        let read = |text: &str| serde_json::from_str::<Filter>(text);
        // The example script sends months and days of one digit, and everything that it does not want as an empty text.
        let filter = read(r#"{"fromDate": "3/1/2026", "toDate": "", "status": "", "sender": ""}"#);
        let filter = filter.unwrap();
        assert_eq!(filter.from_date.0, Some(Date::constant(2026, 3, 1)));
        assert!(filter.to_date.0.is_none() && filter.status.is_none());
        for wrong in [
            r#"{"fromDate": "2026-03-01"}"#,
            r#"{"status": "NEW"}"#,
            r#"{"from": ""}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
