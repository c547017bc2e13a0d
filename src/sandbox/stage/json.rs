//! JSON written straight to bytes: a page of five hundred records is built per request.

use serde::Serialize;
use serde_json::Value;

/// An object under construction; the caller's keys need no escaping.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
    sparse: bool,
}

impl<'a> Object<'a> {
    /// A sparse object leaves empty keys out instead of writing null.
    pub(crate) fn open(out: &'a mut Vec<u8>, sparse: bool) -> Self {
        out.push(b'{');
        Self { out, first: true, sparse }
    }

    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    pub(crate) fn field(&mut self, key: &str, value: &(impl Serialize + ?Sized)) {
        self.key(key);
        value_into(self.out, value);
    }

    pub(crate) fn maybe(&mut self, key: &str, value: Option<&impl Serialize>) {
        if value.is_some() || !self.sparse {
            self.field(key, &value);
        }
    }

    pub(crate) fn list(&mut self, key: &str, items: impl Iterator<Item = impl Fn(&mut Vec<u8>)>) {
        let mut items = items.peekable();
        if items.peek().is_none() && self.sparse {
            return;
        }
        self.key(key);
        self.out.push(b'[');
        for (nth, item) in items.enumerate() {
            if nth > 0 {
                self.out.push(b',');
            }
            item(self.out);
        }
        self.out.push(b']');
    }

    pub(crate) fn map(&mut self, key: &str, entries: &[(String, Value)]) {
        self.key(key);
        let mut object = Object::open(self.out, false);
        for (key, value) in entries {
            object.field(key, value);
        }
        object.close();
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }
}

fn value_into(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Strings, numbers and maps with string keys cannot fail to serialize into memory.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}
