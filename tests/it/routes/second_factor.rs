//! `/api/auth/second-factor`, and signing in with one.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tandem::{
    domain::totp::TotpSecret,
    flows::keys,
    vault::{MasterKeys, Vault},
};

use crate::harness::{Answer, Browser, TestHub};

const PASSWORD: &str = "correct horse battery";
const PATH: &str = "/api/auth/second-factor";

async fn account(hub: &TestHub) -> Browser {
    let browser = hub.stranger();
    let form = json!({ "company": "Acme", "name": "Anna", "email": "anna@example.com",
                       "password": PASSWORD });
    browser.post("/api/auth/signup", form).await.expect(202);
    let token = hub.mailed_token("anna@example.com").await;
    browser.post("/api/auth/confirm", json!({ "token": token })).await.expect(200);
    browser
}

async fn begin(browser: &Browser) -> TotpSecret {
    let begun = browser.post(PATH, json!({ "password": PASSWORD })).await.expect(200);
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["address"].as_str().unwrap().contains(secret));
    TotpSecret::parse(secret).unwrap()
}

fn code(hub: &TestHub, secret: &TotpSecret) -> String {
    secret.code(hub.clock.now().timestamp()).unwrap()
}

/// Turns it on; the secret and the recovery codes.
async fn enable(hub: &TestHub, browser: &Browser) -> (TotpSecret, Vec<String>) {
    let secret = begin(browser).await;
    let form = json!({ "code": code(hub, &secret) });
    let on = browser.post(&format!("{PATH}/confirm"), form).await.expect(200);
    let codes = on["codes"].as_array().unwrap().iter();
    (secret, codes.map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn sign_in(hub: &TestHub, code: Option<&str>) -> Answer {
    let form = json!({ "email": "anna@example.com", "password": PASSWORD, "code": code });
    hub.stranger().post("/api/auth/login", form).await
}

fn next_step(hub: &TestHub) {
    hub.clock.advance(TimeDelta::seconds(30));
}

#[tokio::test]
async fn a_second_factor_counts_from_its_first_code_on_and_then_signing_in_asks_for_one() {
    let hub = TestHub::new().await;
    let browser = account(&hub).await;
    assert_eq!(browser.get(PATH).await.expect(200)["since"], Value::Null);
    let wrong = browser.post(PATH, json!({ "password": "not the password" })).await;
    assert_eq!(wrong.json()["fields"][0]["field"], "password");
    // Begun is not on.
    let secret = begin(&browser).await;
    sign_in(&hub, None).await.expect(200);
    let confirm = format!("{PATH}/confirm");
    let wrong = browser.post(&confirm, json!({ "code": "000000" })).await;
    assert_eq!(wrong.json()["fields"][0]["field"], "code");
    let on = browser.post(&confirm, json!({ "code": code(&hub, &secret) })).await.expect(200);
    assert_eq!(on["codes"].as_array().unwrap().len(), 10);
    let standing = browser.get(PATH).await.expect(200);
    assert!(standing["since"].is_string() && standing["codes_left"] == 10, "{standing}");
    // One that counts is not begun anew: a stolen session cannot put its own in place.
    let again = browser.post(PATH, json!({ "password": PASSWORD })).await;
    assert_eq!(again.problem(409), "conflict");

    assert_eq!(sign_in(&hub, None).await.problem(401), "second_factor_required");
    assert_eq!(sign_in(&hub, Some("")).await.problem(401), "second_factor_required");
    assert_eq!(sign_in(&hub, Some("123")).await.problem(401), "wrong_code");
    // Whoever has the wrong password learns nothing of it.
    let form = json!({ "email": "anna@example.com", "password": "not the password" });
    let wrong = hub.stranger().post("/api/auth/login", form).await;
    assert_eq!(wrong.problem(401), "wrong_credentials");
    next_step(&hub);
    sign_in(&hub, Some(&code(&hub, &secret))).await.expect(200);
}

#[tokio::test]
async fn a_code_counts_once_however_many_try_it_at_once() {
    let hub = TestHub::new().await;
    let browser = account(&hub).await;
    let (secret, _) = enable(&hub, &browser).await;
    // The one that turned it on, in its own time step and the next.
    let first = code(&hub, &secret);
    assert_eq!(sign_in(&hub, Some(&first)).await.problem(401), "wrong_code");
    next_step(&hub);
    assert_eq!(sign_in(&hub, Some(&first)).await.problem(401), "wrong_code");
    let now = code(&hub, &secret);
    let answers = join_all((0..4).map(|_| sign_in(&hub, Some(&now)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(sign_in(&hub, Some(&now)).await.problem(401), "wrong_code");
    // An earlier one that nobody has seen counts no more either.
    next_step(&hub);
    next_step(&hub);
    let skipped = code(&hub, &secret);
    next_step(&hub);
    sign_in(&hub, Some(&code(&hub, &secret))).await.expect(200);
    assert_eq!(sign_in(&hub, Some(&skipped)).await.problem(401), "wrong_code");
}

#[tokio::test]
async fn a_recovery_code_lets_in_once_and_new_ones_end_the_old() {
    let hub = TestHub::new().await;
    let browser = account(&hub).await;
    let (secret, codes) = enable(&hub, &browser).await;
    let typed = codes[0].to_uppercase().replace('-', " ");
    let answers = join_all((0..3).map(|_| sign_in(&hub, Some(&typed)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(sign_in(&hub, Some(&codes[0])).await.problem(401), "wrong_code");
    assert_eq!(browser.get(PATH).await.expect(200)["codes_left"], 9);
    let used = "select count(*) from audit_log where action = 'recovery_code.used'";
    assert_eq!(hub.value::<i64>(used).await, 1);

    next_step(&hub);
    let renew = format!("{PATH}/recovery-codes");
    let form = json!({ "code": code(&hub, &secret) });
    let renewed = browser.post(&renew, form.clone()).await.expect(200);
    assert!(browser.post(&renew, form).await.status == 400, "its code counts once, too");
    assert_eq!(sign_in(&hub, Some(&codes[1])).await.problem(401), "wrong_code");
    sign_in(&hub, renewed["codes"][0].as_str()).await.expect(200);
}

#[tokio::test]
async fn neither_secret_nor_codes_are_stored_as_they_are() {
    let hub = TestHub::new().await;
    let browser = account(&hub).await;
    let (secret, codes) = enable(&hub, &browser).await;
    let stored: String = hub
        .value(
            "select concat((select string_agg(t::text, '') from second_factor t),
                           (select string_agg(t::text, '') from recovery_code t),
                           (select string_agg(t::text, '') from audit_log t))",
        )
        .await;
    let bits = hex::encode(secret.reveal());
    for text in [secret.reveal(), &bits, &codes[0], &codes[0].replace('-', "")] {
        assert!(!stored.contains(text), "{text} is in {stored}");
    }
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_wherever_it_comes_from() {
    let hub = TestHub::new().await;
    let browser = account(&hub).await;
    let (secret, _) = enable(&hub, &browser).await;
    next_step(&hub);
    for at in 0..10 {
        let guess = format!("00000{at}");
        assert_eq!(sign_in(&hub, Some(&guess)).await.problem(401), "wrong_code");
        // A right password between the tries wipes no slate clean.
        if at == 5 {
            assert_eq!(sign_in(&hub, None).await.status, 401);
            hub.clock.advance(TimeDelta::minutes(16));
        }
    }
    let right = code(&hub, &secret);
    assert_eq!(sign_in(&hub, Some(&right)).await.problem(429), "too_many_requests");
    hub.clock.advance(TimeDelta::minutes(61));
    sign_in(&hub, Some(&code(&hub, &secret))).await.expect(200);
}

#[tokio::test]
async fn turning_it_off_takes_both_factors() {
    let hub = TestHub::new().await;
    let browser = account(&hub).await;
    let (secret, codes) = enable(&hub, &browser).await;
    next_step(&hub);
    let off = format!("{PATH}/disable");
    let now = code(&hub, &secret);
    for (form, field) in [
        (json!({ "password": "not the password", "code": now }), "password"),
        (json!({ "password": PASSWORD, "code": "000000" }), "code"),
        (json!({ "password": PASSWORD, "code": "" }), "code"),
    ] {
        let refused = browser.post(&off, form).await;
        assert_eq!(refused.problem(400), "invalid");
        assert_eq!(refused.json()["fields"][0]["field"], field);
    }
    browser.post(&off, json!({ "password": PASSWORD, "code": now })).await.expect(204);
    sign_in(&hub, None).await.expect(200);
    // What hung on it is gone: the next one starts afresh.
    assert_eq!(hub.value::<i64>("select count(*) from recovery_code").await, 0);
    let (_, new) = enable(&hub, &browser).await;
    assert_eq!(sign_in(&hub, Some(&codes[2])).await.problem(401), "wrong_code");
    sign_in(&hub, Some(&new[2])).await.expect(200);
}

#[tokio::test]
async fn a_new_master_key_seals_the_secrets_anew_and_they_still_open() {
    let hub = TestHub::new().await;
    let browser = account(&hub).await;
    let (secret, _) = enable(&hub, &browser).await;
    let line = MasterKeys::fresh_line("newer");
    let both = MasterKeys::parse(&format!("{}{}", *line, hub.master_keys)).unwrap();
    let twin = tandem::flows::Hub { vault: Vault::new(both).into(), ..(*hub.hub).clone() };
    keys::check(&hub.db, &twin.vault).await.unwrap();
    let done = keys::rotate(&twin, &mut |_| ()).await.unwrap();
    assert_eq!((done.second_factors, done.retired), (1, 1));
    let under: String = hub.value("select master_id from second_factor").await;
    assert_eq!(under, "newer");
    // With the new key alone.
    let alone = Vault::new(MasterKeys::parse(&line).unwrap());
    let later = tandem::flows::Hub { vault: alone.into(), ..twin };
    hub.clock.advance(TimeDelta::seconds(30));
    let proof =
        tandem::flows::sign_in::Proof { password: PASSWORD, code: Some(&code(&hub, &secret)) };
    let entered =
        tandem::flows::sign_in::start(&later, "anna@example.com", proof, "127.0.0.1").await;
    assert!(entered.is_ok(), "{:?}", entered.err());
}
