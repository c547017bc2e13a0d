//! The calls of the control plane that are the same at every stand-in.
//!
//! | call | body | does |
//! |---|---|---|
//! | `POST /faults` | one fault or a list, see [`Fault`] | adds to the script |
//! | `GET /faults` | | what is left of the script |
//! | `DELETE /faults` | | forgets the script |
//! | `POST /latency` | `{"ms": 150}` | delays every answer |
//! | `GET /truth/writes` | | every request that wanted a change: what came of it, and of its answer |

use std::time::Duration;

use poem::{Response, http::StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Backstage, faults::Fault};

/// What a call of the control plane answers.
pub(crate) type Outcome = Result<Value, (StatusCode, String)>;

/// `None` when the call is not one of these.
pub(crate) fn call(
    stage: &mut Backstage,
    method: &str,
    path: &str,
    given: &Value,
) -> Option<Outcome> {
    Some(match (method, path) {
        ("POST", "/faults") => script(stage, given),
        ("GET", "/faults") => Ok(stage.faults.left()),
        ("DELETE", "/faults") => {
            stage.faults.clear();
            Ok(json!([]))
        }
        ("POST", "/latency") => required(given, "ms").map(|ms| {
            stage.latency = Duration::from_millis(ms);
            json!({})
        }),
        ("GET", "/truth/writes") => Ok(stage.writes.json()),
        _ => return None,
    })
}

fn script(stage: &mut Backstage, given: &Value) -> Outcome {
    let faults: Vec<Fault> =
        if given.is_array() { value(given.clone())? } else { vec![value(given.clone())?] };
    for fault in faults {
        stage.faults.add(fault);
    }
    Ok(stage.faults.left())
}

pub(crate) fn respond(outcome: Outcome) -> Response {
    let (status, value) = match outcome {
        Ok(value) => (StatusCode::OK, value),
        Err((status, problem)) => (status, json!({ "error": problem })),
    };
    Response::builder().status(status).content_type("application/json").body(value.to_string())
}

pub(crate) fn value<T: DeserializeOwned>(given: Value) -> Result<T, (StatusCode, String)> {
    serde_json::from_value(given).map_err(|error| bad(error.to_string()))
}

pub(crate) fn required(given: &Value, key: &str) -> Result<u64, (StatusCode, String)> {
    given[key].as_u64().ok_or_else(|| bad(format!("{key} is required")))
}

pub(crate) fn bad(problem: impl Into<String>) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, problem.into())
}

pub(crate) fn no_call() -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, "the control plane has no such call".to_owned())
}
