//! A server that answers from a script, byte for byte, and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// One answer of the script.
#[derive(Clone)]
pub(crate) enum Reply {
    Bytes(Vec<u8>),
    /// Made from the server's own origin.
    Own(fn(&str) -> Vec<u8>),
    /// Reads the request and hangs up.
    HangUp,
    /// Reads the request and says nothing for a long time.
    Silence,
}

/// What was asked: the head as text, and the body.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

pub(crate) struct Canned {
    pub(crate) url: url::Url,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Canned {
    /// Answers with `script`, one reply per request; after its end with 418.
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test")]
    pub(crate) async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}").parse().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut script = script.into_iter();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let over = || Reply::Bytes(answer(418, &[], "the script is over"));
                let reply = script.next().unwrap_or_else(over);
                let reply = match reply {
                    Reply::Own(make) => Reply::Bytes(make(&format!("http://{address}"))),
                    other => other,
                };
                tokio::spawn(serve(stream, reply, Arc::clone(&log)));
            }
        });
        Self { url, asked, task }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, reply: Reply, log: Arc<Mutex<Vec<Asked>>>) {
    let Some(asked) = read(&mut stream).await else { return };
    log.lock().unwrap().push(asked);
    match reply {
        Reply::Bytes(bytes) => {
            // The client may have had enough already.
            drop(stream.write_all(&bytes).await);
            drop(stream.shutdown().await);
        }
        Reply::HangUp | Reply::Own(_) => {}
        Reply::Silence => tokio::time::sleep(Duration::from_mins(1)).await,
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let mut asked = Asked { line, head, body: String::new() };
    let length: usize = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + 4 + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    asked.body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
    Some(asked)
}

/// A whole answer. The connection closes after each, so that a script counts requests.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
    let length = body.len().to_string();
    for (name, value) in headers.iter().chain([&("content-length", length.as_str())]) {
        head.extend([*name, ": ", *value, "\r\n"]);
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

pub(crate) fn json(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let kind = ("content-type", "application/json; charset=utf-8");
    let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
    Reply::Bytes(answer(status, &headers, body))
}

pub(crate) fn html(status: u16) -> Reply {
    let body = "<html>This error is produced by an edge server. SECRET-BODY</html>";
    Reply::Bytes(answer(status, &[("content-type", "text/html")], body))
}

/// A list of persons with these ids.
pub(crate) fn persons(ids: &[u32]) -> Reply {
    let records: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":{id},"name":"P{id}"}}"#)).collect();
    json(200, &[], &format!(r#"{{"success":true,"data":[{}]}}"#, records.join(",")))
}
