//! Sends what is foreign and what never was, and compares.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use uuid::Uuid;

use super::{
    document::{Names, Operation, Place, Slot, put},
    seed::{Foreign, World},
};
use crate::{
    connections::slug,
    harness::{Answer, Browser},
};

/// What was tried, and what did not hold.
#[derive(Default)]
pub(super) struct Report {
    pub(super) cases: usize,
    pub(super) requests: usize,
    pub(super) broken: Vec<String>,
}

impl Report {
    #[track_caller]
    pub(super) fn must_hold(&self) {
        let shown = &self.broken[..self.broken.len().min(40)];
        assert!(shown.is_empty(), "{} walls with holes:\n{}", self.broken.len(), shown.join("\n"));
    }

    /// Looks for what must not be told in everything that was answered.
    pub(super) fn look(&mut self, what: &str, answer: &Answer, secrets: &[String]) {
        self.requests += 1;
        let said = format!("{} {:?}", answer.text, answer.headers);
        for secret in secrets {
            if said.contains(secret) {
                self.broken.push(format!("{what} tells `{secret}`"));
            }
        }
        if answer.status.is_server_error() {
            self.broken.push(format!("{what} fails: {} {}", answer.status, answer.text));
        }
    }
}

/// Somebody who tries, and whose own things stand where the foreign ones do not.
pub(super) struct Visitor<'a> {
    pub(super) label: String,
    pub(super) browser: &'a Browser,
    pub(super) own: BTreeMap<Names, String>,
    pub(super) world: &'a World,
    /// Instead of a cookie.
    pub(super) bearer: Option<String>,
}

impl Visitor<'_> {
    /// One operation with these values in their places; what is not given is the visitor's own.
    pub(super) async fn send(&self, operation: &Operation, given: &[(&Place, &str)]) -> Answer {
        let mut path = operation.path.replace("{provider}", slug());
        let mut body = operation.body.clone();
        let mut headers = Vec::new();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let own = operation.slots.iter().filter_map(|slot| match slot.place {
            Place::Path(_) => Some((&slot.place, self.own.get(&slot.names)?.as_str())),
            _ => None,
        });
        let own: Vec<_> =
            own.filter(|(place, _)| !given.iter().any(|(at, _)| at == place)).collect();
        for (place, value) in given.iter().copied().chain(own) {
            match place {
                Place::Path(name) => path = path.replace(&format!("{{{name}}}"), value),
                Place::Query(name) => {
                    query.append_pair(name, value);
                }
                Place::Header(name) => headers.push((name, value)),
                Place::Body(at) => put(body.get_or_insert_default(), at, value),
            }
        }
        let names_records = given.iter().any(|(place, _)| matches!(place, Place::Body(_)));
        if operation.name == "start_import" && names_records {
            body.as_mut().unwrap()["mode"] = "selective".into();
        }
        // A change of many needs to say who, and what.
        if operation.name == "change_contacts"
            && let Some(Value::Object(change)) = &mut body
        {
            if change.contains_key("owner_member_id") {
                change.insert("contact_ids".to_owned(), serde_json::json!([]));
            } else if names_records {
                change.insert("add_tag".to_owned(), "wall".into());
            }
        }
        // Nor is a change that changes nothing.
        if let Some(Value::Object(change)) = &mut body
            && let Some(field) = match operation.name.as_str() {
                "crm_update_contact" => Some("full_name"),
                "crm_update_deal" => Some("title"),
                _ => None,
            }
        {
            change.insert(field.to_owned(), "Somebody".into());
        }
        assert!(!path.contains('{'), "UNCOVERED: {path} has a parameter without a value");
        let query = query.finish();
        let path = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut request = self.browser.request(operation.method.clone(), &path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        self.browser
            .send(match &body {
                Some(body) => request.json(body),
                None if operation.method.is_safe() => request,
                None => request.json(&serde_json::json!({})),
            })
            .await
    }

    /// Every id of `foreign` that this operation can take, in every place, beside one that never
    /// was; at most `most` of a kind.
    pub(super) async fn try_foreign(
        &self,
        operation: &Operation,
        foreign: &Foreign,
        most: usize,
        report: &mut Report,
    ) {
        for slot in &operation.slots {
            // The name of a request works the same everywhere; elsewhere the first of the two calls
            // changes what the second finds.
            if slot.names == Names::Request && operation.name != "create_contact" {
                continue;
            }
            for value in values(foreign, operation, slot).into_iter().take(most) {
                let twin = twin(slot.names, &value);
                // The foreign child under our own parent, and under its own.
                for parent in parents(operation, slot, foreign) {
                    let place = |value: &str| -> Vec<(Place, String)> {
                        parent
                            .iter()
                            .cloned()
                            .chain([(slot.place.clone(), value.to_owned())])
                            .collect()
                    };
                    let what = format!(
                        "{} {} {:?}{}",
                        self.label,
                        operation.name,
                        slot.place,
                        if parent.is_empty() { "" } else { " under a foreign parent" }
                    );
                    let mut answers = Vec::new();
                    for value in [&value, &twin] {
                        let given = place(value);
                        let given: Vec<_> =
                            given.iter().map(|(place, value)| (place, value.as_str())).collect();
                        let answer = self.send(operation, &given).await;
                        if !operation.method.is_safe() {
                            self.world.settle().await;
                        }
                        // Some say of each contact that they were sent what became of it.
                        let told: Vec<String> = if told_of_each(&operation.name) {
                            let secrets = foreign.secrets.iter();
                            secrets.filter(|secret| !given_by(&given, secret)).cloned().collect()
                        } else {
                            foreign.secrets.clone()
                        };
                        report.look(&what, &answer, &told);
                        answers.push(likeness(&answer));
                    }
                    report.cases += 1;
                    // Both requests are done, each in its own time.
                    let alike = if slot.names == Names::Request {
                        answers[0].0 == answers[1].0
                    } else {
                        answers[0] == answers[1]
                    };
                    if !alike {
                        report.broken.push(format!(
                            "{what} tells foreign from missing: {:?} and {:?}",
                            answers[0], answers[1]
                        ));
                    }
                }
            }
        }
    }
}

