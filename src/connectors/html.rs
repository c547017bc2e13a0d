//! Notes: our plain text as safe HTML, and HTML as the text that a reader sees.

use std::borrow::Cow;

const SHORTENED: &str = "<p>… (shortened, the whole is in Tandem)</p>";
const CLOSE: &str = "</p>";

/// Paragraphs and line breaks, everything else escaped; at most so many bytes. Too long a text ends with
/// a word about it.
pub(super) fn from_text(text: &str, most: usize) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut html = String::with_capacity(text.len() + 16);
    let mut open = false;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            if std::mem::take(&mut open) {
                html.push_str(CLOSE);
            }
            continue;
        }
        let start = if open { "<br>" } else { "<p>" };
        let pieces = std::iter::once(Cow::Borrowed(start)).chain(line.chars().map(escaped));
        for piece in pieces {
            // Room for the end is always kept.
            if html.len() + piece.len() + CLOSE.len() + SHORTENED.len() > most {
                if open {
                    html.push_str(CLOSE);
                }
                html.push_str(SHORTENED);
                return html;
            }
            html.push_str(&piece);
            open = true;
        }
    }
    if open {
        html.push_str(CLOSE);
    }
    html
}

fn escaped(character: char) -> Cow<'static, str> {
    match character {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '"' => "&quot;".into(),
        '\'' => "&#39;".into(),
        '\t' => " ".into(),
        character if character.is_control() => "".into(),
        character => character.to_string().into(),
    }
}

/// What a reader sees of HTML, in one line: the CRM may have written the same in other tags.
pub(super) fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('<') { tag(rest) } else { entity(rest) };
        match taken {
            Some((seen, length)) => {
                text.extend(seen);
                rest = &rest[length..];
            }
            None => {
                text.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    one_line(&text)
}

/// Words with one space between them.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A tag at the start: what it stands for, and how long it is. Blocks stand apart, words with
/// `<b>` inside them do not.
fn tag(html: &str) -> Option<(Option<char>, usize)> {
    let length = html.find('>')? + 1;
    let name = html[1..length - 1].trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    let inline = ["a", "b", "i", "u", "s", "em", "strong", "span", "font", "code", "sub", "sup"];
    let apart = !inline.contains(&name[..end].to_ascii_lowercase().as_str());
    Some((apart.then_some(' '), length))
}

fn entity(html: &str) -> Option<(Option<char>, usize)> {
    let length = html.bytes().take(12).position(|byte| byte == b';')? + 1;
    let name = &html[1..length - 1];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((Some(character), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST_BYTES: usize = 100_000;

    fn from_text(text: &str) -> String {
        super::from_text(text, MOST_BYTES)
    }

    #[test]
    fn paragraphs_and_lines_become_tags_and_nothing_else_does() {
        assert_eq!(from_text("Hi\r\nthere\n\n\nBye"), "<p>Hi<br>there</p><p>Bye</p>");
        let hostile = "<script>alert('x')</script> & \"co\"\u{0}\u{7}";
        assert_eq!(
            from_text(hostile),
            "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;co&quot;</p>",
        );
        for empty in ["", "  ", "\n \n"] {
            assert_eq!(from_text(empty), "", "{empty:?}");
        }
    }

    #[test]
    fn a_long_note_ends_with_a_word_about_it_on_a_whole_character() {
        for text in ["ü".repeat(200_000), "&\n".repeat(100_000), "a\n\n".repeat(80_000)] {
            let html = from_text(&text);
            assert!(html.len() <= MOST_BYTES, "{}", html.len());
            assert!(html.len() > MOST_BYTES - 100, "{}", html.len());
            assert!(html.ends_with(SHORTENED));
        }
        let fits = "x".repeat(MOST_BYTES - 200);
        assert!(!from_text(&fits).contains("shortened"));
    }

    #[test]
    fn what_a_reader_sees_is_the_same_however_it_is_tagged() {
        let sent = from_text("Call <Ann> & \"Bob\"\n\nat 5's");
        for there in [
            sent.as_str(),
            "<div>Call &lt;Ann&gt; &amp; \"Bob\"<br /></div>\n<div>at 5&#x27;s</div>",
            "<P class=\"x\">Call&nbsp;&lt;<b>Ann</b>&gt; &#38; &quot;Bob&quot;</P><p>at 5&apos;s",
        ] {
            assert_eq!(to_text(there), to_text(&sent), "{there}");
        }
        assert_eq!(to_text("a < b & c &bogus; &#xd800; d"), "a < b & c &bogus; &#xd800; d");
        assert_ne!(to_text("<p>one</p>"), to_text("<p>two</p>"));
    }
}
