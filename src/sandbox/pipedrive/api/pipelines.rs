//! `/api/v2/pipelines` and `/api/v2/stages`: two pipelines of four stages, fixed.

use serde_json::{Value, json};

use super::{
    super::{clock, world::Account},
    call::{Answer, Call, Refusal, Reply},
};

const PIPELINES: [(u64, &str); 2] = [(1, "Sales"), (2, "Partner")];
const STAGES: [&str; 4] = ["Qualified", "Contact made", "Proposal", "Negotiation"];
const PER_PIPELINE: u64 = STAGES.len() as u64;

pub(crate) fn pipeline_of(stage: u64) -> Option<u64> {
    let pipeline = stage.checked_sub(1)? / PER_PIPELINE + 1;
    PIPELINES.iter().any(|(id, _)| *id == pipeline).then_some(pipeline)
}

pub(crate) fn first_stage(pipeline: u64) -> Option<u64> {
    let known = PIPELINES.iter().any(|(id, _)| *id == pipeline);
    known.then(|| (pipeline - 1) * PER_PIPELINE + 1)
}

pub(crate) fn stage_name(stage: u64) -> &'static str {
    STAGES[usize::try_from((stage.max(1) - 1) % PER_PIPELINE).unwrap_or(0)]
}

fn pipeline(id: u64, name: &str) -> Value {
    json!({
        "id": id, "name": name, "order_nr": id, "is_deleted": false,
        "is_deal_probability_enabled": true, "add_time": clock::rfc3339(clock::ADDED_FROM),
        "update_time": clock::rfc3339(clock::ADDED_FROM),
    })
}

fn stage(id: u64, pipeline: u64) -> Value {
    json!({
        "id": id, "order_nr": id, "name": stage_name(id), "is_deleted": false,
        "deal_probability": 100, "pipeline_id": pipeline, "is_deal_rot_enabled": false,
        "days_to_rotten": null, "add_time": clock::rfc3339(clock::ADDED_FROM),
        "update_time": clock::rfc3339(clock::ADDED_FROM),
    })
}

pub(crate) fn pipelines(_: &mut Account, call: &Call) -> Answer {
    call.only(&["sort_by", "sort_direction", "limit", "cursor"])?;
    Ok(Reply::page(&PIPELINES, None, |(id, name), out| {
        out.extend_from_slice(pipeline(*id, name).to_string().as_bytes());
    }))
}

pub(crate) fn one_pipeline(_: &mut Account, call: &Call) -> Answer {
    let wanted = call.id()?;
    let found = PIPELINES.iter().find(|(id, _)| *id == wanted);
    found
        .map(|(id, name)| Reply::data(pipeline(*id, name)))
        .ok_or_else(|| Refusal::missing("Pipeline"))
}

pub(crate) fn stages(_: &mut Account, call: &Call) -> Answer {
    call.only(&["pipeline_id", "sort_by", "sort_direction", "limit", "cursor"])?;
    let wanted = call.number("pipeline_id")?;
    let stages: Vec<(u64, u64)> = (1..=PER_PIPELINE * PIPELINES.len() as u64)
        .filter_map(|id| Some((id, pipeline_of(id)?)))
        .filter(|(_, pipeline)| wanted.is_none_or(|wanted| *pipeline == wanted))
        .collect();
    Ok(Reply::page(&stages, None, |(id, pipeline), out| {
        out.extend_from_slice(stage(*id, *pipeline).to_string().as_bytes());
    }))
}

pub(crate) fn one_stage(_: &mut Account, call: &Call) -> Answer {
    let id = call.id()?;
    pipeline_of(id)
        .map(|pipeline| Reply::data(stage(id, pipeline)))
        .ok_or_else(|| Refusal::missing("Stage"))
}
