//! One account at two companies, two accounts at one, and answers that come together.

use serde_json::json;
use tandem::policy::Plan;

use super::{End, Stage, stage::page};
use crate::connections::{ALPEN, NORDWIND, connected_page, error_page, slug};

#[tokio::test]
async fn a_connection_keeps_its_account() {
    let mut stage = Stage::connected().await;
    let back = stage.consent(stage.owner(), ALPEN).await;
    let before = stage.seen().await;
    let answer = stage.owner().get(&back).await;
    let end = End::refused("account_mismatch").after_asking(1).given_back(1);
    stage.judge("another account on a live connection", &before, &answer, end).await;

    stage.rig.owner("update connection set state = 'needs_reconnect'").await;
    let back = stage.consent(stage.owner(), ALPEN).await;
    let before = stage.seen().await;
    let answer = stage.owner().get(&back).await;
    let end = End::refused("account_mismatch").after_asking(1).given_back(1);
    stage.judge("another account on one that waits for it", &before, &answer, end).await;

    let disconnect = format!("/api/integrations/{}/disconnect", slug());
    stage.owner().post(&disconnect, json!({})).await.expect(200);
    let back = stage.consent(stage.owner(), ALPEN).await;
    let before = stage.seen().await;
    let answer = stage.owner().get(&back).await;
    let end = End::refused("account_mismatch").after_asking(1).given_back(1);
    stage.judge("another account on one whose data is kept", &before, &answer, end).await;
    stage.verdict(3);
}

#[tokio::test]
async fn two_companies_with_one_account_share_nothing_but_its_name() {
    let mut stage = Stage::connected().await;
    let other = stage.rig.hub.company(Plan::Business).await;
    let theirs =
        "select concat_ws(' ', connection_id, state, access_token, refresh_token, token_gen)
                  from connection order by connected_at limit 1";
    let first: String = stage.rig.hub.value(theirs).await;
    let back = stage.consent(&other.owner.browser, NORDWIND).await;
    let before = stage.seen().await;
    let answer = other.owner.browser.get(&back).await;
    stage.judge("the second company connects", &before, &answer, End::connected()).await;
    let mut wrong = Vec::new();
    if stage.rig.hub.value::<String>(theirs).await != first {
        wrong.push("the first company's row changed".to_owned());
    }
    let counted = "select concat_ws(' ', count(*), count(distinct connection_id),
                       count(distinct company_id), count(distinct access_token)) from connection";
    let counts: String = stage.rig.hub.value(counted).await;
    if counts != "2 2 2 2" {
        wrong.push(format!("rows, ids, companies, sealed tokens: {counts}"));
    }
    let keys: i64 = stage.rig.hub.value("select count(distinct company_id) from company_dek").await;
    if keys != 2 {
        wrong.push(format!("{keys} data keys"));
    }
    stage.note("one account, two rows", wrong);

    let disconnect = format!("/api/integrations/{}/disconnect", slug());
    other.owner.browser.post(&disconnect, json!({})).await.expect(200);
    let mut wrong = Vec::new();
    if stage.rig.hub.value::<String>(theirs).await != first {
        wrong.push("the first company's row changed".to_owned());
    }
    stage.note("the second company disconnects", wrong);
    stage.verdict(3);
}

#[tokio::test]
async fn answers_that_come_together_are_one_connection() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let all = futures_util::future::join_all((0..10).map(|_| stage.owner().get(&back))).await;
    let mut ends: Vec<String> = all.iter().map(page).collect();
    ends.sort();
    ends.dedup();
    let both = [format!("303 {}", connected_page()), format!("303 {}", error_page("state_used"))];
    let mut wrong = Vec::new();
    if ends != both || all.iter().filter(|one| page(one) == both[0]).count() != 1 {
        wrong.push(format!("{ends:?}"));
    }
    let one = all.into_iter().find(|one| page(one) == both[0]).unwrap();
    stage.judge("ten callbacks with one state", &before, &one, End::connected()).await;
    stage.note("the other nine", wrong);

    let backs = [
        stage.consent(stage.owner(), NORDWIND).await,
        stage.consent(&stage.rig.acme.admin.browser, NORDWIND).await,
    ];
    let browsers = [stage.owner(), &stage.rig.acme.admin.browser];
    let (one, two) = tokio::join!(browsers[0].get(&backs[0]), browsers[1].get(&backs[1]));
    let rows: i64 = stage.rig.hub.value("select count(*) from connection").await;
    let mut wrong = Vec::new();
    if rows != 1 || page(&one) != both[0] || page(&two) != both[0] {
        wrong.push(format!("{rows} connections, {} and {}", page(&one), page(&two)));
    }
    stage.note("two members who connect at once", wrong);
    let token = stage.rig.tokens().await;
    tandem::connectors::TokenSource::access_token(&token).await.unwrap();
    stage.verdict(3);
}
