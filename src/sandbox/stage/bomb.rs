//! A small answer that unpacks to a very large one.

use bytes::Bytes;
use futures_util::stream;
use poem::{Body, Response};

/// Bytes that one deflate match repeats, the most there is.
const MATCH: u64 = 258;
/// Matches per chunk: a multiple of eight, so that a chunk ends on a byte.
const PER_CHUNK: u64 = 8 * 4_096;

/// A gzip body of spaces; the header of it is honest, its end is missing.
pub(super) fn response(unpacked: u64) -> Response {
    let mut bits = Bits::default();
    // One block that is not the last, with the fixed code; a space; then the space repeated.
    bits.push(0b010, 3);
    bits.push_code(0x30 + 0x20, 8);
    bits.push_code(0b1100_0101, 8);
    bits.push_code(0, 5);
    let mut head = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    head.append(&mut bits.bytes);
    for _ in 0..PER_CHUNK {
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    let chunk = Bytes::from(bits.bytes);
    let chunks = unpacked / (MATCH * PER_CHUNK) + 1;
    let rest = (0..chunks).map(move |_| chunk.clone());
    let all = std::iter::once(Bytes::from(head)).chain(rest).map(Ok::<_, std::io::Error>);
    Response::builder()
        .content_type("application/json; charset=utf-8")
        .header("content-encoding", "gzip")
        .body(Body::from_bytes_stream(stream::iter(all)))
}

/// Bits in deflate's order: the lowest of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, length: u32) {
        self.held |= value << self.count;
        self.count += length;
        while self.count >= 8 {
            self.bytes.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Codes of the alphabet come highest bit first.
    fn push_code(&mut self, code: u32, length: u32) {
        self.push(code.reverse_bits() >> (32 - length), length);
    }
}
