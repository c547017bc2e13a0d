//! Chains the audit log of a company: each seal hashes the one before it with a row, so that no row
//! can be changed, dropped or put in between without every later hash being wrong.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::{DbError, TenantTx};

/// What the first row is chained to.
const ORIGIN: [u8; 32] = [0; 32];
/// Ids are made in order, rows are committed in any: no transaction lasts longer than this.
pub(super) const LATEST: TimeDelta = TimeDelta::hours(1);

#[derive(sqlx::FromRow)]
struct Logged {
    audit_id: Uuid,
    member_id: Option<Uuid>,
    action: String,
    subject: Option<String>,
    detail: Value,
    created_at: DateTime<Utc>,
    api_key_id: Option<Uuid>,
}

/// What the verifier found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub sealed: i64,
    /// Rows that wait for the next sealing.
    pub unsealed: i64,
    /// The newest hash, in hex; whoever kept an older one finds it among the seals.
    pub head: Option<String>,
    /// The first position whose hash is not what its row and the hash before it make.
    pub broken_at: Option<i64>,
}

/// Seals at most so many rows, oldest first; returns how many. One sealer at a time.
pub async fn seal(tx: &mut TenantTx, most: i64) -> Result<usize, DbError> {
    let company_id = tx.company_id();
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('audit ' || $1, 0))")
        .bind(company_id.to_string())
        .execute(tx.conn())
        .await?;
    let last: Option<(i64, Vec<u8>, Uuid)> = sqlx::query_as(
        "select position, hash, audit_id from audit_seal order by position desc limit 1",
    )
    .fetch_optional(tx.conn())
    .await?;
    let (mut position, mut hash, from) = match last {
        Some((position, hash, audit_id)) => (position, hash, shortly_before(audit_id)),
        None => (0, ORIGIN.to_vec(), Uuid::nil()),
    };
    let rows: Vec<Logged> = sqlx::query_as(
        "select audit_id, member_id, action, subject, detail, created_at, api_key_id
         from audit_log
         where audit_id >= $1
           and not exists (select from audit_seal
                           where audit_seal.company_id = audit_log.company_id
                             and audit_seal.audit_id = audit_log.audit_id)
         order by audit_id
         limit $2",
    )
    .bind(from)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    let (mut positions, mut ids, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        position += 1;
        hash = link(&hash, &company_id.to_string(), position, row);
        positions.push(position);
        ids.push(row.audit_id);
        hashes.push(hash.clone());
    }
    sqlx::query(
        "insert into audit_seal (company_id, position, audit_id, hash)
         select $1, * from unnest($2::bigint[], $3::uuid[], $4::bytea[])",
    )
    .bind(company_id)
    .bind(positions)
    .bind(ids)
    .bind(hashes)
    .execute(tx.conn())
    .await?;
    Ok(rows.len())
}

/// Computes the whole chain again.
pub async fn verify(tx: &mut TenantTx) -> Result<Verdict, DbError> {
    const PAGE: i64 = 5_000;
    #[derive(sqlx::FromRow)]
    struct Sealed {
        position: i64,
        hash: Vec<u8>,
        #[sqlx(flatten)]
        row: Logged,
    }
    let company_id = tx.company_id().to_string();
    let (mut hash, mut position, mut broken_at) = (ORIGIN.to_vec(), 0_i64, None);
    loop {
        let page: Vec<Sealed> = sqlx::query_as(
            "select position, hash, audit_id, member_id, action, subject, detail, created_at,
                    api_key_id
             from audit_seal
             join audit_log using (company_id, audit_id)
             where position > $1
             order by position
             limit $2",
        )
        .bind(position)
        .bind(PAGE)
        .fetch_all(tx.conn())
        .await?;
        let Some(last) = page.last().map(|sealed| sealed.position) else { break };
        for sealed in page {
            // A gap is a row that somebody took out together with its seal.
            let expected = link(&hash, &company_id, position + 1, &sealed.row);
            if broken_at.is_none() && (sealed.position != position + 1 || sealed.hash != expected) {
                broken_at = Some(position + 1);
            }
            (position, hash) = (sealed.position, sealed.hash);
        }
        position = last;
    }
    let (sealed, logged): (i64, i64) = sqlx::query_as(
        "select (select count(*) from audit_seal), (select count(*) from audit_log)",
    )
    .fetch_one(tx.conn())
    .await?;
    let head = (sealed > 0).then(|| hex::encode(&hash));
    Ok(Verdict { sealed, unsealed: logged - sealed, head, broken_at })
}

fn link(before: &[u8], company_id: &str, position: i64, row: &Logged) -> Vec<u8> {
    let mut told = json!({
        "action": row.action,
        "audit_id": row.audit_id,
        "company_id": company_id,
        "created_at": row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "detail": row.detail,
        "member_id": row.member_id,
        "position": position,
        "subject": row.subject,
    });
    // Left out where there is none: rows from before the column hash as they did.
    if let Some(key) = row.api_key_id {
        told["api_key_id"] = json!(key);
    }
    let text = canonical(&told).to_string();
    Sha256::new().chain_update(before).chain_update(text).finalize().to_vec()
}

/// The same value in one spelling: keys sorted at every level, no spaces.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let sorted: Map<_, _> =
                entries.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect();
            Value::Object(sorted)
        }
        Value::Array(values) => Value::Array(values.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

/// The smallest `UUIDv7` of the time [`LATEST`] before this one.
fn shortly_before(id: Uuid) -> Uuid {
    let millis = id.as_u128() >> 80;
    let earlier = millis.saturating_sub(LATEST.num_milliseconds().unsigned_abs().into());
    Uuid::from_u128(earlier << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_change_a_hash() {
        let one: Value =
            serde_json::from_str(r#"{"b":{"y":1,"x":[{"d":1,"c":2}]},"a":1}"#).unwrap();
        assert_eq!(canonical(&one).to_string(), r#"{"a":1,"b":{"x":[{"c":2,"d":1}],"y":1}}"#);
    }

    #[test]
    fn sealing_looks_back_an_hour() {
        let id = Uuid::now_v7();
        let before = shortly_before(id);
        assert!(before < id);
        assert_eq!((id.as_u128() >> 80) - (before.as_u128() >> 80), 3_600_000);
        assert_eq!(shortly_before(Uuid::nil()), Uuid::nil());
    }
}
