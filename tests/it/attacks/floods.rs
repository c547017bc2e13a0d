//! Many callbacks and many consents: bounded work, no token request, nobody else locked out.

use futures_util::future::join_all;

use super::{End, Stage, stage::page};
use crate::connections::{NORDWIND, callback, error_page};

#[tokio::test]
async fn a_flood_of_guesses_asks_nobody_and_is_stopped() {
    let mut stage = Stage::new().await;
    let admin = stage.consent(&stage.rig.acme.admin.browser, NORDWIND).await;
    let before = stage.seen().await;
    let guesses: Vec<_> =
        (0..400).map(|guess| callback(&format!("code=x&state=guess-{guess}"))).collect();
    let mut unknown = 0;
    let mut often = 0;
    for some in guesses.chunks(40) {
        let answers = join_all(some.iter().map(|path| stage.owner().get(path))).await;
        for answer in &answers {
            let to = page(answer);
            unknown += usize::from(to.ends_with(&error_page("state_unknown")));
            often += usize::from(to.ends_with(&error_page("too_often")));
        }
    }
    assert_eq!(unknown + often, 400);
    let mut wrong = Vec::new();
    if unknown > 60 {
        wrong.push(format!("{unknown} guesses were looked up"));
    }
    if stage.seen().await != before {
        wrong.push("something happened".into());
    }
    stage.note("400 guesses", wrong);

    let good = stage.consent(stage.owner(), NORDWIND).await;
    let answer = stage.owner().get(&good).await;
    let name = "a good answer between the guesses";
    stage.judge(name, &before, &answer, End::refused("too_often")).await;
    // Whoever shares the company with the guesser is not the guesser.
    let answer = stage.rig.acme.admin.browser.get(&admin).await;
    stage.judge("a colleague meanwhile", &before, &answer, End::connected()).await;
    // And the guesser may come back.
    stage.rig.hub.clock.advance(chrono::TimeDelta::minutes(11));
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let answer = stage.owner().get(&back).await;
    stage.judge("ten minutes later", &before, &answer, End::connected()).await;
    stage.verdict(4);
}

#[tokio::test]
async fn a_flood_from_outside_asks_nobody() {
    let mut stage = Stage::new().await;
    let before = stage.seen().await;
    let stranger = stage.rig.hub.stranger();
    let paths: Vec<_> = (0..200).map(|n| callback(&format!("code=x&state=s{n}"))).collect();
    let answers = join_all(paths.iter().map(|path| stranger.get(path))).await;
    let elsewhere =
        answers.iter().filter(|a| !page(a).ends_with(&error_page("signed_out"))).count();
    let mut wrong = Vec::new();
    if elsewhere > 0 || stage.seen().await != before {
        wrong.push(format!("{elsewhere} answers went elsewhere"));
    }
    stage.note("200 callbacks without a session", wrong);
    stage.verdict(1);
}

#[tokio::test]
async fn a_flood_of_consents_fills_no_table() {
    let mut stage = Stage::new().await;
    let first = stage.consent(stage.owner(), NORDWIND).await;
    for _ in 0..60 {
        stage.rig.begin(stage.owner()).await;
    }
    let last = stage.consent(stage.owner(), NORDWIND).await;
    let open: i64 = stage.rig.hub.value("select count(*) from oauth_state").await;
    let wrong = (open > 20).then(|| format!("{open} states are kept")).into_iter().collect();
    stage.note("62 consents without an answer", wrong);
    // The newest works, the oldest is forgotten.
    let before = stage.seen().await;
    let answer = stage.owner().get(&first).await;
    stage.judge("the oldest of them", &before, &answer, End::refused("state_unknown")).await;
    let answer = stage.owner().get(&last).await;
    stage.judge("the newest of them", &before, &answer, End::connected()).await;
    stage.verdict(3);
}
