//! `/api/company`: what a company decides about its leads.

use poem::web::Data;
use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{
    db,
    flows::{SharedHub, settings},
    http::{ApiError, FieldProblem, Session, Tag, deliveries::provider_name},
    policy::Action,
};

pub(super) struct CompanyApi;

#[OpenApi(prefix_path = "/company", tag = "Tag::Team")]
impl CompanyApi {
    /// The company and its settings.
    #[oai(path = "/", method = "get", operation_id = "get_company")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<CompanyView>, ApiError> {
        Ok(Json(load(&hub, &session, None).await?))
    }

    /// Change settings. What is left out stays as it is. Nothing is sent by that: `qualifying` says
    /// what a push would send now.
    #[oai(path = "/", method = "put", operation_id = "replace_company")]
    async fn put(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        form: Json<CompanyPatch>,
    ) -> Result<Json<CompanyView>, ApiError> {
        change(&hub, &session, form.0).await
    }

    /// Change a part of the settings, as `PUT` does.
    #[oai(path = "/", method = "patch", operation_id = "update_company")]
    async fn patch(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        form: Json<CompanyPatch>,
    ) -> Result<Json<CompanyView>, ApiError> {
        change(&hub, &session, form.0).await
    }
}

#[derive(Object)]
#[oai(rename = "CompanySettingsPatch")]
struct CompanyPatch {
    /// 0 to 10.
    warm_threshold: Option<i64>,
    push_earlier: Option<bool>,
}

impl CompanyPatch {
    fn read(self) -> Result<settings::Change, ApiError> {
        let warm_threshold = self
            .warm_threshold
            .map(|given| i16::try_from(given).ok().filter(|given| (0..=10).contains(given)))
            .map(|given| {
                given.ok_or_else(|| {
                    let words = "Use a number from 0 to 10.";
                    ApiError::invalid_fields(vec![FieldProblem::new("warm_threshold", words)])
                })
            })
            .transpose()?;
        Ok(settings::Change { warm_threshold, push_earlier: self.push_earlier })
    }
}

#[derive(Object)]
#[oai(rename = "CompanySettings")]
struct CompanyView {
    name: String,
    /// ISO 3166 alpha-2.
    country: String,
    /// The warmness from which a contact is warm, 0 to 10.
    warm_threshold: i16,
    /// Whether a contact that comes to a CRM brings along what was logged before.
    push_earlier: bool,
    /// Whether you may change this.
    can_change: bool,
    /// After a change: contacts that a push would send, for each connection.
    qualifying: Option<Vec<QualifyingView>>,
}

#[derive(Object)]
#[oai(rename = "QualifyingContacts")]
struct QualifyingView {
    provider: String,
    provider_name: String,
    /// Nobody counts beyond 50,000.
    contacts: i64,
}

async fn change(
    hub: &SharedHub,
    session: &Session,
    form: CompanyPatch,
) -> Result<Json<CompanyView>, ApiError> {
    session.may(Action::ManageConnections)?;
    let qualifying = settings::change(hub, session.place(), form.read()?).await?;
    let qualifying = qualifying
        .into_iter()
        .map(|one| QualifyingView {
            provider_name: provider_name(&one.provider),
            provider: one.provider,
            contacts: one.contacts,
        })
        .collect();
    Ok(Json(load(hub, session, Some(qualifying)).await?))
}

async fn load(
    hub: &SharedHub,
    session: &Session,
    qualifying: Option<Vec<QualifyingView>>,
) -> Result<CompanyView, ApiError> {
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let settings = db::companies::settings(&mut tx).await?;
    tx.commit().await?;
    Ok(CompanyView {
        name: settings.name,
        country: settings.country,
        warm_threshold: settings.warm_threshold,
        push_earlier: settings.push_earlier,
        can_change: session.may(Action::ManageConnections).is_ok(),
        qualifying,
    })
}
