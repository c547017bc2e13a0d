//! Deals that members ask for: what is sent, and whether what is there is it.
//!
//! Won and lost are stages over there: a status without a stage becomes the first stage of the
//! pipeline that means it. A stage goes with its pipeline, as ids of stages alone do not say which.

use chrono::{DateTime, NaiveDate, Utc};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    body::{known, objection, owner, tie},
    change, id_of, look as looking, one,
};
use crate::{
    connectors::{
        Api, CrmError, Stale,
        api::Names,
        html,
        hubspot::{
            DEALS_READ, DEALS_WRITE, ask, decode, map,
            place::Own,
            records::{self, Kind, is_id},
            wire,
        },
    },
    domain::{
        RemoteDeal, RemoteId,
        action::{DealStage, DealStatus},
        effect::{DealToMake, Sent},
    },
};

const PIPELINES: &str = "/crm/pipelines/2026-09/deals";

static NAMES: Names = &[
    ("dealname", "title", None),
    ("amount", "amount", None),
    ("deal_currency_code", "currency", None),
    ("pipeline", "pipeline", None),
    ("dealstage", "stage", None),
    ("closedate", "closes_on", None),
    ("contacts", "person", Some(Stale::Person)),
    ("companies", "organization", Some(Stale::Organization)),
    ("hubspot_owner_id", "owner", Some(Stale::Owner)),
];

/// A stage, and what it means.
pub(super) struct Known {
    pub(super) stage: DealStage,
    status: DealStatus,
}

/// All stages in the order of their pipelines.
pub(super) async fn stages(api: &Api) -> Result<Vec<Known>, CrmError> {
    let ask = ask(PIPELINES, &[], DEALS_READ);
    let (pipelines, _) = api.read(&ask, |body| decode::list(body, Some)).await?;
    Ok(pipelines.into_iter().flat_map(of_pipeline).collect())
}

fn of_pipeline(pipeline: wire::Pipeline) -> Vec<Known> {
    let (id, name) = (pipeline.id.0, pipeline.label.0);
    let mut stages: Vec<wire::Stage> =
        pipeline.stages.0.into_iter().filter_map(|row| row.0).collect();
    stages.retain(|stage| stage.archived.0 != Some(true));
    stages.sort_by_key(|stage| stage.order.0);
    let known = |stage: wire::Stage| {
        let meaning = stage.metadata.0.unwrap_or_default();
        let status = match (meaning.is_closed.0, meaning.probability.0) {
            (Some(true), Some(chance)) if chance >= 1.0 => DealStatus::Won,
            (Some(true), _) => DealStatus::Lost,
            _ => DealStatus::Open,
        };
        let stage = DealStage {
            id: RemoteId(stage.id.0?),
            name: stage.label.0?,
            pipeline: id.clone().map(RemoteId),
            pipeline_name: name.clone(),
        };
        Some(Known { stage, status })
    };
    stages.into_iter().filter_map(known).collect()
}

/// Pipeline and stage, where something is said of them.
fn placed(make: &DealToMake, stages: &[Known]) -> Result<Option<(RemoteId, RemoteId)>, CrmError> {
    let is_new = make.person.is_some() || make.title.is_some();
    if make.stage.is_none() && make.status.is_none() && make.pipeline.is_none() && !is_new {
        return Ok(None);
    }
    let in_pipeline =
        |known: &&Known| make.pipeline.is_none() || known.stage.pipeline == make.pipeline;
    let mut fitting = stages.iter().filter(in_pipeline);
    let found = match (&make.stage, make.status) {
        (Some(stage), _) => fitting.find(|known| known.stage.id == *stage),
        (None, status) => fitting.find(|known| known.status == status.unwrap_or_default()),
    };
    let stage = found.map(|known| &known.stage).ok_or_else(|| {
        let field = if make.stage.is_some() { "stage" } else { "status" };
        CrmError::unsent("there is no such stage", objection(field, "There is no such stage."))
    })?;
    Ok(stage.pipeline.clone().map(|pipeline| (pipeline, stage.id.clone())))
}

