//! Consent, codes, tokens: what the vendor documents, and what a test may force.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tandem::sandbox::SandboxConfig;
use url::Url;

use super::{Stage, small};

const CALLBACK: &str = "http://localhost:9/callback?keep=1";

impl Stage {
    async fn authorize(&self, form: &[(&str, &str)]) -> reqwest::Response {
        let url = format!("{}/oauth/authorize", self.crm.url);
        self.http.post(url).form(form).send().await.unwrap()
    }

    async fn exchange(&self, code: &str) -> reqwest::Response {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ])
        .await
    }

    async fn refresh(&self, token: &str) -> reqwest::Response {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }
}

async fn answer(response: reqwest::Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn the_consent_page_is_a_form_with_names_for_everything() {
    let stage = Stage::new(small()).await;
    let url = Url::parse_with_params(
        &format!("{}/oauth/authorize", stage.crm.url),
        [("client_id", "sandbox-client"), ("redirect_uri", CALLBACK), ("state", "a\"<b>&c")],
    )
    .unwrap();
    let response = stage.http.get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("style-src 'self'"));
    let page = response.text().await.unwrap();
    for part in [
        ">Allow</button>",
        ">Deny</button>",
        r#"<label for="company">Company</label>"#,
        r#"<label for="user">User</label>"#,
        "Nordwind Maschinenbau GmbH",
        "Harbor &amp; Pine LLC",
        "Heidi Hürlimann",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<b>&c") && page.contains("&quot;&lt;b&gt;&amp;c"), "state is escaped");
    assert!(!page.contains("Eva Ehlers"), "who left cannot sign in");
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn allowing_leads_to_the_account_that_was_chosen() {
    let mut stage = Stage::new(small()).await;
    for (company, user, me) in
        [("7001", "", 20_001), ("7001", "20002", 20_002), ("7002", "20101", 20_101)]
    {
        let response = stage
            .authorize(&[
                ("client_id", "sandbox-client"),
                ("redirect_uri", CALLBACK),
                ("state", "s t&=1"),
                ("company", company),
                ("user", user),
                ("decision", "allow"),
            ])
            .await;
        assert_eq!(response.status(), StatusCode::FOUND);
        let to = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        let pairs: Vec<(String, String)> = to.query_pairs().into_owned().collect();
        assert_eq!(pairs[0], ("keep".into(), "1".into()));
        assert_eq!(pairs[1].0, "code");
        assert_eq!(pairs[2], ("state".into(), "s t&=1".into()));

        let (status, tokens) = answer(stage.exchange(&pairs[1].1).await).await;
        assert_eq!(status, 200);
        assert_eq!(tokens["api_domain"], stage.crm.url);
        assert_eq!(
            (&tokens["token_type"], &tokens["expires_in"]),
            (&json!("Bearer"), &json!(3_599))
        );
        let access = tokens["access_token"].as_str().unwrap();
        assert!(access.starts_with("v1u:") && access.len() > 300);
        stage.access = access.to_owned();
        let account = stage.json("/api/v1/users/me").await;
        assert_eq!(account["data"]["id"], me);
        assert_eq!(account["data"]["company_id"].to_string(), company);

        let (status, again) = answer(stage.exchange(&pairs[1].1).await).await;
        assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")), "a code works once");
    }
}

#[tokio::test]
async fn denying_and_mistakes_lead_back_or_nowhere() {
    let stage = Stage::new(small()).await;
    let form = |decision, company, user| {
        [
            ("client_id", "sandbox-client"),
            ("redirect_uri", CALLBACK),
            ("state", "xyz"),
            ("company", company),
            ("user", user),
            ("decision", decision),
        ]
    };
    let denied = stage.authorize(&form("deny", "7001", "")).await;
    let location = denied.headers()["location"].to_str().unwrap();
    assert_eq!(location, "http://localhost:9/callback?keep=1&error=user_denied&state=xyz");

    for (company, user, words) in [
        ("1", "", "App cannot be installed for requested company"),
        ("7002", "20001", "This user does not belong to the company"),
        ("7001", "20005", "This user does not belong to the company"),
    ] {
        let response = stage.authorize(&form("allow", company, user)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(response.text().await.unwrap().contains(words));
    }
    for (client, redirect) in [("nobody", CALLBACK), ("sandbox-client", "javascript:alert(1)")] {
        let pairs = [("client_id", client), ("redirect_uri", redirect), ("decision", "allow")];
        let response = stage.authorize(&pairs).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "never sent anywhere");
    }
}

#[tokio::test]
async fn token_requests_fail_in_the_vendors_words() {
    let stage = Stage::new(small()).await;
    let url = format!("{}/oauth/token", stage.crm.url);
    for (form, error, message) in [
        (vec![("code", "x")], "invalid_request", "Missing parameter grant_type"),
        (vec![("grant_type", "password")], "unsupported_grant_type", "Unsupported grant type"),
        (
            vec![("grant_type", "authorization_code"), ("code", "x")],
            "invalid_grant",
            "authorization_code is invalid",
        ),
        (
            vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
            "invalid_grant",
            "refresh_token is invalid",
        ),
    ] {
        let (status, body) = answer(stage.token(&form).await).await;
        assert_eq!((status, &body["error"]), (400, &json!(error)));
        assert!(body["message"].as_str().unwrap().contains(message), "{body}");
    }
    let wrong = stage.http.post(&url).basic_auth("sandbox-client", Some("no"));
    let (status, body) =
        answer(wrong.form(&[("grant_type", "refresh_token")]).send().await.unwrap()).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_client")));
    let json = stage.http.post(&url).json(&json!({"grant_type": "refresh_token"}));
    let (status, body) = answer(json.send().await.unwrap()).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")), "form only");
    let in_form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &stage.refresh),
        ("client_id", "sandbox-client"),
        ("client_secret", "sandbox-secret"),
    ];
    let response = stage.http.post(&url).form(&in_form).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "credentials may stand in the form");
}

