//! Access tokens: what a key is exchanged for, what it opens, and what it does not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};
use tandem::{
    policy::{Plan, Role},
    vault::MasterKeys,
};

use crate::harness::{Answer, Browser, Company, TestHub};

/// A key of this member, as its secret.
async fn key(browser: &Browser, role: Role) -> (String, String) {
    let form = json!({ "name": "X", "role": role.word() });
    let made = browser.post("/api/api-keys", form).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["key"]["id"]), text(&made["secret"]))
}

async fn exchange(hub: &TestHub, secret: &str) -> Answer {
    let stranger = hub.stranger();
    // As a script does: no Origin, no header of ours.
    let request = stranger.bare(Method::POST, "/api/auth/token");
    stranger.send(request.json(&json!({ "api_key": secret }))).await
}

async fn token(hub: &TestHub, company: &Company, role: Role) -> String {
    let (_, secret) = key(&company.member(role).browser, role).await;
    exchange(hub, &secret).await.expect(200)["access_token"].as_str().unwrap().to_owned()
}

/// A request of a script: a token, and nothing of a browser.
async fn ask(hub: &TestHub, method: Method, path: &str, jwt: &str, body: Option<Value>) -> Answer {
    let script = hub.stranger();
    let request = script.bare(method, path).header("authorization", format!("Bearer {jwt}"));
    script
        .send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
}

async fn get(hub: &TestHub, path: &str, jwt: &str) -> Answer {
    ask(hub, Method::GET, path, jwt, None).await
}

#[tokio::test]
async fn a_key_is_exchanged_for_ten_minutes_of_its_role() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let (_, secret) = key(&acme.owner.browser, Role::GoldenTicket).await;
    let given = exchange(&hub, &secret).await;
    assert_eq!(given.header("cache-control"), "no-store");
    let given = given.expect(200);
    assert_eq!((&given["token_type"], &given["expires_in"]), (&json!("Bearer"), &json!(600)));
    let jwt = given["access_token"].as_str().unwrap();

    let session = get(&hub, "/api/auth/session", jwt).await.expect(200);
    assert_eq!(session["member"], json!({ "id": acme.owner.id.uuid(), "role": "golden_ticket" }));
    assert!(!session["may"].as_array().unwrap().contains(&json!("manage_connections")));
    let form = json!({ "full_name": "By a script" });
    ask(&hub, Method::POST, "/api/contacts", jwt, Some(form)).await.expect(201);
    let plan = json!({ "plan": "free" });
    let refused = ask(&hub, Method::POST, "/api/billing/plan", jwt, Some(plan)).await;
    assert_eq!(refused.problem(403), "forbidden");
    let used: bool = hub.value("select last_used_at is not null from api_key").await;
    assert!(used);
}

