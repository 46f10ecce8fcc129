//! What a sender calls a file, made fit to be kept and shown. No path is ever made of it.

/// How long a name may be, in characters. File systems stop at 255 bytes.
const MOST_CHARACTERS: usize = 150;

/// What stands in for a name of which nothing is left.
const NAMELESS: &str = "file";

/// Takes the last part of what may be a path, and out of that everything that is not to be seen or means something to a file
/// system or a shell window: control characters, and those that turn the direction of writing so that `exe.pdf` shows for `fdp.exe`.
pub(super) fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|&c| is_kept(c)).collect();
    let kept = kept
        .trim()
        .trim_start_matches('.')
        .trim_end_matches(['.', ' ']);
    match kept {
        "" => NAMELESS.to_owned(),
        kept => shortened(kept),
    }
}

fn is_kept(c: char) -> bool {
    let is_direction = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_unseen = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{2028}' | '\u{2029}');
    let is_reserved = "<>:\"|?*".contains(c);
    !(c.is_control() || is_direction || is_unseen || is_reserved)
}

/// Takes out of the middle what is too long, so that the ending stays.
fn shortened(name: &str) -> String {
    if name.chars().count() <= MOST_CHARACTERS {
        return name.to_owned();
    }
    let ending = ending(name).map_or_else(String::new, |ending| format!(".{ending}"));
    let kept = MOST_CHARACTERS.saturating_sub(ending.chars().count() + 1);
    let start: String = name.chars().take(kept).collect();
    format!("{start}…{ending}")
}

/// Returns the ending of a name, in lower case and without the dot.
pub(super) fn ending(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    let is_ending = !stem.is_empty()
        && (1..=20).contains(&ending.len())
        && ending
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    is_ending.then(|| ending.to_ascii_lowercase())
}

/// Makes a line of text that a stranger wrote fit to be kept: no control characters, nothing that turns the direction of writing.
pub(super) fn line(text: &str) -> String {
    let is_kept = |c: &char| !c.is_control() && (is_kept(*c) || "<>:\"|?*".contains(*c));
    text.trim().chars().filter(is_kept).collect()
}

/// The same for a text of several lines.
pub(super) fn lines(text: &str) -> String {
    let kept: Vec<String> = text.trim().lines().map(line).collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_no_path_and_hides_nothing() {
        for (sent, kept) in [
            ("invoice.pdf", "invoice.pdf"),
            ("../../etc/passwd", "passwd"),
            ("/etc/shadow", "shadow"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("C:\\Users\\p\\a b.PDF", "a b.PDF"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("///", "file"),
            (".htaccess", "htaccess"),
            ("a\0b.pdf", "ab.pdf"),
            ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
            ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("a\u{200b}.pdf", "a.pdf"),
            ("<script>alert(1)</script>.pdf", "script.pdf"),
            ("a.pdf. . ", "a.pdf"),
            ("Rechnung für Äpfel 日本.pdf", "Rechnung für Äpfel 日本.pdf"),
        ] {
            assert_eq!(clean(sent), kept, "{sent:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let kept = clean(&format!("{}.pdf", "ü".repeat(5000)));
        assert_eq!(kept.chars().count(), MOST_CHARACTERS);
        assert!(kept.ends_with("….pdf"), "{kept}");
    }

    #[test]
    fn the_last_ending_counts() {
        assert_eq!(ending("a.tar.GZ").as_deref(), Some("gz"));
        for name in ["a", "a.", ".pdf", "a.b c", "a.ü"] {
            assert_eq!(ending(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_fit_to_be_kept(name in "\\PC*|[\\x00-\\x7f]*") {
            let kept = clean(&name);
            prop_assert!(!kept.is_empty() && kept.chars().count() <= MOST_CHARACTERS);
            prop_assert!(!kept.contains(['/', '\\', '\0', '\n', '\r', '<', '"']));
            prop_assert!(kept != "." && kept != "..");
        }
    }
}
