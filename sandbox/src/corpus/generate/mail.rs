//! Generated mail. A message is worked out from the seed and its number whenever it is asked for, so that hundreds of
//! thousands of them cost no memory.

use std::fmt::Write as _;

use super::super::envelope::{Envelope, Person, preview};
use super::wire::{self, base64_len, encoded, escaped, mailbox, push_base64, push_part, rfc2822};
use super::words::{DOMAINS, PEOPLE, SENTENCES, TOPICS};
use crate::random::{mix, pick, word};

/// Milliseconds between two generated messages.
const STEP: i64 = 13 * 60 * 1000;
/// A thread's mails name at most this many ancestors.
const MOST_REFERENCES: usize = 6;

/// The types of parts.
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const CSV: &str = "text/csv";

/// All generated mail of one person.
#[derive(Debug)]
pub(crate) struct Letters {
    pub(crate) seed: u64,
    /// The owner's address when the sandbox started.
    pub(crate) owner: String,
    pub(crate) owner_name: String,
    /// Milliseconds since 1970 that the newest message comes right before.
    pub(crate) epoch: i64,
    pub(crate) count: u32,
}

/// Labels that a generated message has, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traits {
    pub(crate) sent: bool,
    pub(crate) inbox: bool,
    pub(crate) unread: bool,
    pub(crate) starred: bool,
    pub(crate) important: bool,
    pub(crate) spam: bool,
    pub(crate) trash: bool,
    /// 0 to 4, if any.
    pub(crate) category: Option<usize>,
    /// 0 to 2, if any.
    pub(crate) own_label: Option<usize>,
}

#[derive(Clone, Copy)]
enum Shape {
    Plain,
    Html,
    Alternative,
    WithAttachment,
}

impl Letters {
    fn number(&self, index: u32) -> u64 {
        mix(self.seed, u64::from(index))
    }

    /// Milliseconds since 1970; later messages have later dates.
    pub(crate) fn date(&self, index: u32) -> i64 {
        let jitter = i64::try_from(self.number(index) % 300_000).unwrap_or(0);
        self.epoch - (i64::from(self.count) - i64::from(index)) * STEP + jitter
    }

    /// The message that this one answers.
    pub(crate) fn parent(&self, index: u32) -> Option<u32> {
        let number = self.number(index) >> 8;
        let back = 1 + u32::try_from((number >> 4) % 8).unwrap_or(0);
        if number.is_multiple_of(3) {
            index.checked_sub(back)
        } else {
            None
        }
    }

    pub(crate) fn traits(&self, index: u32) -> Traits {
        let number = self.number(index) >> 16;
        let sent = self.is_sent(index);
        let fate = number % 100;
        let (spam, trash) = (!sent && fate < 3, (3..6).contains(&fate));
        let inbox = !sent && !spam && !trash && fate < 70;
        let nth = |shift: u32, of: u64| usize::try_from((number >> shift) % of).unwrap_or(0);
        Traits {
            sent,
            inbox,
            unread: !sent && (number >> 8).is_multiple_of(4),
            starred: (number >> 11).is_multiple_of(25),
            important: !sent && (number >> 16).is_multiple_of(5),
            spam,
            trash,
            category: inbox.then(|| nth(20, 5)),
            own_label: (number >> 24).is_multiple_of(6).then(|| nth(28, 3)),
        }
    }

    fn is_sent(&self, index: u32) -> bool {
        (self.number(index) >> 12).is_multiple_of(9)
    }

    /// The number of a generated message, by its `Message-ID`.
    pub(crate) fn index_of(&self, message_id: &str) -> Option<u32> {
        let text = message_id.trim().trim_start_matches('<');
        let index: u32 = text.split_once('.')?.0.parse().ok()?;
        (index < self.count
            && self.message_id(index).trim_matches(['<', '>']) == text.trim_end_matches('>'))
        .then_some(index)
    }

    fn message_id(&self, index: u32) -> String {
        let number = self.number(index);
        format!(
            "<{index}.{number:016x}@{}>",
            word(DOMAINS.get(..4).unwrap_or_default(), number)
        )
    }

