//! What the line in front of the stand-in says in the vendor's words.

use poem::{
    Response,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};

use crate::sandbox::stage::{
    Backstage, Crm,
    faults::{Fault, Kind},
    header,
};

use super::{api::answer, world::Desk};

impl Crm for Desk {
    fn backstage<T>(&self, look: impl FnOnce(&mut Backstage) -> T) -> T {
        look(&mut self.world().backstage)
    }

    fn wants_change(&self, method: &Method, path: &str) -> bool {
        // A job, and reading many at once, are posted without changing anything.
        let reads = path.contains("/jobs/query") || path.contains("/composite/sobjects/");
        *method != Method::GET
            && path.starts_with("/services/data/")
            && !(*method == Method::POST && reads)
    }

    fn made(&self, said: &Value) -> Value {
        said["id"].clone()
    }

    fn all_made(&self, said: &Value) -> Vec<Value> {
        match said.as_array() {
            Some(all) => all.iter().map(|one| self.made(one)).collect(),
            None => vec![self.made(said)],
        }
    }

    fn failing(&self, status: u16) -> Response {
        let words = format!("Simulated status {status}");
        let code = if status == 503 { "SERVER_UNAVAILABLE" } else { "UNKNOWN_EXCEPTION" };
        answer(status, &json!([{ "message": words, "errorCode": code }]))
    }

    fn over_limit(&self, fault: &Fault) -> Response {
        let words = match fault.kind {
            Kind::Daily429 => "TotalRequests Limit exceeded.",
            _ => "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        };
        let body = json!([{ "message": words, "errorCode": "REQUEST_LIMIT_EXCEEDED" }]);
        let mut response = answer(403, &body);
        let daily = self.world().limits.daily;
        let used = if fault.kind == Kind::Daily429 { daily } else { daily / 2 };
        header(&mut response, "sforce-limit-info", &format!("api-usage={used}/{daily}"));
        response
    }

    fn nowhere(&self, _: &str) -> Response {
        let words = "HTTP Method not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE";
        answer(405, &json!([{ "message": words, "errorCode": "METHOD_NOT_ALLOWED" }]))
    }

    fn twice(&self) -> &'static str {
        r#""totalSize":0,"done":true,"records":[],"#
    }

    fn stamp(&self, response: &mut Response) {
        let empty = matches!(response.status(), StatusCode::NO_CONTENT);
        if !empty {
            header(
                response,
                "cache-control",
                "no-cache,must-revalidate,max-age=0,no-store,private",
            );
        }
    }
}
