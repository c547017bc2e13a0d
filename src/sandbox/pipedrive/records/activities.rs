//! Activities as the API shows them; none exist until somebody adds one.

use serde_json::{Value, json};

use super::super::clock::rfc3339;

#[derive(Debug, Clone)]
pub(crate) struct Activity {
    pub(crate) id: u64,
    pub(crate) add_time: u64,
    pub(crate) update_time: u64,
    pub(crate) is_deleted: bool,
    pub(crate) owner_id: u64,
    pub(crate) creator_user_id: u64,
    pub(crate) done: bool,
    pub(crate) marked_as_done_time: Option<u64>,
    /// What the caller sent and the API keeps as it is, by key.
    pub(crate) kept: serde_json::Map<String, Value>,
}

impl Activity {
    /// The person is whoever takes part first; it cannot be set by itself.
    pub(crate) fn person_id(&self) -> Option<u64> {
        let participants = self.kept.get("participants")?.as_array()?;
        participants
            .iter()
            .find(|participant| participant["primary"] == true)
            .or(participants.first())
            .and_then(|participant| participant["person_id"].as_u64())
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.kept.get(key)?.as_u64()
    }

    pub(crate) fn json(&self, attendees: bool) -> Value {
        let mut shown = json!({
            "id": self.id,
            "owner_id": self.owner_id,
            "creator_user_id": self.creator_user_id,
            "is_deleted": self.is_deleted,
            "add_time": rfc3339(self.add_time),
            "update_time": rfc3339(self.update_time),
            "done": self.done,
            "marked_as_done_time": self.marked_as_done_time.map(rfc3339),
            "person_id": self.person_id(),
        });
        for key in [
            "subject",
            "type",
            "deal_id",
            "lead_id",
            "org_id",
            "project_id",
            "due_date",
            "due_time",
            "duration",
            "busy",
            "location",
            "participants",
            "public_description",
            "priority",
            "outcome",
            "note",
        ] {
            shown[key] = self.kept.get(key).cloned().unwrap_or(Value::Null);
        }
        if attendees {
            shown["attendees"] = self.kept.get("attendees").cloned().unwrap_or(json!([]));
        }
        shown
    }
}
