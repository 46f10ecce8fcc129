//! `OneDrive`.
//!
//! Source: learn.microsoft.com/graph/api/resources/drive and driveitem-delta (read 2026-11-22).

mod delta;
pub(crate) mod item;
pub(crate) mod store;

use serde_json::{Value, json};

use self::item::{PROPERTIES, resource};
use self::store::Drive;
use super::errors::GraphError;
use super::graph::access::Context;
use super::graph::route::Endpoint;
use super::graph::{one, paged, select};
use super::roles::Need;
use crate::call::Reply;
use crate::instruments::clock::rfc3339_seconds;

type Run = fn(&Context<'_>) -> Result<Reply, GraphError>;

const fn get(path: &'static [&'static str], run: Run) -> Endpoint {
    Endpoint {
        verb: "GET",
        api: "drive",
        path,
        need: Need::Files,
        run,
    }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    get(&["users", "*", "drive"], drive),
    get(&["users", "*", "drive", "root"], root),
    get(&["users", "*", "drive", "root", "children"], children),
    get(&["users", "*", "drive", "root", "delta"], delta::delta),
    get(
        &["users", "*", "drive", "root", "delta(token)", "*"],
        delta::delta,
    ),
    get(&["users", "*", "drive", "items", "*"], item),
    get(&["users", "*", "drive", "items", "*", "children"], children),
    get(&["drives", "*"], drive),
    get(&["drives", "*", "root"], root),
    get(&["drives", "*", "root", "children"], children),
    get(&["drives", "*", "root", "delta"], delta::delta),
    get(&["drives", "*", "root", "delta(token)", "*"], delta::delta),
    get(&["drives", "*", "items", "root", "delta"], delta::delta),
    get(
        &["drives", "*", "items", "root", "delta(token)", "*"],
        delta::delta,
    ),
    get(&["drives", "*", "items", "*"], item),
    get(&["drives", "*", "items", "*", "children"], children),
];

/// The page size of lists when none is asked for, and the largest one.
const PAGE: usize = 200;
const LARGEST_PAGE: usize = 999;
const DRIVE_PROPERTIES: &[&str] = &[
    "id",
    "driveType",
    "name",
    "description",
    "createdDateTime",
    "lastModifiedDateTime",
    "webUrl",
    "owner",
    "createdBy",
    "lastModifiedBy",
    "quota",
];

fn drive(context: &Context<'_>) -> Result<Reply, GraphError> {
    let user = context.user()?;
    let select = select::wanted(context, "drive", DRIVE_PROPERTIES)?;
    let profile = user.profile.read();
    let store = user.drive.lock();
    let taken: u64 = store
        .items
        .values()
        .filter_map(|item| item.get("size")?.as_u64())
        .sum();
    let person =
        json!({ "user": { "email": profile.email, "id": user.id, "displayName": profile.name } });
    let total = 1_099_511_627_776_u64;
    let resource = json!({
        "id": user.drive_id,
        "driveType": "business",
        "name": "OneDrive",
        "description": "",
        "createdDateTime": rfc3339_seconds(profile.created),
        "lastModifiedDateTime": rfc3339_seconds(profile.created),
        "webUrl": "https://acme-my.sharepoint.example/personal/Documents",
        "owner": person,
        "createdBy": { "user": { "displayName": "System Account" } },
        "lastModifiedBy": person,
        "quota": { "deleted": 0, "remaining": total.saturating_sub(taken), "state": "normal", "total": total,
            "used": taken },
    });
    let resource = select::narrowed(resource, select.as_deref());
    Ok(one(context, "drives", resource))
}

fn shown(context: &Context<'_>, store: &Drive, id: &str) -> Result<Reply, GraphError> {
    context.refuse(&["$expand"])?;
    let select = select::wanted(context, "driveItem", PROPERTIES)?;
    let found = store.items.get(id).ok_or_else(GraphError::no_file)?;
    let item = select::narrowed(resource(store, found), select.as_deref());
    let described = format!("drives('{}')/items", store.id);
    Ok(one(context, &described, item))
}

fn root(context: &Context<'_>) -> Result<Reply, GraphError> {
    let store = context.user()?.drive.lock();
    shown(context, &store, &store.root)
}

fn item(context: &Context<'_>) -> Result<Reply, GraphError> {
    let store = context.user()?.drive.lock();
    shown(context, &store, wanted(context, &store))
}

/// The item that the path names; the root when it names none.
fn wanted<'a>(context: &'a Context<'_>, store: &'a Drive) -> &'a str {
    match context.path.get(1).map(String::as_str) {
        None | Some("root") => &store.root,
        Some(id) => id,
    }
}

fn children(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$expand", "$filter", "$search", "$orderby"])?;
    let select = select::wanted(context, "driveItem", PROPERTIES)?;
    let store = context.user()?.drive.lock();
    let folder = wanted(context, &store);
    if !store.items.contains_key(folder) {
        return Err(GraphError::no_file());
    }
    let (skip, top) = (context.skip()?, context.top(PAGE, LARGEST_PAGE)?);
    let mut rest = store.children(folder).skip(skip);
    let items: Vec<Value> = rest
        .by_ref()
        .take(top)
        .map(|(_, item)| select::narrowed(resource(&store, item), select.as_deref()))
        .collect();
    let next = rest.next().map(|_| skip + top);
    let described = format!("drives('{}')/items('{folder}')/children", store.id);
    Ok(paged(context, &described, items, next))
}
