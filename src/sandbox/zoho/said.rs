//! What the line in front says in Zoho's words.

use poem::{Response, http::Method};
use serde_json::{Value, json};

use super::{
    super::stage::{
        Backstage, Crm,
        faults::{Fault, Kind},
        header,
    },
    api::call::{Refusal, refused},
    limits::Over,
    world::Desk,
};

impl Crm for Desk {
    fn backstage<T>(&self, look: impl FnOnce(&mut Backstage) -> T) -> T {
        look(&mut self.world().backstage)
    }

    /// Queries are posted too.
    fn wants_change(&self, method: &Method, path: &str) -> bool {
        // What apps arrange for themselves is no change of what people keep there.
        let asks = ["/coql", "/actions/watch"].iter().any(|end| path.ends_with(end));
        !method.is_safe() && path.starts_with("/crm/") && !asks
    }

    fn made(&self, answer: &Value) -> Value {
        let lists = ["data", "tags", "fields"].into_iter().map(|key| &answer[key][0]);
        let done = lists.filter(|item| item["status"] == json!("success"));
        done.map(|item| item["details"]["id"].clone()).next().unwrap_or_default()
    }

    fn failing(&self, status: u16) -> Response {
        let (code, words) = match status {
            401 => ("INVALID_TOKEN", "invalid oauth token"),
            400..=499 => ("INVALID_DATA", "invalid data"),
            _ => ("INTERNAL_ERROR", "Internal Server Error"),
        };
        refused(&Refusal::new(status, code, words))
    }

    fn over_limit(&self, fault: &Fault) -> Response {
        let over = if fault.kind == Kind::Daily429 { Over::Credits } else { Over::Concurrency };
        let mut response = refused(&Refusal::over(over));
        if over == Over::Credits {
            header(&mut response, "x-api-credits-remaining", "0");
        }
        if let Some(seconds) = fault.retry_after {
            header(&mut response, "retry-after", &seconds.to_string());
        }
        response
    }

    fn nowhere(&self, _: &str) -> Response {
        refused(&Refusal::new(
            405,
            "INVALID_REQUEST_METHOD",
            "The http request method type is not a valid one",
        ))
    }

    fn twice(&self) -> &'static str {
        r#""data":[],"info":{"more_records":false},"#
    }

    fn stamp(&self, response: &mut Response) {
        header(response, "x-content-type-options", "nosniff");
    }
}