/// Whether the answer names what was asked about, as it was asked.
fn told_of_each(operation: &str) -> bool {
    operation.starts_with("push_contacts")
        || ["assign_contacts", "change_contacts"].contains(&operation)
}

/// Whether the visitor has sent this.
fn given_by(given: &[(&Place, &str)], secret: &str) -> bool {
    given.iter().any(|(_, value)| *value == secret)
}

/// The foreign values for a slot; none is a hole in the seed.
pub(super) fn values(foreign: &Foreign, operation: &Operation, slot: &Slot) -> Vec<String> {
    if slot.names == Names::Cursor {
        foreign.cursors.get(&operation.name).cloned().into_iter().collect()
    } else {
        foreign.values.get(&slot.names).cloned().unwrap_or_default()
    }
}

/// With which values in the path: our own, and where a slot stands below one, the foreign one.
fn parents(operation: &Operation, slot: &Slot, foreign: &Foreign) -> Vec<Vec<(Place, String)>> {
    let mut parents = vec![Vec::new()];
    for parent in &operation.slots {
        if matches!(parent.place, Place::Path(_)) && parent.place != slot.place {
            let first = values(foreign, operation, parent).into_iter().next_back();
            parents.extend(first.map(|value| vec![(parent.place.clone(), value)]));
        }
    }
    parents
}

/// The same form, of nothing that ever was.
fn twin(names: Names, value: &str) -> String {
    match names {
        Names::Request => format!("{value}-{}", Uuid::new_v4()),
        Names::Remote => "9".repeat(value.len().max(9)),
        Names::Cursor => {
            let text = URL_SAFE_NO_PAD.decode(value).map(String::from_utf8);
            match text {
                Ok(Ok(text)) => URL_SAFE_NO_PAD.encode(with_ids(&text, near)),
                _ => value.to_owned(),
            }
        }
        _ => Uuid::now_v7().to_string(),
    }
}

/// An id of the same moment that nobody has: pages are ordered by time.
fn near(id: &str) -> String {
    let random = Uuid::new_v4().to_string();
    format!("{}{}", &id[..24], &random[24..])
}

/// The text with another id for each id.
fn with_ids(text: &str, another: impl Fn(&str) -> String) -> String {
    const LENGTH: usize = 36;
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        if let Some(id) = rest.get(..LENGTH).filter(|id| Uuid::try_parse(id).is_ok()) {
            out.push_str(&another(id));
            at += LENGTH;
        } else {
            out.push(first);
            at += first.len_utf8();
        }
    }
    out
}

/// Headers that name a request or count requests.
const OF_THE_REQUEST: &[&str] = &["x-request-id", "date", "set-cookie"];

/// What two answers must share: status, body and headers, but for what names the request.
pub(super) fn likeness(answer: &Answer) -> (u16, String, usize, Vec<String>) {
    let body = with_ids(&answer.text.replace(answer.header("x-request-id"), ""), |_| "<id>".into());
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| {
            !OF_THE_REQUEST.contains(&name.as_str()) && !name.as_str().starts_with("ratelimit")
        })
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    (answer.status.as_u16(), body, answer.text.len(), headers)
}

#[test]
fn ids_are_found_wherever_they_stand() {
    let id = Uuid::now_v7().to_string();
    let text = format!("ü{id}\"{id}x{}", &id[1..]);
    let expected = format!("ü<id>\"<id>x{}", &id[1..]);
    assert_eq!(with_ids(&text, |_| "<id>".into()), expected);
}
