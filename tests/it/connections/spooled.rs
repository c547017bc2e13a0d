//! The spool of refreshed tokens on a volume that processes share.

use std::{sync::Arc, time::Duration};

use tandem::{
    connectors::Grant,
    flows::tokens::{
        ground::{Reach, TokenStore as _},
        stored::Stored,
    },
};

use super::crm::Rig;

#[tokio::test]
async fn an_answer_that_came_into_the_spool_since_is_seen_before_the_token_is_used_twice() {
    let rig = Rig::connected().await;
    let folder = std::env::temp_dir().join(format!("tandem-spooled-{}", uuid::Uuid::new_v4()));
    let hub = rig
        .process_with(|config| {
            rig.crm.offer(config);
            config.spool_dir = Some(folder.clone());
        })
        .await;
    let id = rig.connection_id().await;
    let store = Stored::new(Arc::clone(&hub), rig.acme.id, id, rig.provider());
    let late = "update connection set lease_until = now() - interval '1 s'";
    let generation: i64 = rig.hub.value("select token_gen from connection").await;

    // The first asks, and sleeps with the answer in its hand until a second may ask.
    let first = store.begin(generation, Reach::Active).await.unwrap().unwrap();
    let grant = Grant {
        access_token: "new".to_owned().into(),
        refresh_token: Some("newer".to_owned().into()),
        expires_in: Duration::from_hours(1),
        scopes: vec![],
        api_domain: None,
    };
    let answer = store.seal(&first, &grant, &first.candidates[0].token).unwrap();
    rig.owner(late).await;
    store.recover().await.unwrap();
    let second = store.begin(generation, Reach::Active).await.unwrap().unwrap();
    assert!(!store.is_answered(&second).await);
    store.spool(&answer).await;
    assert!(store.is_answered(&second).await);

    // Whoever asks next has it stored, and tries it.
    store.recover().await.unwrap();
    assert!(!store.is_answered(&second).await);
    rig.owner(late).await;
    let third = store.begin(generation, Reach::Active).await.unwrap().unwrap();
    assert_eq!(third.candidates[0].orphan, Some(first.lease));
    // A file that cannot be removed is the late answer that is being tried.
    store.spool(&answer).await;
    assert!(!store.is_answered(&third).await);
    std::fs::remove_dir_all(&folder).unwrap();
}
