//! What the line in front says in Pipedrive's words.

use poem::{Response, http::Method};
use serde_json::Value;

use super::{
    super::stage::{
        Backstage, Crm,
        faults::{Fault, Kind},
        header,
    },
    api::{
        call::Refusal,
        gate::{Nowhere, headers, refused},
    },
    limits::Standing,
    world::Desk,
};

impl Crm for Desk {
    fn backstage<T>(&self, look: impl FnOnce(&mut Backstage) -> T) -> T {
        look(&mut self.world().backstage)
    }

    fn wants_change(&self, method: &Method, path: &str) -> bool {
        // What apps arrange for themselves is no change of what people keep there.
        let arranges = path.contains("/webhooks");
        !method.is_safe() && !arranges && (path.starts_with("/api/") || path.starts_with("/v1/"))
    }

    fn made(&self, answer: &Value) -> Value {
        let data = if answer["data"].is_array() { &answer["data"][0] } else { &answer["data"] };
        let id = ["id", "field_code"].into_iter().map(|key| &data[key]).find(|id| !id.is_null());
        id.cloned().unwrap_or_default()
    }

    fn failing(&self, status: u16) -> Response {
        refused(&Refusal::new(status, format!("Simulated status {status}")))
    }

    fn over_limit(&self, fault: &Fault) -> Response {
        let (burst, daily) = {
            let limits = &self.world().limits;
            (limits.burst, limits.daily)
        };
        let all_day = fault.kind == Kind::Daily429;
        let mut response = refused(&Refusal::over_limit());
        headers(
            &mut response,
            Standing {
                limit: burst,
                remaining: if all_day { burst } else { 0 },
                reset: if all_day { 0 } else { 2 },
                daily_limit: daily,
                daily_remaining: if all_day { 0 } else { daily / 2 },
            },
        );
        if let Some(seconds) = fault.retry_after {
            header(&mut response, "retry-after", &seconds.to_string());
        }
        response
    }

    fn nowhere(&self, path: &str) -> Response {
        let nowhere = if path.starts_with("/api/v2") { Nowhere::V2 } else { Nowhere::V1 };
        refused(&nowhere.refusal())
    }

    fn twice(&self) -> &'static str {
        r#""success":false,"data":null,"additional_data":null,"#
    }

    fn stamp(&self, response: &mut Response) {
        let id: [u8; 16] = rand::random();
        header(response, "x-correlation-id", &hex::encode(id));
    }
}
