//! What privacy leaves out of a record, and which records it leaves out altogether. Pure.
//!
//! Providers do not ask for what a level excludes where the vendor can leave it out. This is the second lock:
//! whatever came all the same is not stored.

use crate::model::privacy::{CalendarLevel, MailLevel, Privacy};
use crate::model::record::{Activity, Event, Message, Package, Record};

/// Returns the record as it may be stored, or none where it may not be.
pub fn admit(record: Record, privacy: &Privacy) -> Option<Record> {
    match record {
        Record::Message(message) => {
            let message = admit_message(*message, privacy)?;
            Some(Record::Message(Box::new(message)))
        }
        Record::Event(event) => {
            let event = admit_event(*event, privacy)?;
            Some(Record::Event(Box::new(event)))
        }
        Record::File(file) => Some(Record::File(file)),
        Record::Package(package) => {
            admits_all(of_package(&package), privacy).then_some(Record::Package(package))
        }
        Record::Activity(activity) => {
            admits_all(of_activity(&activity), privacy).then_some(Record::Activity(activity))
        }
    }
}

fn admits_all<'a>(participants: impl Iterator<Item = &'a String>, privacy: &Privacy) -> bool {
    let mut participants = participants;
    !participants.any(|address| privacy.excludes_address(address))
}

fn of_package(package: &Package) -> impl Iterator<Item = &String> {
    let people = package.owner.iter().chain(&package.sender);
    people.chain(&package.recipients)
}

fn of_activity(activity: &Activity) -> impl Iterator<Item = &String> {
    let people = activity.actor.iter().chain(&activity.impersonated);
    people.chain(&activity.package_owner)
}

fn admit_message(mut message: Message, privacy: &Privacy) -> Option<Message> {
    if privacy.mail == MailLevel::None || is_labelled_out(&message, privacy) {
        return None;
    }
    let participants = message
        .sender
        .iter()
        .chain(&message.recipients)
        .chain(&message.cc)
        .chain(&message.bcc);
    if participants
        .into_iter()
        .any(|address| privacy.excludes_address(address))
    {
        return None;
    }
    if privacy.mail < MailLevel::Full {
        message.body_text = None;
        message.body_html = None;
    }
    if privacy.mail < MailLevel::Subject {
        message.subject = None;
    }
    Some(message)
}

fn is_labelled_out(message: &Message, privacy: &Privacy) -> bool {
    message
        .labels
        .iter()
        .any(|label| privacy.exclude_labels.contains(label))
}

fn admit_event(event: Event, privacy: &Privacy) -> Option<Event> {
    if privacy.calendar == CalendarLevel::None || has_excluded_participant(&event, privacy) {
        return None;
    }
    let hidden = matches!(
        event.visibility.as_deref(),
        Some("private" | "confidential")
    );
    Some(match privacy.calendar {
        CalendarLevel::Full => event,
        CalendarLevel::Metadata if !hidden => without_text(event),
        _ => only_times(event),
    })
}

fn has_excluded_participant(event: &Event, privacy: &Privacy) -> bool {
    let attendees = event.attendees.as_ref().and_then(|list| list.as_array());
    let addresses = attendees
        .into_iter()
        .flatten()
        .filter_map(|attendee| attendee.get("email").and_then(|email| email.as_str()))
        .chain(event.organizer.as_deref());
    addresses
        .into_iter()
        .any(|address| privacy.excludes_address(address))
}

fn without_text(event: Event) -> Event {
    Event {
        title: None,
        description: None,
        location: None,
        ..event
    }
}

