//! The pages: the form, what came of it, and what stands in the way. They need no script, work at 320 pixels, and keep to WCAG 2.2 AA:
//! a label for each input, faults in words beside their inputs and in a list that is read out at once, 4.5:1 for every text.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::form::{Field, Filled};
use super::markup::Markup;
use super::refusal::Refusal;
use super::types::Types;
use crate::controllers::dropzone::DropBox;
use crate::model::size::readable;
use crate::model::upload::Manifest;

const STYLE: &str = include_str!("page.css");

/// What a browser may do with a page: show it, in the one style that it has, and send its form back here.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

fn page(title: &str, content: &Markup) -> String {
    Markup::new()
        .raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
        .text(title)
        .raw("</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<meta name=\"robots\" content=\"noindex\">\n<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n<main>\n")
        .and(content)
        .raw("</main>\n</body>\n</html>\n")
        .into_string()
}

/// The form, as it was filled in before, with what was wrong.
pub(super) fn form(
    drop_box: &DropBox,
    types: &Types,
    filled: &Filled,
    refusal: Option<&Refusal>,
) -> String {
    let label = drop_box.label();
    let alert = refusal.map_or_else(Markup::new, alert);
    let faults = refusal
        .map(|refusal| refusal.fields.as_slice())
        .unwrap_or_default();
    let accept = types.accept();
    let input = |field, title, hint: Option<&str>| {
        let text = match field {
            Field::Files => accept.as_str(),
            _ => filled.text(field),
        };
        input(field, title, hint, text, faults)
    };
    let limit = drop_box.spec.size_limit();
    let files = format!(
        "Up to 10 files, {limit} together. Taken are: {}.",
        types.readable()
    );
    let content = Markup::new()
        .and(&alert)
        .raw("<h1>")
        .text(label)
        .raw("</h1>\n")
        .and(&about(drop_box))
        .raw("<form method=\"post\" enctype=\"multipart/form-data\">\n")
        .and(&input(Field::Name, "Your name", None))
        .and(&input(Field::Email, "Your e-mail address", None))
        .and(&input(Field::Subject, "Subject (optional)", None))
        .and(&input(Field::Message, "Message (optional)", None))
        .and(&input(Field::Files, "Files", Some(&files)))
        .raw("<button type=\"submit\">Send the files</button>\n</form>\n");
    let title = match refusal {
        Some(refusal) => format!("Error: {} – {label}", refusal.title),
        None => format!("Send files – {label}"),
    };
    page(&title, &content)
}

fn about(drop_box: &DropBox) -> Markup {
    let to = drop_box.about.display_name.as_deref();
    let username = drop_box.about.username.as_str();
    let about = Markup::new().raw("<p class=\"note\">Files sent here go to ");
    let about = match to {
        Some(name) => about.text(name).raw(" (").text(username).raw(")."),
        None => about.text(username).raw("."),
    };
    let kept = drop_box
        .spec
        .expiry
        .map(|expiry| expiry.get().as_hours() / 24);
    let about = match kept {
        Some(1) => about.raw(" They are kept for a day."),
        Some(days) => about
            .raw(" They are kept for ")
            .text(&days.to_string())
            .raw(" days."),
        None => about,
    };
    let about = match drop_box.spec.closes_at {
        Some(end) => about
            .raw(" The Dropzone closes on ")
            .text(&end.strftime("%-d %B %Y, %H:%M").to_string())
            .raw(" UTC."),
        None => about,
    };
    about.raw("</p>\n")
}

/// Says at once what is wrong, with links to the inputs.
fn alert(refusal: &Refusal) -> Markup {
    let alert = Markup::new()
        .raw("<div class=\"alert\" role=\"alert\">\n<h2>")
        .text(refusal.title)
        .raw("</h2>\n<p>")
        .text(&refusal.detail)
        .raw("</p>\n");
    if refusal.fields.is_empty() {
        return alert.raw("</div>\n");
    }
    let faults = refusal
        .fields
        .iter()
        .fold(Markup::new(), |list, (field, fault)| {
            list.raw("<li><a href=\"#")
                .raw(field.id())
                .raw("\">")
                .text(fault)
                .raw("</a></li>\n")
        });
    alert.raw("<ul>\n").and(&faults).raw("</ul>\n</div>\n")
}