    fn ancestors(&self, index: u32) -> Vec<u32> {
        let chain = std::iter::successors(self.parent(index), |index| self.parent(*index));
        let mut chain: Vec<u32> = chain.take(MOST_REFERENCES).collect();
        chain.reverse();
        chain
    }

    fn subject(&self, index: u32) -> String {
        let root = std::iter::successors(Some(index), |index| self.parent(*index)).last();
        let root = root.unwrap_or(index);
        let topic = word(TOPICS, self.number(root) >> 20);
        if root == index {
            format!("{topic} #{root}")
        } else {
            format!("Re: {topic} #{root}")
        }
    }

    fn correspondent(&self, number: u64) -> (&'static str, String) {
        let (name, local) = pick(PEOPLE, number >> 32).unwrap_or(("Nobody", "nobody"));
        // Some are colleagues, in the owner's own domain.
        let domain = match (number >> 40) % 3 {
            0 => self
                .owner
                .rsplit_once('@')
                .map_or("example", |(_, domain)| domain),
            _ => word(DOMAINS.get(..4).unwrap_or_default(), number >> 44),
        };
        (name, format!("{local}@{domain}"))
    }

    fn shape(&self, index: u32) -> Shape {
        match (self.number(index) >> 36) % 8 {
            0..4 => Shape::Plain,
            4 => Shape::Html,
            5 | 6 => Shape::Alternative,
            _ => Shape::WithAttachment,
        }
    }

    fn boundary(&self, index: u32) -> String {
        format!("=_{:016x}", self.number(index))
    }

