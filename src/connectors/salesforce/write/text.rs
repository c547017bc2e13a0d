//! Texts of ours, as fields over there take them. Pure.

/// Without line breaks, control characters and more than one space in a row.
pub(super) fn one_line(text: &str) -> String {
    let spaced = text.replace(char::is_control, " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Plain text of several lines, cut to what fits; line breaks are one character, as they come back.
pub(super) fn lines(text: &str, most: usize) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = text.replace(|c: char| c.is_control() && c != '\n' && c != '\t', "");
    kept.trim().chars().take(most).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_breaks_and_lines_have_one_kind_of_them() {
        assert_eq!(one_line(" a\r\n b\u{0}\tc "), "a b c");
        assert_eq!(lines(" a\r\nb\rc\u{7}\n ", 100), "a\nb\nc");
        assert_eq!(lines("ab \ncd", 4), "ab");
    }
}
