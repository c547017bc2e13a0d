//! A grant that was just made: the code exchanged, and whose account it opens. Nothing is stored yet.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{
    connectors::{
        self, AccessToken, Api, ApiBase, Caller, Credentials, CrmError, Endpoints, Grant, Meter,
        OAuthError, Revocable, TokenSource,
    },
    db::{self, DbError},
    domain::{Account, InstallationId},
    failpoint::reach,
    flows::{Provider, SharedHub, connect::Denied, providers::callback_url},
};

/// Tokens, and the account that they open.
pub(super) struct Granted {
    pub(super) grant: Grant,
    pub(super) base: ApiBase,
    pub(super) account: Account,
}

/// What a consent brought, and where its code is traded.
pub(super) struct Consent<'a> {
    pub(super) code: &'a SecretString,
    /// Of PKCE, where the provider has it and the consent was begun here.
    pub(super) verifier: Option<&'a SecretString>,
    pub(super) endpoints: Endpoints,
}

impl<'a> Consent<'a> {
    /// `logins` are the hosts at which people may have signed in, the last one counts; each is judged.
    pub(super) fn new(
        provider: &Provider,
        code: &'a SecretString,
        verifier: Option<&'a SecretString>,
        logins: [Option<&str>; 2],
    ) -> Result<Self, Denied> {
        let mut endpoints = provider.endpoints.clone();
        for login in logins.into_iter().flatten() {
            endpoints = endpoints.at_login(login).map_err(|error| {
                tracing::warn!(provider = provider.slug(), %error, "a consent names a strange host");
                Denied::HostRefused
            })?;
        }
        Ok(Self { code, verifier, endpoints })
    }
}

/// Exchanges the code and asks whose account it is.
pub(super) async fn obtain(
    hub: &SharedHub,
    provider: &Provider,
    credentials: &Credentials,
    consent: Consent<'_>,
) -> Result<Granted, Denied> {
    let redirect = callback_url(&hub.public_url(), provider.slug());
    let exchanged = connectors::exchange(
        &provider.http,
        &consent.endpoints,
        credentials,
        consent.code,
        &redirect,
        consent.verifier,
    )
    .await;
    let grant = exchanged.map_err(|error| {
        tracing::warn!(provider = provider.slug(), %error, "a consent brought no token");
        match error {
            OAuthError::InvalidGrant | OAuthError::CodeRefused => Denied::CodeRefused,
            OAuthError::InvalidClient => Denied::NotConfigured,
            OAuthError::ForbiddenHost { .. } => Denied::HostRefused,
            _ => Denied::ProviderDown,
        }
    })?;
    reach("connect.exchanged");
    let base =
        grant.api_domain.clone().unwrap_or_else(|| provider.endpoints.default_api_base().clone());
    let account = whose(hub, provider, &grant, &base).await.map_err(|error| {
        tracing::warn!(provider = provider.slug(), %error, "a new token did not tell its account");
        match error {
            CrmError::ForbiddenHost => Denied::HostRefused,
            CrmError::Expired | CrmError::Revoked | CrmError::MissingScope { .. } => {
                Denied::CodeRefused
            }
            _ => Denied::ProviderDown,
        }
    })?;
    Ok(Granted { grant, base, account })
}

/// Revokes a grant that nobody wants, unless something else lives on the same install, which the
/// revocation would end. `but` is the installation that it comes from.
pub(super) async fn give_back(
    hub: &SharedHub,
    provider: &Provider,
    credentials: &Credentials,
    granted: &Granted,
    but: Option<InstallationId>,
) {
    let Some(token) = &granted.grant.refresh_token else { return };
    let revoked = match is_shared(hub, provider, &granted.account, but).await {
        Ok(true) => return,
        Ok(false) => revoke(provider, credentials, token, &granted.base)
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = revoked {
        tracing::warn!(provider = provider.slug(), %error, "an unwanted grant was not revoked");
    }
}

pub(super) async fn revoke(
    provider: &Provider,
    credentials: &Credentials,
    token: &SecretString,
    base: &ApiBase,
) -> Result<(), OAuthError> {
    let token = Revocable::Refresh(token);
    let endpoints = provider.endpoints.of_account(base.as_str());
    connectors::revoke(&provider.http, &endpoints, credentials, token).await
}

/// Whether a connection of any company, or another installation, lives on this user's install.
pub(super) async fn is_shared(
    hub: &SharedHub,
    provider: &Provider,
    account: &Account,
    but: Option<InstallationId>,
) -> Result<bool, DbError> {
    let (account_id, user_id) = (account.company_id.as_str(), account.user_id.as_str());
    let mut tx = hub.db.door().await?;
    let holders = db::holders::of_account(&mut tx, provider.slug(), account_id).await?;
    Ok(holders.iter().any(|holder| holder.lives_on(user_id))
        || db::installations::is_waiting(&mut tx, provider.slug(), account, but).await?)
}

/// A token that was just granted and is stored nowhere yet.
struct Fresh {
    secret: SecretString,
    base: ApiBase,
}

#[async_trait]
impl TokenSource for Fresh {
    async fn access_token(&self) -> Result<AccessToken, CrmError> {
        Ok(AccessToken { secret: self.secret.clone(), generation: 1, api_base: self.base.clone() })
    }

    async fn refused(&self, _generation: i64) -> Result<AccessToken, CrmError> {
        Err(CrmError::Revoked)
    }
}

async fn whose(
    hub: &SharedHub,
    provider: &Provider,
    grant: &Grant,
    base: &ApiBase,
) -> Result<Account, CrmError> {
    let tokens = Arc::new(Fresh { secret: grant.access_token.clone(), base: base.clone() });
    let manifest = provider.connector.manifest();
    // The account is not known yet, so this one call is counted on a budget of its own.
    let alone = format!("new:{}", uuid::Uuid::now_v7());
    let budget = hub.cache.budget(alone.as_str(), manifest.limits());
    let api =
        Api::new(provider.http.clone(), tokens, budget, Caller::Person, Arc::new(Meter::default()));
    provider.connector.account(&api).await
}
