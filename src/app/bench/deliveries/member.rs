//! A member who works in the browser, and when what they did arrived at the stand-in.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    app::bench::{latencies::Latencies, load::Line, reads::sign_in, wire::Wire},
    clock::Clock,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// A new contact that is warm.
    Lead,
    /// A call with one of the member's leads.
    Activity,
}

/// What was asked for, by the name that it has at the CRM.
#[derive(Debug)]
pub(super) struct Asked {
    name: String,
    /// When the answer was there, in milliseconds since 1970.
    answered: i64,
}

pub(super) struct Member {
    url: url::Url,
    wire: Wire,
    headers: [String; 2],
    wish: Wish,
    from: u32,
    contacts: Vec<String>,
    asked: Vec<Asked>,
}

impl Member {
    pub(super) async fn sign_in(url: &url::Url, email: &str) -> anyhow::Result<Self> {
        let cookie = sign_in(url, email).await?;
        Ok(Self {
            url: url.clone(),
            wire: Wire::connect(url).await?,
            headers: [format!("cookie: {cookie}"), "x-tandem-csrf: 1".to_owned()],
            wish: Wish::Lead,
            from: 0,
            contacts: Vec::new(),
            asked: Vec::new(),
        })
    }

    /// What comes next; numbers count from there. On a new connection: the server closes one that
    /// idled while what came before was delivered.
    pub(super) async fn wish(&mut self, wish: Wish, from: u32) -> anyhow::Result<()> {
        (self.wish, self.from) = (wish, from);
        self.wire = Wire::connect(&self.url).await?;
        Ok(())
    }

    pub(super) fn asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked)
    }

    async fn tell(&mut self, number: u32) -> anyhow::Result<()> {
        let number = self.from + number;
        let (path, body, name) = match self.wish {
            Wish::Lead => {
                let email = format!("lead.{number}@bench.example");
                let body = json!({
                    "full_name": format!("Lead {number}"), "emails": [{ "value": email }],
                    "organization_name": format!("Works of {number}"), "warmness": 8,
                });
                ("/api/contacts", body, email)
            }
            Wish::Activity => {
                let nth = number as usize % self.contacts.len().max(1);
                let contact = self.contacts.get(nth).context("the member has no lead")?;
                let subject = format!("Call {number}");
                let body = json!({ "contact_id": contact, "kind": "CALL", "subject": subject });
                ("/api/activities", body, subject)
            }
        };
        let body = body.to_string();
        let answer = self.wire.ask("POST", path, &self.headers, Some(&body)).await?;
        let answered = Clock::system().now().timestamp_millis();
        anyhow::ensure!(answer.status == 201, "{path} was answered with {}", answer.status);
        if self.wish == Wish::Lead {
            let made: Value = serde_json::from_slice(&answer.body)?;
            self.contacts.push(made["id"].as_str().context("a contact has an id")?.to_owned());
        }
        self.asked.push(Asked { name, answered });
        Ok(())
    }
}

impl Line for Member {
    type Kind = ();

    fn kind(_: u32) {}

    async fn ask(&mut self, number: u32) -> bool {
        self.tell(number).await.is_ok()
    }
}

/// From each answer to the stand-in's receipt of the record; all of them must be there.
pub(super) fn arrivals(
    asked: &[Asked],
    (writes, made): &(Value, Value),
    wish: Wish,
) -> anyhow::Result<Latencies> {
    let (kind, end) = match wish {
        Wish::Lead => ("persons", "/persons"),
        Wish::Activity => ("activities", "/activities"),
    };
    let is_it = |write: &&Value| {
        write["applied"] == true
            && write["method"] == "POST"
            && write["path"].as_str().is_some_and(|path| path.ends_with(end))
    };
    let empty = Vec::new();
    let came: HashMap<u64, i64> = writes
        .as_array()
        .unwrap_or(&empty)
        .iter()
        .filter(is_it)
        .filter_map(|write| Some((write["id"].as_u64()?, write["unix_ms"].as_i64()?)))
        .collect();
    let name = |record: &Value| match wish {
        Wish::Lead => record["emails"][0].as_str().map(ToOwned::to_owned),
        Wish::Activity => record["subject"].as_str().map(ToOwned::to_owned),
    };
    let named: HashMap<String, u64> = made[kind]
        .as_array()
        .unwrap_or(&empty)
        .iter()
        .filter_map(|record| Some((name(record)?, record["id"].as_u64()?)))
        .collect();
    let mut took = Vec::with_capacity(asked.len());
    for one in asked {
        let at = named.get(&one.name).and_then(|id| came.get(id));
        let at = at.with_context(|| format!("{} never arrived", one.name))?;
        // It may be there before its member has read the answer.
        took.push(Duration::from_millis(u64::try_from(at - one.answered).unwrap_or_default()));
    }
    Latencies::of(took).context("nothing was asked for")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrived_is_found_by_its_name_and_what_did_not_is_an_error() {
        let asked = |name: &str| Asked { name: name.to_owned(), answered: 1_000 };
        let post = |id: u64, at: u64| json!({ "method": "POST", "path": "/api/persons", "applied": true, "id": id, "unix_ms": at });
        let record = (
            json!([post(7, 1_040), post(8, 990)]),
            json!({ "persons": [{ "id": 7, "emails": ["a@b.example"] }, { "id": 8, "emails": ["c@d.example"] }] }),
        );
        let both = [asked("a@b.example"), asked("c@d.example")];
        let took = arrivals(&both, &record, Wish::Lead).unwrap();
        assert_eq!((took.count, took.max, took.p50), (2, 40.0, 0.0));
        assert!(arrivals(&[asked("x@y.example")], &record, Wish::Lead).is_err());
    }
}
