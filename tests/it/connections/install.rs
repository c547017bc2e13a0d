//! An install that begins at the CRM: it waits sealed, for its own browser, until a person says where
//! it belongs, and is given back when nobody does.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tandem::{
    flows::{self, Hub},
    jobs,
    policy::Plan,
    vault::{MasterKeys, Vault},
};

use super::{
    Rig,
    crm::{ALPEN, NORDWIND, callback, slug},
};
use crate::harness::{Answer, Browser, Company};

pub(crate) const COOKIE: &str = "tandem_install";

impl Rig {
    /// The way of a browser from the marketplace: to our page, with the code of its user.
    pub(crate) async fn install(
        &self,
        browser: &Browser,
        company: u64,
        user: Option<u64>,
    ) -> Answer {
        browser.get(&self.code(company, user).await).await
    }

    /// A callback without a state, as the CRM sends a browser to it.
    async fn code(&self, company: u64, user: Option<u64>) -> String {
        let redirect = format!("{}/api/integrations/{}/callback", self.hub.url, slug());
        let wish = json!({ "company_id": company, "user_id": user, "redirect_uri": redirect });
        let told = self.crm.control("/install", wish).await;
        let url = url::Url::parse(told["location"].as_str().unwrap()).unwrap();
        format!("{}?{}", url.path(), url.query().unwrap())
    }
}

/// Where the page of an install is; its id.
pub(crate) fn waiting_at(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let page = answer.header("location");
    page.strip_prefix("/install?id=").unwrap_or_else(|| panic!("not waiting: {page}")).to_owned()
}

/// Says yes as `role` of the company, in a browser that has this session and the install's cookie.
pub(crate) async fn confirm(
    browser: &Browser,
    id: &str,
    member: &str,
    other_user: Option<&str>,
) -> Answer {
    let form = json!({ "installation_id": id, "member_id": member, "other_user": other_user });
    browser.post("/api/installation/confirm", form).await
}

async fn confirm_as_owner(company: &Company, id: &str) -> Answer {
    confirm(&company.owner.browser, id, &company.owner.id.to_string(), None).await
}

pub(crate) async fn shown(browser: &Browser) -> Value {
    browser.get("/api/installation").await.expect(200)
}

/// Rows that still hold anything.
async fn pending(rig: &Rig) -> i64 {
    let sql = "select count(*) from pending_installation where ended is null";
    rig.hub.value(sql).await
}

#[tokio::test]
async fn an_install_waits_for_a_person_and_is_then_a_connection_like_any_other() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    let id = waiting_at(&rig.install(browser, NORDWIND, None).await);
    let none: i64 = rig.hub.value("select count(*) from connection").await;
    assert_eq!(none, 0, "attached silently");

    let page = shown(browser).await;
    assert_eq!(page["account_name"], "Nordwind Maschinenbau GmbH");
    assert_eq!(page["account_user"], "Anna Albrecht");
    assert_eq!(page["here"]["effect"], "connects");
    assert_eq!(page["here"]["member_id"], json!(rig.acme.owner.id.uuid()));
    let done = confirm_as_owner(&rig.acme, &id).await;
    assert_eq!(done.expect(200), json!({ "provider": slug(), "outcome": "connected" }));
    assert!(done.header("set-cookie").starts_with("tandem_install=;"), "{:?}", done.headers);

    let connection = rig.status().await;
    assert_eq!(connection["state"], "active");
    assert_eq!(connection["account_user"], "Anna Albrecht");
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    assert_eq!(rig.run(&started["run_id"]).await["state"], "completed");
    let left: String = rig
        .hub
        .value(
            "select concat_ws(' ', ended, access_token is null, refresh_token is null,
                              account_name is null, account_user_id is null)
             from pending_installation",
        )
        .await;
    assert_eq!(left, "used t t t t", "nothing of anybody is left");
    let audited: i64 =
        rig.hub.value("select count(*) from audit_log where action = 'connection.connected'").await;
    assert_eq!(audited, 1);
    assert_eq!(rig.crm.tokens("authorization_code").await, 1);
}

