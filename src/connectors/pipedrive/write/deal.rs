//! Deals that members ask for: what is sent, and whether what is there is it.
//!
//! - A change of the value alone is known to empty other fields, so the currency goes with it.
//! - A deal that is archived is in no list: it is not found again by looking.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Map, Number, Value, json};

use super::{
    super::{DEALS, MANIFEST, ask, decode, map, wire},
    NO_ID,
    body::{number, objection, owner},
    change, html, id_of, look, one,
};
use crate::{
    connectors::{Api, CrmError, Stale, api::Names},
    domain::{
        RemoteDeal, RemoteId,
        action::DealStage,
        effect::{DealToMake, Sent},
    },
};

pub(super) const READ: &str = "deals:read";
pub(super) const WRITE: &str = "deals:full";
const PIPELINES: &str = "/api/v2/pipelines";
const STAGES: &str = "/api/v2/stages";
/// Of lists of pipelines and stages.
const COST: u32 = 5;

static NAMES: Names = &[
    ("title", "title", None),
    ("value", "amount", None),
    ("currency", "currency", None),
    ("pipeline_id", "pipeline", None),
    ("stage_id", "stage", None),
    ("status", "status", None),
    ("expected_close_date", "closes_on", None),
    ("person_id", "person", Some(Stale::Person)),
    ("org_id", "organization", Some(Stale::Organization)),
    ("owner_id", "owner", Some(Stale::Owner)),
];

/// What is given, and nothing else.
fn body(make: &DealToMake) -> Result<Map<String, Value>, CrmError> {
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    if let Some(title) = &make.title {
        put("title", json!(html::one_line(title)));
    }
    if let Some(amount) = &make.amount {
        put("value", json!(amount_of(amount)?));
    }
    if let Some(currency) = &make.currency {
        put("currency", json!(currency));
    }
    if let Some(status) = make.status {
        put("status", json!(status.word()));
    }
    if let Some(day) = make.closes_on {
        put("expected_close_date", json!(day.format("%Y-%m-%d").to_string()));
    }
    if let Some(person) = &make.person {
        put("person_id", json!(number(person, "person", Stale::Person)?));
    }
    if let Some(organization) = &make.organization {
        put("org_id", json!(number(organization, "organization", Stale::Organization)?));
    }
    for (key, field, id) in
        [("pipeline_id", "pipeline", &make.pipeline), ("stage_id", "stage", &make.stage)]
    {
        if let Some(id) = id {
            put(key, json!(whole(id, field)?));
        }
    }
    owner(&mut body, make.owner.as_ref())?;
    Ok(body)
}

/// A decimal number becomes one of JSON; twelve digits and two decimals survive that.
fn amount_of(text: &str) -> Result<Number, CrmError> {
    let read = text.parse().ok().and_then(Number::from_f64);
    read.ok_or_else(|| {
        CrmError::unsent("the amount is no number", objection("amount", "Use a decimal number."))
    })
}

fn whole(id: &RemoteId, field: &'static str) -> Result<u64, CrmError> {
    id.as_str().parse().map_err(|_| {
        CrmError::unsent("an id is none of the provider's", objection(field, "There is none."))
    })
}

pub(super) async fn create(api: &Api, make: &DealToMake) -> Result<Sent, CrmError> {
    let body = Value::Object(body(make)?);
    let change = change(Method::POST, DEALS, Some(body), WRITE, NAMES);
    Ok(Sent { id: api.write(&change, id_of).await?, person: None })
}

pub(super) async fn update(api: &Api, id: &RemoteId, make: &DealToMake) -> Result<Sent, CrmError> {
    let mut body = body(make)?;
    let there = get(api, id).await?.ok_or(CrmError::Missing)?;
    if body.contains_key("value")
        && !body.contains_key("currency")
        && let Some(currency) = there.currency
    {
        body.insert("currency".into(), json!(currency));
    }
    if !body.is_empty() {
        let path = one(DEALS, id, Stale::Person)?;
        let change = change(Method::PATCH, &path, Some(Value::Object(body)), WRITE, NAMES);
        api.write(&change, id_of).await?;
    }
    Ok(Sent { id: id.clone(), person: None })
}

/// `None` for what was deleted, too.
pub(super) async fn get(api: &Api, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
    let Ok(path) = one(DEALS, id, Stale::Person) else { return Ok(None) };
    let ask = ask(&path, &[], MANIFEST.costs.record, READ);
    match api.read(&ask, |body| map::deal(decode::object(body)?).ok_or(NO_ID)).await {
        Ok(deal) => Ok(Some(deal).filter(|deal| !deal.deleted)),
        Err(CrmError::Missing) => Ok(None),
        Err(error) => Err(error),
    }
}

