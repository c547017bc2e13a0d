//! Where those of one grant meet: what is gathered there, and how it is asked.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::sync::Semaphore;

use super::{Many, Told, crowd::Crowd, gather::Gather};
use crate::{
    connectors::{Api, Connector, CrmError, Pace, Page, Writer},
    domain::{
        Fields, RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
        effect::{Effect, Sent},
    },
};

/// Of those that were answered in the same moment so many go on at once: they would stand at the
/// database before everybody else.
const TURNS: usize = 8;

type Gathered<Q, A> = Arc<Gather<Api, Q, A>>;

/// One grant's.
pub(super) struct Room {
    pub(super) connector: &'static dyn Connector,
    pub(super) writer: &'static dyn Writer,
    pub(super) many: &'static dyn Many,
    pub(super) crowd: Arc<Crowd>,
    pub(super) turns: Semaphore,
    pub(super) emails: Gathered<String, Vec<RemotePerson>>,
    pub(super) names: Gathered<String, Vec<RemoteOrganization>>,
    pub(super) persons: Gathered<RemoteId, Option<RemotePerson>>,
    pub(super) organizations: Gathered<RemoteId, Option<RemoteOrganization>>,
    pub(super) words: Gathered<(), Fields>,
    pub(super) users: Gathered<(), Vec<RemoteUser>>,
    pub(super) looks: Gathered<(Effect, DateTime<Utc>), Vec<RemoteId>>,
    pub(super) people_to_make: Gathered<Effect, Sent>,
    pub(super) organizations_to_make: Gathered<Effect, Sent>,
}

type Asked<A> = BoxFuture<'static, Vec<Told<A>>>;

impl Room {
    pub(super) fn new(
        connector: &'static dyn Connector,
        writer: &'static dyn Writer,
        many: &'static dyn Many,
        pace: &Arc<dyn Pace>,
    ) -> Self {
        let crowd = Arc::new(Crowd::default());
        // All who want to know the same are told the same.
        let (most, all) = (many.most(), usize::MAX);
        let hall = (&crowd, pace);
        let sends = || {
            Gather::new(most, hall, move |api: Api, effects: Vec<Effect>| -> Asked<Sent> {
                async move {
                    if let [effect] = &*effects {
                        return vec![Told::Answer(writer.send(&api, effect).await)];
                    }
                    let sent = many.send_all(&api, &effects).await;
                    sent.unwrap_or_else(|error| whole(&error, effects.len()))
                }
                .boxed()
            })
        };
        Self {
            emails: Gather::new(most, hall, move |api, emails: Vec<String>| {
                async move {
                    let found = many.persons_with_emails(&api, &emails).await;
                    each(found, emails.len())
                }
                .boxed()
            }),
            names: Gather::new(most, hall, move |api, names: Vec<String>| {
                async move {
                    let found = many.organizations_with_names(&api, &names).await;
                    each(found, names.len())
                }
                .boxed()
            }),
            persons: Gather::new(most, hall, move |api, ids: Vec<RemoteId>| {
                async move {
                    let found = connector.persons_by_id(&api, &ids).await;
                    each_of(found, &ids, |one| &one.id)
                }
                .boxed()
            }),
            organizations: Gather::new(most, hall, move |api, ids: Vec<RemoteId>| {
                async move {
                    let found = connector.organizations_by_id(&api, &ids).await;
                    each_of(found, &ids, |one| &one.id)
                }
                .boxed()
            }),
            words: Gather::new(all, hall, move |api, asked: Vec<()>| {
                async move {
                    let fields = connector.fields(&api).await;
                    asked.iter().map(|()| Told::Answer(fields.clone())).collect()
                }
                .boxed()
            }),
            users: Gather::new(all, hall, move |api, asked: Vec<()>| {
                async move {
                    let users = connector.users(&api).await;
                    asked.iter().map(|()| Told::Answer(users.clone())).collect()
                }
                .boxed()
            }),
            looks: Gather::new(most, hall, move |api, effects: Vec<(Effect, DateTime<Utc>)>| {
                async move {
                    if let [(effect, since)] = &*effects {
                        return vec![Told::Answer(writer.look(&api, effect, *since).await)];
                    }
                    let found = many.look_for_all(&api, &effects).await;
                    each(found, effects.len())
                }
                .boxed()
            }),
            people_to_make: sends(),
            organizations_to_make: sends(),
            turns: Semaphore::new(TURNS),
            connector,
            writer,
            many,
            crowd,
        }
    }
}

/// What many are told of one answer that has a place for each.
fn each<A>(found: Result<Vec<A>, CrmError>, many: usize) -> Vec<Told<A>> {
    match found {
        Ok(found) => found.into_iter().map(|one| Told::Answer(Ok(one))).collect(),
        Err(error) => whole(&error, many),
    }
}

/// The same of an answer that has those that there are, by their ids.
fn each_of<T: Clone>(
    found: Result<Page<T>, CrmError>,
    ids: &[RemoteId],
    id: fn(&T) -> &RemoteId,
) -> Vec<Told<Option<T>>> {
    let of = |wanted: &RemoteId, all: &[T]| all.iter().find(|one| id(one) == wanted).cloned();
    let all = |page: Page<T>| ids.iter().map(|one| of(one, &page.items)).collect();
    each(found.map(all), ids.len())
}

/// What each is told when none got anything: of a refusal nobody knows which of them it is about.
pub(super) fn whole<A>(error: &CrmError, many: usize) -> Vec<Told<A>> {
    let refused = matches!(error, CrmError::Refused { .. } | CrmError::Missing) && many > 1;
    let told = || if refused { Told::Alone } else { Told::Answer(Err(error.clone())) };
    (0..many).map(|_| told()).collect()
}
