//! What is, from how the records were made.
//!
//! Addresses count in small letters, numbers in E.164; text in their place counts as none.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::{
    api::show,
    records::{Module, Record, book::Sort},
    world::{Account, addresses},
};

pub(crate) fn counts(account: &Account) -> Value {
    let (mut persons, mut bare, mut left) = (0_u64, 0_u64, 0_u64);
    let (mut emails, mut phones, mut humans) = (HashSet::new(), HashSet::new(), HashSet::new());
    for (_, person) in account.walk(Module::Contacts, Sort::Id, None) {
        persons += 1;
        bare += u64::from(addresses(&person).next().is_none() && person.e164.is_empty());
        left += u64::from(account.org.user(person.owner).is_none_or(|user| !user.is_active()));
        humans.insert(human(account, person.id));
        emails.extend(addresses(&person));
        phones.extend(person.e164);
    }
    let gone = account.book(Module::Contacts).changes().filter(|one| one.deleted.is_some());
    let (merged, deleted): (Vec<&Record>, Vec<&Record>) =
        gone.partition(|one| one.merged_into.is_some());
    json!({
        "company_id": account.org.id.to_string(),
        "persons": persons,
        "organizations": account.walk(Module::Accounts, Sort::Id, None).count(),
        "deals": account.walk(Module::Deals, Sort::Id, None).count(),
        "deleted_since": deleted.len(),
        "merged_since": merged.len(),
        "humans": humans.len(),
        "distinct_emails": emails.len(),
        "distinct_phones": phones.len(),
        "without_identifier": bare,
        "owner_left": left,
    })
}

/// The id of the record that a record doubles, or its own.
fn human(account: &Account, id: u64) -> u64 {
    let roll = &account.population.contacts;
    roll.index(id).map_or(id, |index| roll.id(account.population.human(index)))
}

/// Persons with their identifiers as they are meant.
pub(crate) fn persons(account: &Account, ids: Option<Vec<u64>>, after: u64, limit: u64) -> Value {
    let shown = |person: &Record| {
        json!({
            "id": person.id.to_string(),
            "name": person.title(Module::Contacts),
            "same_human_as": human(account, person.id).to_string(),
            "emails": addresses(person).collect::<Vec<_>>(),
            "phones": person.e164,
            "is_deleted": person.deleted.is_some(),
            "merged_into": person.merged_into.map(|id| id.to_string()),
            "org_id": person.lookup("Account_Name").map(|id| id.to_string()),
            "owner_id": person.owner.to_string(),
        })
    };
    let limit = usize::try_from(limit).unwrap_or(1_000);
    match ids {
        Some(ids) => {
            let found = ids.into_iter().filter_map(|id| account.get(Module::Contacts, id));
            found.map(|person| shown(&person)).collect()
        }
        None => {
            let walk = account.walk(Module::Contacts, Sort::Id, Some((after, after)));
            walk.take(limit).map(|(_, person)| shown(&person)).collect()
        }
    }
}

impl Account {
    /// What was made and how it is now, deleted or not.
    pub(crate) fn outbound(&self) -> Value {
        let of = |wanted: &[Module]| {
            let made = self.made.records.iter().filter(|(module, _)| wanted.contains(module));
            made.filter_map(|(module, id)| Some((*module, self.get(*module, *id)?)))
                .collect::<Vec<_>>()
        };
        let persons = of(&[Module::Contacts]).into_iter().map(|(_, one)| self.made_person(&one));
        let leads = of(&[Module::Leads]).into_iter().map(|(_, one)| {
            let mut shown = self.made_person(&one);
            shown["company"] = json!(one.text("Company"));
            let own = self.fields(Module::Leads).iter().filter(|field| field.custom);
            let mark =
                own.filter_map(|field| Some((field.api_name.clone(), one.text(&field.api_name)?)));
            shown["custom_fields"] = mark.map(|(name, text)| (name, json!(text))).collect();
            shown
        });
        let organizations = of(&[Module::Accounts]).into_iter().map(|(_, one)| {
            json!({
                "id": one.id.to_string(), "name": one.text("Account_Name"),
                "owner_id": one.owner.to_string(), "address": one.text("Billing_Country"),
                "industry": one.text("Industry"), "website": one.text("Website"),
                "is_deleted": one.deleted.is_some(),
            })
        });
        let activities = of(&[Module::Tasks, Module::Calls, Module::Events]);
        let activities = activities.into_iter().map(|(module, one)| made_activity(module, &one));
        let tags = self.tags.iter().filter(|tag| self.made.tags.contains(&tag.id));
        let fields = self.fields(Module::Contacts).iter();
        let fields = fields.filter(|field| self.made.fields.contains(&field.api_name));
        json!({
            "persons": persons.collect::<Vec<_>>(),
            "leads": leads.collect::<Vec<_>>(),
            "organizations": organizations.collect::<Vec<_>>(),
            "activities": activities.collect::<Vec<_>>(),
            "options": tags
                .map(|tag| json!({ "field": "Tag", "id": tag.name, "label": tag.name }))
                .collect::<Vec<_>>(),
            "fields": fields
                .map(|field| json!({ "code": field.api_name, "name": field.label, "id": field.id.to_string() }))
                .collect::<Vec<_>>(),
        })
    }

    fn made_person(&self, one: &Record) -> Value {
        let texts = |keys: &[&str]| {
            keys.iter().filter_map(|key| one.text(key).map(ToOwned::to_owned)).collect::<Vec<_>>()
        };
        let custom: Map<String, Value> = self
            .fields(Module::Contacts)
            .iter()
            .filter(|field| field.custom)
            .filter_map(|field| {
                Some((field.api_name.clone(), one.values.get(&field.api_name)?.clone()))
            })
            .collect();
        json!({
            "id": one.id.to_string(), "name": one.title(Module::Contacts),
            "emails": texts(&["Email", "Secondary_Email"]),
            "phones": texts(&["Phone", "Mobile", "Home_Phone", "Other_Phone"]),
            "org_id": one.lookup("Account_Name").map(|id| id.to_string()),
            "owner_id": one.owner.to_string(), "label_ids": one.tags, "custom_fields": custom,
            "is_deleted": one.deleted.is_some(),
            "merged_into": one.merged_into.map(|id| id.to_string()),
        })
    }
}

fn made_activity(module: Module, one: &Record) -> Value {
    let due = ["Due_Date", "Call_Start_Time", "Start_DateTime"];
    let done = ["Completed"].contains(
        &one.text("Status").or_else(|| one.text("Outbound_Call_Status")).unwrap_or_default(),
    );
    json!({
        "id": format!("{}/{}", module.name(), one.id), "type": module.name(),
        "subject": one.title(module), "note": one.text("Description"), "done": done,
        "due": due.into_iter().find_map(|key| one.text(key)),
        "end": one.text("End_DateTime"), "duration": one.text("Call_Duration"),
        "person_id": one.lookup("Who_Id").map(|id| id.to_string()),
        "org_id": one.lookup("What_Id").map(|id| id.to_string()),
        "se_module": one.text("$se_module"), "owner_id": one.owner.to_string(),
        "is_deleted": one.deleted.is_some(),
        "created": show::time(&super::super::accounts::ORGS[0], one.created),
    })
}
