//! HTTP by hand on a kept connection: the other side is on this machine and ours, and what asks
//! shall cost as little as possible beside what answers.

use std::fmt::Write as _;

use anyhow::Context as _;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// A connection to one address.
pub(super) struct Wire {
    host: String,
    stream: BufReader<TcpStream>,
    line: String,
}

pub(super) struct Answer {
    pub status: u16,
    /// `name=value` of the first cookie.
    pub cookie: Option<String>,
    pub body: Vec<u8>,
}

impl Wire {
    pub(super) async fn connect(url: &url::Url) -> anyhow::Result<Self> {
        let host = url.host_str().context("an address has a host")?;
        let port = url.port_or_known_default().context("an address has a port")?;
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            host: format!("{host}:{port}"),
            stream: BufReader::new(stream),
            line: String::new(),
        })
    }

    /// `body` is JSON; `headers` are whole lines without their ends.
    pub(super) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[String],
        body: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        for header in headers {
            write!(request, "{header}\r\n")?;
        }
        if let Some(body) = body {
            write!(
                request,
                "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?;
        } else {
            request.push_str("\r\n");
        }
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<Answer> {
        let status = self.line().await?;
        let status = status.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.context("the answer has no status")?;
        let (mut length, mut cookie, mut chunked) = (0, None, false);
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                "transfer-encoding" => chunked = true,
                "set-cookie" if cookie.is_none() => {
                    cookie = value.split(';').next().map(|pair| pair.trim().to_owned());
                }
                _ => {}
            }
        }
        let body = if chunked { self.chunks().await? } else { self.exactly(length).await? };
        Ok(Answer { status, cookie, body })
    }

    async fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.line().await?;
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16)?;
            body.extend(self.exactly(size).await?);
            self.line().await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(body)
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        self.line.clear();
        anyhow::ensure!(self.stream.read_line(&mut self.line).await? > 0, "the other side hung up");
        Ok(self.line.trim_end().to_owned())
    }
}
