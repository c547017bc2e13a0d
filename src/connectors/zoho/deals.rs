//! How an account's deals are set up: stages are texts, and only a pipeline says which of them are the end.

use super::{
    MANIFEST, Zoho,
    cursor::Known,
    decode,
    read::{MOST_BYTES, MOST_PAGES, ask},
    wire,
};
use crate::{
    connectors::{Api, CrmError},
    domain::{
        RemoteId,
        action::{DealStage, DealStatus},
    },
};

/// A stage, and whether a deal in it is open.
pub(super) struct Step {
    pub(super) stage: DealStage,
    pub(super) status: DealStatus,
}

/// The stages of every pipeline of every layout, in their order.
pub(super) async fn steps(api: &Api) -> Result<Vec<Step>, CrmError> {
    let query = [("module", "Deals")];
    let scope = "ZohoCRM.settings.layouts.READ";
    let layouts = ask("/crm/v8/settings/layouts", &query, MANIFEST.costs.fields, scope);
    let (layouts, _) = api.read(&layouts, decode::list::<wire::Layout>).await?;
    let layouts = layouts.into_iter().filter_map(|layout| layout.id.0);
    let mut steps: Vec<Step> = Vec::new();
    for layout in layouts.take(MOST_PAGES) {
        let query = [("layout_id", layout.as_str())];
        let scope = "ZohoCRM.settings.pipeline.READ";
        let ask = ask("/crm/v8/settings/pipeline", &query, MANIFEST.costs.fields, scope);
        let pipelines = match api.read(&ask, decode::list::<wire::Pipeline>).await {
            Ok((pipelines, _)) => pipelines,
            // A layout without pipelines.
            Err(CrmError::Refused { .. } | CrmError::Missing) => continue,
            Err(error) => return Err(error),
        };
        for pipeline in pipelines {
            let pipeline_name = pipeline.label.0.or_else(|| pipeline.name.0.clone());
            for stage in pipeline.stages.0.into_iter().filter_map(|stage| stage.0) {
                let Some(id) = stage.name.0 else { continue };
                let forecast = stage.forecast.0.unwrap_or_default().to_lowercase();
                let status = if forecast.contains("won") {
                    DealStatus::Won
                } else if forecast.contains("lost") {
                    DealStatus::Lost
                } else {
                    DealStatus::Open
                };
                let name = stage.label.0.unwrap_or_else(|| id.clone());
                let pipeline = pipeline.name.0.clone().map(RemoteId);
                let pipeline_name = pipeline_name.clone();
                let stage = DealStage { id: RemoteId(id), name, pipeline, pipeline_name };
                if !steps.iter().any(|step| step.stage == stage) {
                    steps.push(Step { stage, status });
                }
            }
        }
    }
    Ok(steps)
}

/// What reading deals needs to know: the currency where there is one, and which stages are the end.
pub(super) async fn of_deals(api: &Api) -> Result<Known, CrmError> {
    let org = Zoho::org(api).await?;
    let mut known = Known { currency: org.currency.0, ..Known::default() };
    let mut room = MOST_BYTES;
    for Step { stage, status } in steps(api).await? {
        let end = match status {
            DealStatus::Open => continue,
            DealStatus::Won => &mut known.won,
            DealStatus::Lost => &mut known.lost,
        };
        let bytes = stage.id.as_str().len() + 3;
        if bytes <= room && !end.iter().any(|known| known == stage.id.as_str()) {
            room -= bytes;
            end.push(stage.id.0);
        }
    }
    if known.won.is_empty() && known.lost.is_empty() {
        // Without pipelines the stages are those that everybody begins with.
        known.won.push("Closed Won".to_owned());
        known.lost.push("Closed Lost".to_owned());
    }
    Ok(known)
}
