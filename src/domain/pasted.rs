//! E-mail addresses as somebody pastes them: a column of a spreadsheet, a line of recipients, a
//! signature.

use super::Email;

/// What a text names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pasted {
    /// In the order they came, each once.
    pub emails: Vec<Email>,
    /// What looks like it should be an address and is none, as it was written; for lines without one,
    /// the line.
    pub unreadable: Vec<String>,
}

/// Characters of an unreadable piece that are told: enough to find it again.
const SHOWN: usize = 80;
/// They are no whitespace to Unicode, and nobody sees them: word processors and chats leave them.
const INVISIBLE: &[char] = &[
    '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{200e}', '\u{200f}',
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
];

/// Reads every address of a text. Names around addresses are left out; a line that has no address at
/// all is told as unreadable, so that nobody is lost.
pub fn read(text: &str) -> Pasted {
    let mut found = Pasted::default();
    let mut seen = std::collections::HashSet::new();
    let visible: String = text.chars().filter(|letter| !INVISIBLE.contains(letter)).collect();
    for line in visible.split(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let mut addressed = false;
        for piece in pieces(line).filter(|piece| piece.contains('@')) {
            addressed = true;
            match Email::parse(bare(piece)) {
                Some(email) if seen.insert(email.clone()) => found.emails.push(email),
                Some(_) => {}
                None => found.unreadable.push(shown(piece)),
            }
        }
        if !addressed && line.chars().any(char::is_alphanumeric) {
            found.unreadable.push(shown(line.trim()));
        }
    }
    found
}

/// Addresses hold none of these as anybody writes them; quoted local parts are nobody's.
fn pieces(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || ",;<>()[]\"|\u{ff0c}\u{ff1b}".contains(letter)
    })
}

/// Without the scheme and the parameters of a link, and without what ends a sentence.
fn bare(piece: &str) -> &str {
    let piece =
        piece.trim_matches(['\'', '`', ':', '.', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}']);
    let address = match piece.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &piece[7..],
        _ => piece,
    };
    address.split('?').next().unwrap_or_default()
}

fn shown(piece: &str) -> String {
    piece.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    fn emails(text: &str) -> Vec<String> {
        read(text).emails.into_iter().map(super::Email::into_string).collect()
    }

    #[test]
    fn addresses_are_found_however_they_were_copied() {
        for text in [
            "ada@example.com",
            "  Ada@Example.COM\r\n",
            "\"Lovelace, Ada\" <ada@example.com>",
            "Ada Lovelace (ada@example.com), the engine",
            "mailto:ada@example.com?subject=Hello",
            "<MAILTO:ADA@EXAMPLE.COM>",
            "'ada@example.com'",
            "Write to ada@example.com.",
            "1;Ada;ada@example.com;\"Berlin\"",
            "\u{feff}ada\u{200b}@example.com",
            "ada@example.com, ADA@example.com; ada@example.com",
            "\u{201c}ada@example.com\u{201d}",
        ] {
            assert_eq!(emails(text), ["ada@example.com"], "{text}");
            assert_eq!(read(text).unreadable, Vec::<String>::new(), "{text}");
        }
        assert_eq!(
            emails("b@x.example,a@x.example\tc@x.example"),
            ["b@x.example", "a@x.example", "c@x.example"]
        );
    }

    #[test]
    fn what_is_no_address_is_told_and_not_dropped() {
        for (text, told) in [
            ("ada@localhost", "ada@localhost"),
            ("ada@@example.com", "ada@@example.com"),
            ("@example.com", "@example.com"),
            ("Ada Lovelace", "Ada Lovelace"),
            ("ada(at)example.com", "ada(at)example.com"),
        ] {
            let read = read(text);
            assert_eq!((read.emails.len(), &read.unreadable[..]), (0, &[told.to_owned()][..]));
        }
        let long = format!("{}@example.com", "x".repeat(300));
        assert_eq!(read(&long).unreadable[0].chars().count(), super::SHOWN);
        for empty in ["", " \n\n\t", "---\n,;;\n"] {
            assert_eq!(read(empty), super::Pasted::default());
        }
    }
}
