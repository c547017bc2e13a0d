//! What was made through the API, as the CRM itself would know it. Tests count by it.

use serde_json::{Value, json};

use super::{
    records::{fields::Of, persons::Entry},
    world::Account,
};

/// What was made through the API since the start, in order.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) persons: Vec<u64>,
    pub(crate) organizations: Vec<u64>,
    pub(crate) activities: Vec<u64>,
    pub(crate) deals: Vec<u64>,
    pub(crate) notes: Vec<u64>,
    /// Options of fields; labels are some.
    pub(crate) options: Vec<u64>,
    pub(crate) fields: Vec<String>,
}

impl Account {
    /// What was made and how it is now, deleted or not.
    pub(crate) fn outbound(&self) -> Value {
        let values = |entries: &[Entry]| {
            entries.iter().filter_map(|entry| entry.value.clone()).collect::<Vec<_>>()
        };
        let persons = self.made.persons.iter().filter_map(|id| self.person(*id)).map(|person| {
            json!({
                "id": person.id, "name": person.name, "emails": values(&person.emails),
                "phones": values(&person.phones), "org_id": person.org_id,
                "owner_id": person.owner_id, "label_ids": person.label_ids,
                "custom_fields": person.custom.into_iter().collect::<serde_json::Map<_, _>>(),
                "is_deleted": person.is_deleted, "merged_into": person.merged_into,
            })
        });
        let organizations = self.made.organizations.iter().filter_map(|id| self.organization(*id));
        let organizations = organizations.map(|record| {
            json!({
                "id": record.id, "name": record.name, "owner_id": record.owner_id,
                "address": record.address.as_ref().map(|address| &address["value"]),
                "industry": record.industry, "website": record.website,
                "is_deleted": record.is_deleted,
            })
        });
        let activities = self.made.activities.iter().filter_map(|id| self.activities.get(id));
        let deals = self.made.deals.iter().filter_map(|id| self.deal(*id)).map(|deal| {
            json!({
                "id": deal.id, "title": deal.title, "value": deal.value,
                "currency": deal.currency, "person_id": deal.person_id, "org_id": deal.org_id,
                "owner_id": deal.owner_id, "pipeline_id": deal.pipeline_id,
                "stage_id": deal.stage_id, "status": deal.word(),
                "expected_close_date": deal.expected_close_date, "is_deleted": deal.is_deleted,
            })
        });
        let notes = self.made.notes.iter().filter_map(|id| self.notes.get(id));
        let options = self.fields.iter().flatten().filter_map(|field| {
            let options = field.options.as_ref()?;
            let made = options.iter().filter(|option| self.made.options.contains(&option.id));
            Some(made.map(
                |option| json!({ "field": field.code, "id": option.id, "label": option.label }),
            ))
        });
        let fields = self.fields[Of::Person as usize].iter();
        let fields = fields.filter(|field| self.made.fields.contains(&field.code));
        json!({
            "persons": persons.collect::<Vec<_>>(),
            "organizations": organizations.collect::<Vec<_>>(),
            "activities": activities.map(|activity| activity.json(false)).collect::<Vec<_>>(),
            "deals": deals.collect::<Vec<_>>(),
            "notes": notes.map(|note| note.json(self)).collect::<Vec<_>>(),
            "options": options.flatten().collect::<Vec<_>>(),
            "fields": fields.map(|field| json!({ "code": field.code, "name": field.name }))
                .collect::<Vec<_>>(),
        })
    }
}
