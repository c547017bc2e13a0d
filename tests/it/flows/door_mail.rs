//! Mail that belongs to no company.

use chrono::TimeDelta;
use serde_json::json;
use tandem::flows::door_mail;

use crate::harness::TestHub;

async fn sign_up(hub: &TestHub, email: &str) {
    let body =
        json!({ "company": "A", "name": "A", "email": email, "password": "correct horse battery" });
    hub.stranger().post("/api/auth/signup", body).await.expect(202);
}

#[tokio::test]
async fn two_workers_send_each_mail_once() {
    let hub = TestHub::new().await;
    for number in 0..6 {
        sign_up(&hub, &format!("a{number}@example.com")).await;
    }
    let (one, other) = tokio::join!(door_mail::send_due(&hub.hub), door_mail::send_due(&hub.hub));
    assert_eq!(one.unwrap() + other.unwrap(), 6);
    assert_eq!(hub.mail().await.len(), 6);
}

#[tokio::test]
async fn a_mail_waits_for_a_relay_that_is_away_and_its_older_link_dies_with_the_newer() {
    let hub = TestHub::with(|config| {
        config.mail = Some(tandem::config::MailRoute::Smtp("smtp://127.0.0.1:1".into()));
    })
    .await;
    sign_up(&hub, "anna@example.com").await;
    let token = "select encode(token_hash, 'hex') from signup";
    assert_eq!(door_mail::send_due(&hub.hub).await.unwrap(), 0);
    let first: String = hub.value(token).await;
    // Not again before its time.
    assert_eq!(door_mail::send_due(&hub.hub).await.unwrap(), 0);
    assert_eq!(hub.value::<i32>("select attempts from door_mail").await, 1);
    hub.clock.advance(TimeDelta::seconds(31));
    assert_eq!(door_mail::send_due(&hub.hub).await.unwrap(), 0);
    assert_ne!(hub.value::<String>(token).await, first);
    assert_eq!(hub.value::<i32>("select attempts from door_mail").await, 2);
    for _ in 0..10 {
        hub.clock.advance(TimeDelta::hours(2));
        door_mail::send_due(&hub.hub).await.unwrap();
    }
    assert_eq!(hub.value::<i64>("select count(*) from door_mail").await, 0, "it gives up one day");
}

#[tokio::test]
async fn a_mail_whose_sender_died_is_sent_by_the_next() {
    let hub = TestHub::new().await;
    sign_up(&hub, "anna@example.com").await;
    let mut tx = hub.db.door().await.unwrap();
    let now = hub.clock.now();
    let lease = TimeDelta::seconds(90);
    tandem::db::door_mail::claim(&mut tx, now, lease).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(door_mail::send_due(&hub.hub).await.unwrap(), 0);
    hub.clock.advance(TimeDelta::seconds(91));
    assert_eq!(door_mail::send_due(&hub.hub).await.unwrap(), 1);
}
