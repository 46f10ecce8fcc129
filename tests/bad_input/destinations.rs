//! Destinations that are full, read-only or gone, in the middle of it all.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::World;
use crate::company::PETER;
use crate::company::place::Place;
use crate::support::operator::Operator;
use crate::support::postgres::{Postgres, connect};
use crate::support::postgres_programs::give_away;
use crate::support::sandbox_log::Call;
use crate::support::stage::{CONNECTION, USER};
use crate::support::{settings, wait};

/// More than the operator's log takes, and less than the message.
const FILE_BYTES: usize = 256 << 10;
const MESSAGE_BYTES: usize = 1 << 20;

/// A call for the calendar, which comes after mail has been stored, is answered late: time to take the place away.
fn calendar_is_late() -> Value {
    json!({"match": {"pathPrefix": "/google/calendar/"}, "do": {"delayMs": 10_000}, "times": 1})
}

fn folder(world: &World) -> &Path {
    match &world.place {
        Place::Files(folder) => folder,
        other => panic!("{other:?} is no folder"),
    }
}

fn database(world: &World) -> &url::Url {
    match &world.place {
        Place::Postgres(url) => url,
        other => panic!("{other:?} is no database"),
    }
}

/// Says something to the server, not as a user of the database.
async fn tell_server(statement: &str) {
    let server = Postgres::shared().await.connect().await;
    let told = server.batch_execute(statement).await;
    told.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
}

/// Limits how large a file the operator may write; none: no limit.
fn limit_files(operator: &Operator, bytes: Option<usize>) {
    const SCRIPT: &str = "import resource, sys\n\
        pid, soft = map(int, sys.argv[1:])\n\
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))";
    let soft = bytes.map_or_else(|| "-1".to_owned(), |bytes| bytes.to_string());
    let status = Command::new(settings::python())
        .args(["-c", SCRIPT, &operator.id().to_string(), &soft])
        .status();
    assert!(status.expect("runs Python").success());
}

/// A message whose text does not get smaller by packing.
fn large_message() -> String {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        char::from(b'0' + u8::try_from(state >> 58).expect("is below 64"))
    };
    let line = |_| {
        (0..70)
            .map(|_| next())
            .chain("\r\n".chars())
            .collect::<String>()
    };
    let lines: String = (0..MESSAGE_BYTES / 72).map(line).collect();
    format!("From: may@parker.example\r\nTo: {PETER}\r\nSubject: Large\r\n\r\n{lines}")
}

