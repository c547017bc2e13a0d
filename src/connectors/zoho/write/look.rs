//! Whether something that may have been done was done: by queries, never by searches, whose index lags.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    activity::{self, Module},
    acts, body, find, living_activity, person, text,
};
use crate::{
    connectors::{
        Api, Connector, CrmError,
        zoho::{
            MANIFEST, Zoho,
            coql::{self, ROWS},
            cursor::Known,
            decode, leads,
            read::{self, ORGANIZATIONS, PERSONS, ask, of_persons},
            wire,
        },
    },
    domain::{
        PersonKind, RemoteId, RemotePerson,
        effect::{ActivityToMake, Effect, PersonToMake},
    },
};

/// Their clock may go behind ours by that much.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// 10,000 records made since: somebody imports over there. Not having seen it would prove nothing.
const MOST_PAGES: usize = 50;

pub(super) async fn look(
    api: &Api,
    effect: &Effect,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let since = since - OVERLAP;
    match effect {
        Effect::CreatePerson(make) => persons(api, make, since).await,
        Effect::CreateOrganization(make) => {
            let young = young(api, ORGANIZATIONS.module, None, since).await?;
            let found = ORGANIZATIONS.by_ids(api, &Known::default(), &young).await?.items;
            let named = found.into_iter().filter(|one| find::is_named(one, &make.name));
            Ok(named.map(|one| one.id).collect())
        }
        Effect::CreateLabel { name } => {
            Ok(Zoho.fields(api).await?.label(name).into_iter().collect())
        }
        Effect::CreateReference { name } => {
            let own = read::own_fields(api).await?.into_iter();
            let named = own.filter(|(_, field)| field.name.trim() == name);
            Ok(named.map(|(key, _)| RemoteId(key)).collect())
        }
        Effect::AddLabels { person: id, labels } => there(person(api, id).await.map(|there| {
            labels.iter().all(|label| there.labels.contains(label)).then_some(there.id)
        })),
        Effect::CreateActivity(make) => activities(api, make, since).await,
        Effect::UpdateActivity { id, activity } => {
            let Some((module, number)) = Module::of(id) else { return Ok(Vec::new()) };
            let found = living_activity(api, module, number).await;
            there(found.map(|there| activity::is(module, activity, &there).then(|| id.clone())))
        }
        Effect::Act(act) => acts::look(api, act, since).await,
        Effect::DeleteActivity { id } => {
            let Some((module, number)) = Module::of(id) else { return Ok(Vec::new()) };
            match living_activity(api, module, number).await {
                Err(CrmError::Missing) => Ok(vec![id.clone()]),
                other => other.map(|_| Vec::new()),
            }
        }
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
    let kind = body::kind(make);
    let (young, field) = match kind {
        PersonKind::Contact => {
            let known = of_persons(api).await?;
            let young = young(api, PERSONS.module, None, since).await?;
            let young = PERSONS.by_ids(api, &known, &young).await?.items;
            (young, make.marker.as_ref().map(|marker| marker.field.clone()))
        }
        PersonKind::Lead => {
            let field = leads::mark(api).await?;
            let young = young(api, leads::MODULE, None, since).await?;
            (leads::by_numbers(api, field.clone(), &young).await?.items, field)
        }
    };
    let mark = |person: &RemotePerson| {
        let marker = make.marker.as_ref()?;
        person.custom.get(field.as_ref()?)?.as_str().map(|value| value == marker.value)
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
    let name = body::name(make).map(|(first, last)| match first {
        Some(first) => format!("{first} {last}"),
        None => last,
    });
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let own = |values: &[crate::domain::RemoteValue], of: fn(&str) -> String| {
        sorted(values.iter().map(|value| of(&value.value)))
    };
    let emails = sorted(body::emails(make).placed.into_iter().map(|(_, value)| address(value)));
    let placed = body::phones(make, body::kind(make)).placed;
    let phones = sorted(placed.into_iter().map(|(_, value)| digits(value)));
    Some(text::one_line(there.name.as_deref().unwrap_or_default())) == name
        && emails == own(&there.emails, address)
        && phones == own(&there.phones, digits)
        && same(&make.owner, &there.owner)
        && (body::kind(make) == PersonKind::Lead || same(&make.organization, &there.organization))
}

fn sorted(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    values
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
    let (Ok(module), Some(person)) = (Module::named(&make.kind), leads::plain(&make.person)) else {
        return Ok(Vec::new());
    };
    let place = match leads::kind(&make.person) {
        PersonKind::Contact => "Who_Id",
        PersonKind::Lead => "What_Id",
    };
    let of = format!("{place} = '{person}'");
    let young = young(api, module.name(), Some(&of), since).await?;
    let mut found = Vec::new();
    for ids in young.chunks(usize::from(MANIFEST.ids_size)) {
        let ids = ids.iter().map(RemoteId::as_str).collect::<Vec<_>>().join(",");
        let query = [("ids", ids.as_str()), ("fields", module.fields())];
        let path = format!("/crm/v8/{}", module.name());
        let ask = ask(&path, &query, MANIFEST.costs.list, module.scope());
        let (some, _) = api.read(&ask, decode::list::<wire::Activity>).await?;
        let alike = some.into_iter().filter(|there| activity::is(module, make, there));
        found.extend(alike.filter_map(|there| Some(module.id(there.id.0.as_ref()?))));
    }
    Ok(found)
}

/// What was made at `since` or later.
pub(super) async fn young(
    api: &Api,
    module: &str,
    filter: Option<&str>,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let made = format!("Created_Time >= '{}'", coql::time(since));
    let made = filter.map_or_else(|| made.clone(), |filter| coql::both(filter, &made));
    let (mut found, mut last) = (Vec::new(), None::<u64>);
    for _ in 0..MOST_PAGES {
        let criteria = match last {
            None => made.clone(),
            Some(last) => coql::both(&made, &format!("id > '{last}'")),
        };
        let (rows, more) = read::find(api, module, &criteria, "id asc", ROWS).await?;
        found.extend(rows.into_iter().filter_map(|row| row.id.0));
        last = found.last().and_then(decode::number);
        if !more || last.is_none() {
            return Ok(found);
        }
    }
    Err(CrmError::Unreadable { what: "too much was made there meanwhile to look through" })
}
