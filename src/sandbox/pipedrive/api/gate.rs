//! What stands before every operation: token, scope, budgets; and the headers after it.

use std::sync::Arc;

use bytes::Bytes;
use poem::{Endpoint, Request, Response, http::StatusCode};
use url::form_urlencoded;

use super::{
    super::{
        super::stage::header,
        clock,
        limits::{Over, Standing},
        oauth::grants::Bearer,
        world::Desk,
    },
    Operation,
    call::{Call, Refusal, Reply},
    events,
};

/// Larger bodies are refused.
const MOST_BYTES: usize = 4 << 20;

/// One operation behind its gate.
pub(crate) struct Gate {
    pub(crate) desk: Arc<Desk>,
    pub(crate) operation: Operation,
}

impl Endpoint for Gate {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(MOST_BYTES).await?;
        Ok(self.answer(&request, body))
    }
}

impl Gate {
    fn answer(&self, request: &Request, body: Bytes) -> Response {
        let now = clock::now();
        let mut world = self.desk.world();
        let Some(Bearer { install, scopes }) =
            bearer(request).and_then(|token| world.grants.bearer(token))
        else {
            let mut response = refused(&Refusal::unauthorized());
            header(&mut response, "x-401-by-gw", "true");
            return response;
        };
        if !self.operation.scopes.iter().any(|scope| scopes.iter().any(|own| own == scope)) {
            return refused(&Refusal::scope());
        }
        let search = self.operation.path.ends_with("/search");
        let spent = world.limits.spend(&install, self.operation.cost, search, now);
        let standing = match spent {
            Ok(standing) => standing,
            Err((over, standing)) => {
                let mut response = refused(&Refusal::over_limit());
                let wait = if over == Over::Daily { 3_600 } else { standing.reset.max(1) };
                header(&mut response, "retry-after", &wait.to_string());
                headers(&mut response, standing);
                return response;
            }
        };
        let Some(account) = world.accounts.get_mut(&install.company) else {
            return refused(&Refusal::unauthorized());
        };
        let Some(user) = account.company.user(install.user) else {
            return refused(&Refusal::unauthorized());
        };
        let query = request.uri().query().unwrap_or_default();
        let call = Call {
            company: account.company,
            user,
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            id: request.raw_path_param("id").map(ToOwned::to_owned),
            body,
            now,
        };
        let mut response = match (self.operation.run)(account, &call) {
            Ok(reply) => answered(reply),
            Err(refusal) => refused(&refusal),
        };
        if self.operation.path == "/persons" && self.operation.method == "GET" {
            account.list_answered(now);
        }
        events::emit(account, &self.desk.post, user, "api");
        headers(&mut response, standing);
        response
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn answered(reply: Reply) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap_or_default())
        .content_type("application/json; charset=utf-8")
        .body(reply.body)
}

pub(crate) fn refused(refusal: &Refusal) -> Response {
    answered(Reply::json(refusal.status, &refusal.body))
}

/// The documented headers, and the undocumented ones of the day.
pub(crate) fn headers(response: &mut Response, standing: Standing) {
    header(response, "x-ratelimit-limit", &standing.limit.to_string());
    header(response, "x-ratelimit-remaining", &standing.remaining.to_string());
    header(response, "x-ratelimit-reset", &standing.reset.to_string());
    header(response, "x-daily-ratelimit-token-limit", &standing.daily_limit.to_string());
    header(response, "x-daily-ratelimit-token-remaining", &standing.daily_remaining.to_string());
}

/// A path or method that does not exist.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Nowhere {
    V1,
    V2,
}

impl Nowhere {
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            // The real one says the same for a missing scope.
            Self::V2 => Refusal::scope(),
            Self::V1 => Refusal {
                status: 404,
                body: serde_json::json!({ "status": false, "error": "Unknown method ." }),
            },
        }
    }
}

impl Endpoint for Nowhere {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        Ok(refused(&self.refusal()))
    }
}
