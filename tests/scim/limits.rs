//! Whoever has a key may be anybody all the same: what they send is bounded, and read without trust.

use deputy::providers::Purpose;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::office::{Office, answer, user};

#[tokio::test]
async fn a_body_is_bounded_in_size_and_depth_and_is_json() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let post = async |body: String| {
        let request = office.request(Method::POST, office.url.join("Users").expect("is a URL"));
        answer(request.bearer_auth(key.token()).body(body)).await
    };
    let large = json!({"userName": "p@acme.example", "displayName": "x".repeat(70_000)});
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for (body, status) in [
        (large.to_string(), StatusCode::PAYLOAD_TOO_LARGE),
        (deep, StatusCode::BAD_REQUEST),
        ("{\"userName\": ".to_owned(), StatusCode::BAD_REQUEST),
        (String::new(), StatusCode::BAD_REQUEST),
        ("[]".to_owned(), StatusCode::BAD_REQUEST),
        ("{}".to_owned(), StatusCode::BAD_REQUEST),
    ] {
        let refused = post(body.clone()).await;
        assert_eq!(refused.status, status, "{}", &body[..body.len().min(50)]);
    }
    assert!(office.people().await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_told_in_the_protocols_words() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    for (method, path, status, scim_type) in [
        (
            Method::GET,
            "Users?filter=shoeSize+eq+5",
            400,
            Some("invalidFilter"),
        ),
        (
            Method::GET,
            "Users?filter=userName+eq",
            400,
            Some("invalidFilter"),
        ),
        (Method::GET, "Users?count=many", 400, Some("invalidValue")),
        (Method::GET, "Users/..%2f..%2fsecrets", 404, None),
        (Method::GET, "Users/%00", 404, None),
        (Method::GET, "Nothing", 404, None),
        (Method::GET, "Me", 501, None),
        (Method::POST, "Bulk", 501, None),
        (Method::DELETE, "Users", 405, None),
    ] {
        let refused = office.ask(&key, method, path, None).await;
        assert_eq!(refused.status.as_u16(), status, "{path}");
        assert_eq!(refused.body["scimType"].as_str(), scim_type, "{path}");
        assert_eq!(refused.body["status"], status.to_string(), "{path}");
    }
}

#[tokio::test]
async fn a_list_is_paged_and_searched_by_either_way() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    for n in 0..3 {
        office
            .make(&key, user(&format!("person{n}@acme.example")))
            .await;
    }
    let second = office
        .ask(&key, Method::GET, "Users?startIndex=2&count=1", None)
        .await
        .body;
    assert_eq!(
        (&second["totalResults"], &second["itemsPerPage"]),
        (&json!(3), &json!(1))
    );
    let search = json!({"filter": "userName sw \"person\"", "startIndex": 3, "count": 5, "attributes": ["userName"]});
    let found = office
        .ask(&key, Method::POST, "Users/.search", Some(search))
        .await
        .body;
    assert_eq!(
        (&found["totalResults"], &found["itemsPerPage"]),
        (&json!(3), &json!(1))
    );
    let resource = found["Resources"][0].as_object().expect("is a user");
    // Members of an object come in no order.
    let mut names: Vec<_> = resource.keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["id", "schemas", "userName"]);
    let none = office
        .ask(&key, Method::GET, "Users?count=0", None)
        .await
        .body;
    assert_eq!(
        (&none["totalResults"], &none["Resources"]),
        (&json!(3), &Value::Array(Vec::new()))
    );
}
