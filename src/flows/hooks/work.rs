//! Hints that wait become a run that reads their persons again, by id: from there on everything is as in
//! an import. What we wrote ourselves is found unchanged there, and events may come in any order, because
//! what is taken in is what the CRM says now.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{
        self, DbError, Scope, TenantTx,
        connections::Connection,
        hooks::{Take, Waiting},
        runs::NewRun,
    },
    domain::{CompanyId, ConnectionId, RemoteId},
    flows::{FlowError, Next, SharedHub, hooks::at_work, import},
};

pub const JOB: &str = "hooks_work";

/// Persons that one run reads by their ids. Of more, what has changed since the last run is read instead.
const MOST: usize = 500;
/// One run of hints at a time per connection; what comes meanwhile is gathered.
const AGAIN: TimeDelta = TimeDelta::seconds(2);
/// A run that reads everything that has changed, or everything, takes longer.
const AFTER_A_LONG_ONE: TimeDelta = TimeDelta::seconds(15);
/// Users and fields of the account are read again after so long; in between their words are known.
const WORDS_LAST: TimeDelta = TimeDelta::hours(1);

/// A run of hints, by the name that there is only one of at a time.
pub(in crate::flows) const RUN: &str = "hooks";
const INCREMENTAL: &str = "incremental";
const FULL: &str = "full";

pub(super) async fn enqueue(
    tx: &mut TenantTx,
    provider: &str,
    connection_id: ConnectionId,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    let (lane, key) = (format!("hooks:{provider}"), connection_id.to_string());
    let new = super::job(&lane, JOB, connection_id, &key);
    db::jobs::enqueue(tx, db::jobs::NewJob { run_at: Some(at), ..new }).await
}

/// What is read because of what waits.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    Nothing,
    Persons(Vec<RemoteId>),
    /// Whatever has changed since the last run.
    Changes,
}

/// The job. Hints of a connection that is paused, or that needs a new consent, go on waiting.
pub async fn work(
    hub: &SharedHub,
    company_id: CompanyId,
    connection_id: ConnectionId,
) -> Result<Next, FlowError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let Some((connection, _)) = at_work(hub, &mut tx, connection_id).await? else {
        return Ok(Next::Done);
    };
    if db::runs::is_under_way(&mut tx, connection_id, RUN).await? {
        return Ok(Next::later(Some(now + AGAIN), "the run of earlier hints has not ended"));
    }
    let waiting = db::hooks::waiting(&mut tx, connection_id, MOST).await?;
    if connection.watermark.is_none() {
        // Nobody wants to know what else has changed.
        db::hooks::take(&mut tx, connection_id, Take::Unread, now).await?;
        db::hooks::note_missed(&mut tx, connection_id, false).await?;
    }
    let read = what(&mut tx, &connection, &waiting).await?;
    let mut more = waiting.more;
    match &read {
        Read::Nothing => {
            db::hooks::take(&mut tx, connection_id, Take::Of(&waiting.persons), now).await?;
        }
        Read::Persons(persons) => {
            db::hooks::take(&mut tx, connection_id, Take::Of(&waiting.persons), now).await?;
            let ids: Vec<String> = persons.iter().map(|id| id.0.clone()).collect();
            start(&mut tx, &connection, Some(&ids), now).await?;
        }
        Read::Changes => {
            // One that is under way may have read past what is meant.
            for long in [INCREMENTAL, FULL] {
                if db::runs::is_under_way(&mut tx, connection_id, long).await? {
                    let at = Some(now + AFTER_A_LONG_ONE);
                    return Ok(Next::later(at, "a run that reads what has changed has not ended"));
                }
            }
            start(&mut tx, &connection, None, now).await?;
            db::hooks::take(&mut tx, connection_id, Take::AllButTheGone, now).await?;
            db::hooks::note_missed(&mut tx, connection_id, false).await?;
            more = waiting.gone > 0;
        }
    }
    tx.commit().await?;
    if more {
        return Ok(Next::later(Some(now + AGAIN), "more hints wait"));
    }
    Ok(Next::Done)
}

/// Decides.
async fn what(
    tx: &mut TenantTx,
    connection: &Connection,
    waiting: &Waiting,
) -> Result<Read, DbError> {
    // Nobody has taken the account in yet: then only those are followed who were chosen one by one.
    let follows_all = connection.watermark.is_some();
    // Whoever is gone is read by id, however many they are.
    let all_gone = waiting.gone == MOST;
    let too_much = waiting.more || waiting.unread || connection.hooks_missed;
    if follows_all && too_much && !all_gone {
        return Ok(Read::Changes);
    }
    let mut persons = waiting.persons.clone();
    if !follows_all {
        let ids: Vec<&str> = persons.iter().map(RemoteId::as_str).collect();
        let known = db::intake::person_mappings(tx, connection.connection_id, &ids).await?;
        persons.retain(|person| known.contains_key(person));
    }
    Ok(if persons.is_empty() { Read::Nothing } else { Read::Persons(persons) })
}

/// Whether users and fields of the account were read lately.
pub(in crate::flows) fn knows_words(connection: &Connection, now: DateTime<Utc>) -> bool {
    connection.remote_users.is_some()
        && connection.remote_users_at.is_some_and(|at| now - at < WORDS_LAST)
}

/// Run and job, in the transaction that takes the hints.
async fn start(
    tx: &mut TenantTx,
    connection: &Connection,
    ids: Option<&[String]>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let known = knows_words(connection, now);
    let new = NewRun {
        connection_id: connection.connection_id,
        provider: &connection.provider,
        mode: if ids.is_some() { "selective" } else { INCREMENTAL },
        ids,
        updated_since: connection.watermark.filter(|_| ids.is_none()),
        requested_by: None,
        estimate: ids.and_then(|ids| i64::try_from(ids.len()).ok()),
        phase: if ids.is_some() && known { "persons" } else { import::FIRST },
        by_hook: true,
        by_clock: false,
        dedup: if ids.is_some() { RUN } else { INCREMENTAL },
    };
    let (run_id, is_new) = db::runs::start(tx, &new).await?;
    if is_new {
        import::enqueue(tx, &connection.provider, run_id).await?;
    }
    Ok(())
}
