//! What is stored opens nothing by itself, and what is logged opens nothing at all.

use std::{
    io,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::Row as _;
use tandem::{
    connectors::{CrmError, TokenSource as _},
    jobs,
    policy::Plan,
};
use url::Url;

use super::{
    Rig,
    crm::{NORDWIND, callback, state_of},
};

/// Every text and binary value of the database, as bytes.
async fn everything(rig: &Rig) -> Vec<(String, Vec<u8>)> {
    let columns = sqlx::query(
        "select quote_ident(table_name) as t, quote_ident(column_name) as c, data_type
         from information_schema.columns
         where table_schema = 'public' and data_type not in ('boolean', 'bigint', 'integer', 'uuid')",
    )
    .fetch_all(&rig.hub.owner)
    .await
    .unwrap();
    let mut values = Vec::new();
    for column in &columns {
        let (table, name): (String, String) = (column.get("t"), column.get("c"));
        let cast = if column.get::<String, _>("data_type") == "bytea" {
            name.clone()
        } else {
            format!("convert_to({name}::text, 'UTF8')")
        };
        let sql = format!("select {cast} from {table} where {name} is not null");
        let found: Vec<Vec<u8>> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&rig.hub.owner).await.unwrap();
        values.extend(found.into_iter().map(|value| (format!("{table}.{name}"), value)));
    }
    values
}

fn holds(value: &[u8], secret: &str) -> bool {
    value.windows(secret.len()).any(|part| part == secret.as_bytes())
}

/// Secrets of a connection, the way nobody else may see them.
async fn secrets(rig: &Rig) -> Vec<String> {
    let token = rig.tokens().await.access_token().await.unwrap();
    let refresh = rig.refresh_token().await;
    vec![token.secret.expose_secret().to_owned(), refresh]
}

#[tokio::test]
async fn no_token_is_readable_in_the_database() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    let page = rig.begin(browser).await;
    let back = rig.crm.consent(&page, "allow", NORDWIND).await;
    browser.get(&back).await;
    let code = Url::parse(&format!("http://x{back}")).unwrap();
    let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let mut known = secrets(&rig).await;
    known.extend([state_of(&page), code]);
    rig.expire().await;
    known.extend(secrets(&rig).await);
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    assert_eq!(rig.run(&started["run_id"]).await["state"], "completed");
    known.push(rig.crm.credentials().client_secret.expose_secret().to_owned());

    let values = everything(&rig).await;
    assert!(values.iter().any(|(column, _)| column == "connection.access_token"));
    assert!(values.iter().any(|(_, value)| holds(value, "Nordwind")), "the search finds things");
    for secret in &known {
        assert!(secret.len() > 10, "{secret}");
        let leak = values.iter().find(|(_, value)| holds(value, secret));
        assert!(leak.is_none(), "{:?} holds a secret", leak.map(|(column, _)| column));
    }
}

#[tokio::test]
async fn a_ciphertext_that_was_moved_does_not_open() {
    let rig = Rig::connected().await;
    let refused = CrmError::TokenUnavailable { what: "the vault refused" };
    let tokens = rig.tokens().await;
    tokens.access_token().await.unwrap();

    // Between columns.
    rig.owner("update connection set access_token = refresh_token, refresh_token = access_token")
        .await;
    assert_eq!(tokens.access_token().await.err().unwrap(), refused);
    rig.owner("update connection set access_token = refresh_token, refresh_token = access_token")
        .await;
    tokens.access_token().await.unwrap();

    // Between generations.
    rig.owner("update connection set token_gen = token_gen + 1").await;
    assert_eq!(tokens.access_token().await.err().unwrap(), refused);
    rig.owner("update connection set token_gen = token_gen - 1").await;

    // Between companies, with their data keys along.
    let beta = rig.hub.company(Plan::Business).await;
    let back = rig.crm.consent(&rig.begin(&beta.owner.browser).await, "allow", 7_003).await;
    beta.owner.browser.get(&back).await;
    let swap = "update connection a set access_token = b.access_token from connection b
                where a.company_id = $1 and b.company_id = $2";
    sqlx::query(swap).bind(rig.acme.id).bind(beta.id).execute(&rig.hub.owner).await.unwrap();
    let of = "select connection_id from connection where company_id = $1";
    let id: uuid::Uuid =
        sqlx::query_scalar(of).bind(rig.acme.id).fetch_one(&rig.hub.owner).await.unwrap();
    let tokens = tandem::flows::ConnectionTokens::new(
        rig.hub.hub.clone(),
        rig.acme.id,
        tandem::domain::ConnectionId::from_uuid(id),
        rig.provider(),
    );
    assert_eq!(tokens.access_token().await.err().unwrap(), refused);
    sqlx::query("update company_dek a set wrapped = b.wrapped from company_dek b where a.company_id = $1 and b.company_id = $2")
        .bind(rig.acme.id)
        .bind(beta.id)
        .execute(&rig.hub.owner)
        .await
        .unwrap();
    assert_eq!(tokens.access_token().await.err().unwrap(), refused);
    // Broken is not revoked: nobody is told to connect again.
    let states: Vec<String> = rig.hub.value("select array_agg(state) from connection").await;
    assert_eq!(states, ["active", "active"]);
}

/// A log in memory.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_code_state_or_token_is_ever_logged() {
    let paper = Paper::default();
    let pen = paper.clone();
    // Everything of ours, and what libraries say when somebody looks for a fault.
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter("trace,hyper=debug,hyper_util=debug,h2=debug")
        .with_writer(move || pen.clone())
        .finish();
    // The tests' runtime has one thread, the server and its tasks included.
    let _writing = tracing::subscriber::set_default(subscriber);

    let rig = Rig::new().await;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    let browser = &rig.acme.owner.browser;
    let page = rig.begin(browser).await;
    let back = rig.crm.consent(&page, "allow", NORDWIND).await;
    let code = Url::parse(&format!("http://x{back}")).unwrap();
    let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    browser.get(&back).await;
    browser.get(&back).await;
    let canary = "CANARY_7f3e";
    browser.get(&callback(&format!("code={canary}_code&state={canary}_state"))).await;
    let state = state_of(&rig.begin(browser).await);
    browser.get(&callback(&format!("code={canary}_code&state={state}"))).await;
    let mut known = secrets(&rig).await;
    rig.expire().await;
    known.extend(secrets(&rig).await);
    // A refresh that is refused, and one that is revoked.
    rig.crm.control("/faults", json!({ "kind": "status_5xx", "path": "/oauth/token" })).await;
    rig.expire().await;
    assert!(rig.tokens().await.access_token().await.is_err());
    rig.crm.control("/tokens/revoke", json!({})).await;
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    assert_eq!(rig.run(&started["run_id"]).await["state"], "failed");
    rig.hub.clock.advance(TimeDelta::minutes(1));
    known.extend([code, state_of(&page), state, canary.to_owned()]);
    known.push(rig.crm.credentials().client_secret.expose_secret().to_owned());

    let log = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("refreshing an access token"), "the log was not caught");
    assert!(log.contains("a consent brought no token"), "the log was not caught");
    for secret in known {
        let line = log.lines().find(|line| line.contains(&secret));
        // The sandbox is no part of Tandem, but has nothing to say either.
        assert!(line.is_none(), "logged: {}", line.unwrap_or_default());
    }
}