#[tokio::test]
async fn whoever_is_signed_out_signs_in_and_finds_the_install_waiting() {
    let rig = Rig::new().await;
    let browser = rig.hub.stranger();
    let answer = rig.install(&browser, NORDWIND, None).await;
    let id = waiting_at(&answer);
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["tandem_install=", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let hash: String =
        rig.hub.value("select encode(browser_hash, 'hex') from pending_installation").await;
    let token = browser.cookie_named(COOKIE).unwrap();
    assert_eq!(
        hash,
        hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&token[COOKIE.len() + 1..]))
    );

    let page = browser.get(&format!("/api/installation?id={id}")).await.expect(200);
    assert_eq!((&page["account_user"], &page["here"]), (&json!("Anna Albrecht"), &Value::Null));
    let nobody = confirm(&browser, &id, &rig.acme.owner.id.to_string(), None).await;
    assert_eq!(nobody.problem(401), "unauthenticated");
    browser.keep(&rig.acme.owner.browser.cookie().unwrap());
    confirm(&browser, &id, &rig.acme.owner.id.to_string(), None).await.expect(200);
    assert_eq!(rig.state().await, "active");
}

#[tokio::test]
async fn an_install_is_confirmed_only_in_the_browser_that_it_began_in() {
    let rig = Rig::new().await;
    let victim = rig.hub.company(Plan::Business).await;
    let owner = &rig.acme.owner;
    // The attacker's install, whose page the victim is sent to.
    let id = waiting_at(&rig.install(&owner.browser, ALPEN, None).await);
    for (named, code) in
        [(format!("?id={id}"), "installation_elsewhere"), (String::new(), "installation_none")]
    {
        let page = victim.owner.browser.get(&format!("/api/installation{named}")).await;
        assert_eq!(page.problem(404), code);
    }
    assert_eq!(confirm_as_owner(&victim, &id).await.problem(404), "installation_elsewhere");
    // The victim's own install is another one, and the attacker has no cookie of it.
    let theirs = waiting_at(&rig.install(&victim.owner.browser, NORDWIND, None).await);
    assert_eq!(confirm_as_owner(&rig.acme, &theirs).await.problem(404), "installation_elsewhere");
    assert_eq!(confirm_as_owner(&victim, &id).await.problem(404), "installation_elsewhere");
    // Neither a colleague nor a script of the same company, and no page of another site.
    let admin = &rig.acme.admin;
    let colleague = confirm(&admin.browser, &id, &admin.id.to_string(), None).await;
    assert_eq!(colleague.problem(404), "installation_elsewhere");
    let form = json!({ "installation_id": id, "member_id": owner.id.uuid() });
    let forged = owner.browser.bare(reqwest::Method::POST, "/api/installation/confirm").json(&form);
    let forged = owner.browser.send(forged.header("origin", "https://evil.example")).await;
    assert_eq!(forged.problem(403), "csrf");
    let connections: i64 = rig.hub.value("select count(*) from connection").await;
    assert_eq!((connections, pending(&rig).await), (0, 2));
    // Whoever was sent the attacker's callback itself sees whose account it is, and says no.
    let back = rig.code(ALPEN, None).await;
    let lured = waiting_at(&victim.consultant.browser.get(&back).await);
    let page = shown(&victim.consultant.browser).await;
    assert_eq!(page["account_name"], "Alpenglühen AG");
    let path = format!("/api/installation?id={lured}");
    victim.consultant.browser.delete(&path).await.expect(204);
    let connections: i64 = rig.hub.value("select count(*) from connection").await;
    assert_eq!(connections, 0);
}

