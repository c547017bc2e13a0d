//! The CRM's users beside the members.

use serde_json::{Value, json};

use crate::connections::{NORDWIND, Rig, slug};

#[tokio::test]
async fn crm_users_are_matched_with_members_and_invitations_by_address() {
    let rig = Rig::new().await;
    let (hub, acme) = (&rig.hub, &rig.acme);
    hub.plan(acme, tandem::policy::Plan::Enterprise).await;
    let list = async || acme.admin.browser.get("/api/team/crm-users").await.expect(200);
    assert_eq!(list().await["items"], json!([]));
    rig.connect(NORDWIND).await;
    assert_eq!(list().await["items"][0]["read_at"], Value::Null, "nobody has read them yet");

    // Whoever reads them anew leaves them there for the team page.
    let users = format!("/api/integrations/{}/users", slug());
    let read = acme.admin.browser.get(&users).await.expect(200)["items"].clone();
    let seen = list().await["items"][0].clone();
    assert!(seen["read_at"].is_string());
    assert_eq!(seen["users"].as_array().unwrap().len(), read.as_array().unwrap().len());

    let emails: Vec<&str> =
        read.as_array().unwrap().iter().filter_map(|user| user["email"].as_str()).collect();
    let (member, asked) = (emails[0].to_uppercase(), emails[1]);
    sqlx::query("update member set email = $2 where member_id = $1")
        .bind(acme.consultant.id)
        .bind(&member)
        .execute(&hub.owner)
        .await
        .unwrap();
    let form = json!({ "email": asked, "role": "consultant" });
    let made = acme.admin.browser.post("/api/team/invitations", form).await.expect(201);
    let users = list().await["items"][0]["users"].clone();
    let of = |email: &str| {
        users.as_array().unwrap().iter().find(|user| user["email"] == email).unwrap().clone()
    };
    assert_eq!(of(emails[0])["member_id"], acme.consultant.id.to_string());
    assert_eq!(of(asked)["invitation_id"], made["id"]);
    assert_eq!(
        (&of(asked)["member_id"], &of(emails[2])["invitation_id"]),
        (&Value::Null, &Value::Null)
    );

    // Once the connection has ended they are nobody's colleagues.
    let end = format!("/api/integrations/{}/disconnect", slug());
    acme.owner.browser.post(&end, json!({})).await.expect(200);
    assert_eq!(list().await["items"], json!([]));
}
