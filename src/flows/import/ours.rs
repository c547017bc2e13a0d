//! Records that may be ours. The answer to a lead can be lost, and the CRM's own word of the new person
//! come before anybody has looked for it: such a person is no stranger and no new contact. It is left out
//! and read again when it is known what became of the lead (decision 46).

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{
        DbError, TenantTx,
        deliveries::{self, InTheMaking},
        entries::NewEntry,
        intake, runs,
        runs::NewRun,
    },
    domain::{
        ConnectionId, RemoteId, RemotePerson,
        effect::{Effect, PersonToMake},
    },
    flows::import::{self, persons::skipped, work::Desk},
};

/// Clocks differ, and a CRM's may be behind ours.
const BEFORE: TimeDelta = TimeDelta::minutes(1);
/// After the last look for what a delivery left.
const AFTER: TimeDelta = TimeDelta::seconds(15);
/// Whoever bears no mark of ours, and only looks alike, is held back no longer than that.
const LOOKS_ALIKE: TimeDelta = TimeDelta::minutes(30);
/// What a delivery waits for a person to decide is not read again and again.
const GIVES_UP: TimeDelta = TimeDelta::days(1);

/// Who is held back, and when they are read again.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub ids: HashSet<RemoteId>,
    at: Option<DateTime<Utc>>,
}

impl Desk {
    pub(super) async fn hold_back(
        &self,
        tx: &mut TenantTx,
        connection_id: ConnectionId,
        persons: &[RemotePerson],
    ) -> Result<Held, DbError> {
        let making = deliveries::people_in_the_making(tx, connection_id).await?;
        if making.is_empty() {
            return Ok(Held::default());
        }
        let now = self.hub.clock.now();
        let (mut held, mut since) = (Held::default(), None);
        for made in &making {
            let Some(person) = sent(made) else { continue };
            let alike = persons.iter().filter(|there| may_be(&person, made.started_at, there, now));
            let before = held.ids.len();
            held.ids.extend(alike.map(|there| there.id.clone()));
            if held.ids.len() > before {
                since = since.max(Some(made.started_at));
            }
        }
        if held.ids.is_empty() {
            return Ok(held);
        }
        // Whoever is linked is known.
        let ids: Vec<&str> = held.ids.iter().map(RemoteId::as_str).collect();
        let known = intake::person_mappings(tx, connection_id, &ids).await?;
        held.ids.retain(|id| !known.contains_key(id));
        held.at = since.and_then(|since| self.again_at(since, now));
        Ok(held)
    }

    /// When it is known what became of a delivery of that time; later each time that it is not.
    fn again_at(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let looks = TimeDelta::from_std(self.hub.config.unknown).unwrap_or(BEFORE * 2);
        let later = now + (now - since).max(AFTER);
        (now - since < GIVES_UP).then(|| later.max(since + looks + AFTER))
    }

    /// A run that reads them again, in the transaction that leaves them out.
    pub(super) async fn read_again(&self, tx: &mut TenantTx, held: &Held) -> Result<(), DbError> {
        let Some((account, at)) = self.origin.account().zip(held.at) else { return Ok(()) };
        if held.ids.is_empty() {
            return Ok(());
        }
        let mut ids: Vec<String> = held.ids.iter().map(|id| id.0.clone()).collect();
        ids.sort();
        let new = NewRun {
            connection_id: account.connection.connection_id,
            provider: &account.connection.provider,
            mode: "selective",
            ids: Some(&ids),
            updated_since: None,
            requested_by: None,
            estimate: i64::try_from(ids.len()).ok(),
            phase: import::FIRST,
            by_hook: false,
            by_clock: true,
            dedup: &format!("held:{}:{}", self.run.run_id, self.page),
        };
        let (run_id, is_new) = runs::start(tx, &new).await?;
        if is_new {
            import::enqueue_at(tx, &account.connection.provider, run_id, Some(at)).await?;
        }
        Ok(())
    }
}

