//! What is particular about leads: a converted one is read and nothing else, and what is about a lead is
//! about no other record beside it.

use serde_json::json;

use super::{
    super::records::table::{Row, Table},
    Refused,
};

pub(super) fn is_converted(table: &Table, row: &Row) -> bool {
    table.object.name == "Lead" && table.value(row, "IsConverted") == &json!(true)
}

pub(super) fn converted() -> Refused {
    Refused::new(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
}

/// The documents say of a task and an event: with a lead in `WhoId`, `WhatId` must be empty.
pub(super) fn stand_alone(table: &Table, row: &Row) -> Result<(), Refused> {
    let lead = table.value(row, "WhoId").as_str().is_some_and(|id| id.starts_with("00Q"));
    if lead && !table.value(row, "WhatId").is_null() {
        let words = "Related To ID: the record a lead is related to must be empty";
        return Err(Refused::bad("FIELD_INTEGRITY_EXCEPTION", words, "WhatId"));
    }
    Ok(())
}
