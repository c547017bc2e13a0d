//! Bytes to text. Files say in which encoding they are by their first bytes, or not at all.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// Bytes from the beginning that tell UTF-16 without a mark.
const HEAD: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Charset {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// What spreadsheets write where UTF-8 was not asked for.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Charset {
    pub const ALL: [Self; 4] = [Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Windows1252];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|charset| charset.as_str() == word)
    }

    const fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
        }
    }
}

/// A file while it arrives: what it turns out to be is known at its end.
#[derive(Debug)]
pub struct Arrival {
    head: Vec<u8>,
    is_utf8: bool,
    /// The beginning of a character whose rest is in the next piece.
    carried: Vec<u8>,
    feeds: i64,
    returns: i64,
    /// The last line has no end yet.
    open: bool,
}

impl Default for Arrival {
    fn default() -> Self {
        let (head, carried) = (Vec::new(), Vec::new());
        Self { head, is_utf8: true, carried, feeds: 0, returns: 0, open: false }
    }
}

impl Arrival {
    /// The next piece.
    pub fn see(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        for byte in bytes {
            self.feeds += i64::from(*byte == b'\n');
            self.returns += i64::from(*byte == b'\r');
        }
        if let Some(last) = bytes.iter().rev().find(|byte| **byte != 0) {
            self.open = !b"\r\n".contains(last);
        }
        if self.is_utf8 {
            self.carried.extend_from_slice(bytes);
            match std::str::from_utf8(&self.carried) {
                Ok(_) => self.carried.clear(),
                Err(error) => {
                    self.is_utf8 = error.error_len().is_none();
                    self.carried.drain(..error.valid_up_to());
                }
            }
        }
    }

    /// About as many as rows.
    pub fn lines(&self) -> i64 {
        self.feeds.max(self.returns) + i64::from(self.open)
    }

    pub fn charset(&self) -> Charset {
        match self.head[..] {
            [0xEF, 0xBB, 0xBF, ..] => return Charset::Utf8,
            [0xFF, 0xFE, ..] => return Charset::Utf16Le,
            [0xFE, 0xFF, ..] => return Charset::Utf16Be,
            _ => {}
        }
        // Every other byte of western text in UTF-16 is zero.
        let zeros =
            |from: usize| self.head.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
        let most = self.head.len() / 2;
        match (zeros(0), zeros(1)) {
            (even, odd) if odd * 3 > most && odd > even => Charset::Utf16Le,
            (even, odd) if even * 3 > most && even > odd => Charset::Utf16Be,
            _ if self.is_utf8 && self.carried.is_empty() => Charset::Utf8,
            _ => Charset::Windows1252,
        }
    }
}

/// Turns pieces into text; what cannot be read becomes U+FFFD. A mark at the beginning is left out.
pub struct Decoder(encoding_rs::Decoder);

impl Decoder {
    pub fn new(charset: Charset) -> Self {
        Self(charset.encoding().new_decoder_with_bom_removal())
    }

    pub fn decode(&mut self, bytes: &[u8], last: bool) -> String {
        let most = self.0.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3);
        let mut text = String::with_capacity(most);
        let (_, read, _) = self.0.decode_to_string(bytes, &mut text, last);
        debug_assert_eq!(read, bytes.len(), "there was room for all of it");
        text
    }
}
