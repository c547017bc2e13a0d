//! Next steps that are due: told once, to whoever has them, by one mail a day.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use serde_json::json;
use tandem::{flows::reminders, jobs, outside::Received, policy::Plan};

use crate::harness::{Browser, Company, Member, TestHub};

/// Tomorrow at this hour (UTC), and the clock there.
fn at(hub: &TestHub, hour: u32) -> DateTime<Utc> {
    let now = hub.clock.now();
    let tomorrow = now.date_naive().checked_add_days(Days::new(1)).unwrap();
    let then = tomorrow.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap()).and_utc();
    hub.clock.advance(then - now);
    then
}

/// A next step of a member with a contact of theirs; its path.
async fn step(browser: &Browser, whom: &str, due: DateTime<Utc>) -> String {
    let made = browser.post("/api/contacts", json!({ "full_name": whom })).await.expect(201);
    let form = json!({ "contact_id": made["id"], "kind": "CALL", "due_at": due, "done": false });
    let made = browser.post("/api/activities", form).await.expect(201);
    format!("/api/activities/{}", made["id"].as_str().unwrap())
}

/// What the workers of a minute send; what the member has, the newest first.
async fn mailed(hub: &TestHub, company: &Company, member: &Member) -> Vec<Received> {
    reminders::plan(&hub.hub, company.id).await.unwrap();
    jobs::drain(&hub.hub).await.unwrap();
    hub.mail().await.into_iter().filter(|mail| mail.to == member.email).collect()
}

#[tokio::test]
async fn two_workers_send_one_mail_a_day_and_tell_each_step_once() {
    let hub = TestHub::new().await;
    let night = at(&hub, 5);
    let acme = hub.company(Plan::Business).await;
    let (admin, hours) = (&acme.admin, TimeDelta::hours);
    step(&admin.browser, "Ada", night + hours(4)).await;
    step(&admin.browser, "Bob", night - hours(20)).await;
    // Tomorrow's, and what nobody did for weeks, are told by the page alone.
    step(&admin.browser, "Cleo", night + hours(30)).await;
    step(&admin.browser, "Dora", night - TimeDelta::days(20)).await;
    assert_eq!(reminders::plan(&hub.hub, acme.id).await.unwrap(), 0, "not at night");
    hub.clock.advance(hours(2));
    let (one, other) =
        tokio::join!(reminders::plan(&hub.hub, acme.id), reminders::plan(&hub.hub, acme.id));
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    let (one, other) = tokio::join!(jobs::drain(&hub.hub), jobs::drain(&hub.hub));
    assert!(one.unwrap() + other.unwrap() >= 1);
    let mails = mailed(&hub, &acme, admin).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].subject, "2 next steps are due today");
    assert!(mails[0].text.contains("- Call with Ada, "), "{}", mails[0].text);
    assert!(mails[0].text.contains("- Call with Bob, "), "{}", mails[0].text);
    assert!(!mails[0].text.contains("Cleo") && !mails[0].text.contains("Dora"));
    // The next day has a mail of its own, with what is new.
    hub.clock.advance(hours(24));
    let mails = mailed(&hub, &acme, admin).await;
    assert_eq!(mails.len(), 2);
    assert!(mails[0].subject == "One next step is due today" && mails[0].text.contains("Cleo"));
    hub.clock.advance(hours(24));
    assert_eq!(mailed(&hub, &acme, admin).await.len(), 2);
}

#[tokio::test]
async fn nobody_is_told_of_what_is_over_or_against_their_will() {
    let hub = TestHub::new().await;
    let morning = at(&hub, 7);
    let acme = hub.company(Plan::Enterprise).await;
    let due = morning + TimeDelta::hours(1);
    let [owner, admin, golden, consultant] = acme.members();
    // One wants none, before and after it was planned; one has nothing left; one is gone.
    step(&owner.browser, "Ada", due).await;
    let no = json!({ "mail": false });
    owner.browser.put("/api/reminders", no.clone()).await.expect(200);
    assert_eq!(owner.browser.get("/api/reminders").await.expect(200), no);
    let done = step(&admin.browser, "Bob", due).await;
    let deleted = step(&admin.browser, "Cleo", due).await;
    step(&golden.browser, "Dora", due).await;
    let lost = step(&consultant.browser, "Eve", due).await;
    assert_eq!(reminders::plan(&hub.hub, acme.id).await.unwrap(), 3);
    admin.browser.patch(&done, json!({ "done": true })).await.expect(200);
    let cleo = admin.browser.get(&deleted).await.expect(200)["contact"]["id"].clone();
    let path = format!("/api/contacts/{}", cleo.as_str().unwrap());
    admin.browser.delete(&path).await.expect(204);
    let removed = format!("/api/team/members/{}", golden.id);
    owner.browser.delete(&removed).await.expect(200);
    // A consultant is not told of a contact that a colleague has by now.
    let eve = consultant.browser.get(&lost).await.expect(200)["contact"]["id"].clone();
    let path = format!("/api/contacts/{}", eve.as_str().unwrap());
    let given = json!({ "owner_member_id": admin.id.to_string() });
    admin.browser.patch(&path, given).await.expect(200);
    jobs::drain(&hub.hub).await.unwrap();
    let told = hub.mail().await;
    assert!(told.iter().all(|mail| !mail.subject.contains("due today")), "{told:?}");
    assert_eq!(
        hub.value::<i64>("select count(*) from reminder_mail where sent_at is null").await,
        0
    );
}

#[tokio::test]
async fn what_is_put_off_is_told_again_and_a_sender_that_died_is_followed_by_the_next() {
    let hub = TestHub::new().await;
    let morning = at(&hub, 7);
    let acme = hub.company(Plan::Business).await;
    let path = step(&acme.admin.browser, "Ada", morning + TimeDelta::hours(1)).await;
    reminders::plan(&hub.hub, acme.id).await.unwrap();
    // Somebody took it and was never heard of again.
    let mut tx = hub.tenant(&acme).await;
    let until = morning + TimeDelta::seconds(90);
    let taken = tandem::db::reminders::lease(&mut tx, acme.admin.id, morning, until).await.unwrap();
    assert_eq!(taken.len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(mailed(&hub, &acme, &acme.admin).await.len(), 0);
    hub.clock.advance(TimeDelta::seconds(91));
    reminders::send_mail(&hub.hub, acme.id, acme.admin.id).await.unwrap();
    assert_eq!(mailed(&hub, &acme, &acme.admin).await.len(), 1);
    let later = morning + TimeDelta::hours(25);
    acme.admin.browser.patch(&path, json!({ "due_at": later })).await.expect(200);
    hub.clock.advance(TimeDelta::hours(24));
    assert_eq!(mailed(&hub, &acme, &acme.admin).await.len(), 2);
}
