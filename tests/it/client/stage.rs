//! Whom the client is, and what there is to be asked for.

use chrono::TimeDelta;
use rand::{RngExt as _, rngs::StdRng};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tandem::{domain::OpaqueToken, jobs, policy::Role};

use super::values::Known;
use crate::{
    connections::{Crm, NORDWIND, Rig},
    harness::{Member, impatient},
};

/// A company with everything that operations speak of, and people and scripts of each role.
pub(super) struct Stage {
    pub(super) rig: Rig,
    pub(super) url: String,
    /// What was told so far.
    pub(super) known: Known,
    /// Access tokens, by role.
    tokens: Vec<String>,
    client: reqwest::Client,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Actor {
    Member(Role),
    Script(usize),
    /// Without our Origin and header, or with those of another site.
    Forged(Role),
    Nobody,
    Garbage,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let rig = Rig::with(Crm::start().await, impatient).await;
        rig.connect(NORDWIND).await;
        rig.sync("full").await.expect(202);
        jobs::drain(&rig.hub.hub).await.unwrap();
        for at in 0..8 {
            let member = rig.acme.members()[at % 4];
            let lead = json!({ "full_name": format!("Lead {at}"), "warmness": 9,
                "emails": [{ "value": format!("lead{at}@example.com") }] });
            let made = member.browser.post("/api/contacts", lead).await.expect(201);
            let call = json!({ "contact_id": made["id"], "kind": "CALL" });
            member.browser.post("/api/activities", call).await.expect(201);
        }
        for at in 0..3 {
            let browser = &rig.acme.owner.browser;
            let form = json!({ "name": format!("Campaign {at}") });
            let made = browser.post("/api/campaigns", form).await.expect(201);
            let path = format!("/api/campaigns/{}/assign-contacts", made["id"].as_str().unwrap());
            browser.post(&path, json!({ "filter": {} })).await.expect(200);
        }
        jobs::drain(&rig.hub.hub).await.unwrap();
        let mut tokens = Vec::new();
        for &role in Role::ALL {
            let browser = &rig.acme.member(role).browser;
            let form = json!({ "name": "Client", "role": role.word() });
            let made = browser.post("/api/api-keys", form).await.expect(201);
            let given = browser.post("/api/auth/token", json!({ "api_key": made["secret"] })).await;
            tokens.push(given.expect(200)["access_token"].as_str().unwrap().to_owned());
        }
        let mut known = Known::default();
        known.add("companies", &rig.acme.id.to_string());
        for member in rig.acme.members() {
            known.add("team", &member.id.to_string());
        }
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut stage = Self { url: rig.hub.url.clone(), rig, known, tokens, client };
        for room in ["contacts", "activities", "campaigns", "deliveries"] {
            let page = stage.rig.acme.owner.browser.get(&format!("/api/{room}?limit=9")).await;
            stage.learn(room, &page.expect(200));
        }
        stage.refuse().await;
        stage
    }

    /// Puts back what a request may have taken: the plan, and the connection.
    pub(super) async fn restore(&self) {
        self.rig.owner("update company set plan = 'business'").await;
        self.rig.owner("update connection set state = 'active' where state = 'paused'").await;
        let connected = self.rig.owner("select from connection where state = 'active'").await;
        if connected == 0 {
            self.rig.owner("delete from session").await;
            let owner = self.sign_in(&self.rig.acme.owner).await;
            let browser = crate::harness::Browser::new(&self.url, Some(owner));
            let connect = format!("/api/integrations/{}/connect", crate::connections::slug());
            let page = browser.get(&connect).await;
            let back = self.rig.crm.consent(page.header("location"), "allow", 7_001).await;
            assert_eq!(browser.get(&back).await.status, 303);
        }
        jobs::drain(&self.rig.hub.hub).await.unwrap();
        self.refuse().await;
    }