#[tokio::test]
async fn role_plan_company_and_account_each_have_words_and_keep_the_install() {
    let rig = Rig::connected().await;
    let free = rig.hub.company(Plan::Free).await;
    let browser = &free.owner.browser;
    let id = waiting_at(&rig.install(browser, NORDWIND, None).await);
    let refused = confirm_as_owner(&free, &id).await;
    assert_eq!(refused.problem(403), "plan");
    assert_eq!(refused.json()["upgrade_to"], "business");
    let page = shown(browser).await;
    assert_eq!(
        (&page["here"]["allowed"], &page["here"]["upgrade_to"]),
        (&json!(false), &json!("business"))
    );
    let cookie = browser.cookie_named(COOKIE).unwrap();

    free.consultant.browser.keep(&cookie);
    let member = free.consultant.id.to_string();
    let refused = confirm(&free.consultant.browser, &id, &member, None).await;
    assert_eq!(refused.problem(403), "forbidden");
    assert_eq!(shown(&free.consultant.browser).await["here"]["may"], false);
    // A page that named another company than the session is in by now.
    let other = confirm(&rig.acme.owner.browser, &id, &free.owner.id.to_string(), None).await;
    assert_eq!(other.problem(404), "installation_elsewhere");
    rig.acme.owner.browser.keep(&cookie);
    let other = confirm(&rig.acme.owner.browser, &id, &free.owner.id.to_string(), None).await;
    assert_eq!(other.problem(409), "company_changed");

    // Upgraded while it waits, it connects.
    rig.owner("update company set plan = 'business' where plan = 'free'").await;
    confirm_as_owner(&free, &id).await.expect(200);
    let connections: i64 = rig.hub.value("select count(*) from connection").await;
    assert_eq!(connections, 2);

    // Another account on a connection that has one.
    let id = waiting_at(&rig.install(browser, ALPEN, None).await);
    assert_eq!(shown(browser).await["here"]["effect"], "other_account");
    assert_eq!(confirm_as_owner(&free, &id).await.problem(409), "account_mismatch");
    assert_eq!(pending(&rig).await, 1, "another company may still take it");
    assert_eq!(rig.crm.tokens("revoke").await, 0);
}

#[tokio::test]
async fn an_install_is_used_once_however_many_say_yes() {
    let rig = Rig::new().await;
    let id = waiting_at(&rig.install(&rig.acme.owner.browser, NORDWIND, None).await);
    let cookie = rig.acme.owner.browser.cookie_named(COOKIE).unwrap();
    let session = rig.acme.owner.browser.cookie_named("tandem_session").unwrap();
    let both = format!("{session}; {cookie}");
    let browsers: Vec<Browser> =
        (0..10).map(|_| Browser::new(&rig.hub.url, Some(both.clone()))).collect();
    let member = rig.acme.owner.id.to_string();
    let all = futures_util::future::join_all(
        browsers.iter().map(|browser| confirm(browser, &id, &member, None)),
    )
    .await;
    assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in all.iter().filter(|answer| answer.status != 200) {
        let code = answer.problem(409);
        assert!(["installation_used", "installation_busy"].contains(&code.as_str()), "{code}");
    }
    let again = Browser::new(&rig.hub.url, Some(both));
    assert_eq!(confirm(&again, &id, &member, None).await.problem(409), "installation_used");
    assert_eq!(again.get("/api/installation").await.problem(409), "installation_used");
    assert_eq!(rig.hub.value::<i64>("select token_gen from connection").await, 1);
    // A code works once, too.
    let back = rig.code(ALPEN, None).await;
    let stranger = rig.hub.stranger();
    waiting_at(&stranger.get(&back).await);
    let page = stranger.get(&back).await;
    let refused = format!("/install?integration={}&reason=code_refused", slug());
    assert_eq!(page.header("location"), refused);
}

