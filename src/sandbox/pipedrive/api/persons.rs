//! `/api/v2/persons`.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::{
    super::{
        clock,
        records::{
            deals::{Deal, Status},
            fields::Of,
            ids::Slot,
            persons::{Entry, Person},
        },
        world::{Account, sees},
    },
    body,
    call::{Answer, Call, Refusal, Reply},
    counts,
    list::{Listing, include},
};

const INCLUDE: &[&str] = &[
    "next_activity_id",
    "last_activity_id",
    "open_deals_count",
    "related_open_deals_count",
    "closed_deals_count",
    "related_closed_deals_count",
    "participant_open_deals_count",
    "participant_closed_deals_count",
    "email_messages_count",
    "activities_count",
    "done_activities_count",
    "undone_activities_count",
    "files_count",
    "notes_count",
    "followers_count",
    "won_deals_count",
    "related_won_deals_count",
    "lost_deals_count",
    "related_lost_deals_count",
    "last_incoming_mail_time",
    "last_outgoing_mail_time",
    "marketing_status",
    "doi_status",
    "smart_bcc_email",
];

const BODY: &[&str] = &[
    "name",
    "first_name",
    "last_name",
    "owner_id",
    "org_id",
    "add_time",
    "update_time",
    "emails",
    "phones",
    "visible_to",
    "label_ids",
    "custom_fields",
    "marketing_status",
    "notes",
    "im",
    "birthday",
    "job_title",
    "postal_address",
];

/// Exist only where Contact Sync is on; here it is off.
const CONTACT_SYNC: &[&str] = &["notes", "im", "birthday", "job_title", "postal_address"];

pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    let listing = Listing::read(call, &["org_id", "deal_id"])?;
    let include = include(call, INCLUDE)?;
    let (org, deal) = (call.number("org_id")?, call.number("deal_id")?);
    let population = &account.population;
    let only = match (&listing.ids, org, deal) {
        (Some(ids), ..) => Some(ids.clone()),
        (_, Some(org), _) => Some(counts::people_of(account, org)),
        (_, _, Some(deal)) => {
            Some(account.deal(deal).and_then(|deal| deal.person_id).into_iter().collect())
        }
        _ => None,
    };
    let owner = listing.owner;
    let (persons, next) = listing.page(
        &account.persons,
        &population.persons,
        |index| population.person(index),
        |index| {
            owner.is_none_or(|owner| population.person_owner(index) == Some(owner))
                && (call.user.admin || !population.is_private(index) || {
                    population.person_owner(index) == Some(call.user.id)
                })
        },
        |person: &Person| {
            sees(call.user, person.owner_id, person.visible_to)
                && owner.is_none_or(|owner| person.owner_id == Some(owner))
                && org.is_none_or(|org| person.org_id == Some(org))
        },
        only,
    );
    let count = counts::Counts::new(account);
    let labels = account.fields(Of::Person);
    Ok(Reply::page(&persons, next.as_deref(), |person, out| {
        let mut extras = count.person(person.id, &include);
        if listing.labels {
            extras.push(("labels", body::labels(labels, &person.label_ids)));
        }
        match &listing.custom {
            None => person.write(out, &extras),
            Some(keys) => {
                let mut person = person.clone();
                person.custom.retain(|(key, _)| keys.contains(key));
                person.write(out, &extras);
            }
        }
    }))
}

pub(crate) fn get(account: &mut Account, call: &Call) -> Answer {
    call.only(&["include_fields", "custom_fields", "include_labels", "include_option_labels"])?;
    let include = include(call, INCLUDE)?;
    let person = visible(account, call)?;
    let mut extras = counts::Counts::new(account).person(person.id, &include);
    if call.flag("include_labels")? == Some(true) {
        extras.push(("labels", body::labels(account.fields(Of::Person), &person.label_ids)));
    }
    Ok(Reply::record(|out| person.write(out, &extras)))
}

