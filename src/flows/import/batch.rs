//! Pages of persons, as they are fetched: first the provider's list, then the run's own list of ids.

use std::{collections::HashSet, sync::Arc};

use crate::{
    connectors::{CrmError, Cursor, Page},
    db::csv::{BadRow, RowKey},
    domain::{RemoteId, RemotePerson},
    flows::{
        account::Account,
        import::{
            objects::IDS_PER_REQUEST,
            ours::Held,
            work::{Desk, carry, split},
        },
    },
};

/// Marks a cursor that counts through the run's own list of ids.
const BY_ID: &str = "ids:";

/// What one fetch brought.
#[derive(Default)]
pub(super) struct Batch {
    pub page: Page<RemotePerson>,
    /// Asked for by id and not there.
    pub absent: Vec<RemoteId>,
    /// May be what a delivery of ours has made, and nobody knows yet.
    pub held: Held,
    /// Where the next fetch starts; `None` ends the phase.
    pub next: Option<String>,
    /// Of a file.
    pub rows: Rows,
}

/// What a page of a file has beside its people.
#[derive(Default)]
pub(super) struct Rows {
    /// What its people may be known by.
    pub keys: Vec<RowKey>,
    /// To be corrected.
    pub bad: Vec<BadRow>,
    /// Corrected ones that it takes up.
    pub fixed: Vec<i64>,
}

impl Desk {
    /// Of a list that started again: what was counted before is not counted again.
    pub(super) fn skip_seen(&self, batch: &mut Batch) {
        let before = &self.seen_before;
        batch.page.items.retain(|person| !before.contains(&person.id));
        self.skip_lost(&mut batch.page.quarantined);
        if let Some(next) = &mut batch.next {
            let (mark, place) = split(next);
            *next = carry(mark, place, !batch.page.items.is_empty());
        }
    }

    pub(super) async fn fetch(
        &self,
        account: &Arc<Account>,
        cursor: Option<&str>,
    ) -> Result<Batch, CrmError> {
        self.fetch_later(account, cursor.unwrap_or_default().to_owned()).await
    }

    /// Fetches the page at `cursor`, borrowing nothing of the desk, so that the desk can write
    /// meanwhile. First the provider's list, then the run's own list of ids.
    pub(super) fn fetch_later(
        &self,
        account: &Arc<Account>,
        cursor: String,
    ) -> impl Future<Output = Result<Batch, CrmError>> + use<> {
        let account = Arc::clone(account);
        let ids: Vec<RemoteId> =
            self.run.ids.clone().unwrap_or_default().into_iter().map(RemoteId).collect();
        let selective = self.run.mode == "selective";
        let mut from = self.start();
        let size = IDS_PER_REQUEST;
        async move {
            let connector = account.provider.connector;
            let offset = match cursor.strip_prefix(BY_ID) {
                Some(offset) => offset.parse().unwrap_or(0),
                None if selective => 0,
                None => {
                    let (mark, place) = split(&cursor);
                    from.cursor = Cursor::parse(place);
                    let page = connector.persons(&account.api, &from).await?;
                    let more = (!ids.is_empty()).then(|| format!("{BY_ID}0"));
                    let next = page.next.as_ref().map(|next| format!("{mark}{}", next.as_str()));
                    let next = next.or(more);
                    return Ok(Batch { page, next, ..Batch::default() });
                }
            };
            let asked = ids.get(offset..).unwrap_or_default();
            let asked = &asked[..asked.len().min(size)];
            let page = if asked.is_empty() {
                Page::default()
            } else {
                connector.persons_by_id(&account.api, asked).await?
            };
            let came: HashSet<&RemoteId> = page.items.iter().map(|person| &person.id).collect();
            let lost: HashSet<&RemoteId> =
                page.quarantined.iter().filter_map(|lost| lost.id.as_ref()).collect();
            let absent = asked
                .iter()
                .filter(|id| !came.contains(id) && !lost.contains(id))
                .cloned()
                .collect();
            let end = offset + asked.len();
            let next = (end < ids.len()).then(|| format!("{BY_ID}{end}"));
            Ok(Batch { page, absent, next, ..Batch::default() })
        }
    }
}
