//! Puts contacts into a campaign: in one statement, however many; who is there already stays as they
//! are.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};

use crate::{
    db::{
        DbError, TenantTx,
        contacts::{Filter, narrow},
    },
    domain::{ActivityKind, CampaignId, ContactId, MemberId},
};

/// How those that are added come in.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub campaign_id: CampaignId,
    pub outreach: Option<ActivityKind>,
    pub note: &'a str,
    pub by: MemberId,
    pub now: DateTime<Utc>,
}

/// A contact of what was asked for, that the key may see.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Assigned {
    pub contact_id: ContactId,
    pub full_name: String,
    /// Whether it came in now; otherwise it was there before.
    pub added: bool,
    /// The address it was found by.
    pub email: Option<String>,
}

/// `chosen` is the select of contacts. They are locked in the order of their ids, like everywhere, so
/// that none goes before the campaign refers to it, and that what is being logged with one is counted.
async fn assign(
    tx: &mut TenantTx,
    terms: Terms<'_>,
    chosen: impl FnOnce(&mut QueryBuilder<Postgres>),
) -> Result<Vec<Assigned>, DbError> {
    let company_id = tx.company_id();
    let mut query = QueryBuilder::new("with chosen as materialized (");
    chosen(&mut query);
    query.push(" order by contact.contact_id for share of contact), added as (");
    query.push(
        "insert into campaign_contact
             (company_id, campaign_id, contact_id, outreach, note, added_by, added_at)
         select ",
    );
    query.push_bind(company_id).push(", ").push_bind(terms.campaign_id).push(", contact_id, ");
    query.push_bind(terms.outreach.map(ActivityKind::word)).push(", ");
    query.push_bind(terms.note.to_owned()).push(", ").push_bind(terms.by).push(", ");
    query.push_bind(terms.now).push(
        " from (select distinct contact_id from chosen) one order by contact_id
         on conflict do nothing
         returning contact_id)
         select chosen.contact_id, chosen.full_name, chosen.email,
                added.contact_id is not null as added
         from chosen left join added using (contact_id)
         order by chosen.contact_id, chosen.email",
    );
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

pub async fn assign_ids(
    tx: &mut TenantTx,
    terms: Terms<'_>,
    ids: &[ContactId],
) -> Result<Vec<Assigned>, DbError> {
    assign(tx, terms, |query| {
        query.push(
            "select contact.contact_id, contact.full_name, null::text as email
             from contact where contact.contact_id = any(",
        );
        query.push_bind(ids.to_vec()).push(")");
    })
    .await
}

/// Those that hold the conditions of a list.
pub async fn assign_matching(
    tx: &mut TenantTx,
    terms: Terms<'_>,
    filter: &Filter,
) -> Result<Vec<Assigned>, DbError> {
    assign(tx, terms, |query| {
        query.push(
            "select contact.contact_id, contact.full_name, null::text as email
             from contact where true",
        );
        narrow(query, filter);
    })
    .await
}

/// Those that hold these normalized addresses; one that holds two is told twice.
pub async fn assign_emails(
    tx: &mut TenantTx,
    terms: Terms<'_>,
    emails: &[String],
) -> Result<Vec<Assigned>, DbError> {
    assign(tx, terms, |query| {
        query.push(
            "select contact.contact_id, contact.full_name, identifier.value as email
             from identifier join contact using (company_id, contact_id)
             where identifier.kind = 'email' and identifier.value = any(",
        );
        query.push_bind(emails.to_vec()).push(")");
    })
    .await
}
