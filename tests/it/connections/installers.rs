//! Several users of one CRM account: the connection lives on one of them, and nobody is replaced
//! without a word.

use serde_json::{Value, json};
use tandem::policy::Role;

use super::{
    Rig,
    crm::{NORDWIND, slug},
    install::{COOKIE, confirm, shown, waiting_at},
};

/// A second user of the first account.
const BEN: u64 = 20_002;

#[tokio::test]
async fn a_second_user_replaces_nobody_without_a_word() {
    let rig = Rig::connected().await;
    let browser = &rig.acme.owner.browser;
    let before: String =
        rig.hub.value("select concat(account_user_id, token_gen) from connection").await;
    let member = rig.acme.owner.id.to_string();

    let id = waiting_at(&rig.install(browser, NORDWIND, Some(BEN)).await);
    let page = shown(browser).await;
    assert_eq!(page["here"]["effect"], "other_user");
    assert_eq!(page["here"]["connected_user"], "Anna Albrecht");
    assert_eq!(page["account_user"], "Ben Brandt");
    assert_eq!(confirm(browser, &id, &member, None).await.problem(409), "another_user");
    let kept = confirm(browser, &id, &member, Some("keep")).await;
    assert_eq!(kept.expect(200)["outcome"], "kept");
    let after: String =
        rig.hub.value("select concat(account_user_id, token_gen) from connection").await;
    assert_eq!(after, before);
    assert_eq!(rig.status().await["also_installed_by"], json!(["Ben Brandt"]));
    assert_eq!(rig.crm.tokens("revoke").await, 0, "their install is theirs");

    // The same from our own button.
    let page = rig.begin(browser).await;
    let back = consent_as(&page, BEN).await;
    let id = waiting_at(&browser.get(&back).await);
    let replaced = confirm(browser, &id, &member, Some("replace")).await;
    assert_eq!(replaced.expect(200)["outcome"], "connected");
    let status = rig.status().await;
    assert_eq!(status["account_user"], "Ben Brandt");
    assert_eq!(status["also_installed_by"], json!(["Anna Albrecht"]));
    let audited: Value =
        rig.hub.value("select detail from audit_log where action = 'connection.reconnected'").await;
    assert_eq!(audited, json!({ "provider": slug(), "replaced_user": "20001" }));
    let kept: i64 =
        rig.hub.value("select count(*) from audit_log where action = 'connection.user_kept'").await;
    assert_eq!(kept, 1);

    // One that works no more takes whoever comes.
    rig.owner("update connection set state = 'needs_reconnect'").await;
    rig.connect(NORDWIND).await;
    let status = rig.status().await;
    assert_eq!(
        (&status["account_user"], &status["also_installed_by"]),
        (&json!("Anna Albrecht"), &json!([]))
    );
    assert!(rig.acme.member(Role::Owner).browser.cookie_named(COOKIE).is_none());
}

/// Allows at the CRM as this user of the first account.
async fn consent_as(authorize: &str, user: u64) -> String {
    let asked = url::Url::parse(authorize).unwrap();
    let mut form: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
    form.push(("decision".into(), "allow".into()));
    form.push(("company".into(), NORDWIND.to_string()));
    form.push(("user".into(), user.to_string()));
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.post(asked).form(&form).send().await.unwrap();
    let back = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    format!("{}?{}", back.path(), back.query().unwrap())
}
