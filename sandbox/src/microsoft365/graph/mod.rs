//! Microsoft Graph, version 1.0.

pub(crate) mod access;
mod applications;
mod batch;
pub(crate) mod chain;
mod filter;
pub(crate) mod ids;
mod passwords;
pub(crate) mod route;
pub(crate) mod select;
pub(crate) mod skus;
mod users;

use http::StatusCode;
use serde_json::{Map, Value, json};

use self::access::Context;
use super::Microsoft365;
use crate::app::App;
use crate::call::{Call, Reply};

/// Answers `/microsoft365/graph/…`.
pub(crate) fn answer(world: &Microsoft365, app: &App, call: &Call, seq: u64) -> Reply {
    let clock = &app.instruments.clock;
    if route::api_of(call) == "batch" {
        return batch::answer(world, app, call, seq);
    }
    access::answer(world, call, clock)
}

/// A resource.
pub(crate) fn one(context: &Context<'_>, described: &str, resource: Value) -> Reply {
    let mut body = Map::new();
    let described = context.described(&format!("{described}/$entity"));
    body.insert("@odata.context".to_owned(), json!(described));
    if let Value::Object(fields) = resource {
        body.extend(fields);
    }
    Reply::json(StatusCode::OK, &Value::Object(body))
}

/// A collection or a page of one; `link` is the name and the address of the link at its end.
pub(crate) fn many(
    context: &Context<'_>,
    described: &str,
    items: Vec<Value>,
    link: Option<(&str, String)>,
) -> Reply {
    let mut body = Map::new();
    body.insert(
        "@odata.context".to_owned(),
        json!(context.described(described)),
    );
    if let Some((name, address)) = link {
        body.insert(name.to_owned(), json!(address));
    }
    body.insert("value".to_owned(), Value::Array(items));
    Reply::json(StatusCode::OK, &Value::Object(body))
}

/// Adds how many items there are to a page, where `$count=true` asks for it.
pub(crate) fn counted(context: &Context<'_>, mut reply: Reply, count: usize) -> Reply {
    if context.param("$count") == Some("true")
        && let Ok(Value::Object(mut body)) = serde_json::from_slice(&reply.body)
    {
        body.insert("@odata.count".to_owned(), json!(count));
        reply.body = Value::Object(body).to_string().into();
    }
    reply
}

/// Whether items are wanted in the order of their last change.
pub(crate) fn by_change(context: &Context<'_>) -> bool {
    context.param("$orderby") == Some("lastModifiedDateTime desc")
}

/// A page of a collection that is counted in items, with a link to the next one if there is any.
pub(crate) fn paged(
    context: &Context<'_>,
    described: &str,
    items: Vec<Value>,
    next: Option<usize>,
) -> Reply {
    let link = next.map(|at| {
        let kept = context
            .call
            .query
            .iter()
            .filter(|(name, _)| name != "$skip");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .extend_pairs(kept)
            .append_pair("$skip", &at.to_string());
        let query = query.finish().replace("%24", "$");
        ("@odata.nextLink", format!("{}?{query}", context.here()))
    });
    many(context, described, items, link)
}
