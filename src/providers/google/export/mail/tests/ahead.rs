//! Between two pages the vendor is not left without work.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use super::*;
use crate::model::email::Email;
use crate::providers::google::export::ask::Ask;

/// Answers for the last message of the first page once the first of the second is asked for.
struct Patient {
    mailbox: Scripted<Mailbox>,
    next_page: Notify,
}

const LAST: &str = "/4";
const FIRST_OF_THE_NEXT: &str = "/3";

impl Ask for Patient {
    async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        subject: &Email,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        if path.ends_with(FIRST_OF_THE_NEXT) {
            self.next_page.notify_one();
        } else if path.ends_with(LAST) {
            self.next_page.notified().await;
        }
        self.mailbox.get(method, subject, path, query).await
    }

    fn may(&self, method: Method) -> bool {
        self.mailbox.may(method)
    }

    fn per_user(&self) -> usize {
        self.mailbox.per_user()
    }
}

#[tokio::test]
async fn the_next_pages_messages_are_asked_for_while_the_last_of_this_one_is_on_its_way() {
    let api = Arc::new(Patient {
        mailbox: Scripted::new(Mailbox::with(7)),
        next_page: Notify::new(),
    });
    let exporter = GoogleExporter::new(Arc::clone(&api), Arc::new(SystemClock));
    let mut store = Store::default();
    let request = at_metadata();
    let reading = store.read_all(&exporter, &request);
    let read = tokio::time::timeout(Duration::from_secs(10), reading).await;
    read.expect("goes on").unwrap();
    assert_eq!(stored(&store), api.mailbox.vendor.lock().unwrap().messages);
    let mut asked = api.mailbox.asked();
    asked.retain(|line| line.starts_with("messages.get"));
    assert_eq!(asked.len(), 7, "each is asked for once: {asked:?}");
}
