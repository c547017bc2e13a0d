//! What the end of an effect leaves in the book, in its transaction. What we made is noted as the next
//! import will read it, so that it finds nothing new.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    connectors,
    db::{
        self, DbError, TenantTx, connections,
        deliveries::{self, links},
    },
    domain::{
        Fields, RemoteId, RemotePerson, RemoteUser,
        intake::{OwnerRef, Source, resolve},
    },
    flows::deliver::{ground::Link, queue::push_earlier, stored::Stored},
};

/// The record was made while its contact was deleted here.
const CONTACT_GONE: &str = "contact_gone";
/// An import has linked the record with another contact meanwhile.
const LINKED_ELSEWHERE: &str = "linked_elsewhere";

impl Stored {
    /// Returns what went otherwise than usual.
    pub(super) async fn link(
        &self,
        tx: &mut TenantTx,
        link: &Link,
        is_there: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<&'static str>, DbError> {
        let id = self.id();
        match link {
            Link::Person { .. } if !is_there => return Ok(Some(CONTACT_GONE)),
            Link::Person { id: remote, made } => {
                let print = match made {
                    Some(person) => self.fingerprint(tx, (**person).clone()).await?,
                    // As it was before us, it comes with the next import.
                    None => 0,
                };
                if !links::person(tx, id, self.contact_id, remote.as_str(), print).await? {
                    return Ok(Some(LINKED_ELSEWHERE));
                }
                let (connection, contacts) = (&self.connection, [self.contact_id]);
                push_earlier(tx, connection, &contacts, now).await?;
            }
            Link::PersonGone { id: remote } => {
                db::intake::mark_gone(tx, id, &[remote.as_str()]).await?;
            }
            Link::Organization { id: remote, of } => {
                links::organization(tx, id, *of, remote.as_str()).await?;
            }
            Link::OrganizationGone { id: remote } => {
                links::organization_gone(tx, id, remote.as_str()).await?;
            }
            Link::Activity { id: remote, of, version } => {
                links::activity(tx, id, *of, remote.as_str(), *version).await?;
            }
            Link::ActivityGone { of } => links::activity_gone(tx, id, *of).await?,
            Link::Label { id: label, name } => {
                self.add_word(tx, |fields| {
                    fields.labels.insert(label.0.clone(), name.clone());
                })
                .await?;
            }
            Link::Reference { key, name } => {
                self.add_word(tx, |fields| {
                    fields.custom.entry(key.0.clone()).or_default().name.clone_from(name);
                })
                .await?;
            }
            Link::ReferenceRefused => links::reference_refused(tx, id, now).await?,
        }
        Ok(None)
    }

    async fn add_word(
        &self,
        tx: &mut TenantTx,
        add: impl FnOnce(&mut Fields) + Send,
    ) -> Result<(), DbError> {
        let known = links::lock_fields(tx, self.id()).await?;
        let mut fields: Fields = read(known).unwrap_or_default();
        add(&mut fields);
        let words = serde_json::to_value(&fields).ok();
        connections::remember_words(tx, self.id(), None, words.as_ref()).await
    }

    /// The hash of a person that we made, as the next import will compute it.
    async fn fingerprint(&self, tx: &mut TenantTx, person: RemotePerson) -> Result<i64, DbError> {
        let Some(account) = deliveries::account(tx, self.id()).await? else { return Ok(0) };
        let members = db::directory::members_by_email(tx).await?;
        let users: Vec<RemoteUser> = read(account.remote_users).unwrap_or_default();
        let owners: HashMap<RemoteId, OwnerRef> = users
            .into_iter()
            .map(|user| {
                let email = user.email.as_deref().map(str::to_lowercase);
                let member = email.and_then(|email| members.get(&email).copied());
                (user.id, OwnerRef { name: user.name, member })
            })
            .collect();
        let named: Vec<&str> = person.organization.iter().map(RemoteId::as_str).collect();
        let organizations = db::intake::organizations(tx, self.id(), &named).await?;
        let fields: Fields = read(account.remote_fields).unwrap_or_default();
        let provider = self.connection.provider.as_str();
        let Some(connector) = connectors::find(provider) else { return Ok(0) };
        let source = Source {
            follows: true,
            prefix: connector.manifest().custom_prefix,
            provider,
            tag: String::new(),
            country: "",
            fields: &fields,
            owners: &owners,
            organizations: &organizations,
            default_owner: None,
        };
        Ok(resolve(person, &source).fingerprint())
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Option<Value>) -> Option<T> {
    value.and_then(|value| serde_json::from_value(value).ok())
}
