//! A vendor of a test's own behind this exporter.

use serde::de::DeserializeOwned;

use super::ask::Ask;
use crate::model::dataset::Dataset;
use crate::model::email::Email;
use crate::model::privacy::Privacy;
use crate::providers::google::api::Method;
use crate::providers::reading::scripted;
pub(super) use crate::providers::reading::scripted::{Answer, Store, error, expired, gone};
use crate::providers::{Error, ExportRequest};

/// A request, as a test sees it.
pub(super) type Asked<'a> = scripted::Asked<'a, Method>;
/// A vendor that answers as the test says.
pub(super) type Scripted<V> = scripted::Scripted<V, Method>;

fn line(asked: &Asked<'_>) -> String {
    let pairs = asked.query.iter();
    let pairs = pairs.map(|(name, value)| format!("{name}={value}"));
    let pairs: Vec<_> = pairs.collect();
    format!("{} {}?{}", asked.method.name(), asked.path, pairs.join("&"))
}

impl<V: Answer<Method>> Ask for Scripted<V> {
    async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        _: &Email,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let asked = Asked {
            method,
            path,
            query,
        };
        self.reply(method.name(), line(&asked), &asked).await
    }

    fn may(&self, method: Method) -> bool {
        !self.denied.contains(&method)
    }

    fn per_user(&self) -> usize {
        3
    }
}

/// A request for one person's data.
pub(super) fn request(dataset: Dataset, privacy: Privacy) -> ExportRequest {
    scripted::request("1183", dataset, privacy)
}
