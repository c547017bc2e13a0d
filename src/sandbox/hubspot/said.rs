//! What the line in front says in HubSpot's words.

use poem::{Response, http::Method};
use serde_json::Value;

use super::{
    api::{
        self,
        call::{Refusal, correlation},
    },
    world::Desk,
};
use crate::sandbox::stage::{
    Backstage, Crm,
    faults::{Fault, Kind},
    header,
};

impl Crm for Desk {
    fn backstage<T>(&self, look: impl FnOnce(&mut Backstage) -> T) -> T {
        look(&mut self.world().backstage)
    }

    fn wants_change(&self, method: &Method, path: &str) -> bool {
        // Searches and batches are read by POST.
        let reads = path.ends_with("/search") || path.ends_with("/batch/read");
        !method.is_safe() && !reads && path.starts_with("/crm/")
    }

    fn made(&self, answer: &Value) -> Value {
        let one = answer["results"].get(0).unwrap_or(answer);
        let id = ["id", "name"].into_iter().map(|key| &one[key]).find(|id| !id.is_null());
        id.cloned().unwrap_or_default()
    }

    fn failing(&self, status: u16) -> Response {
        Refusal::new(status, "INTERNAL_ERROR", format!("Simulated status {status}")).response()
    }

    fn over_limit(&self, fault: &Fault) -> Response {
        let burst = self.world().limits.burst;
        let mut response = if fault.kind == Kind::Daily429 {
            Refusal::over_limit("DAILY", "You have reached your daily limit.").response()
        } else {
            api::over_limit(burst, false)
        };
        if let Some(seconds) = fault.retry_after {
            header(&mut response, "retry-after", &seconds.to_string());
        }
        response
    }

    fn nowhere(&self, _: &str) -> Response {
        Refusal::new(405, "METHOD_NOT_ALLOWED", "HTTP 405 Method Not Allowed").response()
    }

    fn twice(&self) -> &'static str {
        r#""results":null,"paging":null,"id":null,"properties":null,"#
    }

    fn stamp(&self, response: &mut Response) {
        header(response, "x-hubspot-correlation-id", &correlation());
    }
}
