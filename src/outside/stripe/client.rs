//! The calls: form-encoded requests, bounded in time and size, to one host.

use std::time::Duration;

use bytes::BytesMut;
use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode, header, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{
    Checkout, Errand, NewCheckout, NotSigned, StripeError, Subscription, VERSION, signature,
    wire::{Failure, List, Made},
};
use crate::config::BillerConfig;

const HOST: &str = "https://api.stripe.com";
const CONNECT: Duration = Duration::from_secs(5);
/// A page of a hundred subscriptions is 500 KiB.
const MAX_BODY: usize = 4 << 20;
/// Pages of a hundred subscriptions of one customer; nobody has more.
const MOST_PAGES: usize = 10;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stripe {
    client: reqwest::Client,
    base: Url,
    key: SecretString,
    webhook_secret: SecretString,
    livemode: bool,
    stand_in: bool,
}

type Form<'a> = [(&'a str, &'a str)];

impl Stripe {
    /// Connects when it is first asked.
    pub fn new(config: &BillerConfig) -> Self {
        let base = config.api_url.clone();
        let stand_in = base.is_some();
        let base = base.unwrap_or_else(|| Url::parse(HOST).expect("a literal address"));
        let client = reqwest::Client::builder()
            .user_agent(concat!("Tandem/", env!("CARGO_PKG_VERSION")))
            // The key goes to one host.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(config.patience)
            // Plain http is a stand-in on this machine; the configuration has seen to it.
            .https_only(base.scheme() == "https")
            .build()
            .expect("the TLS provider is compiled in");
        Self {
            client,
            base,
            key: config.secret_key.clone(),
            webhook_secret: config.webhook_secret.clone(),
            livemode: config.is_live(),
            stand_in,
        }
    }

    /// Whether money moves.
    pub fn is_live(&self) -> bool {
        self.livemode
    }

    /// Whether a webhook was sent by Stripe, just now.
    pub fn verify(&self, header: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), NotSigned> {
        signature::verify(header, body, &self.webhook_secret, now)
    }

    /// A customer for a company; the same `attempt` makes no second one.
    pub async fn create_customer(
        &self,
        reference: &str,
        name: &str,
        attempt: &str,
    ) -> Result<String, StripeError> {
        let form = vec![("name", name), ("metadata[tandem_company]", reference)];
        let made: Made = self.post("/v1/customers", &form, &format!("customer-{attempt}")).await?;
        Ok(made.id)
    }

    /// A page to pay at. `attempt` names it: the same attempt makes no second one.
    pub async fn create_checkout(
        &self,
        new: &NewCheckout<'_>,
        attempt: &str,
    ) -> Result<Checkout, StripeError> {
        let form = vec![
            ("mode", "subscription"),
            ("customer", new.customer),
            ("client_reference_id", new.reference),
            ("line_items[0][price]", new.price),
            ("line_items[0][quantity]", "1"),
            ("subscription_data[metadata][tandem_company]", new.reference),
            ("success_url", new.success_url),
            ("cancel_url", new.cancel_url),
        ];
        let made: Made =
            self.post("/v1/checkout/sessions", &form, &format!("checkout-{attempt}")).await?;
        Ok(Checkout { url: self.page(made.url)?, id: made.id })
    }

    /// Closes a page to pay at; false when somebody has paid there.
    pub async fn expire_checkout(&self, id: &str) -> Result<bool, StripeError> {
        let path = format!("/v1/checkout/sessions/{}", segment(id));
        let ended: Result<Made, _> =
            self.post(&format!("{path}/expire"), &[], &format!("expire-{id}")).await;
        match ended {
            Ok(_) => Ok(true),
            // It is no longer open; how it ended matters.
            Err(StripeError::Refused { status: 400..=404, .. }) => {
                let now: Made = self.get(&path, &[]).await?;
                Ok(now.status.as_deref() != Some("complete"))
            }
            Err(error) => Err(error),
        }
    }

