//! What stands before every operation: token, scopes, credits; and the header after it.

use std::sync::Arc;

use bytes::Bytes;
use chrono::DateTime;
use poem::{Endpoint, Request, Response};
use url::form_urlencoded;

use super::{
    super::{
        super::stage::{clock, header},
        limits::Over,
        world::Desk,
    },
    call::{Call, Refusal, answered, refused},
    watch,
};

/// Larger bodies are refused.
const MOST_BYTES: usize = 4 << 20;

/// `/crm/v8/...`
pub(crate) struct Gate(pub(crate) Arc<Desk>);

impl Endpoint for Gate {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(MOST_BYTES).await?;
        let work = self.0.world().limits.work;
        let org = match self.enter(&request, &body) {
            Ok(org) => org,
            Err((refusal, over)) => {
                let mut response = refused(&refusal);
                if over == Some(Over::Credits) {
                    header(&mut response, "x-api-credits-remaining", "0");
                }
                return Ok(response);
            }
        };
        // Also when the caller has gone meanwhile.
        let _under_way = UnderWay { desk: &self.0, org };
        if !work.is_zero() {
            tokio::time::sleep(work).await;
        }
        Ok(self.answer(&request, body))
    }
}

/// A request that was let in and has not been answered yet.
struct UnderWay<'a> {
    desk: &'a Desk,
    org: u64,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.desk.world().limits.end(self.org);
    }
}

impl Gate {
    /// Lets a request in; answers whose it is.
    fn enter(&self, request: &Request, body: &[u8]) -> Result<u64, (Refusal, Option<Over>)> {
        let mut world = self.0.world();
        let token = token(request).map_err(|refusal| (refusal, None))?;
        let Some(bearer) = world.grants.bearer(token) else {
            return Err((Refusal::new(401, "INVALID_TOKEN", "invalid oauth token"), None));
        };
        let operation = super::find(request.method().as_str(), request.uri().path(), body)
            .map_err(|refusal| (refusal, None))?;
        let lacks = operation.scopes.iter().any(|(area, right)| !bearer.may(area, right));
        if lacks {
            let message = "invalid oauth scope to access this URL";
            return Err((Refusal::new(401, "OAUTH_SCOPE_MISMATCH", message), None));
        }
        let org = bearer.install.org;
        let begun = world.limits.begin(org, operation.cost);
        begun.map(|()| org).map_err(|over| (Refusal::over(over), Some(over)))
    }

    fn answer(&self, request: &Request, body: Bytes) -> Response {
        let mut world = self.0.world();
        let world = &mut *world;
        let found = super::find(request.method().as_str(), request.uri().path(), &body);
        let bearer = token(request).ok().and_then(|token| world.grants.bearer(token));
        let (Ok(operation), Some(bearer)) = (found, bearer) else {
            return refused(&Refusal::new(401, "INVALID_TOKEN", "invalid oauth token"));
        };
        let Some(account) = world.accounts.get_mut(&bearer.install.org) else {
            return refused(&Refusal::new(401, "INVALID_TOKEN", "invalid oauth token"));
        };
        let Some(user) = account.org.user(bearer.install.user) else {
            return refused(&Refusal::new(401, "INVALID_TOKEN", "invalid oauth token"));
        };
        let query = request.uri().query().unwrap_or_default();
        let since = request.header("if-modified-since");
        let call = Call {
            org: account.org,
            user,
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            modified_since: since.and_then(|text| {
                let time = DateTime::parse_from_rfc3339(text.trim()).ok()?;
                u64::try_from(time.timestamp()).ok()
            }),
            body,
            now: clock::now(),
        };
        let mut response = match (operation.run)(account, &call) {
            Ok(reply) => answered(reply),
            Err(refusal) => refused(&refusal),
        };
        watch::emit(account, &self.0.post, call.now);
        if let Some(remaining) = world.limits.remaining(bearer.install.org) {
            header(&mut response, "x-api-credits-remaining", &remaining.to_string());
        }
        response
    }
}

/// The token behind Zoho's own word. `Bearer` is not promised anywhere.
fn token(request: &Request) -> Result<&str, Refusal> {
    let refusal = || Refusal::new(401, "AUTHENTICATION_FAILURE", "Authentication failed");
    let (scheme, token) = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .ok_or_else(refusal)?;
    if scheme == "Zoho-oauthtoken" { Ok(token.trim()) } else { Err(refusal()) }
}