    pub(crate) fn mime_type(&self, index: u32) -> &'static str {
        match self.shape(index) {
            Shape::Plain => "text/plain",
            Shape::Html => "text/html",
            Shape::Alternative => "multipart/alternative",
            Shape::WithAttachment => "multipart/mixed",
        }
    }

    /// The headers with their values decoded, in order.
    pub(crate) fn headers(&self, index: u32) -> Vec<(&'static str, String)> {
        let number = self.number(index);
        let date = rfc2822(self.date(index));
        let ancestors = self.ancestors(index);
        let mut headers = Vec::with_capacity(14);
        headers.push(("Delivered-To", self.owner.clone()));
        headers.push((
            "Received",
            format!(
                "by 2002:a05:6000:{:x} with SMTP id sandbox{index}; {date}",
                number & 0xffff
            ),
        ));
        headers.push(("Date", date));
        self.addresses(index, number, &mut headers);
        headers.push(("Subject", self.subject(index)));
        headers.push(("Message-ID", self.message_id(index)));
        if let Some(parent) = ancestors.last() {
            let named: Vec<String> = ancestors
                .iter()
                .map(|index| self.message_id(*index))
                .collect();
            headers.push(("In-Reply-To", self.message_id(*parent)));
            headers.push(("References", named.join(" ")));
        }
        if (number >> 50).is_multiple_of(10) {
            headers.push((
                "List-Id",
                "Announcements <announce.lists.example>".to_owned(),
            ));
        }
        headers.push(("MIME-Version", "1.0".to_owned()));
        self.content_headers(index, &mut headers);
        headers
    }

    /// What the headers say, without writing and reading them.
    pub(crate) fn envelope(&self, index: u32) -> Envelope {
        let number = self.number(index);
        let person = |(name, address): (&str, String)| Person {
            name: name.to_owned(),
            address,
        };
        let other = person(self.correspondent(number));
        let own = person((&self.owner_name, self.owner.clone()));
        let (from, to) = if self.is_sent(index) {
            (own, other)
        } else {
            (other, own)
        };
        let copied = || person(self.correspondent(number.rotate_left(17)));
        let mut references: Vec<String> = self
            .ancestors(index)
            .into_iter()
            .map(|index| self.message_id(index))
            .collect();
        references.reverse();
        Envelope {
            subject: self.subject(index),
            sender: Some(from.clone()),
            from: Some(from),
            to: vec![to],
            cc: number.is_multiple_of(5).then(copied).into_iter().collect(),
            bcc: Vec::new(),
            reply_to: Vec::new(),
            message_id: self.message_id(index),
            references,
            // A date in a header has no fractions of seconds.
            sent: Some(self.date(index).div_euclid(1000) * 1000),
            importance: "normal",
            preview: preview(&self.text(index)),
            attachments: matches!(self.shape(index), Shape::WithAttachment),
        }
    }

    fn addresses(&self, index: u32, number: u64, headers: &mut Vec<(&'static str, String)>) {
        let (name, address) = self.correspondent(number);
        let other = mailbox(name, &address);
        let own = mailbox(&self.owner_name, &self.owner);
        let (from, to) = if self.is_sent(index) {
            (own, other)
        } else {
            (other, own)
        };
        headers.push(("From", from));
        headers.push(("To", to));
        if number.is_multiple_of(5) {
            let (name, address) = self.correspondent(number.rotate_left(17));
            headers.push(("Cc", mailbox(name, &address)));
        }
    }

    fn content_headers(&self, index: u32, headers: &mut Vec<(&'static str, String)>) {
        let mime = self.mime_type(index);
        match self.shape(index) {
            Shape::Plain | Shape::Html => {
                headers.push(("Content-Type", format!("{mime}; charset=\"utf-8\"")));
                headers.push(("Content-Transfer-Encoding", "base64".to_owned()));
            }
            Shape::Alternative | Shape::WithAttachment => {
                let boundary = self.boundary(index);
                headers.push(("Content-Type", format!("{mime}; boundary=\"{boundary}\"")));
            }
        }
    }

    fn sentences(&self, index: u32) -> impl Iterator<Item = &'static str> {
        let number = self.number(index);
        (0..=number % 12).map(move |nth| word(SENTENCES, mix(number, nth)))
    }

    fn text(&self, index: u32) -> String {
        self.sentences(index).collect()
    }

    /// Name and content.
    fn attachment(&self, index: u32) -> (String, String) {
        let table = format!("n;value\n{index};{}\n", self.number(index)).repeat(8);
        (format!("report-{index}.csv"), table)
    }

    /// The beginning of the text, as Gmail shows it in lists (HTML-escaped).
    pub(crate) fn snippet(&self, index: u32) -> String {
        wire::snippet(&self.text(index))
    }

    /// The length of the message on the wire, given its headers: worked out without writing it.
    pub(crate) fn size<'a>(
        &self,
        index: u32,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> usize {
        let lines = headers.map(|(name, value)| name.len() + wire::encoded_len(value) + 4);
        lines.sum::<usize>() + 2 + self.body_size(index)
    }

    fn body_size(&self, index: u32) -> usize {
        let html = || "<p></p>".len() + self.sentences(index).map(wire::escaped_len).sum::<usize>();
        let plain = || self.sentences(index).map(str::len).sum();
        let part = |mime: &str, file: Option<&str>, length: usize| {
            wire::part_len(&self.boundary(index), mime, file, length)
        };
        let end = self.boundary(index).len() + "----\r\n".len();
        match self.shape(index) {
            Shape::Plain => base64_len(plain()),
            Shape::Html => base64_len(html()),
            Shape::Alternative => part(TEXT, None, plain()) + part(HTML, None, html()) + end,
            Shape::WithAttachment => {
                let (name, table) = self.attachment(index);
                part(TEXT, None, plain()) + part(CSV, Some(&name), table.len()) + end
            }
        }
    }

    /// The message as it came over the wire.
    pub(crate) fn rfc822(&self, index: u32) -> Vec<u8> {
        let mut out = String::with_capacity(2048);
        for (name, value) in self.headers(index) {
            let value = encoded(&value);
            // Writing to a string cannot fail.
            let _ = write!(out, "{name}: {value}\r\n");
        }
        out.push_str("\r\n");
        self.write_body(index, &mut out);
        out.into_bytes()
    }

    fn write_body(&self, index: u32, out: &mut String) {
        let text = self.text(index);
        let html = format!("<p>{}</p>", escaped(&text));
        let boundary = self.boundary(index);
        match self.shape(index) {
            Shape::Plain => push_base64(text.as_bytes(), out),
            Shape::Html => push_base64(html.as_bytes(), out),
            Shape::Alternative => {
                push_part(&boundary, TEXT, None, text.as_bytes(), out);
                push_part(&boundary, HTML, None, html.as_bytes(), out);
                let _ = write!(out, "--{boundary}--\r\n");
            }
            Shape::WithAttachment => {
                let (name, table) = self.attachment(index);
                push_part(&boundary, TEXT, None, text.as_bytes(), out);
                push_part(&boundary, CSV, Some(&name), table.as_bytes(), out);
                let _ = write!(out, "--{boundary}--\r\n");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::mime;

    fn letters() -> Letters {
        Letters {
            seed: 7,
            owner: "peter.parker@acme.example".to_owned(),
            owner_name: "Peter Parker".to_owned(),
            epoch: 1_793_491_200_000,
            count: 400,
        }
    }

    #[test]
    fn headers_are_those_of_the_message_on_the_wire() {
        let letters = letters();
        for index in 0..400 {
            let parsed = mime::headers(&letters.rfc822(index));
            let made: Vec<(String, String)> = letters
                .headers(index)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            assert_eq!(parsed, made, "{index}");
        }
    }

    #[test]
    fn the_envelope_is_that_of_the_message_on_the_wire() {
        let letters = letters();
        for index in 0..400 {
            let (made, read) = (
                letters.envelope(index),
                Envelope::of(&letters.rfc822(index)),
            );
            assert_eq!(
                (&made.subject, &made.from),
                (&read.subject, &read.from),
                "{index}"
            );
            assert_eq!((&made.to, &made.cc), (&read.to, &read.cc), "{index}");
            assert_eq!((&made.message_id, made.sent), (&read.message_id, read.sent));
            assert_eq!(made.attachments, read.attachments, "{index}");
            assert_eq!(made.references.first(), read.references.first(), "{index}");
            assert_eq!(made.preview, read.preview, "{index}");
        }
    }

    #[test]
    fn the_size_is_that_of_the_message_on_the_wire() {
        let letters = letters();
        for index in 0..400 {
            let headers = letters.headers(index);
            let pairs = headers.iter().map(|(name, value)| (*name, value.as_str()));
            assert_eq!(
                letters.size(index, pairs),
                letters.rfc822(index).len(),
                "{index}"
            );
        }
    }

    #[test]
    fn dates_rise_and_threads_refer_back() {
        let letters = letters();
        assert!((1..400).all(|index| letters.date(index) > letters.date(index - 1)));
        let answers: Vec<u32> = (0..400)
            .filter(|index| letters.parent(*index).is_some())
            .collect();
        assert!(answers.len() > 50);
        for index in answers {
            let headers = letters.headers(index);
            let (_, id) = headers
                .iter()
                .find(|(name, _)| *name == "In-Reply-To")
                .unwrap();
            assert_eq!(letters.index_of(id), letters.parent(index));
        }
        assert_eq!(
            letters.index_of("<3.0000000000000000@horizon.example>"),
            None
        );
    }

    #[test]
    fn there_is_variety() {
        let letters = letters();
        let types: std::collections::BTreeSet<&str> =
            (0..400).map(|index| letters.mime_type(index)).collect();
        assert_eq!(types.len(), 4);
        let all: Vec<Traits> = (0..400).map(|index| letters.traits(index)).collect();
        for (what, count) in [
            ("sent", all.iter().filter(|t| t.sent).count()),
            ("spam", all.iter().filter(|t| t.spam).count()),
            ("trash", all.iter().filter(|t| t.trash).count()),
            ("unread", all.iter().filter(|t| t.unread).count()),
            (
                "labelled",
                all.iter().filter(|t| t.own_label.is_some()).count(),
            ),
        ] {
            assert!((3..300).contains(&count), "{what}: {count}");
        }
    }
}