/// All stages, with the names of their pipelines.
pub(super) async fn stages(api: &Api) -> Result<Vec<DealStage>, CrmError> {
    let query = [("limit", "500")];
    let pipelines = ask(PIPELINES, &query, COST, READ);
    let (pipelines, _) = api.read(&pipelines, decode::list::<wire::Pipeline>).await?;
    let stages = ask(STAGES, &query, COST, READ);
    let (stages, _) = api.read(&stages, decode::list::<wire::Stage>).await?;
    Ok(stages
        .into_iter()
        .filter(|stage| stage.is_deleted.0 != Some(true))
        .filter_map(|stage| {
            let pipeline = stage.pipeline_id.0;
            let of = pipelines.iter().find(|one| one.id.0.is_some() && one.id.0 == pipeline);
            Some(DealStage {
                id: stage.id.0?,
                name: stage.name.0?,
                pipeline_name: of.and_then(|one| one.name.0.clone()),
                pipeline,
            })
        })
        .collect())
}

/// Deals made since then that are what was sent.
pub(super) async fn find(
    api: &Api,
    make: &DealToMake,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let person = make.person.as_ref().map(|person| ("person_id", person.as_str()));
    let young = look::newest(api, DEALS, READ, person, since, |wire| {
        let wire: wire::Deal = wire;
        let (added, day) = (wire.add_time.0, wire.expected_close_date.0.clone());
        Some(((map::deal(wire)?, day), added))
    });
    let same = young.await?.into_iter().filter(|(deal, day)| is(make, deal, day.as_deref()));
    Ok(same.map(|(deal, _)| deal.id).collect())
}

/// By all that was sent.
fn is(make: &DealToMake, there: &RemoteDeal, day: Option<&str>) -> bool {
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let line = |text: &Option<String>| html::one_line(text.as_deref().unwrap_or_default());
    let amount = make.amount.as_deref().and_then(|text| text.parse::<f64>().ok());
    let currency = make.currency.as_ref();
    !there.deleted
        && line(&make.title) == line(&there.title)
        // Both were read from the same decimals.
        && amount.is_none_or(|amount| there.value.is_some_and(|its| (its - amount).abs() < 0.005))
        && currency.is_none_or(|code| there.currency.as_ref() == Some(code))
        && there.status.as_deref() == Some(make.status.unwrap_or_default().word())
        && make.closes_on.is_none_or(|on| Some(&*on.format("%Y-%m-%d").to_string()) == day)
        && same(&make.person, &there.person)
        && same(&make.organization, &there.organization)
        && same(&make.owner, &there.owner)
        && same(&make.stage, &there.stage)
        && same(&make.pipeline, &there.pipeline)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::DealStatus;

    #[expect(clippy::unnecessary_wraps, reason = "each place for one is optional")]
    fn id(id: &str) -> Option<RemoteId> {
        Some(RemoteId(id.into()))
    }

    fn make() -> DealToMake {
        DealToMake {
            title: Some("Pilot  for 20".into()),
            amount: Some("999999999999.99".into()),
            currency: Some("EUR".into()),
            pipeline: id("2"),
            stage: id("6"),
            status: Some(DealStatus::Open),
            closes_on: "2027-02-28".parse().ok(),
            person: id("55"),
            organization: id("7"),
            owner: id("18"),
        }
    }

    #[test]
    fn a_deal_is_sent_with_whole_ids_and_its_amount_to_the_cent() {
        let expected = json!({
            "title": "Pilot for 20", "value": 999_999_999_999.99, "currency": "EUR",
            "pipeline_id": 2, "stage_id": 6, "status": "open",
            "expected_close_date": "2027-02-28", "person_id": 55, "org_id": 7, "owner_id": 18,
        });
        let sent = Value::Object(body(&make()).unwrap());
        assert_eq!(sent, expected);
        assert!(sent.to_string().contains("999999999999.99"));
        assert!(body(&DealToMake::default()).unwrap().is_empty(), "what is left out stays");
        let odd = DealToMake { stage: id("x"), ..DealToMake::default() };
        let CrmError::Refused { said, .. } = body(&odd).unwrap_err() else { panic!() };
        assert_eq!(said[0].field.as_deref(), Some("stage"));
    }

    #[test]
    fn a_deal_is_known_again_by_all_that_was_sent_and_by_nothing_less() {
        let there = RemoteDeal {
            id: RemoteId("9".into()),
            title: Some("Pilot for 20".into()),
            person: id("55"),
            organization: id("7"),
            owner: id("18"),
            value: Some(999_999_999_999.99),
            currency: Some("EUR".into()),
            status: Some("open".into()),
            stage: id("6"),
            pipeline: id("2"),
            ..RemoteDeal::default()
        };
        let day = Some("2027-02-28");
        assert!(is(&make(), &there, day));
        assert!(!is(&make(), &there, None) && !is(&make(), &there, Some("2027-03-01")));
        let changes: [fn(&mut RemoteDeal); 6] = [
            |deal| deal.title = Some("Pilot".into()),
            |deal| deal.value = Some(1.0),
            |deal| deal.currency = Some("USD".into()),
            |deal| deal.status = Some("won".into()),
            |deal| deal.person = id("56"),
            |deal| deal.stage = id("7"),
        ];
        for change in changes {
            let mut other = there.clone();
            change(&mut other);
            assert!(!is(&make(), &other, day), "{other:?}");
        }
        let bare = DealToMake { title: Some("Pilot for 20".into()), ..DealToMake::default() };
        assert!(is(&bare, &there, day), "what was not sent may be anything");
    }
}
