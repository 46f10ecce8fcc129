//! A vendor of a test's own behind this exporter.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ask::Ask;
use super::fault;
use crate::model::dataset::Dataset;
use crate::model::privacy::Privacy;
use crate::providers::microsoft365::api::{Link, Method, Target, Whom};
use crate::providers::reading::scripted;
pub(super) use crate::providers::reading::scripted::{Answer, Store, expired, gone, refused};
use crate::providers::{Error, ExportRequest};

/// The place that all links of a scripted vendor are below.
pub(super) const PLACE: &str = "https://graph.vendor.example/v1.0";

/// A request, as a test sees it: the path is what is below the person, or the link.
pub(super) type Asked<'a> = scripted::Asked<'a, Method>;
/// A vendor that answers as the test says.
pub(super) type Scripted<V> = scripted::Scripted<V, Method>;

impl<V: Answer<Method>> Ask for Scripted<V> {
    async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        whom: Whom<'_>,
        target: Target<'_>,
    ) -> Result<T, Error> {
        assert_eq!(whom.key, "u1");
        let (path, query) = match target {
            Target::Path(path, query) => (path.to_owned(), query),
            Target::Link(link) => {
                let text = serde_json::to_value(link).unwrap();
                (text.as_str().unwrap().to_owned(), &[] as &[(&str, &str)])
            }
        };
        let path = path.strip_prefix("users/u1/").unwrap();
        let asked = Asked {
            method,
            path,
            query,
        };
        let line = format!("{} {path}", method.name());
        self.reply(method.name(), line, &asked).await
    }

    fn link(&self, method: Method, absolute: &str) -> Result<Link, Error> {
        let rest = absolute
            .strip_prefix(PLACE)
            .and_then(|rest| rest.strip_prefix('/'));
        let rest = rest.ok_or_else(|| fault::malformed(method.name(), "leads away"))?;
        Ok(serde_json::from_value(Value::String(rest.to_owned())).unwrap())
    }

    fn per_user(&self) -> usize {
        3
    }
}

/// Makes a link to a path below the person.
pub(super) fn link(path: &str) -> String {
    format!("{PLACE}/users/u1/{path}")
}

/// A request for one person's data.
pub(super) fn request(dataset: Dataset, privacy: Privacy) -> ExportRequest {
    scripted::request("u1", dataset, privacy)
}