/// What is given, and nothing else.
fn properties(
    make: &DealToMake,
    place: Option<(RemoteId, RemoteId)>,
) -> Result<Map<String, Value>, CrmError> {
    let mut properties = Map::new();
    let mut put = |key: &str, value: String| properties.insert(key.to_owned(), json!(value));
    if let Some(title) = &make.title {
        put("dealname", html::one_line(title));
    }
    if let Some(amount) = &make.amount {
        put("amount", amount.clone());
    }
    if let Some(currency) = &make.currency {
        put("deal_currency_code", currency.clone());
    }
    if let Some((pipeline, stage)) = place {
        put("pipeline", pipeline.0);
        put("dealstage", stage.0);
    }
    if let Some(day) = make.closes_on {
        put("closedate", midnight(day));
    }
    owner(&mut properties, make.owner.as_ref())?;
    Ok(properties)
}

fn midnight(day: NaiveDate) -> String {
    format!("{}T00:00:00.000Z", day.format("%Y-%m-%d"))
}

pub(super) async fn create(api: &Api, make: &DealToMake) -> Result<Sent, CrmError> {
    let place = placed(make, &stages(api).await?)?;
    let mut ties = Vec::new();
    if let Some(person) = &make.person {
        ties.push(tie(known(person, "person", Stale::Person)?, 3));
    }
    if let Some(organization) = &make.organization {
        // The primary company.
        ties.push(tie(known(organization, "organization", Stale::Organization)?, 5));
    }
    let sent = json!({ "properties": properties(make, place)?, "associations": ties });
    let change = change(Method::POST, Kind::Deals.path(), Some(sent), DEALS_WRITE, NAMES);
    Ok(Sent { id: api.write(&change, id_of).await?, person: None })
}

pub(super) async fn update(api: &Api, id: &RemoteId, make: &DealToMake) -> Result<Sent, CrmError> {
    let there = get(api, id).await?.ok_or(CrmError::Missing)?;
    let says_where = make.stage.is_some() || make.status.is_some() || make.pipeline.is_some();
    let place = if says_where {
        // A status alone is one of the pipeline that it is in.
        let pipeline = make.pipeline.clone();
        let pipeline = pipeline.or_else(|| there.pipeline.filter(|_| make.stage.is_none()));
        placed(&DealToMake { pipeline, ..make.clone() }, &stages(api).await?)?
    } else {
        None
    };
    let properties = properties(make, place)?;
    if !properties.is_empty() {
        let path = one(Kind::Deals.path(), id.as_str());
        let sent = json!({ "properties": properties });
        let change = change(Method::PATCH, &path, Some(sent), DEALS_WRITE, NAMES);
        api.write(&change, id_of).await?;
    }
    Ok(Sent { id: id.clone(), person: None })
}

/// `None` for what was archived, too.
pub(super) async fn get(api: &Api, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
    if !is_id(id.as_str()) {
        return Ok(None);
    }
    let map = |record: wire::Record, _: &Own| map::deal(record);
    let ids = std::slice::from_ref(id);
    let page = records::batch(api, Kind::Deals, ids, &Own::default(), map).await?;
    Ok(page.items.into_iter().find(|deal| !deal.deleted))
}

/// Deals of the contact made since then that are what was sent.
pub(super) async fn look(
    api: &Api,
    make: &DealToMake,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let sent = properties(make, placed(make, &stages(api).await?)?)?;
    let Some(person) = &make.person else {
        return Err(CrmError::Unreadable { what: "a deal of nobody cannot be looked for" });
    };
    let asked: Vec<&str> = sent.keys().map(String::as_str).chain(["createdate"]).collect();
    let young = looking::tied(api, person, "deals", &asked, since).await?;
    Ok(young.into_iter().filter(|there| is(&sent, there)).filter_map(|there| there.id.0).collect())
}

/// By all that was sent; numbers and times may be written otherwise over there.
fn is(sent: &Map<String, Value>, there: &wire::Record) -> bool {
    sent.iter().all(|(name, ours)| {
        let ours = ours.as_str().unwrap_or_default();
        let its = there.text(name).unwrap_or_default();
        match name.as_str() {
            "amount" => number(ours).is_some() && number(ours) == number(its),
            "closedate" => ours.get(..10).is_some() && ours.get(..10) == its.get(..10),
            _ => html::one_line(ours) == html::one_line(its),
        }
    })
}