fn sent(made: &InTheMaking) -> Option<PersonToMake> {
    match serde_json::from_value(made.effect.clone()) {
        Ok(Effect::CreatePerson(person)) => Some(person),
        _ => None,
    }
}

/// Whether somebody at the CRM may be the one that was sent then: by our mark. Who bears none (the account
/// may have no field for it, or lost it) must look alike and be young.
fn may_be(
    sent: &PersonToMake,
    at: DateTime<Utc>,
    there: &RemotePerson,
    now: DateTime<Utc>,
) -> bool {
    let mark = sent.marker.as_ref().and_then(|marker| {
        let value = there.custom.get(&marker.field)?.as_str()?;
        (!value.is_empty()).then_some(value == marker.value)
    });
    mark.unwrap_or_else(|| {
        let is_young = there.updated_at.is_none_or(|updated| updated >= at - BEFORE);
        is_young && now - at < LOOKS_ALIKE && (same_name(sent, there) || same_address(sent, there))
    })
}

fn same_name(sent: &PersonToMake, there: &RemotePerson) -> bool {
    let plain = |name: &str| {
        let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
        words.join(" ")
    };
    let parts = [&there.first_name, &there.last_name];
    let parts: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
    let theirs = there.name.as_deref().map_or_else(|| plain(&parts.join(" ")), plain);
    !theirs.is_empty() && theirs == plain(&sent.name)
}

fn same_address(sent: &PersonToMake, there: &RemotePerson) -> bool {
    let has = |address: &str| {
        there.emails.iter().any(|theirs| theirs.value.trim().eq_ignore_ascii_case(address.trim()))
    };
    sent.emails.iter().any(|one| has(&one.value))
}

pub(super) fn held(id: &RemoteId) -> NewEntry {
    skipped(id, "may be a lead of yours that is on its way; read again when the CRM has said so")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RemoteValue, effect::Marker};

    fn ours(marker: bool) -> PersonToMake {
        PersonToMake {
            name: "Grace Hopper".into(),
            emails: vec![RemoteValue {
                value: "Grace@Hopper.example".into(),
                label: None,
                primary: true,
            }],
            marker: marker.then(|| Marker { field: "ref".into(), value: "m-1".into() }),
            ..PersonToMake::default()
        }
    }

    fn theirs(name: &str, mark: Option<&str>) -> RemotePerson {
        let custom = mark.map(|mark| ("ref".to_owned(), mark.into())).into_iter().collect();
        RemotePerson { name: Some(name.into()), custom, ..RemotePerson::default() }
    }

    #[test]
    fn whoever_bears_our_mark_is_ours_and_whoever_bears_another_is_not() {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let much_later = at + TimeDelta::days(3);
        assert!(may_be(&ours(true), at, &theirs("Renamed Since", Some("m-1")), much_later));
        assert!(!may_be(&ours(true), at, &theirs("Grace Hopper", Some("m-2")), at));
        assert!(may_be(&ours(true), at, &theirs("Grace  hopper", None), at), "the field is gone");
    }

    #[test]
    fn without_a_mark_whoever_is_young_and_looks_alike_may_be_ours_for_a_while() {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let (sent, there) = (ours(false), theirs("Grace Hopper", None));
        assert!(may_be(&sent, at, &there, at + TimeDelta::minutes(29)));
        assert!(!may_be(&sent, at, &there, at + TimeDelta::minutes(31)));
        let old = RemotePerson { updated_at: Some(at - TimeDelta::minutes(2)), ..there };
        assert!(!may_be(&sent, at, &old, at), "it was there before");
        assert!(!may_be(&sent, at, &theirs("Ada Lovelace", None), at));
        let same = RemotePerson { emails: sent.emails.clone(), ..theirs("G. H.", None) };
        assert!(may_be(&sent, at, &same, at));
        let named = RemotePerson {
            first_name: Some("Grace".into()),
            last_name: Some("Hopper".into()),
            ..RemotePerson::default()
        };
        assert!(may_be(&sent, at, &named, at));
    }
}
