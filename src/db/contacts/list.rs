//! Lists of contacts: filters, orders, and keyset pages that stay right while rows come and go.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};

use super::{Contact, SHOWN};
use crate::{
    db::{DbError, TenantTx},
    domain::{CampaignId, ContactId, MemberId},
};

/// Matches of a search that are looked at, newest first. More than anybody pages through; bounds
/// what a search for one letter costs.
const MOST_MATCHES: i32 = 10_000;
/// Beyond this nobody waits for an exact number.
const MOST_COUNTED: i64 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Nobody,
    Member(MemberId),
}

/// Conditions that all must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub search: Option<String>,
    pub owner: Option<Owner>,
    pub source: Option<String>,
    pub tag: Option<String>,
    /// Linked at this provider.
    pub provider: Option<String>,
    /// In this campaign.
    pub campaign: Option<CampaignId>,
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.search.is_none()
            && self.owner.is_none()
            && self.source.is_none()
            && self.tag.is_none()
            && self.provider.is_none()
            && self.campaign.is_none()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Name,
    Created,
    Updated,
    Warmness,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub sort: Sort,
    pub descending: bool,
}

/// Where a page ended: the sorted-by value of its last contact, and the contact to settle ties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    Name(String, ContactId),
    /// Ids are made in the order of creation.
    Created(ContactId),
    Updated(DateTime<Utc>, ContactId),
    Warmness(i16, ContactId),
}

impl Position {
    /// Right behind this contact.
    pub fn after(contact: &Contact, sort: Sort) -> Self {
        let id = contact.contact_id;
        match sort {
            Sort::Name => Self::Name(contact.sort_name.clone(), id),
            Sort::Created => Self::Created(id),
            Sort::Updated => Self::Updated(contact.updated_at, id),
            Sort::Warmness => Self::Warmness(contact.warmness, id),
        }
    }

    pub fn sort(&self) -> Sort {
        match self {
            Self::Name(..) => Sort::Name,
            Self::Created(_) => Sort::Created,
            Self::Updated(..) => Sort::Updated,
            Self::Warmness(..) => Sort::Warmness,
        }
    }
}

/// One page. A `position` of another sort is the caller's mistake; it is ignored.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    order: Order,
    position: Option<&Position>,
    most: i64,
) -> Result<Vec<Contact>, DbError> {
    let mut query = QueryBuilder::new("select ");
    query.push(SHOWN).push("where true");
    narrow(&mut query, filter);
    if let Some(position) = position.filter(|position| position.sort() == order.sort) {
        behind(&mut query, position, order.descending);
    }
    let (key, direction) = (sort_key(order.sort), if order.descending { " desc" } else { "" });
    query.push(" order by ");
    if let Some(key) = key {
        query.push(key).push(direction).push(", ");
    }
    query.push("contact.contact_id").push(direction).push(" limit ").push_bind(most);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// How many there are in all; `None` when counting would take too long.
pub async fn count(tx: &mut TenantTx, filter: &Filter) -> Result<Option<u64>, DbError> {
    let all: bool = sqlx::query_scalar("select current_setting('tandem.scope') = 'all'")
        .fetch_one(tx.conn())
        .await?;
    if filter.is_empty() && all {
        let contacts: i64 =
            sqlx::query_scalar("select contacts from book").fetch_one(tx.conn()).await?;
        return Ok(Some(contacts.unsigned_abs()));
    }
    let most = if filter.search.is_some() { i64::from(MOST_MATCHES) - 1 } else { MOST_COUNTED };
    let mut query = QueryBuilder::new("select count(*) from (select from contact where true");
    narrow(&mut query, filter);
    query.push(" limit ").push_bind(most + 1).push(") counted");
    let counted: i64 = query.build_query_scalar().fetch_one(tx.conn()).await?;
    Ok((counted <= most).then_some(counted.unsigned_abs()))
}

/// The generated or plain column of a sort; ids alone carry the order of creation.
const fn sort_key(sort: Sort) -> Option<&'static str> {
    match sort {
        Sort::Name => Some("contact.sort_name"),
        Sort::Created => None,
        Sort::Updated => Some("contact.updated_at"),
        Sort::Warmness => Some("contact.warmness"),
    }
}

/// Adds the conditions on `contact` to a query.
pub(in crate::db) fn narrow(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(search) = &filter.search {
        query
            .push(" and contact.contact_id in (select tandem_search_contacts(")
            .push_bind(pattern(search))
            .push(", ")
            .push_bind(MOST_MATCHES)
            .push("))");
    }
    match filter.owner {
        Some(Owner::Nobody) => {
            query.push(" and contact.owner_member_id is null");
        }
        Some(Owner::Member(member)) => {
            query.push(" and contact.owner_member_id = ").push_bind(member);
        }
        None => {}
    }
    if let Some(source) = &filter.source {
        query.push(" and contact.source = ").push_bind(source.clone());
    }
    if let Some(tag) = &filter.tag {
        query.push(" and ").push_bind(tag.clone()).push(" = any(contact.tags)");
    }
    if let Some(provider) = &filter.provider {
        query
            .push(
                " and contact.contact_id in (
                    select mapping.contact_id
                    from mapping
                    join connection using (company_id, connection_id)
                    where mapping.kind = 'person' and connection.provider = ",
            )
            .push_bind(provider.clone())
            .push(")");
    }
    if let Some(campaign) = filter.campaign {
        query
            .push(
                " and contact.contact_id in (
                    select campaign_contact.contact_id from campaign_contact
                    where campaign_contact.campaign_id = ",
            )
            .push_bind(campaign)
            .push(")");
    }
}

fn behind(query: &mut QueryBuilder<Postgres>, position: &Position, descending: bool) {
    let comes_after = if descending { " < (" } else { " > (" };
    match position {
        Position::Created(id) => {
            query.push(" and (contact.contact_id)").push(comes_after).push_bind(*id);
        }
        Position::Name(name, id) => {
            query.push(" and (contact.sort_name, contact.contact_id)").push(comes_after);
            query.push_bind(name.clone()).push(", ").push_bind(*id);
        }
        Position::Updated(at, id) => {
            query.push(" and (contact.updated_at, contact.contact_id)").push(comes_after);
            query.push_bind(*at).push(", ").push_bind(*id);
        }
        Position::Warmness(warmness, id) => {
            query.push(" and (contact.warmness, contact.contact_id)").push(comes_after);
            query.push_bind(*warmness).push(", ").push_bind(*id);
        }
    }
    query.push(")");
}

/// Anywhere in the text; what somebody types is no pattern.
fn pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    for letter in search.trim().to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn what_somebody_types_is_no_pattern() {
        assert_eq!(pattern(" 100%_A\\ "), "%100\\%\\_a\\\\%");
    }
}
