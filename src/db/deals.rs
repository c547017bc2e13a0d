//! Rows of `remote_deal`: metadata of deals, which Tandem never edits.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, RemoteDeal, RemoteId},
};

/// What a page of deals did.
#[derive(Debug, Clone, Default)]
pub struct Written {
    pub written: i64,
    /// Persons whose deals changed.
    pub persons: Vec<String>,
}

/// Writes those deals of a page that changed.
pub async fn write(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    deals: &[RemoteDeal],
) -> Result<Written, DbError> {
    let (deals, prints) = changed(tx, connection_id, deals).await?;
    if deals.is_empty() {
        return Ok(Written::default());
    }
    let company_id = tx.company_id();
    let id = |id: &Option<RemoteId>| id.as_ref().map(|id| id.as_str().to_owned());
    let clean = |text: &Option<String>| text.as_ref().map(|text| text.replace('\0', ""));
    let column = |of: &dyn Fn(&RemoteDeal) -> Option<String>| -> Vec<Option<String>> {
        deals.iter().copied().map(of).collect()
    };
    let updated: Vec<Option<DateTime<Utc>>> = deals.iter().map(|deal| deal.updated_at).collect();
    let changed: Vec<(Option<String>,)> = sqlx::query_as(
        "with new as (
             select distinct on (remote_id) *
             from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::double precision[], $9::text[], $10::text[], $11::text[], $12::text[],
                         $13::timestamptz[], $14::bigint[])
                  as deal (remote_id, person, organization, owner, title, value, currency, status,
                           stage, pipeline, updated_at, fingerprint)
             order by remote_id
         )
         insert into remote_deal
             (company_id, connection_id, remote_id, person_remote_id, organization_remote_id,
              owner_remote_id, title, value, currency, status, stage, pipeline, remote_updated_at,
              fingerprint)
         select $1, $2, remote_id, person, organization, owner, title, value, currency, status,
                stage, pipeline, updated_at, fingerprint
         from new
         on conflict (company_id, connection_id, remote_id) do update
         set person_remote_id = excluded.person_remote_id,
             organization_remote_id = excluded.organization_remote_id,
             owner_remote_id = excluded.owner_remote_id, title = excluded.title,
             value = excluded.value, currency = excluded.currency, status = excluded.status,
             stage = excluded.stage, pipeline = excluded.pipeline,
             remote_updated_at = excluded.remote_updated_at, fingerprint = excluded.fingerprint
         where remote_deal.fingerprint <> excluded.fingerprint
         returning person_remote_id",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(deals.iter().map(|deal| deal.id.as_str()).collect::<Vec<_>>())
    .bind(column(&|deal| id(&deal.person)))
    .bind(column(&|deal| id(&deal.organization)))
    .bind(column(&|deal| id(&deal.owner)))
    .bind(column(&|deal| clean(&deal.title)))
    .bind(deals.iter().map(|deal| deal.value).collect::<Vec<_>>())
    .bind(column(&|deal| clean(&deal.currency)))
    .bind(column(&|deal| clean(&deal.status)))
    .bind(column(&|deal| id(&deal.stage)))
    .bind(column(&|deal| id(&deal.pipeline)))
    .bind(updated)
    .bind(prints)
    .fetch_all(tx.conn())
    .await?;
    let written = i64::try_from(changed.len()).unwrap_or(i64::MAX);
    let mut persons: Vec<String> = changed.into_iter().filter_map(|(person,)| person).collect();
    persons.sort();
    persons.dedup();
    Ok(Written { written, persons })
}

/// Those that differ from what is stored, with their fingerprints. An insert that meets its row locks
/// and logs it even where it changes nothing, so what is the same is told apart before.
async fn changed<'a>(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    deals: &'a [RemoteDeal],
) -> Result<(Vec<&'a RemoteDeal>, Vec<i64>), DbError> {
    let prints: Vec<i64> = deals.iter().map(fingerprint).collect();
    let places: Vec<i64> = sqlx::query_scalar(
        "select place
         from unnest($2::text[], $3::bigint[]) with ordinality as wanted (remote_id, print, place)
         left join lateral (
             select fingerprint from remote_deal
             where connection_id = $1 and remote_deal.remote_id = wanted.remote_id
             limit 1
         ) as known on true
         where known.fingerprint is distinct from wanted.print
         order by place",
    )
    .bind(connection_id)
    .bind(deals.iter().map(|deal| deal.id.as_str()).collect::<Vec<_>>())
    .bind(&prints)
    .fetch_all(tx.conn())
    .await?;
    let at = |place: i64| {
        let at = usize::try_from(place).ok()?.checked_sub(1)?;
        Some((deals.get(at)?, *prints.get(at)?))
    };
    Ok(places.into_iter().filter_map(at).unzip())
}

fn fingerprint(deal: &RemoteDeal) -> i64 {
    let text = serde_json::to_vec(&(1, RemoteDeal { updated_at: None, ..deal.clone() }));
    let hash = Sha256::digest(text.unwrap_or_default());
    let (head, _) = hash.split_at(8);
    i64::from_le_bytes(head.try_into().unwrap_or_default())
}
