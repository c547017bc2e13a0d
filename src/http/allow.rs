//! `Allow`: which methods an address has, for whoever tried another (RFC 9110 section 15.5.6).

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

/// Methods by path, whose segments in braces match anything.
static METHODS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(&super::openapi_document())
        .expect("the document is JSON that we wrote");
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .map(|(path, operations)| {
            let operations = operations.as_object().into_iter().flatten();
            let methods: Vec<String> =
                operations.map(|(method, _)| method.to_ascii_uppercase()).collect();
            (path.clone(), methods.join(", "))
        })
        .collect()
});

/// The methods of this address; `None` where there is nothing.
pub(super) fn methods(path: &str) -> Option<&'static str> {
    let path = path.trim_end_matches('/');
    // An address without a parameter is meant before one that matches it by its parameter.
    METHODS
        .get(path)
        .or_else(|| {
            METHODS.iter().find(|(known, _)| matches(known, path)).map(|(_, methods)| methods)
        })
        .map(String::as_str)
}

fn matches(known: &str, path: &str) -> bool {
    let (mut known, mut path) = (known.split('/'), path.split('/'));
    loop {
        match (known.next(), path.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == other || one.starts_with('{') => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_those_of_the_document() {
        assert_eq!(methods("/api/contacts"), Some("GET, POST"));
        assert_eq!(methods("/api/contacts/"), Some("GET, POST"));
        assert_eq!(methods("/api/contacts/x"), Some("DELETE, GET, PATCH, PUT"));
        assert_eq!(methods("/api/contacts/x/y"), None);
        assert_eq!(methods("/api/integrations/status"), Some("GET"));
        assert_eq!(methods("/contacts"), None);
    }
}