#[tokio::test]
async fn a_script_sees_what_its_keys_maker_sees() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    for member in [&acme.admin, &acme.consultant] {
        let form = json!({ "full_name": format!("Of the {}", member.role) });
        member.browser.post("/api/contacts", form).await.expect(201);
    }
    let names = async |jwt: &str| -> Vec<String> {
        let page = get(&hub, "/api/contacts?sort=name", jwt).await.expect(200);
        let items = page["items"].as_array().unwrap();
        items.iter().map(|one| one["full_name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&token(&hub, &acme, Role::Consultant).await).await, ["Of the consultant"]);
    assert_eq!(names(&token(&hub, &acme, Role::Admin).await).await.len(), 2);
    // An admin's key with the small role sees the admin's own.
    let (_, secret) = key(&acme.admin.browser, Role::Consultant).await;
    let given = exchange(&hub, &secret).await.expect(200);
    assert_eq!(names(given["access_token"].as_str().unwrap()).await, ["Of the admin"]);
}

#[tokio::test]
async fn the_audit_log_names_the_key_beside_the_member() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let (id, secret) = key(&acme.owner.browser, Role::Owner).await;
    let given = exchange(&hub, &secret).await.expect(200);
    let jwt = given["access_token"].as_str().unwrap();
    let person = |name: &str| json!({ "full_name": name });
    ask(&hub, Method::POST, "/api/contacts", jwt, Some(person("Ada"))).await.expect(201);
    acme.owner.browser.post("/api/contacts", person("Augusta")).await.expect(201);
    let named: Vec<(Option<uuid::Uuid>, Option<String>)> = sqlx::query_as(
        "select member_id, api_key_id::text from audit_log
         where action = 'contact.created' order by audit_id",
    )
    .fetch_all(&hub.owner)
    .await
    .unwrap();
    let owner = Some(acme.owner.id.uuid());
    assert_eq!(named, [(owner, Some(id)), (owner, None)]);
    tandem::flows::audit::seal(&hub.hub, acme.id).await.unwrap();
    let chain = tandem::flows::audit::verify(&hub.hub, acme.id).await.unwrap();
    assert_eq!((chain.unsealed, chain.broken_at), (0, None));
}

#[tokio::test]
async fn a_token_dies_with_its_key_its_makers_membership_and_their_role() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let dead = async |jwt: &str, why: &str| {
        let answer = get(&hub, "/api/contacts", jwt).await;
        assert_eq!(answer.problem(401), "unauthenticated", "{why}");
        assert_eq!(
            answer.header("www-authenticate"),
            r#"Bearer realm="tandem", error="invalid_token""#
        );
    };
    let owner = async |sql: &'static str, id: tandem::domain::MemberId| {
        sqlx::query(sql).bind(id).execute(&hub.owner).await.unwrap();
    };

    let (id, secret) = key(&acme.owner.browser, Role::Owner).await;
    let given = exchange(&hub, &secret).await.expect(200);
    let jwt = given["access_token"].as_str().unwrap();
    get(&hub, "/api/contacts", jwt).await.expect(200);
    acme.owner.browser.delete(&format!("/api/api-keys/{id}")).await.expect(204);
    dead(jwt, "revoked").await;
    assert_eq!(exchange(&hub, &secret).await.problem(401), "wrong_api_key");

    let (_, secret) = key(&acme.admin.browser, Role::Admin).await;
    let jwt = token(&hub, &acme, Role::Admin).await;
    get(&hub, "/api/contacts", &jwt).await.expect(200);
    owner("update member set role = 'consultant' where member_id = $1", acme.admin.id).await;
    dead(&jwt, "demoted").await;
    assert_eq!(exchange(&hub, &secret).await.problem(401), "wrong_api_key");

    let jwt = token(&hub, &acme, Role::Consultant).await;
    get(&hub, "/api/contacts", &jwt).await.expect(200);
    owner("delete from member where member_id = $1", acme.consultant.id).await;
    dead(&jwt, "removed").await;

    let jwt = token(&hub, &acme, Role::GoldenTicket).await;
    owner("update api_key set expires_at = now() where member_id = $1", acme.golden_ticket.id)
        .await;
    dead(&jwt, "expired").await;
}

#[tokio::test]
async fn scripts_manage_neither_keys_nor_sessions_nor_consents() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let jwt = token(&hub, &acme, Role::Owner).await;
    let provider = tandem::connectors::all()[0].manifest().slug;
    let connect = format!("/api/integrations/{provider}/connect");
    let form = json!({ "name": "X", "role": "owner" });
    for (method, path, body) in [
        (Method::GET, "/api/api-keys", None),
        (Method::POST, "/api/api-keys", Some(form)),
        (Method::DELETE, &*format!("/api/api-keys/{}", uuid::Uuid::nil()), None),
        (Method::POST, "/api/auth/logout", None),
        (Method::PUT, "/api/auth/session", Some(json!({ "company_id": acme.id.uuid() }))),
        (Method::GET, &connect, None),
    ] {
        let answer = ask(&hub, method, path, &jwt, body).await;
        assert_eq!(answer.problem(403), "browser_only", "{path}");
    }
}

#[tokio::test]
async fn with_a_token_no_cookie_counts_and_a_key_is_no_token() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let (_, secret) = key(&acme.owner.browser, Role::Owner).await;
    let browser = &acme.owner.browser;
    for wrong in ["x", "", secret.as_str()] {
        for scheme in ["Bearer", "bearer"] {
            let request = browser
                .bare(Method::POST, "/api/contacts")
                .header("authorization", format!("{scheme} {wrong}"))
                .json(&json!({ "full_name": "X" }));
            assert_eq!(browser.send(request).await.problem(401), "unauthenticated", "{wrong}");
        }
    }
    // Another scheme is no token: the cookie counts, and with it the proof of origin.
    let request = browser
        .bare(Method::POST, "/api/contacts")
        .header("authorization", "Basic eDp5")
        .json(&json!({ "full_name": "X" }));
    assert_eq!(browser.send(request).await.problem(403), "csrf");
    assert_eq!(hub.value::<i64>("select count(*) from contact").await, 0);
}

