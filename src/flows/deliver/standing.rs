//! How a delivery stands from now on: its row, and the line of the audit log for one that has ended.

use chrono::{DateTime, Utc};

use crate::{
    db::{
        self, DbError, TenantTx,
        deliveries::{self, Before, Standing},
    },
    domain::{Cause, DeliveryId, DeliveryKind, DeliveryState},
    flows::deliver::{
        ground::Change,
        stored::{Stored, json},
    },
};

impl Stored {
    /// Of the edits of one activity only one may wait: it sends what is there then. One that came while
    /// this one was on its way gives way to it, unless it has something on its own way.
    pub(super) async fn one_edit_waits(
        &self,
        tx: &mut TenantTx,
        id: DeliveryId,
        before: Before,
        change: Change,
        now: DateTime<Utc>,
    ) -> Result<Change, DbError> {
        if before.state.takes_edits() || before.state.is_final() || !change.state.takes_edits() {
            return Ok(change);
        }
        match deliveries::other_edit(tx, id).await? {
            None => Ok(change),
            Some((_, true)) => Ok(change.superseded()),
            Some((other, false)) => {
                let gives_way = Change::bare(DeliveryState::Dead).superseded();
                self.stand(tx, other, before.kind, &gives_way, now).await?;
                Ok(change)
            }
        }
    }

    pub(super) async fn stand(
        &self,
        tx: &mut TenantTx,
        id: DeliveryId,
        kind: DeliveryKind,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Result<(), DbError> {
        let fields = some_list(&change.fields)?;
        let candidates = some_list(&change.candidates)?;
        let standing = Standing {
            state: change.state,
            cause: change.cause,
            reason: change.reason.as_deref().filter(|words| !words.is_empty()),
            fields: fields.as_ref(),
            candidates: candidates.as_ref(),
            attempts: change.attempts,
            looks: change.looks,
            next_at: change.next_at,
            now,
        };
        deliveries::stand(tx, id, &standing).await?;
        if !change.state.is_final() {
            return Ok(());
        }
        let cause = change.cause.map(Cause::word);
        let provider = &self.connection.provider;
        let detail =
            serde_json::json!({ "provider": provider, "kind": kind.word(), "cause": cause });
        let action = format!("delivery.{}", change.state.word());
        db::audit::append(tx, None, &action, Some(id.uuid()), &detail).await
    }
}

fn some_list<T: serde::Serialize>(list: &[T]) -> Result<Option<serde_json::Value>, DbError> {
    if list.is_empty() { Ok(None) } else { json(&list).map(Some) }
}