    /// A page of the customer portal, for a short time. `done_url` is where a finished errand leads.
    pub async fn create_portal(
        &self,
        customer: &str,
        errand: Errand<'_>,
        (return_url, done_url): (&str, &str),
        attempt: &str,
    ) -> Result<String, StripeError> {
        let mut form = vec![("customer", customer), ("return_url", return_url)];
        if !matches!(errand, Errand::Anything) {
            form.extend([
                ("flow_data[after_completion][type]", "redirect"),
                ("flow_data[after_completion][redirect][return_url]", done_url),
            ]);
        }
        match errand {
            Errand::Anything => {}
            Errand::Change { subscription, item, price } => {
                form.extend([
                    ("flow_data[type]", "subscription_update_confirm"),
                    ("flow_data[subscription_update_confirm][subscription]", subscription),
                    ("flow_data[subscription_update_confirm][items][0][id]", item),
                    ("flow_data[subscription_update_confirm][items][0][price]", price),
                    ("flow_data[subscription_update_confirm][items][0][quantity]", "1"),
                ]);
            }
            Errand::Cancel { subscription } => {
                form.extend([
                    ("flow_data[type]", "subscription_cancel"),
                    ("flow_data[subscription_cancel][subscription]", subscription),
                ]);
            }
        }
        let made: Made =
            self.post("/v1/billing_portal/sessions", &form, &format!("portal-{attempt}")).await?;
        self.page(made.url)
    }

    /// Every subscription of a customer, those that ended included.
    pub async fn subscriptions(&self, customer: &str) -> Result<Vec<Subscription>, StripeError> {
        let mut all: Vec<Subscription> = Vec::new();
        for _ in 0..MOST_PAGES {
            let after = all.last().map(|last| last.id.clone());
            let mut query = vec![("customer", customer), ("status", "all"), ("limit", "100")];
            if let Some(after) = &after {
                query.push(("starting_after", after));
            }
            let page: List<Subscription> = self.get("/v1/subscriptions", &query).await?;
            let more = page.has_more && !page.data.is_empty();
            all.extend(page.data);
            if !more {
                return Ok(all);
            }
        }
        Err(StripeError::Unreadable)
    }

    /// Where a browser may be sent: Stripe's pages may lie on a domain of the seller's.
    fn page(&self, url: Option<String>) -> Result<String, StripeError> {
        let url = url.and_then(|url| Url::parse(&url).ok()).ok_or(StripeError::Unreadable)?;
        let fits = url.scheme() == "https" || (self.stand_in && url.scheme() == "http");
        if fits { Ok(url.into()) } else { Err(StripeError::Unreadable) }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Form<'_>,
    ) -> Result<T, StripeError> {
        let mut url = self.at(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.exchange(&|| self.client.request(Method::GET, url.clone())).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form<'_>,
        what: &str,
    ) -> Result<T, StripeError> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let key = format!("{what}-{}", hex::encode(&Sha256::digest(body.as_bytes())[..8]));
        let url = self.at(path);
        self.exchange(&|| {
            self.client
                .request(Method::POST, url.clone())
                .header("Idempotency-Key", &key)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.clone())
        })
        .await
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// Once more where nothing can have arrived, or where the key makes it harmless.
    async fn exchange<T: DeserializeOwned>(
        &self,
        request: &(dyn Fn() -> reqwest::RequestBuilder + Sync),
    ) -> Result<T, StripeError> {
        match self.once(request()).await {
            Err(StripeError::Away("no connection" | "the answer broke off")) => {
                self.once(request()).await
            }
            other => other,
        }
    }

    async fn once<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, StripeError> {
        let request = request
            .bearer_auth(self.key.expose_secret())
            .header("Stripe-Version", VERSION)
            .header(header::ACCEPT, "application/json");
        let mut answer = request.send().await.map_err(|error| away(&error))?;
        let status = answer.status();
        let named = answer.headers().get("request-id").and_then(|id| id.to_str().ok());
        let named = named.unwrap_or_default().chars().take(64).collect::<String>();
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| away(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(StripeError::Unreadable);
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| StripeError::Unreadable);
        }
        let cause = serde_json::from_slice::<Failure>(&body).unwrap_or_default().error;
        let is_missing = cause.code.as_deref() == Some("resource_missing");
        let code = word(cause.code.or(cause.kind));
        let param = word(cause.param);
        tracing::warn!(status = status.as_u16(), code, param, request = named, "Stripe said no");
        if status.is_server_error() || is_for_later(status) {
            return Err(StripeError::Away("it asks to come back"));
        }
        if is_missing && param == "customer" {
            return Err(StripeError::NoCustomer);
        }
        Err(StripeError::Refused { status: status.as_u16(), code })
    }
}

/// Too many at once, or the same request is being worked on.
fn is_for_later(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT)
}

fn away(error: &reqwest::Error) -> StripeError {
    StripeError::Away(if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the answer broke off"
    })
}

/// One of Stripe's own words, for the log.
fn word(text: Option<String>) -> String {
    let fits = |text: &String| {
        text.len() <= 80
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_[]".contains(&byte))
    };
    text.filter(fits).unwrap_or_else(|| "-".to_owned())
}

/// An id of Stripe's in a path.
fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}