pub(crate) fn create(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let mut person = Person {
        id: account.persons.next_id(),
        name: None,
        first_name: None,
        last_name: None,
        owner_id: Some(call.user.id),
        org_id: None,
        add_time: call.now,
        update_time: call.now,
        emails: vec![],
        phones: vec![],
        is_deleted: false,
        merged_into: None,
        visible_to: 3,
        label_ids: vec![],
        picture_id: None,
        custom: vec![],
        sparse: false,
    };
    apply(account, &mut person, &body)?;
    if person.name.as_deref().is_none_or(|name| name.trim().is_empty()) {
        return Err(Refusal::invalid("name: is required"));
    }
    if let Some(text) = body.get("add_time").and_then(Value::as_str) {
        person.add_time =
            clock::parse(text).ok_or_else(|| Refusal::invalid("add_time: is not valid"))?;
    }
    account.made.persons.push(person.id);
    account.persons.put(person.clone());
    Ok(Reply::record(|out| person.write(out, &[])))
}

pub(crate) fn update(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let mut person = visible(account, call)?;
    if person.is_deleted {
        return Err(Refusal::missing("Person"));
    }
    apply(account, &mut person, &body)?;
    person.update_time = call.now;
    account.persons.put(person.clone());
    Ok(Reply::record(|out| person.write(out, &[])))
}

pub(crate) fn delete(account: &mut Account, call: &Call) -> Answer {
    let person = visible(account, call)?;
    let id = person.id;
    account.remove_person(person, None, call.now);
    Ok(Reply::data(json!({ "id": id })))
}

/// `PUT /api/v1/persons/{id}/merge`: the person in the path goes, the other stays.
pub(crate) fn merge(account: &mut Account, call: &Call) -> Answer {
    let gone = visible(account, call)?;
    let body = call.object(&["merge_with_id"])?;
    let into = body
        .get("merge_with_id")
        .and_then(Value::as_u64)
        .ok_or_else(|| Refusal::new(400, "merge_with_id is required"))?;
    let survivor = account
        .person(into)
        .filter(|person| !person.is_deleted && !gone.is_deleted && into != gone.id)
        .ok_or_else(|| Refusal::missing("Person"))?;
    let survivor = absorb(account, gone, survivor, call.now);
    let mut data = survivor.v1();
    data["merge_what_id"] = json!(call.id()?);
    Ok(Reply::data(data))
}

/// The survivor's values win, its empty ones are filled, its lists grow.
pub(crate) fn absorb(account: &mut Account, gone: Person, into: Person, now: u64) -> Person {
    let mut survivor = into;
    survivor.org_id = survivor.org_id.or(gone.org_id);
    survivor.owner_id = survivor.owner_id.or(gone.owner_id);
    for (ours, theirs) in
        [(&mut survivor.emails, &gone.emails), (&mut survivor.phones, &gone.phones)]
    {
        for entry in theirs {
            if !ours.iter().any(|own| own.value == entry.value) {
                ours.push(Entry { primary: ours.is_empty(), ..entry.clone() });
            }
        }
    }
    survivor.update_time = now;
    account.persons.put(survivor.clone());
    account.remove_person(gone, Some(survivor.id), now);
    survivor
}

fn visible(account: &Account, call: &Call) -> Result<Person, Refusal> {
    account
        .person(call.id()?)
        .filter(|person| person.merged_into.is_none())
        .filter(|person| sees(call.user, person.owner_id, person.visible_to))
        .ok_or_else(|| Refusal::missing("Person"))
}

