//! `/api/team`: who is in a company, as what, and who was asked in.

mod crm_users;
mod invitations;
mod joining;
mod members;

use serde_json::json;
use tandem::jobs;

use crate::harness::{Browser, TestHub};

const PASSWORD: &str = "correct horse battery";

/// Asks somebody in, and returns the token of the mail.
async fn invite(hub: &TestHub, by: &Browser, email: &str, role: &str) -> String {
    let form = json!({ "email": email, "role": role });
    by.post("/api/team/invitations", form).await.expect(201);
    token(hub, email).await
}

/// Sends what waits, and returns the token of the newest mail to this address.
async fn token(hub: &TestHub, email: &str) -> String {
    jobs::drain(&hub.hub).await.unwrap();
    hub.mailed_token(email).await
}

fn newcomer(token: &str) -> serde_json::Value {
    json!({ "token": token, "name": "Nora New", "password": PASSWORD })
}

/// The actions of the log, oldest first.
async fn log(hub: &TestHub) -> Vec<String> {
    hub.value("select coalesce(array_agg(action order by audit_id), '{}') from audit_log").await
}
