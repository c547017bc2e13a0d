//! Contacts as they leave in a file: a page at a time, in the order of their ids.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, QueryBuilder, types::Json};

use super::{bulk::Chosen, list::narrow};
use crate::{
    db::{DbError, TenantTx},
    domain::{
        ContactId,
        intake::{Address, Number},
    },
};

#[derive(Debug, Clone, FromRow)]
pub struct Exported {
    pub contact_id: ContactId,
    pub full_name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Json<Vec<Address>>,
    pub phones: Json<Vec<Number>>,
    pub organization_name: Option<String>,
    pub owner_email: Option<String>,
    pub warmness: i16,
    pub tags: Vec<String>,
    pub source: Option<String>,
    pub last_contacted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub custom_fields: Json<BTreeMap<String, Value>>,
}

/// Those of the chosen that the key may see, after this one.
pub async fn export(
    tx: &mut TenantTx,
    chosen: &Chosen,
    after: Option<ContactId>,
    most: i64,
) -> Result<Vec<Exported>, DbError> {
    let mut query = QueryBuilder::new(
        "select contact.contact_id, contact.full_name, contact.first_name, contact.last_name,
                contact.emails, contact.phones, contact.organization_name,
                owner.email as owner_email, contact.warmness, contact.tags, contact.source,
                contact.last_contacted_at, contact.created_at, contact.updated_at,
                contact.custom_fields
         from contact
         left join member owner
           on owner.company_id = contact.company_id and owner.member_id = contact.owner_member_id
         where true",
    );
    match chosen {
        Chosen::Ids(ids) => {
            query.push(" and contact.contact_id = any(").push_bind(ids).push(")");
        }
        Chosen::Matching(filter) => narrow(&mut query, filter),
    }
    if let Some(after) = after {
        query.push(" and contact.contact_id > ").push_bind(after);
    }
    query.push(" order by contact.contact_id limit ").push_bind(most);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}