/// A token with our own signing key, as somebody who stole it could not make one.
fn forge(hub: &TestHub, header: &Value, claims: &Value) -> String {
    let masters = MasterKeys::parse(&hub.master_keys).unwrap();
    let secret = masters.derive("test", "tandem access token v1").unwrap();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_secret(&*secret);
    let signed = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signed}")
}

#[tokio::test]
async fn every_claim_and_header_is_checked_whoever_signed_it() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let jwt = token(&hub, &acme, Role::Owner).await;
    let parts: Vec<Value> = jwt
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    let [header, claims] = &*parts else { panic!("{jwt}") };
    assert_eq!(header["alg"], "HS256");
    assert_eq!(claims["iss"], hub.url);
    let now = hub.clock.now().timestamp();
    let with = |part: &Value, field: &str, value: Value| {
        let mut part = part.clone();
        match value {
            Value::Null => drop(part.as_object_mut().unwrap().remove(field)),
            value => part[field] = value,
        }
        part
    };

    // What is not changed passes, so each refusal below is for its change.
    get(&hub, "/api/contacts", &forge(&hub, header, claims)).await.expect(200);
    let mut refused = Vec::new();
    for (field, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", Value::Null),
        ("iss", json!([hub.url])),
        ("aud", json!(hub.url)),
        ("aud", Value::Null),
        ("exp", json!(now - 1)),
        ("exp", json!(now + 3_600)),
        ("exp", json!((now + 600).to_string())),
        ("exp", json!(1e308_f64)),
        ("exp", Value::Null),
        ("exp", json!(i64::MAX)),
        ("nbf", json!(now + 60)),
        ("nbf", json!(now.to_string())),
        ("nbf", Value::Null),
        ("iat", json!(now + 60)),
        ("iat", Value::Null),
        ("sub", json!(uuid::Uuid::now_v7())),
        ("sub", json!(acme.owner.id.uuid())),
        ("sub", Value::Null),
        ("jti", Value::Null),
    ] {
        refused.push((field, forge(&hub, header, &with(claims, field, value))));
    }
    for (field, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS384")),
        ("alg", json!("RS256")),
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("kid", json!("../../dev/null")),
        ("kid", Value::Null),
        ("crit", json!(["exp"])),
        ("jku", json!("https://evil.example/keys")),
        ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        ("x5u", json!("https://evil.example/cert")),
        ("zip", json!("DEF")),
        ("b64", json!(false)),
    ] {
        refused.push((field, forge(&hub, &with(header, field, value), claims)));
    }
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    let mut other = Header::new(Algorithm::HS256);
    (other.typ, other.kid) = (Some("at+jwt".into()), header["kid"].as_str().map(str::to_owned));
    let guessed = EncodingKey::from_secret(b"secret");
    refused.extend([
        ("no signature", format!("{message}.")),
        ("half a signature", format!("{message}.{}", &signature[..20])),
        ("another's signature", jsonwebtoken::encode(&other, claims, &guessed).unwrap()),
        ("two parts", message.to_owned()),
        ("four parts", format!("{jwt}.x")),
        ("padding", format!("{jwt}=")),
        ("long", format!("{jwt}{}", "A".repeat(4_000))),
    ]);
    for (what, jwt) in refused {
        let answer = get(&hub, "/api/contacts", &jwt).await;
        assert_eq!(answer.problem(401), "unauthenticated", "{what}: {jwt}");
    }
}

#[tokio::test]
async fn a_token_ends_to_the_second() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let jwt = token(&hub, &acme, Role::Owner).await;
    hub.clock.advance(TimeDelta::minutes(9));
    get(&hub, "/api/contacts", &jwt).await.expect(200);
    hub.clock.advance(TimeDelta::minutes(1));
    assert_eq!(get(&hub, "/api/contacts", &jwt).await.problem(401), "unauthenticated");
}

#[tokio::test]
async fn what_is_no_key_is_refused_alike() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let (_, secret) = key(&acme.owner.browser, Role::Owner).await;
    let other = tandem::domain::ApiKey::fresh(false);
    let typo = secret.replace("tandem_test_", "tandem_live_");
    for wrong in ["", "x", other.reveal(), &typo, &secret[..47]] {
        assert_eq!(exchange(&hub, wrong).await.problem(401), "wrong_api_key", "{wrong}");
    }
}
