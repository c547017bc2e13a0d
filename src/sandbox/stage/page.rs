//! Pages of a stand-in: plain HTML, no script needed. Each CRM brings its name, its colours, its words.

use std::fmt::Write as _;

use poem::Response;

/// How the pages of one stand-in look.
pub(crate) struct Look {
    pub(crate) name: &'static str,
    /// Where [`Look::style`] is answered: the style is a file of its own (`style-src 'self'`).
    pub(crate) style: &'static str,
    /// The brand's colour, and the one that is read on it.
    pub(crate) light: [&'static str; 2],
    pub(crate) dark: [&'static str; 2],
}

impl Look {
    pub(crate) fn document(&self, title: &str, body: &str) -> String {
        let Self { name, style, .. } = self;
        let letter: String = name.chars().take(1).flat_map(char::to_lowercase).collect();
        format!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Sandbox {name}</title>
<link rel="stylesheet" href="{style}">
<link rel="icon" href="data:,">
</head>
<body>
<header><span class="logo" aria-hidden="true">{letter}</span> Sandbox {name}</header>
<main>
{body}
</main>
</body>
</html>
"#
        )
    }

    /// A page that only says what is wrong.
    pub(crate) fn problem(&self, heading: &str, text: &str) -> String {
        let body = format!("<h1>{heading}</h1>{}", alert(Some(text)));
        self.document("Not connected", &body)
    }

    pub(crate) fn style(&self) -> Response {
        let style = include_str!("page.css")
            .replace("{light}", self.light[0])
            .replace("{light-ink}", self.light[1])
            .replace("{dark}", self.dark[0])
            .replace("{dark-ink}", self.dark[1]);
        Response::builder().content_type("text/css; charset=utf-8").body(style)
    }
}

/// A value that a form carries through.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
}

pub(crate) fn alert(problem: Option<&str>) -> String {
    let text =
        problem.map(|text| format!(r#"<p class="problem" role="alert">{}</p>"#, escape(text)));
    text.unwrap_or_default()
}

/// A list of scopes with what each of them means.
pub(crate) fn scopes(scopes: &[String], words: impl Fn(&str) -> &'static str) -> String {
    scopes.iter().fold(String::new(), |mut list, scope| {
        let (words, scope) = (words(scope), escape(scope));
        let _ = write!(list, "<li><span>{words}</span> <code>{scope}</code></li>");
        list
    })
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
