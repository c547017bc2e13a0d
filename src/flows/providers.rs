//! The providers as this installation knows them: connector, addresses, credentials.

use std::{collections::HashMap, sync::Arc};

use url::Url;

use crate::{
    config::Config,
    connectors::{self, Connector, Credentials, Endpoints, Http},
};

/// One CRM product, ready to be called.
#[derive(Clone)]
pub struct Provider {
    pub connector: &'static dyn Connector,
    pub endpoints: Endpoints,
    /// `None`: this installation has no app at the provider, and its card says so.
    pub credentials: Option<Arc<Credentials>>,
    pub http: Http,
}

impl Provider {
    pub fn slug(&self) -> &'static str {
        self.connector.manifest().slug
    }

    pub fn name(&self) -> &'static str {
        self.connector.manifest().name
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.slug())
    }
}

/// All providers, by slug.
#[derive(Debug, Clone, Default)]
pub struct Providers(Arc<HashMap<&'static str, Provider>>);

/// A provider that cannot be set up as configured, as a sentence for whoever operates Tandem.
#[derive(Debug, thiserror::Error)]
#[error("the address given for {provider} cannot be used: {why}")]
pub struct ProviderSetupError {
    pub provider: &'static str,
    pub why: String,
}

impl Providers {
    pub fn from_config(config: &Config) -> Result<Self, ProviderSetupError> {
        let mut providers = HashMap::new();
        for &connector in connectors::all() {
            let manifest = connector.manifest();
            let fail = |why: String| ProviderSetupError { provider: manifest.name, why };
            let (oauth, api) = (config.oauth_url(manifest.slug), config.api_url(manifest.slug));
            let endpoints = Endpoints::overridden(manifest, oauth.as_ref(), api.as_ref())
                .map_err(|error| fail(error.to_string()))?;
            let http = Http::with_timeout(endpoints.is_plain(), config.crm_timeout);
            let credentials = config.provider(manifest.slug).map(|found| {
                Arc::new(Credentials {
                    client_id: found.client_id.clone(),
                    client_secret: found.client_secret.clone(),
                })
            });
            providers.insert(manifest.slug, Provider { connector, endpoints, credentials, http });
        }
        Ok(Self(Arc::new(providers)))
    }

    /// The same with another client, such as a less patient one.
    #[must_use]
    pub fn with_http(&self, http: &Http) -> Self {
        let same = |(slug, provider): (&&'static str, &Provider)| {
            (*slug, Provider { http: http.clone(), ..provider.clone() })
        };
        Self(Arc::new(self.0.iter().map(same).collect()))
    }

    /// The same and one more, which no registry knows.
    #[must_use]
    pub fn and(&self, provider: Provider) -> Self {
        let mut providers = (*self.0).clone();
        providers.insert(provider.slug(), provider);
        Self(Arc::new(providers))
    }

    pub fn get(&self, slug: &str) -> Option<&Provider> {
        self.0.get(slug)
    }

    /// In the order of the registry.
    pub fn all(&self) -> impl Iterator<Item = &Provider> {
        connectors::all().iter().filter_map(|connector| self.0.get(connector.manifest().slug))
    }
}

/// Where a provider sends the browser back to; registered with the provider, one per provider.
pub(super) fn callback_url(public_url: &Url, slug: &str) -> Url {
    let mut url = public_url.clone();
    url.set_path(&format!("/api/integrations/{slug}/callback"));
    url
}
