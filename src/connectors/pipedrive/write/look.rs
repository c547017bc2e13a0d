//! Whether something that may have been done was done: by lists, never by search, whose index lags.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::{
        Api, Connector, CrmError, Cursor,
        lenient::Record,
        pipedrive::{
            MANIFEST, ORGANIZATIONS, PERSONS, Pipedrive, ask, decode, map, whole_seconds, wire,
        },
    },
    domain::{
        RemoteId, RemotePerson, RemoteValue,
        effect::{Act, ActivityToMake, Effect, PersonToMake},
    },
};

use super::{
    ACTIVITIES, ACTIVITY_SCOPE, CONTACTS, activity, deal, find, html, living_activity,
    living_person, note,
};

/// Their clock may go behind ours by that much.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// 10,000 records made since: somebody imports over there. Not having seen it would prove nothing.
const MOST_PAGES: usize = 20;

pub(super) async fn look(
    api: &Api,
    effect: &Effect,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let since = since - OVERLAP;
    match effect {
        Effect::CreatePerson(make) => persons(api, make, since).await,
        Effect::CreateOrganization(make) => {
            let young = newest(api, ORGANIZATIONS, CONTACTS, None, since, |wire| {
                let wire: wire::Organization = wire;
                let added = wire.add_time.0;
                Some((map::organization(wire)?, added))
            });
            let named = young.await?.into_iter().filter(|one| find::is_named(one, &make.name));
            Ok(named.map(|one| one.id).collect())
        }
        Effect::CreateLabel { name } => {
            Ok(Pipedrive.fields(api).await?.label(name).into_iter().collect())
        }
        Effect::CreateReference { name } => {
            let fields = Pipedrive.fields(api).await?;
            Ok(fields.custom_key(name).map(|key| RemoteId(key.to_owned())).into_iter().collect())
        }
        Effect::AddLabels { person, labels } => {
            let has = |there: RemotePerson| {
                labels.iter().all(|label| there.labels.contains(label)).then_some(there.id)
            };
            there(living_person(api, person).await.map(has))
        }
        Effect::CreateActivity(make) => activities(api, make, since).await,
        Effect::UpdateActivity { id, activity } => {
            let is = |there| activity::is(activity, &there).then(|| id.clone());
            there(living_activity(api, id).await.map(is))
        }
        Effect::DeleteActivity { id } => match living_activity(api, id).await {
            Err(CrmError::Missing) => Ok(vec![id.clone()]),
            other => other.map(|_| Vec::new()),
        },
        Effect::Act(Act::CreateNote(make)) => note::find(api, make, since).await,
        Effect::Act(Act::CreateDeal(make)) => deal::find(api, make, since).await,
        // Twice is the same: it is sent again rather than looked for.
        Effect::Act(Act::UpdateDeal { .. } | Act::UpdatePerson { .. }) => Ok(Vec::new()),
    }
}

/// What is gone is not there.
fn there(found: Result<Option<RemoteId>, CrmError>) -> Result<Vec<RemoteId>, CrmError> {
    match found {
        Err(CrmError::Missing) => Ok(Vec::new()),
        other => Ok(other?.into_iter().collect()),
    }
}

async fn persons(
    api: &Api,
    make: &PersonToMake,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let young = newest(api, PERSONS, CONTACTS, None, since, |wire| {
        let wire: wire::Person = wire;
        let added = wire.add_time.0;
        Some((map::person(wire)?, added))
    });
    let young = young.await?;
    let mark = |person: &RemotePerson| {
        let marker = make.marker.as_ref()?;
        person.custom.get(&marker.field)?.as_str().map(|value| value == marker.value)
    };
    let ids = |of: &dyn Fn(&&RemotePerson) -> bool| {
        young.iter().filter(of).map(|person| person.id.clone()).collect::<Vec<_>>()
    };
    let marked = ids(&|person| mark(person) == Some(true));
    if !marked.is_empty() {
        return Ok(marked);
    }
    // The field may have been deleted meanwhile, and every mark with it. What bears another mark is
    // another's.
    Ok(ids(&|person| mark(person).is_none() && is(make, person)))
}

/// Whether a person is the one that was sent, by all that a CRM keeps as it was sent.
fn is(make: &PersonToMake, there: &RemotePerson) -> bool {
    let parts = [make.first_name.as_deref(), make.last_name.as_deref()];
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = if make.name.trim().is_empty() { &joined } else { &make.name };
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    html::one_line(there.name.as_deref().unwrap_or_default()) == html::one_line(name)
        && plain(&make.emails, address) == plain(&there.emails, address)
        && plain(&make.phones, digits) == plain(&there.phones, digits)
        && same(&make.owner, &there.owner)
        && same(&make.organization, &there.organization)
}

fn plain(values: &[RemoteValue], of: fn(&str) -> String) -> Vec<String> {
    let mut plain: Vec<_> = values.iter().map(|value| of(&value.value)).collect();
    plain.sort_unstable();
    plain.dedup();
    plain
}

fn address(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Notation does not count.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

async fn activities(
    api: &Api,
    make: &ActivityToMake,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let person = Some(("person_id", make.person.as_str()));
    let young = newest(api, ACTIVITIES, ACTIVITY_SCOPE, person, since, |wire| {
        let wire: wire::Activity = wire;
        let added = wire.add_time.0;
        wire.id.0.is_some().then_some((wire, added))
    });
    let young = young.await?.into_iter();
    Ok(young.filter(|there| activity::is(make, there)).filter_map(|there| there.id.0).collect())
}

/// What was made at `since` or later, newest first.
pub(super) async fn newest<W, T>(
    api: &Api,
    path: &str,
    scope: &'static str,
    filter: Option<(&str, &str)>,
    since: DateTime<Utc>,
    read: impl Fn(W) -> Option<(T, Option<DateTime<Utc>>)> + Send + Sync,
) -> Result<Vec<T>, CrmError>
where
    W: for<'de> Record<'de>,
    T: Send,
{
    let (mut found, mut cursor) = (Vec::new(), None::<Cursor>);
    // What was made since has changed since: the list becomes short.
    let changed = whole_seconds(since);
    for _ in 0..MOST_PAGES {
        let mut query = vec![
            ("limit", "500"),
            ("sort_by", "add_time"),
            ("sort_direction", "desc"),
            ("updated_since", changed.as_str()),
        ];
        query.extend(filter);
        query.extend(cursor.as_ref().map(|cursor| ("cursor", cursor.as_str())));
        let ask = ask(path, &query, MANIFEST.costs.list, scope);
        let page = api.read(&ask, |body| decode::page(body, &read)).await?;
        let all = page.items.len();
        // Without a time it may be any time.
        let young = page.items.into_iter().filter(|(_, added)| added.is_none_or(|at| at >= since));
        let before = found.len();
        found.extend(young.map(|(record, _)| record));
        cursor = page.next;
        if cursor.is_none() || found.len() - before < all {
            return Ok(found);
        }
    }
    Err(CrmError::Unreadable { what: "too much was made there meanwhile to look through" })
}
