//! Whether something that may have been done was done. Queries see what was committed, so what is not
//! found now was not done, or is on its way for a moment still.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::{
        Api, CrmError, From,
        salesforce::{
            ACCOUNT, CONTACT, LEAD, contact_fields,
            decode::{self, Walk},
            fields::{self, LABELS, REFERENCE},
            map, people,
            soql::{instant, is_name, quoted},
            wire,
        },
    },
    domain::{
        PersonKind, RemoteId, RemotePerson, RemoteValue,
        effect::{Act, ActivityToMake, Effect, Marker, PersonToMake},
    },
};

use super::{
    activity::{self, Object},
    body, deal, find, living_activity, person,
    text::one_line,
};

/// Their clock may go behind ours by that much.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// Rows of one page; more of the same name made since is somebody's import, and not having seen ours
/// among them would prove nothing.
pub(super) const MOST: usize = 2_000;

pub(super) async fn look(
    api: &Api,
    effect: &Effect,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let since = instant(since - OVERLAP);
    match effect {
        Effect::CreatePerson(make) => persons(api, make, &since).await,
        Effect::CreateOrganization(make) => {
            let named = quoted(&one_line(&make.name));
            let text = format!(
                "SELECT {ACCOUNT} FROM Account WHERE CreatedDate >= {since} AND Name = {named} \
                 ORDER BY Id LIMIT {MOST}"
            );
            let young = young(api, &text, map::organization).await?;
            let named = young.into_iter().filter(|one| find::is_named(one, &make.name));
            Ok(named.map(|one| one.id).collect())
        }
        Effect::CreateLabel { name } => {
            // The list is open: where there is the field, there is the label.
            let there = fields::custom(api).await?.contains_key(LABELS);
            Ok(there.then(|| map::label(&one_line(name))).into_iter().collect())
        }
        Effect::CreateReference { .. } => {
            let there = fields::custom(api).await?.contains_key(REFERENCE);
            Ok(there.then(|| RemoteId(REFERENCE.to_owned())).into_iter().collect())
        }
        Effect::AddLabels { person, labels } => {
            let has = |there: RemotePerson| {
                labels.iter().all(|label| there.labels.contains(label)).then_some(there.id)
            };
            there(person::living(api, person).await.map(has))
        }
        Effect::CreateActivity(make) => activities(api, make, &since).await,
        Effect::UpdateActivity { id, activity } => {
            let is = |there| activity::is(activity, &there, true).then(|| id.clone());
            there(living_activity(api, id).await.map(|(_, there)| is(there)))
        }
        Effect::Act(Act::CreateDeal(make)) => deal::made(api, make, &since).await,
        // These are sent again: twice is the same.
        Effect::Act(_) => Ok(Vec::new()),
        Effect::DeleteActivity { id } => match living_activity(api, id).await {
            Err(CrmError::Missing) => Ok(vec![id.clone()]),
            other => other.map(|_| Vec::new()),
        },
    }
}

/// What is gone is not there.
fn there(found: Result<Option<RemoteId>, CrmError>) -> Result<Vec<RemoteId>, CrmError> {
    match found {
        Err(CrmError::Missing) => Ok(Vec::new()),
        other => Ok(other?.into_iter().collect()),
    }
}

/// By our mark, and where the field for it is gone by all that was sent.
async fn persons(api: &Api, make: &PersonToMake, since: &str) -> Result<Vec<RemoteId>, CrmError> {
    let kind = body::kind(make);
    let (names, own) = match kind {
        PersonKind::Contact => (contact_fields(api, &From::default()).await?, None),
        // A lead's mark stands in its own kind's field, whatever that of contacts is called.
        PersonKind::Lead => (lead_fields(api).await?, Some(REFERENCE)),
    };
    let can_mark = |field: &str| is_name(field) && names.split(", ").any(|name| name == field);
    let field = |marker: &'_ Marker| own.map_or_else(|| marker.field.clone(), str::to_owned);
    let marker = make.marker.as_ref().map(|marker| (field(marker), &marker.value));
    let of = people::object(kind);
    if let Some((field, value)) = marker.filter(|(field, _)| can_mark(field)) {
        let quoted = quoted(value);
        let text =
            format!("SELECT {names} FROM {of} WHERE {field} = {quoted} ORDER BY Id LIMIT {MOST}");
        let found = young(api, &text, map::person).await?;
        // Letters of another case are another mark.
        let exact = found.into_iter().filter(|person| {
            person.custom.get(&field).and_then(|value| value.as_str()) == Some(value)
        });
        let ids: Vec<RemoteId> = exact.map(|person| person.id).collect();
        if !ids.is_empty() {
            return Ok(ids);
        }
    }
    let sent = body::person(make)?;
    let last = quoted(sent["LastName"].as_str().unwrap_or_default());
    let text = format!(
        "SELECT {names} FROM {of} WHERE CreatedDate >= {since} AND LastName = {last} ORDER BY Id \
         LIMIT {MOST}"
    );
    let young = young(api, &text, map::person).await?;
    // What bears another mark is another's.
    let unmarked = |person: &RemotePerson| !person.custom.contains_key(REFERENCE);
    let found = young.into_iter().filter(|person| unmarked(person) && is(make, &sent, person));
    Ok(found.map(|person| person.id).collect())
}

async fn lead_fields(api: &Api) -> Result<String, CrmError> {
    let marked = fields::custom_of(api, "Lead").await?.contains_key(REFERENCE);
    Ok(if marked { format!("{LEAD}, {REFERENCE}") } else { LEAD.to_owned() })
}

