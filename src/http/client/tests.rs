use serde_json::{Value, json};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::http::auth::{SignedHeaders, SigningKey, ToSign};
use crate::http::testing::{Raw, client, raw_server};

async fn get(client: &Client, url: &str) -> Result<Reply, Error> {
    let token = Token::new("canary".to_owned(), jiff::Timestamp::MAX);
    let request = Request::get(url.parse().unwrap(), &token);
    client
        .send(&client.endpoints(&["vendor.example"]), request)
        .await
}

#[tokio::test]
async fn a_reply_comes_back_whatever_its_status() {
    let server = MockServer::start().await;
    let reply = ResponseTemplate::new(429)
        .insert_header("Retry-After", "7")
        .set_body_json(json!({"error": "slow down"}));
    let asked = Mock::given(header("Authorization", "Bearer canary"));
    asked.respond_with(reply).expect(1).mount(&server).await;
    let reply = get(&client(&server.uri()), &server.uri()).await.unwrap();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(reply.json::<Value>().unwrap()["error"], "slow down");
    assert!(!format!("{reply:?}").contains("slow"));
}

#[tokio::test]
async fn a_refusal_that_repeats_the_token_is_read_without_it() {
    let server = MockServer::start().await;
    let reply = ResponseTemplate::new(400).set_body_string("no such token: canary");
    Mock::given(any()).respond_with(reply).mount(&server).await;
    let reply = get(&client(&server.uri()), &server.uri()).await.unwrap();
    assert_eq!(reply.body, b"no such token: [withheld]");
}

#[tokio::test]
async fn a_refusal_of_a_signed_request_is_read_without_its_key_whatever_its_status() {
    let server = MockServer::start().await;
    let reply = ResponseTemplate::new(200).set_body_string("no such key: k3yCanary");
    Mock::given(any()).respond_with(reply).mount(&server).await;
    let half = |text: &str| text.as_bytes().to_vec().into();
    let key = SigningKey::read(&half("k3yCanary"), &half("s3cret")).unwrap();
    let names = SignedHeaders {
        key: "key",
        time: "time",
        signature: "signature",
    };
    let what = ToSign {
        path: "/",
        time: "now",
        body: Bytes::new(),
    };
    let signed = key.sign(names, what);
    let request = Request {
        method: Method::GET,
        url: server.uri().parse().unwrap(),
        token: None,
        headers: &[],
        body: Body::Signed(&signed),
    };
    let client = client(&server.uri());
    let endpoints = client.endpoints(&["vendor.example"]);
    let sent = client.send(&endpoints, request);
    assert_eq!(sent.await.unwrap().body, b"no such key: [withheld]");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = MockServer::start().await;
    let away = ResponseTemplate::new(302).insert_header("Location", "https://evil.example/");
    Mock::given(any()).respond_with(away).mount(&server).await;
    let reply = get(&client(&server.uri()), &server.uri()).await.unwrap();
    assert_eq!(reply.status, 302);
}

#[tokio::test]
async fn a_place_that_is_not_allowed_gets_no_request() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&server)
        .await;
    let error = get(&client("http://127.0.0.1:1"), &server.uri()).await;
    assert_eq!(error.unwrap_err().kind, Kind::Refused);
}

#[tokio::test]
async fn a_vendors_name_that_leads_inside_is_refused() {
    let client = client("http://127.0.0.1:1");
    let request = Request {
        method: Method::GET,
        url: "https://localhost/".parse().unwrap(),
        token: None,
        headers: &[],
        body: Body::None,
    };
    let error = client
        .send(&client.endpoints(&["localhost"]), request)
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, Kind::Refused, "{error}");
}

#[tokio::test]
async fn an_endless_reply_ends_at_the_bound() {
    let url = raw_server(Raw::Endless).await;
    let error = get(&client(&url), &url).await.unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge, "{error}");
}

#[tokio::test]
async fn an_announced_giant_is_not_even_begun() {
    let url = raw_server(Raw::Reply(
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
    ))
    .await;
    let error = get(&client(&url), &url).await.unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge, "{error}");
}

#[tokio::test]
async fn a_cut_reply_is_an_error_and_not_a_short_body() {
    let url = raw_server(Raw::Reply(
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\"",
    ))
    .await;
    let error = get(&client(&url), &url).await.unwrap_err();
    assert!(error.kind.is_transient(), "{error}");
    assert_ne!(error.kind, Kind::TooLarge);
}

#[tokio::test]
async fn silence_times_out() {
    let url = raw_server(Raw::Silent).await;
    let error = get(&client(&url), &url).await.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut, "{error}");
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let error = get(&client("http://127.0.0.1:1"), "http://127.0.0.1:1/").await;
    assert_eq!(error.unwrap_err().kind, Kind::Unreachable);
}

#[tokio::test]
async fn what_is_not_json_is_malformed_and_not_quoted() {
    let url = raw_server(Raw::Reply(
        "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{canary}",
    ))
    .await;
    let reply = get(&client(&url), &url).await.unwrap();
    let error = reply.json::<Value>().unwrap_err();
    assert_eq!(error.kind, Kind::Malformed);
    assert!(!error.to_string().contains("canary"));
    let deep = "[".repeat(10_000);
    let reply = Reply {
        body: deep.into_bytes(),
        ..reply
    };
    assert_eq!(reply.json::<Value>().unwrap_err().kind, Kind::Malformed);
}
