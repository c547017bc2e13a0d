//! Pages of the audit log, by who, what and when.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::chain;
use crate::{
    db::{DbError, TenantTx},
    domain::{ApiKeyId, MemberId},
};

/// Conditions that all must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub member: Option<MemberId>,
    /// `noun.verb`.
    pub action: Option<String>,
    /// What it happened to.
    pub subject: Option<Uuid>,
    pub from: Option<DateTime<Utc>>,
    /// Up to this moment, and not at it.
    pub to: Option<DateTime<Utc>>,
}

/// Which way a page is read, and behind which row it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Newest(Option<Uuid>),
    Oldest(Option<Uuid>),
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Entry {
    pub audit_id: Uuid,
    /// Null: Tandem itself.
    pub member_id: Option<MemberId>,
    /// Null: they are out.
    pub member_name: Option<String>,
    pub api_key_id: Option<ApiKeyId>,
    pub action: String,
    pub subject: Option<String>,
    pub detail: Value,
    pub created_at: DateTime<Utc>,
    /// In the chain; null until the next sealing.
    pub position: Option<i64>,
    pub hash: Option<Vec<u8>>,
}

pub async fn page(
    tx: &mut TenantTx,
    filter: &Filter,
    side: Side,
    most: i64,
) -> Result<Vec<Entry>, DbError> {
    let mut query = QueryBuilder::new(
        "select audit_log.audit_id, audit_log.member_id, member.name as member_name, api_key_id,
                action, subject, detail, audit_log.created_at, position, hash
         from audit_log
         left join member
           on member.company_id = audit_log.company_id and member.member_id = audit_log.member_id
         left join audit_seal
           on audit_seal.company_id = audit_log.company_id
          and audit_seal.audit_id = audit_log.audit_id
         where true",
    );
    narrow(&mut query, filter);
    let (behind, id, order) = match side {
        Side::Newest(id) => (" and audit_log.audit_id < ", id, " desc"),
        Side::Oldest(id) => (" and audit_log.audit_id > ", id, ""),
    };
    if let Some(id) = id {
        query.push(behind).push_bind(id);
    }
    query.push(" order by audit_log.audit_id").push(order).push(" limit ").push_bind(most);
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

fn narrow(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(member) = filter.member {
        query.push(" and audit_log.member_id = ").push_bind(member);
    }
    if let Some(action) = &filter.action {
        query.push(" and action = ").push_bind(action.clone());
    }
    if let Some(subject) = filter.subject {
        query.push(" and subject = ").push_bind(subject.to_string());
    }
    // The ids of a time are found by the key; the time itself decides.
    let slack: TimeDelta = chain::LATEST;
    if let Some(from) = filter.from {
        query.push(" and audit_log.created_at >= ").push_bind(from);
        query.push(" and audit_log.audit_id >= ").push_bind(first_of(from - slack));
    }
    if let Some(to) = filter.to {
        query.push(" and audit_log.created_at < ").push_bind(to);
        query.push(" and audit_log.audit_id < ").push_bind(first_of(to + slack));
    }
}

/// The smallest `UUIDv7` of a moment.
fn first_of(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128((millis & 0xffff_ffff_ffff) << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_a_moment_is_below_all_that_are_made_in_it() {
        let id = Uuid::parse_str("01936f00-0000-7000-8000-000000000000").unwrap();
        let at = DateTime::from_timestamp_millis(0x0193_6f00_0000).unwrap();
        assert!(first_of(at) < id);
        assert!(first_of(at + TimeDelta::milliseconds(1)) > id);
        assert_eq!(first_of(DateTime::UNIX_EPOCH - TimeDelta::days(1)), Uuid::nil());
    }
}
