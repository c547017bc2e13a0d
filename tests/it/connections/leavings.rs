//! What processes leave behind, and how a secret is found in it.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::canaries::redis_url;

/// Each way in which a secret could be written down.
pub(super) fn forms(secret: &str) -> Vec<Vec<u8>> {
    let escaped: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![
        secret.as_bytes().to_vec(),
        hex::encode(secret).into_bytes(),
        escaped.into_bytes(),
        // As Postgres prints a bytea, and as a header carries it.
        hex::encode(secret).to_uppercase().into_bytes(),
    ];
    for skip in 0..3 {
        // Wherever in a base64 text it stands; the ends depend on the neighbours.
        let shifted = [&vec![b'x'; skip], secret.as_bytes()].concat();
        let text = BASE64.encode(&shifted);
        let inner = &text[4..text.len() - 4];
        forms.push(inner.as_bytes().to_vec());
        forms.push(inner.replace('+', "-").replace('/', "_").into_bytes());
    }
    forms
}

pub(super) fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    needle.len() >= 8 && memchr(haystack, needle)
}

pub(super) fn memchr(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part[0] == needle[0] && part == needle)
}

pub(super) fn dump(url: &str) -> Vec<u8> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let tool = installed
        .map(|entry| entry.path().join("bin/pg_dump"))
        .find(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from("pg_dump"));
    let output = Command::new(tool).arg(url).stderr(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "the database could not be dumped");
    output.stdout
}

pub(super) async fn redis_dump() -> Vec<u8> {
    let Some(url) = redis_url() else { return Vec::new() };
    let client = redis::Client::open(url).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    // Long values are stored as they are.
    let _: () = redis::cmd("CONFIG")
        .arg("SET")
        .arg("rdbcompression")
        .arg("no")
        .query_async(&mut redis)
        .await
        .unwrap();
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    let mut all = Vec::new();
    for key in keys {
        let value: Option<Vec<u8>> =
            redis::cmd("DUMP").arg(&key).query_async(&mut redis).await.unwrap();
        all.extend(key);
        all.extend(value.unwrap_or_default());
    }
    all
}