    /// Lets leads stand as if the CRM had refused one and found two people for another, and the first
    /// run as one that failed.
    async fn refuse(&self) {
        self.rig
            .owner(
                "update sync_run set state = 'failed', finished_at = now()
                 where run_id = (select min(run_id::text)::uuid from sync_run)",
            )
            .await;
        self.rig.owner("delete from job where kind = 'deliver'").await;
        self.rig
            .owner(
                "update delivery set state = 'failed', cause = 'ambiguous', candidates =
                     '[{\"remote_id\": \"1\", \"name\": \"X\"}, {\"remote_id\": \"2\"}]'
                 where kind = 'warm_lead' and get_byte(uuid_send(delivery_id), 15) % 2 = 0",
            )
            .await;
        self.rig
            .owner(
                "update delivery set state = 'failed', cause = 'refused',
                     fields = '[{\"field\": \"emails\", \"words\": \"No\"}]'
                 where kind = 'warm_lead' and get_byte(uuid_send(delivery_id), 15) % 2 = 1",
            )
            .await;
    }

    /// A session of its own for a request: some end theirs.
    async fn sign_in(&self, member: &Member) -> String {
        let token = OpaqueToken::fresh();
        let now = self.rig.hub.clock.now();
        // Whom a request has removed or given another role is as before.
        sqlx::query(
            "insert into member (company_id, member_id, user_id, role, name, email)
             values ($1, $2, $3, $4, $5, $5)
             on conflict (company_id, member_id) do update set role = excluded.role",
        )
        .bind(self.rig.acme.id)
        .bind(member.id)
        .bind(member.user_id)
        .bind(member.role.word())
        .bind(&member.email)
        .execute(&self.rig.hub.owner)
        .await
        .unwrap();
        sqlx::query(
            "insert into session
                 (token_hash, user_id, company_id, member_id, created_at, seen_at, expires_at)
             values ($1, $2, $3, $4, $5, $5, $6)",
        )
        .bind(token.hash().bytes())
        .bind(member.user_id)
        .bind(self.rig.acme.id)
        .bind(member.id)
        .bind(now)
        .bind(now + TimeDelta::days(7))
        .execute(&self.rig.hub.owner)
        .await
        .unwrap();
        format!("tandem_session={}", token.reveal())
    }

    pub(super) fn actor(rng: &mut StdRng) -> Actor {
        let role = Role::ALL[rng.random_range(0..Role::ALL.len())];
        match rng.random_range(0..100) {
            0..=4 => Actor::Nobody,
            5..=8 => Actor::Garbage,
            9..=12 => Actor::Forged(role),
            13..=34 => Actor::Script(rng.random_range(0..Role::ALL.len())),
            35..=64 => Actor::Member(Role::Owner),
            _ => Actor::Member(role),
        }
    }

    pub(super) fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(super) async fn send_as(&self, actor: Actor, request: RequestBuilder) -> RequestBuilder {
        let own = |request: RequestBuilder| {
            request
                .header("origin", &self.url)
                .header("sec-fetch-site", "same-origin")
                .header("x-tandem-csrf", "1")
        };
        match actor {
            Actor::Member(role) => {
                own(request).header("cookie", self.sign_in(self.rig.acme.member(role)).await)
            }
            Actor::Script(role) => request.bearer_auth(&self.tokens[role]),
            Actor::Forged(role) => request
                .header("origin", "https://evil.example")
                .header("x-tandem-csrf", "1")
                .header("cookie", self.sign_in(self.rig.acme.member(role)).await),
            Actor::Nobody => own(request),
            Actor::Garbage => {
                own(request).bearer_auth("a.b.c").header("cookie", "tandem_session=x; ;=")
            }
        }
    }

    /// Remembers ids and cursors that an answer of a part of the API told.
    pub(super) fn learn(&mut self, room: &str, answer: &Value) {
        match answer {
            Value::Object(object) => {
                for (name, value) in object {
                    match value {
                        Value::String(id) if name == "id" => self.known.add(room, id),
                        Value::String(id) if name == "run_id" => self.known.add("sync-logs", id),
                        Value::String(cursor) if name == "next_cursor" => {
                            self.known.add(&format!("cursor of {room}"), cursor);
                        }
                        // Of an assignment: who came in.
                        contacts if name.ends_with("_items") => self.learn("contacts", contacts),
                        other => self.learn(room, other),
                    }
                }
            }
            Value::Array(items) => items.iter().take(9).for_each(|item| self.learn(room, item)),
            _ => {}
        }
    }
}
