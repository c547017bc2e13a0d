//! Mail that stays on this machine, for the mailbox page of development.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};

/// More than a developer reads; the oldest go first.
const KEPT: usize = 200;

/// A mail as the mailbox page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub links: Vec<String>,
    pub at: DateTime<Utc>,
}

/// Makes the folder; links in mails open accounts, so it is ours alone.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The mails in the folder, newest first.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Received>> {
    let files = files(folder)?;
    Ok(files
        .into_iter()
        .filter_map(|(at, path)| {
            // Swept away since the folder was read: nothing to show.
            let raw = fs::read_to_string(&path).ok()?;
            let id = path.file_stem()?.to_string_lossy().into_owned();
            Some(parse(id, at.into(), &raw))
        })
        .collect())
}

/// Forgets the oldest beyond [`KEPT`].
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    for (_, path) in files(folder)?.into_iter().skip(KEPT) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Newest first; names (random) settle mails of the same instant.
fn files(folder: &Path) -> io::Result<Vec<(SystemTime, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .collect();
    files.sort_by(|one, other| other.cmp(one));
    Ok(files)
}

/// Reads what [`super::Mailer`] wrote: verbatim plain text below folded headers.
fn parse(id: String, at: DateTime<Utc>, raw: &str) -> Received {
    let raw = raw.replace("\r\n", "\n");
    let (head, text) = raw.split_once("\n\n").unwrap_or((&raw, ""));
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| decode(value))
            .unwrap_or_default()
    };
    let links = text
        .split_whitespace()
        .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
        .map(str::to_owned)
        .collect();
    Received {
        id,
        to: header("To"),
        subject: header("Subject"),
        text: text.trim_end().to_owned(),
        links,
        at,
    }
}

/// RFC 2047 words in base64, the only form that is written here.
fn decode(value: &str) -> String {
    let mut decoded = String::new();
    let mut after_encoded = false;
    for word in value.split(' ') {
        let encoded = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|word| word.strip_suffix("?="))
            .and_then(|word| BASE64.decode(word).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        // White space between two encoded words is not part of the text.
        let between = after_encoded && encoded.is_some();
        if !decoded.is_empty() && !between {
            decoded.push(' ');
        }
        after_encoded = encoded.is_some();
        decoded.push_str(encoded.as_deref().unwrap_or(word));
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_two_hundred_are_kept() {
        let folder = std::env::temp_dir().join(format!("tandem-mail-{}", uuid::Uuid::now_v7()));
        prepare(&folder).unwrap();
        for number in 0..=KEPT {
            let path = folder.join(format!("{number:04}.eml"));
            fs::write(&path, "Subject: x\n\n").unwrap();
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
            fs::File::open(&path).unwrap().set_modified(at).unwrap();
        }
        sweep(&folder).unwrap();
        let left = list(&folder).unwrap();
        assert_eq!(left.len(), KEPT);
        assert!(left.iter().all(|mail| mail.id != "0000"), "the oldest was kept");
        assert_eq!(left[0].id, format!("{KEPT:04}"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