/// The same for many of one mark's field, each with the moment since when; by fewer fields, which
/// leave room for all their marks and names in an address.
pub(super) async fn people(
    api: &Api,
    makes: &[(&PersonToMake, DateTime<Utc>)],
) -> Result<Vec<Vec<RemoteId>>, CrmError> {
    if !fields::custom(api).await?.contains_key(REFERENCE) {
        return Err(CrmError::unsent("the field of our mark is gone there", vec![]));
    }
    let mark = |make: &PersonToMake| make.marker.clone().map(|marker| marker.value);
    let marks: Vec<String> = makes.iter().filter_map(|(make, _)| mark(make)).collect();
    let mut marked: Vec<RemotePerson> = Vec::new();
    for list in find::lists(marks.iter().map(String::as_str)) {
        let text = format!(
            "SELECT Id, {REFERENCE} FROM Contact WHERE {REFERENCE} IN ({list}) ORDER BY Id LIMIT \
             {MOST}"
        );
        marked.append(&mut young(api, &text, map::person).await?);
    }
    let of = |person: &RemotePerson| {
        person.custom.get(REFERENCE).and_then(|mark| mark.as_str()).map(ToOwned::to_owned)
    };
    let has = |make: &PersonToMake, person: &RemotePerson| {
        mark(make).is_some_and(|mark| of(person).as_ref() == Some(&mark))
    };
    let mut found: Vec<Vec<RemoteId>> = Vec::with_capacity(makes.len());
    let (mut names, mut since) = (Vec::new(), None::<DateTime<Utc>>);
    for (make, at) in makes {
        let its = marked.iter().filter(|person| has(make, person));
        let its: Vec<RemoteId> = its.map(|person| person.id.clone()).collect();
        if its.is_empty() {
            since = Some(since.map_or(*at, |since| since.min(*at)));
            names.push(body::person(make)?["LastName"].as_str().unwrap_or_default().to_owned());
        }
        found.push(its);
    }
    let Some(since) = since else { return Ok(found) };
    let since = instant(since - OVERLAP);
    let mut unmarked: Vec<RemotePerson> = Vec::new();
    for list in find::lists(names.iter().map(String::as_str)) {
        let text = format!(
            "SELECT {CONTACT} FROM Contact WHERE CreatedDate >= {since} AND {REFERENCE} = null AND \
             LastName IN ({list}) ORDER BY Id LIMIT {MOST}"
        );
        unmarked.append(&mut young(api, &text, map::person).await?);
    }
    for (its, (make, _)) in found.iter_mut().zip(makes).filter(|(its, _)| its.is_empty()) {
        let sent = body::person(make)?;
        let same = unmarked.iter().filter(|person| is(make, &sent, person));
        its.extend(same.map(|person| person.id.clone()));
    }
    Ok(found)
}

/// Whether a person is the one that was sent, by all that the CRM keeps as it was sent.
fn is(
    make: &PersonToMake,
    sent: &serde_json::Map<String, serde_json::Value>,
    there: &RemotePerson,
) -> bool {
    let text = |key: &str| sent.get(key).and_then(|value| value.as_str()).map(one_line);
    let own = |text: &Option<String>| text.as_deref().map(one_line);
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let email = there.emails.first().map(|email| email.value.to_lowercase());
    let phones = ["Phone", "MobilePhone", "HomePhone", "OtherPhone"].into_iter().filter_map(text);
    own(&there.first_name) == text("FirstName")
        && own(&there.last_name) == text("LastName")
        && email == text("Email").map(|email| email.to_lowercase())
        && digits(phones)
            == digits(there.phones.iter().map(|RemoteValue { value, .. }| value.clone()))
        && same(&make.owner, &there.owner)
        && (body::kind(make) == PersonKind::Lead || same(&make.organization, &there.organization))
}

/// Notation does not count.
fn digits(numbers: impl Iterator<Item = String>) -> Vec<String> {
    let mut plain: Vec<String> =
        numbers.map(|number| number.chars().filter(char::is_ascii_digit).collect()).collect();
    plain.sort_unstable();
    plain
}

async fn activities(
    api: &Api,
    make: &ActivityToMake,
    since: &str,
) -> Result<Vec<RemoteId>, CrmError> {
    let object = Object::to_make(make)?;
    let person = body::who(&make.person)?;
    let (fields, of) = (object.fields(), object.name());
    let text = format!(
        "SELECT {fields} FROM {of} WHERE WhoId = '{person}' AND CreatedDate >= {since} ORDER BY Id \
         LIMIT {MOST}"
    );
    let young =
        young(api, &text, |wire: wire::Activity| wire.id.0.is_some().then_some(wire)).await?;
    let found = young.into_iter().filter(|there| activity::is(make, there, false));
    Ok(found.filter_map(|there| there.id.0).collect())
}

/// What a query finds, all of it or an error: what cannot be read might be it.
pub(super) async fn young<W, T>(
    api: &Api,
    text: &str,
    map: impl Fn(W) -> Option<T> + Send + Sync,
) -> Result<Vec<T>, CrmError>
where
    W: for<'de> crate::connectors::lenient::Record<'de>,
    T: Send,
{
    let read = |body: &[u8]| decode::page(body, Walk::Id, MOST, &map);
    let page = fields::query(api, false, text, read).await?;
    if page.next.is_some() || !page.quarantined.is_empty() {
        return Err(CrmError::Unreadable { what: "too much was made there to look through" });
    }
    Ok(page.items)
}