fn input(
    field: Field,
    title: &'static str,
    hint: Option<&str>,
    text: &str,
    faults: &[(Field, String)],
) -> Markup {
    let id = field.id();
    let fault = faults.iter().find(|(at, _)| *at == field);
    let mut markup = Markup::new()
        .raw("<div class=\"field\">\n<label for=\"")
        .raw(id)
        .raw("\">")
        .raw(title)
        .raw("</label>\n");
    if let Some(hint) = hint {
        let begun = markup
            .raw("<p class=\"hint\" id=\"")
            .raw(id)
            .raw("-hint\">");
        markup = begun.text(hint).raw("</p>\n");
    }
    if let Some((_, fault)) = fault {
        let begun = markup
            .raw("<p class=\"fault\" id=\"")
            .raw(id)
            .raw("-fault\">");
        markup = begun.text(fault).raw("</p>\n");
    }
    let described = match (hint.is_some(), fault.is_some()) {
        (false, false) => Markup::new(),
        (true, false) => Markup::new()
            .raw(" aria-describedby=\"")
            .raw(id)
            .raw("-hint\""),
        (false, true) => invalid(
            Markup::new()
                .raw(" aria-describedby=\"")
                .raw(id)
                .raw("-fault\""),
        ),
        (true, true) => invalid(
            Markup::new()
                .raw(" aria-describedby=\"")
                .raw(id)
                .raw("-hint ")
                .raw(id)
                .raw("-fault\""),
        ),
    };
    let attributes = Markup::new()
        .raw(" id=\"")
        .raw(id)
        .raw("\" name=\"")
        .raw(id)
        .raw("\"")
        .and(&described);
    markup
        .and(&control(field, &attributes, text))
        .raw("</div>\n")
}

fn invalid(described: Markup) -> Markup {
    described.raw(" aria-invalid=\"true\"")
}

/// Makes the input itself. `text` is what it holds, and for files what it accepts.
fn control(field: Field, attributes: &Markup, text: &str) -> Markup {
    let most = field.most().to_string();
    let begin = |tag: &'static str| Markup::new().raw(tag).and(attributes);
    match field {
        Field::Message => begin("<textarea")
            .raw(" maxlength=\"")
            .text(&most)
            .raw("\">\n")
            .text(text)
            .raw("</textarea>\n"),
        Field::Files => begin("<input type=\"file\"")
            .raw(" multiple required accept=\"")
            .text(text)
            .raw("\">\n"),
        Field::Name | Field::Email | Field::Subject => {
            let kind = match field {
                Field::Name => " autocomplete=\"name\" required",
                Field::Email => " autocomplete=\"email\" required",
                _ => "",
            };
            let tag = match field {
                Field::Email => "<input type=\"email\"",
                _ => "<input type=\"text\"",
            };
            begin(tag)
                .raw(kind)
                .raw(" maxlength=\"")
                .text(&most)
                .raw("\" value=\"")
                .text(text)
                .raw("\">\n")
        }
    }
}

/// What came of an upload.
pub(super) fn received(drop_box: &DropBox, manifest: &Manifest) -> String {
    let count = manifest.files.len();
    let title = if count == 1 {
        "Your file has arrived".to_owned()
    } else {
        format!("Your {count} files have arrived")
    };
    let files = manifest.files.iter().fold(Markup::new(), |list, file| {
        list.raw("<li>")
            .text(&file.name)
            .raw("<br>\n<span class=\"note\">")
            .text(&readable(file.bytes))
            .raw(" – SHA-256 <code>")
            .text(&file.sha256.to_string())
            .raw("</code></span></li>\n")
    });
    let content = Markup::new()
        .raw("<div class=\"done\" role=\"status\">\n<h1>")
        .text(&title)
        .raw("</h1>\n<p class=\"note\">Sent to ")
        .text(drop_box.label())
        .raw(". The number of this upload is <code>")
        .text(manifest.upload.as_str())
        .raw("</code>.</p>\n</div>\n<h2>What was received</h2>\n<ul class=\"files\">\n")
        .and(&files)
        .raw("</ul>\n");
    let content = match manifest.expires_at {
        Some(end) => content
            .raw("<p>This is kept until ")
            .text(&end.strftime("%-d %B %Y").to_string())
            .raw(".</p>\n"),
        None => content,
    };
    page(
        &title,
        &content.raw("<p><a href=\"\">Send more files</a></p>\n"),
    )
}

