//! `/api/reminders`: whether a member is told of next steps by mail. What is due is in the feed of
//! activities, and done or put off by changing it there.

use poem::web::Data;
use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{
    db,
    flows::{SharedHub, reminders},
    http::{ApiError, Session, Tag},
    policy::Action,
};

pub(super) struct RemindersApi;

#[OpenApi(prefix_path = "/reminders", tag = "Tag::Activities")]
impl RemindersApi {
    /// Whether you are told of next steps by mail.
    #[oai(path = "/", method = "get", operation_id = "get_reminders")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<Reminders>, ApiError> {
        session.may(Action::LogActivities)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let mail = db::reminders::wanted(&mut tx, session.by().member_id).await?;
        tx.commit().await?;
        Ok(Json(Reminders { mail }))
    }

    /// Say whether you want that mail: one a day with what is due, on days on which something is.
    #[oai(path = "/", method = "put", operation_id = "replace_reminders")]
    async fn put(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        form: Json<Reminders>,
    ) -> Result<Json<Reminders>, ApiError> {
        session.may(Action::LogActivities)?;
        reminders::want(&hub, session.place(), form.0.mail).await?;
        Ok(form)
    }
}

#[derive(Object)]
struct Reminders {
    /// At about 06:00 UTC.
    mail: bool,
}