#[tokio::test]
async fn a_refresh_brings_the_same_refresh_token_unless_rotation_is_on() {
    let stage = Stage::new(small()).await;
    let (_, one) = answer(stage.refresh(&stage.refresh).await).await;
    assert_eq!(one["refresh_token"], stage.refresh);
    assert_ne!(one["access_token"], stage.access);

    stage.control("POST", "/tokens/rotate", json!({"on": true})).await;
    let (_, two) = answer(stage.refresh(&stage.refresh).await).await;
    let rotated = two["refresh_token"].as_str().unwrap();
    assert_ne!(rotated, stage.refresh);
    let (status, _) = answer(stage.refresh(&stage.refresh).await).await;
    assert_eq!(status, 400, "an old token is refused");
    let (status, _) = answer(stage.refresh(rotated).await).await;
    assert_eq!(status, 400, "and takes the new one with it");
    assert_eq!(stage.get("/api/v1/users/me").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn expired_and_revoked_tokens_are_told_apart() {
    let mut stage = Stage::new(SandboxConfig { expires_in: 1, ..small() }).await;
    assert_eq!(stage.get("/api/v1/users/me").await.status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let late = stage.get("/api/v1/users/me").await;
    assert_eq!(late.headers()["x-401-by-gw"], "true");
    let (status, body) = answer(late).await;
    assert_eq!((status, &body["error"]), (401, &json!("unauthorized access")));

    stage.control("POST", "/tokens/life", json!({"seconds": 600})).await;
    let (_, tokens) = answer(stage.refresh(&stage.refresh).await).await;
    stage.access = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(stage.get("/api/v1/users/me").await.status(), StatusCode::OK);
    stage.control("POST", "/tokens/expire", json!({})).await;
    assert_eq!(stage.get("/api/v1/users/me").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(stage.refresh(&stage.refresh).await.status(), StatusCode::OK);

    stage.control("POST", "/tokens/revoke", json!({})).await;
    let (status, body) = answer(stage.refresh(&stage.refresh).await).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn revoking_the_refresh_token_ends_the_install_and_unknown_tokens_are_fine() {
    let stage = Stage::new(small()).await;
    for (token, after) in [("unknown", StatusCode::OK), (&stage.refresh, StatusCode::UNAUTHORIZED)]
    {
        let response = stage
            .http
            .post(format!("{}/oauth/revoke", stage.crm.url))
            .basic_auth("sandbox-client", Some("sandbox-secret"))
            .form(&[("token", token), ("token_type_hint", "refresh_token")])
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(stage.get("/api/v1/users/me").await.status(), after);
    }
}

#[tokio::test]
async fn the_api_domain_can_be_made_hostile_and_scopes_taken_away() {
    let stage = Stage::new(small()).await;
    let evil = "https://x.pipedrive.com.evil.example";
    stage.control("POST", "/api_domain", json!({"api_domain": evil})).await;
    let (_, tokens) = answer(stage.refresh(&stage.refresh).await).await;
    assert_eq!(tokens["api_domain"], evil);
    stage.control("POST", "/scopes", json!({"scope": "base"})).await;
    let (status, body) = answer(stage.get("/api/v2/persons").await).await;
    assert_eq!((status, &body["error"]), (403, &json!("Scope and URL mismatch")));
}

#[tokio::test]
async fn a_regular_user_does_not_see_what_is_private_to_others() {
    let mut stage = Stage::new(small()).await;
    let all = stage.all("/api/v2/persons?limit=500").await.len();
    stage.sign_in(json!({"user_id": 20_002})).await;
    let seen = stage.all("/api/v2/persons?limit=500").await;
    assert!(seen.len() < all && seen.len() > all / 2);
    assert!(seen.iter().all(|p| p["visible_to"] != 1 || p["owner_id"] == 20_002));
    stage.sign_in(json!({"company_id": 7_003})).await;
    assert_eq!(stage.all("/api/v2/persons?limit=500").await.len(), 120, "another company's data");
}

#[tokio::test]
async fn connections_survive_a_restart_but_not_a_reset() {
    let before = Stage::new(small()).await;
    let after = Stage::new(small()).await;
    let (status, tokens) = answer(after.refresh(&before.refresh).await).await;
    assert_eq!((status, &tokens["refresh_token"]), (200, &json!(before.refresh)));
    let forged = before.refresh.replace("20001", "20002");
    assert_eq!(after.refresh(&forged).await.status(), StatusCode::BAD_REQUEST);
    after.control("POST", "/reset", json!({})).await;
    assert_eq!(after.refresh(&before.refresh).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn authorizing_twice_keeps_both_tokens_until_one_is_revoked() {
    let mut stage = Stage::new(small()).await;
    let first = stage.refresh.clone();
    stage.sign_in(json!({})).await;
    assert_ne!(first, stage.refresh);
    for token in [&first, &stage.refresh] {
        assert_eq!(stage.refresh(token).await.status(), StatusCode::OK);
    }
    stage
        .http
        .post(format!("{}/oauth/revoke", stage.crm.url))
        .basic_auth("sandbox-client", Some("sandbox-secret"))
        .form(&[("token", &first)])
        .send()
        .await
        .unwrap();
    let other = stage.refresh(&stage.refresh).await.status();
    assert_eq!(other, StatusCode::BAD_REQUEST, "the app is out, with all it had");
}