#[tokio::test]
async fn an_install_that_nobody_confirms_is_given_back() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    let id = waiting_at(&rig.install(browser, NORDWIND, None).await);
    rig.hub.clock.advance(TimeDelta::seconds(599));
    jobs::unclaimed(&rig.hub.hub).await.unwrap();
    assert_eq!((pending(&rig).await, rig.crm.tokens("revoke").await), (1, 0));
    rig.hub.clock.advance(TimeDelta::seconds(1));
    assert_eq!(confirm_as_owner(&rig.acme, &id).await.problem(409), "installation_expired");
    // A provider that is down is asked again.
    let down = json!({ "kind": "status_5xx", "path": "/oauth/revoke", "times": 1 });
    rig.crm.control("/faults", down).await;
    jobs::unclaimed(&rig.hub.hub).await.unwrap();
    assert_eq!(pending(&rig).await, 1);
    rig.hub.clock.advance(TimeDelta::minutes(2));
    jobs::unclaimed(&rig.hub.hub).await.unwrap();
    assert_eq!((pending(&rig).await, rig.crm.tokens("revoke").await), (0, 1));
    let left = rig.crm.control("/tokens/revoke", json!({})).await;
    assert_eq!(left["revoked"], 0, "the CRM agrees that nobody holds a grant");
    assert_eq!(browser.get("/api/installation").await.problem(409), "installation_expired");
    rig.hub.clock.advance(TimeDelta::days(1));
    jobs::unclaimed(&rig.hub.hub).await.unwrap();
    let rows: i64 = rig.hub.value("select count(*) from pending_installation").await;
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn giving_back_ends_no_connection_that_lives_on_the_same_install() {
    let rig = Rig::connected().await;
    let browser = rig.hub.stranger();
    waiting_at(&rig.install(&browser, NORDWIND, None).await);
    rig.hub.clock.advance(TimeDelta::minutes(10));
    jobs::unclaimed(&rig.hub.hub).await.unwrap();
    assert_eq!((pending(&rig).await, rig.crm.tokens("revoke").await), (0, 0));
    let id = waiting_at(&rig.install(&browser, NORDWIND, None).await);
    browser.delete(&format!("/api/installation?id={id}")).await.expect(204);
    assert_eq!(rig.crm.tokens("revoke").await, 0);
    rig.expire().await;
    tandem::connectors::TokenSource::access_token(&rig.tokens().await).await.unwrap();
}

#[tokio::test]
async fn a_flood_of_made_up_codes_asks_the_provider_a_handful_of_times() {
    let rig = Rig::new().await;
    let stranger = rig.hub.stranger();
    let mut reasons = std::collections::BTreeMap::<String, u32>::new();
    for n in 0..40 {
        let answer = stranger.get(&callback(&format!("code=made-up-{n}"))).await;
        let page = answer.header("location").to_owned();
        *reasons.entry(page.rsplit('=').next().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(reasons, [("code_refused".to_owned(), 20), ("too_often".to_owned(), 20)].into());
    assert_eq!(rig.crm.tokens("authorization_code").await, 20);
    let rows: i64 = rig.hub.value("select count(*) from pending_installation").await;
    assert_eq!(rows, 0);
    rig.hub.clock.advance(TimeDelta::minutes(11));
    waiting_at(&rig.install(&stranger, NORDWIND, None).await);
}

#[tokio::test]
async fn a_master_key_is_replaced_while_an_install_waits() {
    let rig = Rig::new().await;
    let id = waiting_at(&rig.install(&rig.acme.owner.browser, NORDWIND, None).await);
    let new = MasterKeys::fresh_line("new").to_string();
    let with = |lines: &str| Hub {
        vault: Vault::new(MasterKeys::parse(lines).unwrap()).into(),
        ..(*rig.hub.hub).clone()
    };
    let rotating = with(&format!("{new}{}", rig.hub.master_keys));
    flows::keys::check(&rotating.db, &rotating.vault).await.unwrap();
    let done = flows::keys::rotate(&rotating, &mut |_| ()).await.unwrap();
    assert_eq!(done.installations, 1);
    let under: String = rig.hub.value("select master_id from pending_installation").await;
    assert_eq!(under, "new");
    // One that a process with the old file adds now keeps the old key in use.
    let other = rig.hub.company(Plan::Business).await;
    waiting_at(&rig.install(&other.owner.browser, ALPEN, None).await);
    let done = flows::keys::rotate(&rotating, &mut |_| ()).await.unwrap();
    assert_eq!(done.installations, 1);

    // The old key is gone from the file, and the install is confirmed with the new one alone.
    let after = std::sync::Arc::new(with(&new));
    let browser = rig.acme.owner.browser.cookie_named(COOKIE).unwrap();
    let browser = tandem::domain::OpaqueToken::parse(&browser[COOKIE.len() + 1..]).unwrap();
    let choice = flows::install::Choice {
        installation_id: id.parse().unwrap(),
        member_id: rig.acme.owner.id.uuid(),
        other_user: None,
    };
    let who = flows::connect::Connecting {
        company_id: rig.acme.id,
        member_id: rig.acme.owner.id,
        session_hash: b"x",
    };
    let browser = browser.hash();
    let confirmed = flows::install::confirm(&after, who, Some(&browser), choice).await.unwrap();
    assert_eq!(confirmed.1, flows::install::Confirmed::Connected);
}
