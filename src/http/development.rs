//! `/api/dev`: what exists in development and in the demo only.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{
    flows::{
        SharedHub,
        mailbox::{self, Received},
    },
    http::{ApiError, Tag},
};

pub(super) struct DevelopmentApi;

#[OpenApi(prefix_path = "/dev", tag = "Tag::Development")]
impl DevelopmentApi {
    /// Mail that would have been sent, newest first. Open to whoever reaches the machine: whoever
    /// confirms a sign-up is not signed in yet.
    #[oai(path = "/mailbox", method = "get", operation_id = "mailbox")]
    async fn mailbox(&self, hub: Data<&SharedHub>) -> Result<Json<Mailbox>, ApiError> {
        let mails = mailbox::list(&hub).await.map_err(|error| ApiError::internal(&error))?;
        let mails = mails.ok_or_else(ApiError::not_found)?;
        Ok(Json(Mailbox { items: mails.into_iter().map(MailView::from).collect() }))
    }
}

#[derive(Object)]
struct Mailbox {
    items: Vec<MailView>,
}

#[derive(Object)]
#[oai(rename = "Mail")]
struct MailView {
    id: String,
    to: String,
    subject: String,
    text: String,
    links: Vec<String>,
    at: DateTime<Utc>,
}

impl From<Received> for MailView {
    fn from(mail: Received) -> Self {
        Self {
            id: mail.id,
            to: mail.to,
            subject: mail.subject,
            text: mail.text,
            links: mail.links,
            at: mail.at,
        }
    }
}