/// What stands in the way, where there is no form to show.
pub(super) fn notice(refusal: &Refusal) -> String {
    let content = Markup::new()
        .raw("<div class=\"notice\" role=\"alert\">\n<h1>")
        .text(refusal.title)
        .raw("</h1>\n<p>")
        .text(&refusal.detail)
        .raw("</p>\n");
    let content = if refusal.has_form {
        content.raw("<p><a href=\"\">Back to the form</a></p>\n")
    } else {
        content
    };
    page(refusal.title, &content.raw("</div>\n"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::api::ServiceAccountConnection;
    use crate::model::upload::{ReceivedFile, Sender, UploadId};

    const EVIL: &str = "\"><script>alert('x')</script>&amp;";

    fn drop_box() -> DropBox {
        let object: ServiceAccountConnection = serde_json::from_value(json!({
            "apiVersion": "deputy.dev/v1alpha1", "kind": "ServiceAccountConnection", "metadata": {"name": "in"},
            "spec": {"provider": {"deputy": {
                "username": "in@acme.example", "displayName": EVIL,
                "dropzone": {"enabled": true, "label": EVIL, "expiry": "48h", "closesAt": "2026-12-01T00:00:00Z"},
            }}},
        }))
        .unwrap();
        DropBox::of(Arc::new(object)).unwrap()
    }

    fn is_clean(page: &str) {
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
        assert!(page.contains("<html lang=\"en\">"));
        for tag in [
            "main", "form", "ul", "li", "div", "h1", "h2", "p", "textarea", "label", "button", "a",
            "title",
        ] {
            let opened = page.matches(&format!("<{tag}>")).count()
                + page.matches(&format!("<{tag} ")).count();
            assert_eq!(
                opened,
                page.matches(&format!("</{tag}>")).count(),
                "{tag} in {page}"
            );
        }
    }

    #[test]
    fn a_strangers_words_are_words() {
        let drop_box = drop_box();
        let types = Types::new(&[EVIL.to_owned()]);
        let mut filled = Filled::default();
        for field in [Field::Name, Field::Email, Field::Subject, Field::Message] {
            filled.fill(field, EVIL.as_bytes()).unwrap();
        }
        let refusal = Refusal::unfilled(vec![
            (Field::Email, EVIL.to_owned()),
            (Field::Files, EVIL.to_owned()),
        ]);
        let page = form(&drop_box, &types, &filled, Some(&refusal));
        is_clean(&page);
        assert!(page.contains("<a href=\"#email\">"), "{page}");
        assert!(
            page.contains("aria-describedby=\"files-hint files-fault\" aria-invalid=\"true\""),
            "{page}"
        );
        assert!(page.contains("<title>Error: "), "{page}");
        assert!(page.contains("kept for 2 days"), "{page}");
        let manifest = Manifest {
            upload: UploadId::new("2026-11-28T09:00:00Z".parse().unwrap()),
            account: String::new(),
            label: None,
            received_at: "2026-11-28T09:00:00Z".parse().unwrap(),
            expires_at: Some("2026-11-30T09:00:00Z".parse().unwrap()),
            sender: Sender::default(),
            subject: None,
            message: None,
            files: vec![ReceivedFile {
                number: 1,
                name: EVIL.to_owned(),
                media_type: "text/plain".to_owned(),
                bytes: 1536,
                sha256: crate::model::secret::Digest::of(b"x"),
            }],
        };
        let page = received(&drop_box, &manifest);
        is_clean(&page);
        assert!(
            page.contains("1.5 KiB") && page.contains("30 November 2026"),
            "{page}"
        );
    }

    #[test]
    fn every_input_has_a_label() {
        let page = form(
            &drop_box(),
            &Types::new(&["pdf".to_owned()]),
            &Filled::default(),
            None,
        );
        for field in ["name", "email", "subject", "message", "files"] {
            assert!(
                page.contains(&format!("<label for=\"{field}\">")),
                "{field}"
            );
            assert!(
                page.contains(&format!(" id=\"{field}\" name=\"{field}\"")),
                "{field}"
            );
        }
        assert!(page.contains("accept=\".pdf\""), "{page}");
        assert!(!page.contains("role=\"alert\""));
    }

    #[test]
    fn a_notice_says_what_to_do() {
        let refusal = Refusal::closed("2026-12-01T09:30:00Z".parse().unwrap());
        assert_eq!(refusal.status, StatusCode::GONE);
        let page = notice(&refusal);
        assert!(page.contains("1 December 2026, 09:30 UTC"), "{page}");
        assert!(page.contains("role=\"alert\""));
        assert!(!page.contains("Back to the form"));
        let page = notice(&Refusal::busy());
        assert!(page.contains("Back to the form"), "{page}");
    }

    #[test]
    fn the_policy_names_the_one_style() {
        assert!(POLICY.contains("style-src 'sha256-"), "{}", *POLICY);
        assert!(POLICY.contains("default-src 'none'") && !POLICY.contains("script"));
    }
}