/// Files of rows that were begun and not finished. What `_deputy` holds comes and goes with every check of the folder.
fn unfinished(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("is there") {
        let path = entry.expect("reads").path();
        if path.ends_with("_deputy") {
            continue;
        }
        if path.is_dir() {
            found.extend(unfinished(&path));
        } else if path
            .extension()
            .is_none_or(|extension| extension != "parquet")
        {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn a_folder_without_room_is_said_to_be_full_and_room_is_noticed() {
    let world = World::new(Place::files()).await;
    let full_level = |spec: &mut Value| spec["privacy"]["mail"]["level"] = json!("Full");
    let mut operator = world.synced_with(full_level).await;
    limit_files(&operator, Some(FILE_BYTES));
    let google = world.stage.sandbox.google();
    google.deliver(PETER, &large_message(), &["INBOX"]).await;
    world.change(11).await;
    let full = ("Synced", "False", "DestinationFull");
    let place = folder(&world).display().to_string();
    let words = [
        place.as_str(),
        "no room left",
        "Make room",
        "goes on by itself",
    ];
    world.says(USER, "peter", full, &words).await;
    let log = operator.log();
    assert!(log.len() < FILE_BYTES, "the limit was not for the log");
    assert_eq!(unfinished(folder(&world)), [""; 0].map(PathBuf::from));
    world
        .stage
        .sandbox
        .google()
        .edit(PETER, 10, 12, &super::STREAMS)
        .await;

    limit_files(&operator, None);
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_database_without_room_is_said_to_be_full_and_room_is_noticed() {
    // What a server says whose disk is full. Source: postgresql.org/docs/15/errcodes-appendix.html, read 2026-11-22.
    const FULL: &str = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$; \
        CREATE TRIGGER no_room BEFORE INSERT ON deputy.mail EXECUTE FUNCTION no_room()";
    let world = World::new(Place::postgres().await).await;
    let mut operator = world.synced().await;
    let client = connect(database(&world)).await.expect("connects");
    client.batch_execute(FULL).await.expect("fills it up");
    world.change(21).await;
    let full = ("Synced", "False", "DestinationFull");
    let name = database(&world).path().trim_start_matches('/');
    let words = [name, "no room left", "Make room", "goes on by itself"];
    world.says(USER, "peter", full, &words).await;

    let room = "DROP TRIGGER no_room ON deputy.mail";
    client.batch_execute(room).await.expect("makes room");
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_folder_that_turns_read_only_is_named_and_taken_up_again() {
    let world = World::new(Place::files()).await;
    let folder = folder(&world);
    give_away(folder);
    world.apply().await;
    let launch = world.stage.launch().arg("--namespace");
    let launch = launch.arg(&world.stage.namespace).by_nobody_if_root();
    let mut operator = launch.start();
    world.until(USER, "peter", super::SYNCED).await;

    change_mode(folder, "a-w");
    world.change(31).await;
    let read_only = ("DestinationReachable", "False", "DestinationReadOnly");
    let place = folder.display().to_string();
    let words = [place.as_str(), "may not be", "mounted writable"];
    world.says(CONNECTION, "acme", read_only, &words).await;
    world
        .says(
            USER,
            "peter",
            ("Ready", "False", "DestinationReadOnly"),
            &words,
        )
        .await;

    change_mode(folder, "u+w");
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}

fn change_mode(folder: &Path, mode: &str) {
    let status = Command::new("chmod")
        .args(["-R", mode])
        .arg(folder)
        .status();
    assert!(status.expect("runs chmod").success());
}

#[tokio::test]
async fn a_database_that_turns_read_only_is_named_and_taken_up_again() {
    let world = World::new(Place::postgres().await).await;
    let mut operator = world.synced().await;
    let name = database(&world).path().trim_start_matches('/').to_owned();
    tell_server(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on"
    ))
    .await;
    // Sessions that are open stay as they are.
    tell_server(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    ))
    .await;
    world.change(41).await;
    let read_only = ("DestinationReachable", "False", "DestinationReadOnly");
    let words = [name.as_str(), "may not be written", "primary"];
    world.says(CONNECTION, "acme", read_only, &words).await;
    world
        .says(
            USER,
            "peter",
            ("Ready", "False", "DestinationReadOnly"),
            &words,
        )
        .await;

    tell_server(&format!(
        "ALTER DATABASE {name} RESET default_transaction_read_only"
    ))
    .await;
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}

/// Waits until mail is stored and the calendar is being asked for, whose reply is late: nothing is written meanwhile.
async fn until_in_the_middle(world: &World, has_mail: impl AsyncFn() -> bool) {
    let is_for_calendar = |call: &Call| {
        let has = |what: &str| call.scopes.iter().any(|scope| scope.contains(what));
        call.subject.as_deref() == Some(PETER) && has("calendar") && !has("gmail")
    };
    wait::until("the calendar to be asked for", async || {
        let calls = world.stage.sandbox.calls().await;
        calls.iter().any(is_for_calendar).then_some(())
    })
    .await;
    assert!(has_mail().await, "mail is stored before");
    let person = world.stage.get(USER, "peter").await;
    assert_ne!(
        crate::support::stage::condition(&person, "Synced")["status"],
        "True",
        "there is more to come"
    );
}

async fn says_gone(world: &World, words: &[&str]) {
    let gone = ("Synced", "False", "DestinationNotFound");
    world.says(USER, "peter", gone, words).await;
    let gone = ("DestinationReachable", "False", "DestinationNotFound");
    world.says(CONNECTION, "acme", gone, words).await;
    world
        .until(USER, "peter", ("Ready", "False", "DestinationNotFound"))
        .await;
}

#[tokio::test]
async fn a_folder_that_goes_in_mid_sync_is_named_and_filled_again() {
    let world = World::new(Place::files()).await;
    world.stage.sandbox.faults(&[calendar_is_late()]).await;
    world.apply().await;
    let mut operator = world.stage.operator();
    let folder = folder(&world);
    let mail = folder.join(&world.stage.namespace).join("acme/mail");
    until_in_the_middle(&world, async || mail.is_dir()).await;
    std::fs::remove_dir_all(folder).expect("removes the folder");
    let place = folder.display().to_string();
    let words = [place.as_str(), "does not exist", "mount the volume"];
    says_gone(&world, &words).await;

    std::fs::create_dir(folder).expect("makes the folder");
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_database_that_is_dropped_in_mid_sync_is_named_and_filled_again() {
    let world = World::new(Place::postgres().await).await;
    world.stage.sandbox.faults(&[calendar_is_late()]).await;
    world.apply().await;
    let mut operator = world.stage.operator();
    let url = database(&world);
    let name = url.path().trim_start_matches('/');
    until_in_the_middle(&world, async || has_mail(url).await).await;
    tell_server(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    let words = [name, "does not exist", "Create the database"];
    says_gone(&world, &words).await;

    tell_server(&format!("CREATE DATABASE {name}")).await;
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}

async fn has_mail(url: &url::Url) -> bool {
    let client = connect(url).await.expect("connects");
    let asked = "SELECT FROM deputy.streams WHERE dataset = 'mail'";
    let found = client.query_opt(asked, &[]).await;
    // The table is not there at first.
    found.is_ok_and(|row| row.is_some())
}
