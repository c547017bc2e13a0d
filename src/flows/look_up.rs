//! Looks something up at a CRM because a member asks for it: a contact's person, people with an
//! address, a deal, what a query finds. Nothing of it is kept.

use std::{collections::HashMap, sync::Arc, time::Duration};

use crate::{
    connectors::{Caller, CrmError, Records},
    db::{self, Scope},
    domain::{
        CompanyId, ContactId, PersonKind, RemoteDeal, RemoteId, RemotePerson,
        action::{ActionKind, DealStage},
    },
    flows::{
        FlowError, Provider, SharedHub,
        account::{self, Account},
        contacts::By,
        deliver::ask::{self, AskError},
        ledger::Purpose,
        reconnect,
    },
};

/// People of one answer.
const MOST: usize = 50;
/// What somebody waits for a query of their own, or as long as a CRM may take if that is less.
const SEARCH: Duration = Duration::from_secs(10);

/// Somebody at the CRM, and whom of the book they are.
#[derive(Debug, Clone)]
pub struct Found {
    pub person: RemotePerson,
    pub kind: PersonKind,
    pub url: Option<String>,
    /// `None` when there is none, or the member may not see it.
    pub contact: Option<(ContactId, String)>,
}

/// A deal at the CRM, and whose it is.
#[derive(Debug, Clone)]
pub struct FoundDeal {
    pub deal: RemoteDeal,
    pub url: Option<String>,
    pub contact: Option<(ContactId, String)>,
}

/// What a query found, and where each record is seen at the CRM.
#[derive(Debug, Clone)]
pub struct FoundRecords {
    pub records: Records,
    pub urls: Vec<Option<String>>,
}

/// The person that a contact is at the CRM.
pub async fn contact(
    hub: &SharedHub,
    by: By,
    provider: &Provider,
    contact_id: ContactId,
) -> Result<Found, AskError> {
    possible(provider, ActionKind::GetContact)?;
    let mut tx = hub.db.tenant_reading(by.company_id, by.scope).await?;
    let connection = db::connections::find(&mut tx, provider.slug()).await?;
    let connection = connection.ok_or(FlowError::NotConnected)?;
    let at = connection.connection_id;
    let person = db::deliveries::actions::person_at(&mut tx, at, contact_id).await?;
    drop(tx);
    let id = person.ok_or(FlowError::NotFound)?.map(RemoteId).ok_or(FlowError::NotFound)?;
    let account = account::open(hub, by.company_id, provider, Caller::Person).await?;
    let read = account.provider.connector.persons_by_id(&account.api, std::slice::from_ref(&id));
    let page = told(hub, by.company_id, &account, read.await).await?;
    let people: Vec<_> =
        page.items.into_iter().filter(|one| one.id == id && !one.deleted).collect();
    let found = beside(hub, by, &account, people).await?;
    Ok(found.into_iter().next().ok_or(FlowError::NotFound)?)
}

/// People with exactly this address, in whatever case; leads behind contacts.
pub async fn search(
    hub: &SharedHub,
    by: By,
    provider: &Provider,
    email: &str,
) -> Result<Vec<Found>, AskError> {
    let writer = possible(provider, ActionKind::SearchContact)?;
    let account = account::open(hub, by.company_id, provider, Caller::Person).await?;
    let read = writer.persons_with_email(&account.api, email).await;
    let mut people = told(hub, by.company_id, &account, read).await?;
    let granted = &account.connection.granted_scopes;
    // Consents of before do not show leads; contacts are found all the same.
    if ask::lacks(writer.lifecycle(), PersonKind::Lead, granted).is_none() {
        let read = writer.leads_with_email(&account.api, email).await;
        people.extend(told(hub, by.company_id, &account, read).await?);
    }
    people.truncate(MOST);
    Ok(beside(hub, by, &account, people).await?)
}

/// A deal of a contact that the member may see; those who see everybody see every deal.
pub async fn deal(
    hub: &SharedHub,
    by: By,
    provider: &Provider,
    id: &RemoteId,
) -> Result<FoundDeal, AskError> {
    let writer = possible(provider, ActionKind::GetDeal)?;
    let account = account::open(hub, by.company_id, provider, Caller::Person).await?;
    let read = writer.deal(&account.api, id).await;
    let deal = told(hub, by.company_id, &account, read).await?.ok_or(FlowError::NotFound)?;
    let people: Vec<&RemoteId> = deal.person.iter().collect();
    let contact = contacts(hub, by, &account, &people).await?.into_values().next();
    if contact.is_none() && by.scope != Scope::All {
        return Err(FlowError::NotFound.into());
    }
    let url = writer.deal_url(account.connection.account_domain.as_deref(), &deal.id);
    Ok(FoundDeal { deal, url, contact })
}

