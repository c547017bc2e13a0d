//! Rows of CSV (RFC 4180) that a spreadsheet shows and never runs.

/// One row with its line break, every cell in quotes. A text that a spreadsheet would take for a
/// formula begins with an apostrophe (OWASP, CSV injection); [`unescaped`] takes it off again.
pub fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

fn cell(text: &str) -> String {
    let text = text.replace('\0', "");
    let mark = if runs(text.trim_start_matches('\'')) { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

/// Whether a spreadsheet may take it for a formula.
fn runs(text: &str) -> bool {
    text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n'])
}

/// A cell as it was before [`row`] wrote it; of other files, what stands in it.
pub fn unescaped(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(bare) if runs(bare.trim_start_matches('\'')) => bare,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula_and_read_back_as_it_was() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "a,b"),
            ("say \"hi\"", "say \"\"hi\"\""),
            ("two\r\nlines", "two\r\nlines"),
            ("=1+1", "'=1+1"),
            ("  @SUM(A1)", "'  @SUM(A1)"),
            ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
            ("+49 30 1", "'+49 30 1"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("'tis", "'tis"),
            ("", ""),
        ] {
            assert_eq!(cell(text), format!("\"{expected}\""), "{text:?}");
            assert_eq!(unescaped(&expected.replace("\"\"", "\"")), text, "{text:?}");
        }
        assert_eq!(cell("nul\0"), "\"nul\"");
        assert_eq!(row(["a", "b,c"]), "\"a\",\"b,c\"\r\n");
    }
}
