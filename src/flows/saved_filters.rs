//! Keeps questions to the book for a member.

use chrono::SubsecRound as _;
use serde_json::Value;

use crate::{
    db::{
        self, DbError,
        contacts::{Filter, Owner},
        saved_filters::SavedFilter,
    },
    domain::SavedFilterId,
    flows::{Hub, SealError, contacts::By, idempotency::Witness},
};

/// That a member keeps: more than fit into a menu.
pub const MOST: usize = 50;

#[derive(Debug, thiserror::Error)]
pub enum SavedFilterError {
    /// Not there, another company's, or another member's.
    #[error("there is no such filter")]
    NotFound,
    #[error("the member has too many filters")]
    TooMany,
    #[error("the member has a filter of this name")]
    NameTaken,
    #[error("the owner is no member of the company")]
    UnknownOwner,
    #[error("there is no such campaign")]
    UnknownCampaign,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What is to be kept: the conditions as they are read, and as they were written.
#[derive(Debug, Clone)]
pub struct NewFilter {
    pub name: String,
    pub filter: Filter,
    pub written: Value,
    pub sort: Option<String>,
}

/// Keeps a filter. Whom or what it names must be there, now; later it may find nobody.
pub async fn create(
    hub: &Hub,
    by: By,
    new: NewFilter,
    witness: &mut dyn Witness<SavedFilter>,
) -> Result<(), SavedFilterError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if let Some(Owner::Member(member)) = new.filter.owner
        && !db::members::exists(&mut tx, member).await?
    {
        return Err(SavedFilterError::UnknownOwner);
    }
    if let Some(campaign) = new.filter.campaign
        && !db::campaigns::exists(&mut tx, campaign).await?
    {
        return Err(SavedFilterError::UnknownCampaign);
    }
    if db::saved_filters::list(&mut tx, by.member_id).await?.len() >= MOST {
        return Err(SavedFilterError::TooMany);
    }
    let kept = SavedFilter {
        filter_id: SavedFilterId::fresh(),
        name: new.name,
        filter: new.written,
        sort: new.sort,
        // Finer than a microsecond nothing is stored.
        created_at: hub.clock.now().trunc_subsecs(6),
    };
    db::saved_filters::insert(&mut tx, by.member_id, &kept).await.map_err(|error| match error {
        DbError::Conflict { constraint } if constraint == "saved_filter_one_name" => {
            SavedFilterError::NameTaken
        }
        error => error.into(),
    })?;
    witness.see(&mut tx, &kept).await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets a filter.
pub async fn delete(hub: &Hub, by: By, id: SavedFilterId) -> Result<(), SavedFilterError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if !db::saved_filters::delete(&mut tx, by.member_id, id).await? {
        return Err(SavedFilterError::NotFound);
    }
    tx.commit().await?;
    Ok(())
}