/// What a query finds that a member wrote.
///
/// It goes on by itself when nobody waits any more: a token that is renewed meanwhile must be written
/// down, or the grant is lost.
pub async fn records(
    hub: &SharedHub,
    by: By,
    provider: &Provider,
    query: String,
) -> Result<FoundRecords, AskError> {
    let writer = possible(provider, ActionKind::SearchRecords)?;
    writer.check_query(&query).map_err(AskError::Query)?;
    let patience = SEARCH.min(hub.config.crm_timeout);
    let (hub, provider) = (Arc::clone(hub), provider.clone());
    #[expect(
        clippy::disallowed_methods,
        reason = "nobody misses the answer; a renewed token that dies with the machine is in the spool"
    )]
    let asked = tokio::spawn(async move {
        let account = account::open(&hub, by.company_id, &provider, Caller::Person).await?;
        let read = writer.search_records(&account.api, &query).await;
        let records = told(&hub, by.company_id, &account, read).await?;
        let domain = account.connection.account_domain.as_deref();
        let url = |id: &RemoteId| writer.record_url(domain, id);
        let urls = records.rows.iter().map(|row| row.id.as_ref().and_then(url)).collect();
        Ok::<_, FlowError>(FoundRecords { records, urls })
    });
    match tokio::time::timeout(patience, asked).await {
        Ok(Ok(Err(FlowError::Crm(CrmError::Refused { reason, said, .. })))) => {
            let words = said.into_iter().next().map(|one| one.words);
            Err(AskError::Query(words.unwrap_or_else(|| format!("The CRM refuses it: {reason}."))))
        }
        Ok(Ok(found)) => Ok(found?),
        Ok(Err(broken)) => Err(AskError::Broken(broken)),
        Err(_) => Err(AskError::TooSlow(patience)),
    }
}

/// The stages that deals of the account may be in.
pub async fn stages(
    hub: &SharedHub,
    company_id: CompanyId,
    provider: &Provider,
) -> Result<Vec<DealStage>, AskError> {
    let writer = ask::writer(provider)?;
    let account = account::open(hub, company_id, provider, Caller::Person).await?;
    let read = writer.stages(&account.api).await;
    Ok(told(hub, company_id, &account, read).await?)
}

fn possible(
    provider: &Provider,
    action: ActionKind,
) -> Result<&'static dyn crate::connectors::Writer, AskError> {
    let writer = ask::writer(provider)?;
    writer.cannot(action).map_or(Ok(writer), |why| Err(AskError::Cannot(why)))
}

/// Books what it cost, and what a failure says about the connection.
async fn told<T>(
    hub: &SharedHub,
    company_id: CompanyId,
    account: &Account,
    read: Result<T, CrmError>,
) -> Result<T, FlowError> {
    account.book(hub, company_id, Purpose::Browse).await;
    if let Err(error) = &read {
        reconnect::judge(hub, company_id, &account.connection, error).await?;
    }
    Ok(read?)
}

async fn beside(
    hub: &SharedHub,
    by: By,
    account: &Account,
    people: Vec<RemotePerson>,
) -> Result<Vec<Found>, FlowError> {
    let ids: Vec<&RemoteId> = people.iter().map(|person| &person.id).collect();
    let mut known = contacts(hub, by, account, &ids).await?;
    let domain = account.connection.account_domain.as_deref();
    let writer = ask::writer(&account.provider).ok();
    let kind = |id: &RemoteId| writer.map_or(PersonKind::Contact, |writer| writer.person_kind(id));
    Ok(people
        .into_iter()
        .map(|person| Found {
            kind: kind(&person.id),
            url: account.provider.connector.person_url(domain, &person.id),
            contact: known.remove(person.id.as_str()),
            person,
        })
        .collect())
}

/// By the id of the person at the CRM.
async fn contacts(
    hub: &SharedHub,
    by: By,
    account: &Account,
    people: &[&RemoteId],
) -> Result<HashMap<String, (ContactId, String)>, FlowError> {
    let people: Vec<&str> = people.iter().map(|id| id.as_str()).collect();
    let mut tx = hub.db.tenant_reading(by.company_id, by.scope).await?;
    let at = account.connection.connection_id;
    let known = db::deliveries::actions::contacts_of(&mut tx, at, &people).await?;
    Ok(known.into_iter().map(|(remote, id, name)| (remote, (id, name))).collect())
}