/// Keeps when, how often and whether it blocks the time. Built from nothing, so that a new column stays out until
/// somebody decides that it may be in.
fn only_times(event: Event) -> Event {
    Event {
        status: event.status,
        starts_at: event.starts_at,
        ends_at: event.ends_at,
        all_day: event.all_day,
        time_zone: event.time_zone,
        busy: event.busy,
        series_id: event.series_id,
        original_starts_at: event.original_starts_at,
        recurrence: event.recurrence,
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            sender: Some("Sue <sue@lawyers.example>".into()),
            recipients: vec!["peter@acme.example".into()],
            labels: vec!["INBOX".into(), "Label_1".into()],
            subject: Some("subject".into()),
            body_text: Some("text".into()),
            ..Message::default()
        }
    }

    fn admitted(privacy: &Privacy) -> Option<Message> {
        admit_message(message(), privacy)
    }

    #[test]
    fn a_level_keeps_what_it_names_and_no_more() {
        for (level, subject, text) in [
            (MailLevel::Metadata, false, false),
            (MailLevel::Subject, true, false),
            (MailLevel::Full, true, true),
        ] {
            let privacy = Privacy {
                mail: level,
                ..Privacy::default()
            };
            let message = admitted(&privacy).unwrap();
            assert_eq!(message.subject.is_some(), subject, "{level:?}");
            assert_eq!(message.body_text.is_some(), text, "{level:?}");
        }
        assert!(
            admitted(&Privacy {
                mail: MailLevel::None,
                ..Privacy::default()
            })
            .is_none()
        );
    }

    #[test]
    fn an_excluded_participant_or_label_keeps_a_message_out() {
        for privacy in [
            Privacy {
                exclude_domains: vec!["lawyers.example".into()],
                ..Privacy::default()
            },
            Privacy {
                exclude_domains: vec!["acme.example".into()],
                ..Privacy::default()
            },
            Privacy {
                exclude_labels: vec!["Label_1".into()],
                ..Privacy::default()
            },
        ] {
            assert!(admitted(&privacy).is_none(), "{privacy:?}");
        }
        let elsewhere = vec!["bank.example".into()];
        assert!(
            admitted(&Privacy {
                exclude_domains: elsewhere,
                ..Privacy::default()
            })
            .is_some()
        );
    }

    #[test]
    fn an_excluded_participant_keeps_a_package_and_what_was_done_to_it_out() {
        let of = |address: &str| {
            let package = Package {
                owner: Some("peter@acme.example".into()),
                recipients: vec!["may@parker.example".into(), address.into()],
                ..Package::default()
            };
            let activity = Activity {
                actor: Some("peter@acme.example".into()),
                package_owner: Some(address.into()),
                ..Activity::default()
            };
            let privacy = Privacy {
                exclude_domains: vec!["lawyers.example".into()],
                ..Privacy::default()
            };
            [
                admit(Record::Package(Box::new(package)), &privacy).is_some(),
                admit(Record::Activity(Box::new(activity)), &privacy).is_some(),
            ]
        };
        assert_eq!(of("sue@lawyers.example"), [false, false]);
        assert_eq!(of("sue@bank.example"), [true, true]);
    }

    fn event(visibility: &str) -> Event {
        Event {
            title: Some("title".into()),
            organizer: Some("sue@lawyers.example".into()),
            attendees: Some(serde_json::json!([{"email": "peter@acme.example"}])),
            ical_uid: Some("uid".into()),
            busy: Some(true),
            vendor: Some(serde_json::json!({"link": "x"})),
            visibility: Some(visibility.into()),
            ..Event::default()
        }
    }

    #[test]
    fn a_private_event_is_only_times_below_full() {
        let privacy = |calendar| Privacy {
            calendar,
            ..Privacy::default()
        };
        let open = admit_event(event("default"), &privacy(CalendarLevel::Metadata)).unwrap();
        assert_eq!(
            (open.title.is_some(), open.organizer.is_some()),
            (false, true)
        );
        for (visibility, level) in [
            ("private", CalendarLevel::Metadata),
            ("default", CalendarLevel::FreeBusy),
        ] {
            let closed = admit_event(event(visibility), &privacy(level)).unwrap();
            assert_eq!(
                closed,
                Event {
                    busy: Some(true),
                    ..Event::default()
                }
            );
        }
        let full = admit_event(event("private"), &privacy(CalendarLevel::Full)).unwrap();
        assert_eq!(full, event("private"));
    }

    #[test]
    fn an_excluded_attendee_keeps_an_event_out() {
        for domain in ["acme.example", "lawyers.example"] {
            let privacy = Privacy {
                exclude_domains: vec![domain.into()],
                ..Privacy::default()
            };
            assert!(
                admit_event(event("default"), &privacy).is_none(),
                "{domain}"
            );
        }
    }
}