/// Writes what a create or update sends into a person.
fn apply(account: &Account, person: &mut Person, body: &Map<String, Value>) -> Result<(), Refusal> {
    if CONTACT_SYNC.iter().any(|key| body.contains_key(*key)) {
        return Err(Refusal::new(403, "Contact sync is not enabled for this company"));
    }
    let (first, last) = (body::text(body, "first_name")?, body::text(body, "last_name")?);
    if let Some(name) = body::text(body, "name")? {
        if first.is_some() || last.is_some() {
            return Err(Refusal::invalid(
                "Cannot set 'name' and 'first_name'/'last_name' at the same time",
            ));
        }
        let (head, tail) = name.split_once(' ').unwrap_or((&name, ""));
        person.first_name = Some(head.to_owned());
        person.last_name = (!tail.is_empty()).then(|| tail.to_owned());
        person.name = Some(name);
    } else if first.is_some() || last.is_some() {
        person.first_name = first.or(person.first_name.take());
        person.last_name = last.or(person.last_name.take());
        let parts = [&person.first_name, &person.last_name];
        let name = parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        person.name = Some(name);
    }
    if let Some(owner) = body::owner(account, body)? {
        person.owner_id = Some(owner);
    }
    if body::nullable(body, "org_id", &mut person.org_id)?
        && let Some(id) = person.org_id
    {
        body::must_exist("org_id", id, account.organization(id))?;
    }
    if let Some(emails) = entries(body, "emails")? {
        person.emails = emails;
    }
    if let Some(phones) = entries(body, "phones")? {
        person.phones = phones;
    }
    body::visible_to(body, &mut person.visible_to)?;
    body::label_ids(account.fields(Of::Person), body, &mut person.label_ids)?;
    body::custom_fields(account.fields(Of::Person), body, &mut person.custom)
}

/// A whole list of addresses or numbers; what was there before goes.
fn entries(body: &Map<String, Value>, key: &str) -> Result<Option<Vec<Entry>>, Refusal> {
    let Some(value) = body.get(key) else { return Ok(None) };
    let items =
        value.as_array().ok_or_else(|| Refusal::invalid(format!("{key}: must be an array")))?;
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        let value = item["value"]
            .as_str()
            .ok_or_else(|| Refusal::invalid(format!("{key}: value must be a string")))?;
        if key == "emails" && !is_accepted(value) {
            return Err(Refusal::invalid(format!(
                "emails: '{value}' is not a valid email address"
            )));
        }
        let digits = value.strip_prefix('+').unwrap_or_default();
        let plain = digits.len() > 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        entries.push(Entry {
            value: Some(value.to_owned()),
            label: Cow::Owned(item["label"].as_str().unwrap_or("work").to_owned()),
            primary: item["primary"] == true,
            e164: (key == "phones" && plain).then(|| value.to_owned()),
        });
    }
    // Of several primaries the last wins; without any it is the first.
    let primary = entries.iter().rposition(|entry| entry.primary).unwrap_or(0);
    for (nth, entry) in entries.iter_mut().enumerate() {
        entry.primary = nth == primary;
    }
    Ok(Some(entries))
}

/// Addresses of one domain are refused although they look well, so that refusals can be had.
fn is_accepted(address: &str) -> bool {
    let Some((local, host)) = address.trim().rsplit_once('@') else { return false };
    let odd = |text: &str| text.is_empty() || text.contains([' ', '@', ',', ';', '<', '>']);
    !odd(local) && !odd(host) && host.contains('.') && !host.eq_ignore_ascii_case("refused.example")
}

/// The living deals of a person.
pub(crate) fn deals_of(account: &Account, person: u64) -> Vec<Deal> {
    let population = &account.population;
    let mut deals: Vec<Deal> = match population.persons.ids.slot(person) {
        Slot::Living(index) => population
            .customers
            .members(index)
            .filter(|&deal| population.customer(deal) == Some(index))
            .filter(|&deal| account.deals.change(population.deals.ids.id(deal)).is_none())
            .map(|deal| population.deal(deal))
            .collect(),
        Slot::Gone | Slot::Unused => vec![],
    };
    let changed = account.deals.changes();
    deals
        .extend(changed.filter(|deal| deal.person_id == Some(person) && !deal.is_deleted).cloned());
    deals
}

impl Status {
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Open => 0,
            Self::Won => 1,
            Self::Lost => 2,
        }
    }
}
