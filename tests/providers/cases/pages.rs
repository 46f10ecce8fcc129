//! Pages: all of them, each once, and none that leads away.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::TcpListener;

use deputy::model::dataset::Dataset;
use deputy::providers::{Class, ExportRequest, Position, Reason};
use pretty_assertions::assert_eq;
use url::Url;

use super::{kind, page};
use crate::company::PETER;
use crate::company::dialect::Next;
use crate::providers::subject::{BEYOND_ASCII, MANY, NOTHING, Subject, exporter, ids, positions};

pub(in crate::providers) async fn its_accessors_are_what_it_can_do(subject: &Subject) {
    let datasets = exporter(&subject.session).datasets();
    assert_eq!(datasets, subject.dialect.datasets);
    let request = subject.request(PETER).await;
    for &dataset in datasets {
        let request = ExportRequest {
            dataset,
            ..request.clone()
        };
        let pages = subject.read(&request).await.unwrap();
        assert!(!ids(&pages).is_empty(), "{dataset}");
    }
    let promised: BTreeSet<Dataset> = datasets.iter().copied().collect();
    assert_eq!(promised.len(), datasets.len(), "each is named once");
}

pub(in crate::providers) async fn pages_come_whole_and_once(subject: &Subject) {
    let request = subject.request(MANY).await;
    let pages = subject.read(&request).await.unwrap();
    let (last, before) = pages.split_last().expect("has pages");
    assert!(!before.is_empty(), "there is more than one page");
    assert!(before.iter().all(|page| page.position == Position::Listing));
    assert_eq!(last.position, Position::Listed);
    assert!(pages.iter().all(|page| page.failed.is_empty()));
    let found: BTreeSet<&str> = ids(&pages).into_iter().collect();
    assert_eq!(found.len(), ids(&pages).len(), "nothing comes twice");
    let system = subject.company.system;
    let state = system.state(&subject.company.sandbox, MANY).await;
    let truth = system.rows(&state, request.dataset.name());
    assert_eq!(found, truth.keys().map(|(_, id)| id.as_str()).collect());

    let following = subject.read_from(&request, Some(last.cursor.clone())).await;
    let following = following.unwrap();
    assert_eq!(positions(&following).last(), Some(&Position::Current));
    assert_eq!(ids(&following), [""; 0], "nothing has changed");
}

pub(in crate::providers) async fn an_empty_page_is_not_the_end(subject: &Subject) {
    let request = subject.request(NOTHING).await;
    let pages = subject.read(&request).await.unwrap();
    assert_eq!(positions(&pages), [Position::Listed]);
    assert_eq!(ids(&pages), [""; 0]);

    let request = subject.request(PETER).await;
    let empty = page(subject, None, Next::Mark("second"));
    let full = page(subject, Some("the-only-one"), Next::End);
    let faults = [empty, full].map(|page| subject.fault(Some(1), &page));
    subject.strike(faults).await;
    let pages = subject.read(&request).await.unwrap();
    assert_eq!(positions(&pages), [Position::Listing, Position::Listed]);
    assert_eq!(ids(&pages), ["the-only-one"]);
}

pub(in crate::providers) async fn an_address_beyond_ascii_is_found_and_read(subject: &Subject) {
    let request = subject.request(BEYOND_ASCII).await;
    assert_eq!(request.user.primary_email.as_str(), BEYOND_ASCII);
    let system = subject.company.system;
    let state = system.state(&subject.company.sandbox, BEYOND_ASCII).await;
    for &dataset in subject.dialect.datasets {
        let request = ExportRequest {
            dataset,
            ..request.clone()
        };
        let pages = subject.read(&request).await.unwrap();
        let wanted = system.rows(&state, dataset.name()).len();
        assert_eq!(ids(&pages).len(), wanted, "{dataset}");
        assert!(dataset != subject.dialect.listed || wanted == 3);
    }
}

pub(in crate::providers) async fn a_page_elsewhere_is_not_asked_for(subject: &Subject) {
    let request = subject.request(PETER).await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = format!("http://{}/page", elsewhere.local_addr().unwrap());
    let url: Url = address.parse().unwrap();
    let page = page(subject, None, Next::At(&url));
    subject.strike([subject.fault(Some(1), &page)]).await;
    let error = subject.read(&request).await.unwrap_err();
    assert_eq!(error.reason, subject.dialect.elsewhere, "{error}");
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
}

pub(in crate::providers) async fn a_page_that_leads_to_itself_is_not_followed_for_ever(
    subject: &Subject,
) {
    let request = subject.request(PETER).await;
    let page = page(subject, None, Next::Mark("again"));
    subject.strike([subject.fault(None, &page)]).await;
    let error = subject.read(&request).await.unwrap_err();
    assert_eq!(kind(&error), (Class::Retry, Reason::MalformedReply));
    assert_eq!(subject.asked().await, 2);
}
