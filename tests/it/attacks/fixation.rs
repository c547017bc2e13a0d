//! Consents that are finished in another browser than they were started in: the CRM of one person
//! must never be attached to the company of another (cross-user session fixation, login CSRF).

use tandem::policy::{Plan, Role};

use super::{End, Stage, stage::parameter};
use crate::connections::{ALPEN, NORDWIND, callback, slug};

#[tokio::test]
async fn a_consent_is_finished_only_by_whoever_started_it() {
    let mut stage = Stage::new().await;
    let victim = stage.rig.hub.company(Plan::Business).await;
    let link = stage.rig.begin(stage.owner()).await;
    let before = stage.seen().await;

    // The attacker's link, allowed by the victim at the CRM with the victim's own account.
    let back = stage.rig.crm.consent(&link, "allow", ALPEN).await;
    let answer = victim.owner.browser.get(&back).await;
    let name = "the attacker's consent link, finished in the victim's browser";
    stage.judge(name, &before, &answer, End::refused("state_unknown")).await;
    let answer = stage.rig.acme.admin.browser.get(&back).await;
    let name = "the attacker's consent link, finished by a colleague";
    stage.judge(name, &before, &answer, End::refused("other_session")).await;
    let answer = stage.rig.hub.stranger().get(&back).await;
    let name = "the attacker's consent link, finished by somebody who is signed out";
    stage.judge(name, &before, &answer, End::refused("signed_out")).await;

    // Login CSRF: the attacker's own finished consent, sent to the victim as a link.
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let answer = victim.owner.browser.get(&back).await;
    let name = "the attacker's finished callback, opened by the victim";
    stage.judge(name, &before, &answer, End::refused("state_unknown")).await;

    // The attacker's code under a state that the victim's browser really has open.
    let open = stage.consent(&victim.owner.browser, ALPEN).await;
    let state = parameter(&open, "state");
    let theirs = format!("code={}&state={state}", parameter(&back, "code"));
    let answer = stage.owner().get(&callback(&theirs)).await;
    let name = "the victim's state, stolen and used in the attacker's browser";
    stage.judge(name, &before, &answer, End::refused("state_unknown")).await;
    stage.verdict(5);
}

#[tokio::test]
async fn a_browser_that_changed_company_meanwhile_finishes_nothing() {
    let mut stage = Stage::new().await;
    let other = stage.rig.hub.company(Plan::Business).await;
    let user = &stage.rig.acme.owner;
    let there = stage.rig.hub.join(other.id, Role::Owner, user.user_id, "second@example.com").await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let answer = there.browser.get(&back).await;
    let name = "the same person, finishing in another company of theirs";
    stage.judge(name, &before, &answer, End::refused("state_unknown")).await;

    let form = serde_json::json!({ "company_id": other.id.uuid() });
    let answer = stage.owner().put("/api/auth/session", form).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    let answer = stage.owner().get(&back).await;
    let name = "the same browser, switched to another company meanwhile";
    stage.judge(name, &before, &answer, End::refused("state_unknown")).await;
    stage.verdict(2);
}

#[tokio::test]
async fn a_forged_host_header_moves_neither_consent_nor_callback() {
    let mut stage = Stage::new().await;
    let before = stage.seen().await;
    let connect = format!("/api/integrations/{}/connect", slug());
    let trap = format!("127.0.0.1:{}", stage.trap.port);
    for header in ["host", "x-forwarded-host", "x-original-host", "forwarded"] {
        let value = if header == "forwarded" { format!("host={trap}") } else { trap.clone() };
        let request = stage.owner().bare(reqwest::Method::GET, &connect).header(header, value);
        let answer = stage.owner().send(request).await;
        let asked = url::Url::parse(answer.header("location")).unwrap();
        let back = parameter(&format!("?{}", asked.query().unwrap()), "redirect_uri");
        let mut wrong = Vec::new();
        if back != format!("{}/api/integrations/{}/callback", stage.rig.hub.url, slug()) {
            wrong.push(format!("the redirect_uri is {back}"));
        }
        if stage.seen().await != before {
            wrong.push("something happened".to_owned());
        }
        stage.note(&format!("a forged `{header}`"), wrong);
    }
    stage.verdict(4);
}
