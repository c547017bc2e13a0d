//! Warm leads and activities: from what a member does to the stand-in CRM, and back into the next
//! import, where nothing of it is news.

mod activities;
mod again;
mod faults;
mod holds;
mod leads;

use serde_json::{Value, json};

use super::stage::{Stage, slug};

impl Stage {
    /// A new contact of the owner; warm ones are leads.
    async fn person(&self, more: Value) -> String {
        let mut body = json!({ "full_name": "Grace Hopper", "warmness": 5 });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self.acme.owner.browser.post("/api/contacts", body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Every delivery, oldest first.
    async fn deliveries(&self) -> Vec<Value> {
        let page = self.acme.owner.browser.get("/api/deliveries?limit=100").await.expect(200);
        let mut items = page["items"].as_array().unwrap().clone();
        items.reverse();
        items
    }

    /// The only one.
    async fn delivery(&self) -> Value {
        let all = self.deliveries().await;
        assert_eq!(all.len(), 1, "{all:#?}");
        all.into_iter().next().unwrap()
    }

    async fn outbound(&self) -> Value {
        self.control("GET", "/truth/outbound", Value::Null).await
    }

    /// What the attempts of a delivery were for and how they ended.
    async fn story(&self, delivery: &Value) -> Vec<(String, String)> {
        let path = format!("/api/deliveries/{}", delivery["id"].as_str().unwrap());
        let story = self.acme.owner.browser.get(&path).await.expect(200);
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        story["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| (word(&attempt["step"]), word(&attempt["outcome"])))
            .collect()
    }

    /// Makes the owner's address that of a user of the CRM.
    async fn owner_is_a_user(&self) {
        sqlx::query("update member set email = 'anna@nordwind.example' where member_id = $1")
            .bind(self.acme.owner.id)
            .execute(&self.hub.owner)
            .await
            .unwrap();
    }

    async fn log(&self, contact: &str, more: Value) -> String {
        let mut body = json!({ "contact_id": contact, "kind": "CALL" });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self.acme.owner.browser.post("/api/activities", body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    async fn retry(&self, delivery: &Value) {
        let path = format!("/api/deliveries/{}/retry", delivery["id"].as_str().unwrap());
        let answer = self.acme.owner.browser.post(&path, json!({})).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    }
}

/// A fault that hits every write of that path.
fn at(path: &str, kind: &str) -> Value {
    json!({ "kind": kind, "path": path, "method": "POST" })
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}
