//! Deals as the API shows them.

use serde_json::{Value, json};

use super::super::{
    clock::{date, rfc3339},
    json::Object,
};
use super::{
    persons::Extra,
    population::{Population, purpose},
};

#[derive(Debug, Clone)]
pub(crate) struct Deal {
    pub(crate) id: u64,
    pub(crate) title: Option<String>,
    pub(crate) creator_user_id: u64,
    pub(crate) owner_id: Option<u64>,
    pub(crate) value: Option<f64>,
    pub(crate) currency: String,
    pub(crate) person_id: Option<u64>,
    pub(crate) org_id: Option<u64>,
    pub(crate) pipeline_id: u64,
    pub(crate) stage_id: u64,
    pub(crate) status: Status,
    pub(crate) probability: Option<u64>,
    pub(crate) lost_reason: Option<String>,
    pub(crate) add_time: u64,
    pub(crate) update_time: u64,
    pub(crate) stage_change_time: Option<u64>,
    /// When it was won or lost.
    pub(crate) close_time: Option<u64>,
    pub(crate) expected_close_date: Option<String>,
    pub(crate) label_ids: Vec<u64>,
    pub(crate) is_archived: bool,
    pub(crate) is_deleted: bool,
    pub(crate) visible_to: u64,
    pub(crate) custom: Vec<(String, Value)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Open,
    Won,
    Lost,
}

impl Status {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        [Self::Open, Self::Won, Self::Lost].into_iter().find(|status| status.word() == word)
    }
}

impl Deal {
    /// The status as it is shown.
    pub(crate) const fn word(&self) -> &'static str {
        if self.is_deleted { "deleted" } else { self.status.word() }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>, extras: &[Extra]) {
        let closed = self.close_time.map(rfc3339);
        let won = closed.as_ref().filter(|_| self.status == Status::Won);
        let lost = closed.as_ref().filter(|_| self.status == Status::Lost);
        // Open deals leave the times of the end out, instead of sending null.
        let mut object = Object::open(out, self.status == Status::Open);
        object.field("id", &self.id);
        object.maybe("title", self.title.as_ref());
        object.field("creator_user_id", &self.creator_user_id);
        object.maybe("owner_id", self.owner_id.as_ref());
        object.field("value", &self.value);
        object.field("currency", &self.currency);
        object.field("person_id", &self.person_id);
        object.field("org_id", &self.org_id);
        object.field("stage_id", &self.stage_id);
        object.field("pipeline_id", &self.pipeline_id);
        object.field("status", self.word());
        object.field("probability", &self.probability);
        object.field("lost_reason", &self.lost_reason);
        object.field("add_time", &rfc3339(self.add_time));
        object.field("update_time", &rfc3339(self.update_time));
        object.field("stage_change_time", &self.stage_change_time.map(rfc3339));
        object.field("close_time", &closed);
        object.maybe("won_time", won);
        object.maybe("lost_time", lost);
        object.maybe("local_won_date", won.map(|time| &time[..10]).as_ref());
        object.maybe("local_lost_date", lost.map(|time| &time[..10]).as_ref());
        object.maybe("local_close_date", closed.as_ref().map(|time| &time[..10]).as_ref());
        object.maybe("expected_close_date", self.expected_close_date.as_ref());
        object.field("label_ids", &self.label_ids);
        object.field("is_archived", &self.is_archived);
        object.field("archive_time", &Value::Null);
        object.field("is_deleted", &self.is_deleted);
        object.field("visible_to", &self.visible_to);
        object.field("origin", "ManuallyCreated");
        object.field("origin_id", &Value::Null);
        object.field("channel", &Value::Null);
        object.field("channel_id", &Value::Null);
        object.field("acv", &Value::Null);
        object.field("arr", &Value::Null);
        object.field("mrr", &Value::Null);
        object.map("custom_fields", &self.custom);
        for (key, value) in extras {
            object.field(key, value);
        }
        object.close();
    }
}

impl Population {
    pub(crate) fn deal(&self, index: u64) -> Deal {
        let id = self.deals.ids.id(index);
        let mut dice = self.dice(purpose::DEAL, index);
        let customer = self.customer(index);
        let status = self.deal_status(index);
        let update_time = self.deals.update_time(index);
        let pipeline_id = 1 + dice.below(2);
        let [source, contract] = &self.keys.deal;
        let mut custom = vec![];
        if dice.permille(400) {
            custom.push((source.clone(), json!(401 + dice.below(2))));
        }
        if dice.permille(100) {
            custom.push((contract.clone(), json!(format!("C-{id:06}"))));
        }
        Deal {
            id,
            title: Some(format!(
                "Deal {id} · {}",
                dice.pick(&["Renewal", "New", "Ausbau", "試用"])
            )),
            creator_user_id: self.company.admin().id,
            owner_id: self.owner(purpose::DEAL, index),
            // Promised as a number; null when nobody filled it in.
            value: (!dice.permille(100))
                .then(|| f64::from(u32::try_from(dice.below(10_000_000)).unwrap_or(0)) / 100.0),
            currency: self.company.currency.to_owned(),
            person_id: customer.map(|person| self.persons.ids.id(person)),
            org_id: customer.and_then(|person| self.organization_of(person)),
            pipeline_id,
            stage_id: (pipeline_id - 1) * 4 + 1 + dice.below(4),
            status,
            probability: dice.permille(300).then(|| dice.below(101)),
            lost_reason: (status == Status::Lost).then(|| "Too expensive".to_owned()),
            add_time: self.deals.add_time(index),
            update_time,
            stage_change_time: dice.permille(600).then_some(update_time),
            close_time: (status != Status::Open).then_some(update_time),
            expected_close_date: dice
                .permille(500)
                .then(|| date(update_time + 86_400 * dice.below(200))),
            label_ids: vec![],
            is_archived: false,
            is_deleted: false,
            visible_to: 3,
            custom,
        }
    }

    pub(crate) fn deal_status(&self, index: u64) -> Status {
        let mut dice = self.dice(purpose::DEAL ^ 1 << 8, index);
        *dice.pick(&[Status::Open, Status::Open, Status::Won, Status::Lost])
    }
}
