//! What every destination promises, tried on a folder, on servers of object stores, and on a real Postgres.

mod bucket;
mod cases;
mod database;
mod subject;
mod tls;

/// Makes a test of every case for every destination.
macro_rules! contract {
    ([$($place:ident)*] $cases:tt) => {
        $(contract!($place $cases);)*
    };
    ($place:ident {$($case:ident,)*}) => {
        mod $place {
            $(#[tokio::test]
            async fn $case() {
                super::cases::$case(&super::subject::Subject::$place().await).await;
            })*
        }
    };
}

contract! { [folder s3 azure postgres] {
    a_check_finds_nothing_wrong,
    a_stream_begins_empty,
    rows_and_commit_come_back,
    every_kind_of_value_comes_back,
    the_last_change_of_a_key_wins,
    a_deletion_wins_and_a_return_wins_over_it,
    a_deletion_of_what_was_never_there_is_nothing,
    of_two_writers_one_wins,
    a_commit_out_of_turn_is_refused,
    sweeping_finds_what_a_listing_did_not_see,
    odd_ids_stay_apart,
    streams_do_not_see_each_other,
    an_erasure_leaves_nothing_of_the_person,
    a_stream_begins_anew_after_its_erasure,
    folding_changes_nothing,
    another_process_goes_on_where_this_one_stopped,
} }
