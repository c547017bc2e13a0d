//! `Idempotency-Key`: the first answer is kept, failures of the server included; other parameters are refused.

use poem::http::StatusCode;
use serde_json::{Value, json};

use super::world::World;

/// What a key was first used for, and what came of it.
#[derive(Clone)]
pub(super) struct Kept {
    asked: String,
    status: StatusCode,
    answer: Value,
}

/// The answer of before, if the key is known.
pub(super) fn replay(world: &World, key: &str, asked: &str) -> Option<(StatusCode, Value)> {
    let kept = world.kept.get(key)?;
    if kept.asked == asked {
        return Some((kept.status, kept.answer.clone()));
    }
    let error = json!({ "type": "idempotency_error", "code": "idempotency_key_in_use",
        "message": "Keys for idempotent requests can only be used with the same parameters." });
    Some((StatusCode::BAD_REQUEST, json!({ "error": error })))
}

/// Keeps it; what was refused before anything was done is not kept.
pub(super) fn keep(
    world: &mut World,
    key: &str,
    asked: String,
    status: StatusCode,
    answer: &Value,
) {
    if !status.is_client_error() {
        world.kept.insert(key.to_owned(), Kept { asked, status, answer: answer.clone() });
    }
}