/// In hundredths.
fn number(text: &str) -> Option<i64> {
    let number: f64 = text.trim().parse().ok()?;
    format!("{:.0}", number * 100.0).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::lenient::Row;

    fn pipelines() -> Vec<Known> {
        let body = json!({ "results": [{
            "id": "default", "label": "Sales", "stages": [
                { "id": "won", "label": "Won", "displayOrder": 2,
                  "metadata": { "isClosed": "true", "probability": "1.0" } },
                { "id": "lost", "label": "Lost", "displayOrder": 3,
                  "metadata": { "isClosed": "true", "probability": "0.0" } },
                { "id": "first", "label": "First", "displayOrder": 0,
                  "metadata": { "isClosed": "false", "probability": "0.2" } },
                { "id": "old", "label": "Old", "displayOrder": 1, "archived": true },
            ],
        }, {
            "id": "77", "label": "Partners", "stages": [
                { "id": "771", "label": "First", "displayOrder": 0, "metadata": {} },
            ],
        }] });
        let body = body.to_string();
        let (pipelines, _) = decode::list(body.as_bytes(), Some).unwrap();
        pipelines.into_iter().flat_map(of_pipeline).collect()
    }

    fn id(text: &str) -> RemoteId {
        RemoteId(text.into())
    }

    #[test]
    fn a_status_becomes_the_first_stage_that_means_it_and_a_stage_brings_its_pipeline() {
        let new = DealToMake { title: Some("Pilot".into()), ..DealToMake::default() };
        let at = |make: &DealToMake| placed(make, &pipelines()).unwrap();
        assert_eq!(at(&new), Some((id("default"), id("first"))));
        let won = DealToMake { status: Some(DealStatus::Won), ..new.clone() };
        assert_eq!(at(&won), Some((id("default"), id("won"))));
        let lost = DealToMake { status: Some(DealStatus::Lost), ..new.clone() };
        assert_eq!(at(&lost), Some((id("default"), id("lost"))));
        let there = DealToMake { stage: Some(id("771")), ..new.clone() };
        assert_eq!(at(&there), Some((id("77"), id("771"))));
        assert_eq!(at(&DealToMake::default()), None, "what is left out stays");
        let elsewhere =
            DealToMake { pipeline: Some(id("77")), status: Some(DealStatus::Won), ..new };
        let CrmError::Refused { said, .. } = placed(&elsewhere, &pipelines()).unwrap_err() else {
            panic!("there is no such stage");
        };
        assert_eq!(said[0].field.as_deref(), Some("status"));
    }

    #[test]
    fn a_deal_is_known_again_by_all_that_was_sent() {
        let make = DealToMake {
            title: Some("Pilot  for 20".into()),
            amount: Some("999999999999.99".into()),
            currency: Some("EUR".into()),
            closes_on: "2027-02-28".parse().ok(),
            owner: Some(id("18")),
            ..DealToMake::default()
        };
        let sent = properties(&make, Some((id("default"), id("first")))).unwrap();
        let there = |change: &dyn Fn(&mut Value)| {
            let mut shown = json!({
                "dealname": "Pilot for 20", "amount": "999999999999.990", "pipeline": "default",
                "deal_currency_code": "EUR", "dealstage": "first", "hubspot_owner_id": "18",
                "closedate": "2027-02-28T00:00:00Z",
            });
            change(&mut shown);
            let record = json!({ "id": "9", "properties": shown }).to_string();
            serde_json::from_str::<Row<wire::Record>>(&record).unwrap().0.unwrap()
        };
        assert!(is(&sent, &there(&|_| {})));
        for (key, other) in [
            ("dealname", "Pilot"),
            ("amount", "1"),
            ("dealstage", "won"),
            ("closedate", "2027-03-01"),
        ] {
            assert!(!is(&sent, &there(&|shown| shown[key] = json!(other))), "{key}");
        }
    }
}
