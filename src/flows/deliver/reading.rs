//! Reads what the next step depends on, in one transaction.

use serde_json::Value;

use crate::{
    db::{DbError, TenantTx, deliveries},
    domain::{Cause, ContactId, DeliveryKind, OrganizationId, RemoteId},
    flows::deliver::{
        circuit::Circuit,
        ground::{About, Activity, Contact, Delivery, Desk, Known, Member, Open, Organization},
        queue,
        stored::Stored,
    },
};

impl Stored {
    pub(super) async fn read(&self, tx: &mut TenantTx) -> Result<Option<Desk>, DbError> {
        let (id, contact_id) = (self.id(), self.contact_id);
        let Some(head) = deliveries::head(tx, id, contact_id).await? else { return Ok(None) };
        let Some(account) = deliveries::account(tx, id).await? else { return Ok(None) };
        let open = deliveries::open_attempt(tx, id, head.delivery_id, head.activity_id).await?;
        let addressee = deliveries::addressee(tx, id, contact_id).await?;
        let (mut deed, mut sent_activity) = (None, None);
        if let Some(activity_id) = head.activity_id {
            deed = deliveries::deed(tx, activity_id).await?;
            sent_activity = deliveries::sent_activity(tx, id, activity_id).await?;
        }
        let member_id = match (&deed, &addressee) {
            _ if head.kind == DeliveryKind::Action => head.requested_by,
            (Some(deed), _) => deed.member_id,
            (None, Some(contact)) => contact.owner_member_id,
            (None, None) => None,
        };
        // One of a later version is not understood, and says so when its turn comes.
        let action = head.action.clone().and_then(|action| serde_json::from_value(action).ok());
        let sender = match member_id {
            Some(member_id) => deliveries::sender(tx, id, member_id).await?,
            None => None,
        };
        let outlet = deliveries::Outlet {
            connection_id: id,
            provider: account.provider.clone(),
            state: account.state.clone(),
        };
        Ok(Some(Desk {
            open: open.map(attempt).transpose()?,
            closed: queue::obstacle(account.plan, &outlet),
            circuit: Circuit {
                failures: account.circuit_failures,
                opened: account.circuit_opened,
                until: account.circuit_until,
            },
            person: addressee
                .as_ref()
                .and_then(|contact| contact.person_remote_id.clone())
                .map(RemoteId),
            contact: addressee.map(contact),
            activity: head.activity_id.zip(deed).map(|(activity_id, deed)| Activity {
                activity_id,
                kind: deed.kind,
                subject: deed.subject,
                note: deed.note,
                due_at: deed.due_at,
                has_time: deed.has_time,
                duration_minutes: deed.duration_minutes,
                done: deed.done,
                version: deed.version,
            }),
            action,
            sent_activity: sent_activity.map(|(id, version)| (RemoteId(id), version)),
            member: sender.map(|sender| Member {
                member_id: sender.member_id,
                email: sender.email,
                remote: sender.remote_user_id.map(RemoteId),
            }),
            account: known(account),
            noted: Vec::new(),
            delivery: delivery(head, contact_id),
        }))
    }
}

fn delivery(head: deliveries::Head, contact_id: ContactId) -> Delivery {
    Delivery {
        delivery_id: head.delivery_id,
        kind: head.kind,
        contact_id,
        activity_id: head.activity_id,
        state: head.state,
        cause: head.cause.as_deref().and_then(Cause::parse),
        attempts: head.attempts,
        looks: head.looks,
        next_at: head.next_at,
        give_up_at: head.give_up_at,
        chosen: head.chosen,
        remarks: head.remarks,
        marker: head.marker,
        last: head.last,
        remote_id: head.remote_id.map(RemoteId),
        organization: head.organization_remote_id.map(RemoteId),
    }
}

fn attempt(row: deliveries::OpenAttempt) -> Result<Open, DbError> {
    let effect = serde_json::from_value(row.effect)
        .map_err(|error| DbError::Query(sqlx::Error::Decode(error.into())))?;
    let organization = row.subject.map(OrganizationId::from_uuid);
    Ok(Open {
        delivery_id: row.delivery_id,
        n: row.n,
        effect,
        started_at: row.started_at,
        sending: row.sending,
        about: About { organization, activity: row.activity_id.zip(row.version) },
    })
}

fn contact(row: deliveries::Addressee) -> Contact {
    let organization = row.organization_id.zip(row.organization_name).map(|(id, name)| {
        let remote = row.organization_remote_id.map(RemoteId);
        Organization { id, name, website: row.website, country: row.country, remote }
    });
    Contact {
        full_name: row.full_name,
        first_name: row.first_name,
        last_name: row.last_name,
        emails: row.emails.0,
        phones: row.phones.0,
        organization,
        updated_at: row.updated_at,
    }
}

fn known(row: deliveries::Account) -> Known {
    fn read<T: serde::de::DeserializeOwned>(value: Option<Value>) -> Option<T> {
        value.and_then(|value| serde_json::from_value(value).ok())
    }
    Known {
        own_user: RemoteId(row.account_user_id),
        users: read(row.remote_users).map(|users| (users, row.remote_users_at)),
        fields: read(row.remote_fields),
        fields_at: None,
        types: read(row.remote_types).map(|types| (types, row.remote_types_at)),
        reference_refused_at: row.reference_refused_at,
    }
}
