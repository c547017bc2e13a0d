//! The stand-in Pipedrive keeps the vendor's promises, and ours to the other tests.

mod data;
mod faults;
mod limits;
mod oauth;
mod outbound;
mod writes;

use std::time::Duration;

use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tandem::sandbox::{Sandbox, SandboxConfig};
use tokio::net::TcpListener;

/// A stand-in, somebody who calls it, and the token of an administrator.
struct Stage {
    crm: Sandbox,
    http: Client,
    access: String,
    refresh: String,
}

fn small() -> SandboxConfig {
    SandboxConfig { persons: 1_200, organizations: 200, deals: 600, ..SandboxConfig::default() }
}

impl Stage {
    async fn new(config: SandboxConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let crm = Sandbox::start("pipedrive", listener, config).await.unwrap();
        let http = Client::builder()
            .redirect(Policy::none())
            // Left alone it sends again what was cut off on a connection that it used before.
            .retry(reqwest::retry::never())
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        let mut stage = Self { crm, http, access: String::new(), refresh: String::new() };
        stage.sign_in(json!({})).await;
        stage
    }

    async fn sign_in(&mut self, who: Value) {
        let code = self.control("POST", "/code", who).await["code"].as_str().unwrap().to_owned();
        let tokens: Value = self
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", "x:y"),
            ])
            .await
            .json()
            .await
            .unwrap();
        tokens["access_token"].as_str().unwrap().clone_into(&mut self.access);
        tokens["refresh_token"].as_str().unwrap().clone_into(&mut self.refresh);
    }

    async fn token(&self, form: &[(&str, &str)]) -> Response {
        self.http
            .post(format!("{}/oauth/token", self.crm.url))
            .basic_auth("sandbox-client", Some("sandbox-secret"))
            .form(form)
            .send()
            .await
            .unwrap()
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/__sandbox{path}", self.crm.url);
        let request = self.http.request(method.parse().unwrap(), url).json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        let url = format!("{}{path}", self.crm.url);
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.access);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.send("GET", path, None).await
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    /// All pages of a list.
    async fn all(&self, list: &str) -> Vec<Value> {
        let (mut records, mut cursor) = (vec![], String::new());
        loop {
            let page = self.json(&format!("{list}{cursor}")).await;
            records.extend(page["data"].as_array().unwrap().clone());
            match page["additional_data"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return records,
            }
        }
    }
}

fn ids(records: &[Value]) -> Vec<u64> {
    records.iter().map(|record| record["id"].as_u64().unwrap()).collect()
}
