//! Texts as Zoho keeps them: plain, with line breaks, of bounded length.

/// Characters of a description.
const MOST: usize = 32_000;
const SHORTENED: &str = "\n… (shortened, the whole is in Tandem)";

/// Words with one space between them.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Plain text, in which nothing looks like a tag: templates for mails and pages may show it as HTML.
/// Without control characters and without lines that are only blank at the ends. Too long a text ends with
/// a word about it.
pub(super) fn description(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars().filter(|c| *c == '\n' || !c.is_control()) {
        let tag = letter.is_alphabetic() || matches!(letter, '/' | '!' | '?');
        if tag && plain.ends_with('<') {
            plain.push(' ');
        }
        plain.push(letter);
    }
    let plain = plain.trim();
    if plain.chars().count() <= MOST {
        return plain.to_owned();
    }
    let room = MOST - SHORTENED.chars().count();
    plain.chars().take(room).chain(SHORTENED.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_its_lines_and_nothing_that_is_not_seen() {
        assert_eq!(description(" Hi\r\n\tthere\u{0}\u{7}\n\n"), "Hi\n there");
        assert_eq!(description("<b>'x'</b> 1<2"), "< b>'x'< /b> 1<2");
        let long = description(&"ü".repeat(40_000));
        assert_eq!(long.chars().count(), MOST);
        assert!(long.ends_with(SHORTENED));
    }
}
