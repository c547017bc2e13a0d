//! The one exhaustive match from job to flow.

use tokio_util::sync::CancellationToken;

use crate::{
    db::jobs::Claimed,
    domain::{ConnectionId, DeliveryId, InvitationId, MemberId, RunId},
    flows::{
        FlowError, Next, SharedHub, billing, deliver, hooks, import, reconnect, reminders,
        team::invite,
    },
};

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Works on a sync run.
    ImportRun,
    /// Works what a contact has waiting at a connection.
    Deliver,
    /// Tells owners and admins that a connection needs a new consent.
    MailReconnect,
    /// Asks somebody into the company.
    MailInvitation,
    /// Tells a member of next steps that are due.
    MailReminders,
    /// Tries a late answer of a refresh.
    RescueConnection,
    /// Reads what a company pays.
    BillingRead,
    /// Reads again whom a CRM told about.
    HooksWork,
    /// Sees to it that a CRM goes on telling.
    HooksKeep,
}

impl Kind {
    fn parse(word: &str) -> Option<Self> {
        match word {
            import::JOB => Some(Self::ImportRun),
            deliver::JOB => Some(Self::Deliver),
            reconnect::JOB => Some(Self::MailReconnect),
            invite::JOB => Some(Self::MailInvitation),
            reminders::JOB => Some(Self::MailReminders),
            reconnect::RESCUE => Some(Self::RescueConnection),
            billing::read::JOB => Some(Self::BillingRead),
            hooks::work::JOB => Some(Self::HooksWork),
            hooks::keep::JOB => Some(Self::HooksKeep),
            _ => None,
        }
    }
}

pub(super) async fn run(
    hub: &SharedHub,
    job: &Claimed,
    stopping: &CancellationToken,
) -> Result<Next, FlowError> {
    let (Some(kind), Some(subject)) = (Kind::parse(&job.kind), job.subject) else {
        // A kind of a newer version: leave it to a worker that knows it.
        return Err(FlowError::Refused("this worker does not know the job"));
    };
    match kind {
        Kind::ImportRun => {
            import::work(hub, job.company_id, RunId::from_uuid(subject), stopping).await
        }
        Kind::Deliver => {
            let delivery_id = DeliveryId::from_uuid(subject);
            Box::pin(deliver::work(hub, job.company_id, delivery_id, stopping)).await
        }
        Kind::MailReconnect => {
            reconnect::send_mail(hub, job.company_id, ConnectionId::from_uuid(subject)).await?;
            Ok(Next::Done)
        }
        Kind::MailInvitation => {
            invite::send_mail(hub, job.company_id, InvitationId::from_uuid(subject)).await?;
            Ok(Next::Done)
        }
        Kind::MailReminders => {
            reminders::send_mail(hub, job.company_id, MemberId::from_uuid(subject)).await
        }
        Kind::RescueConnection => {
            reconnect::rescue(hub, job.company_id, ConnectionId::from_uuid(subject)).await
        }
        Kind::BillingRead => billing::read::work(hub, job.company_id).await,
        Kind::HooksWork => {
            hooks::work::work(hub, job.company_id, ConnectionId::from_uuid(subject)).await
        }
        Kind::HooksKeep => {
            hooks::keep::work(hub, job.company_id, ConnectionId::from_uuid(subject)).await
        }
    }
}
