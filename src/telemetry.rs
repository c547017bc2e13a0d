//! What Tandem tells: logs, traces and figures.
//!
//! # What is never logged
//!
//! - Tokens, codes, states, passwords, cookies, API keys, master and data keys, in whole or part.
//! - Addresses of mail, phone numbers and names of people; ids stand for them.
//! - Bodies of requests and answers, ours or a CRM's; what cannot be read goes to quarantine.
//! - Query strings: OAuth codes travel there. Spans carry the route, never the whole address.
//! - Parameters of SQL, and what PostgreSQL says about values.
//! - What a panic says: it may quote any of these. The place is logged, the payload is not.
//!
//! A failure is logged once, where it is handled. A message reads alone and its fields are queryable.

use std::{panic, sync::OnceLock};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};
use url::Url;

use crate::config::{Config, ConfigError};

/// Upper bounds in seconds: fine around the 50 ms of a page and the 250 ms of a delivery.
const LATENCY_BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Libraries that would tell what we do not, whatever `TANDEM_LOG` says.
const SILENCED: &[&str] = &["sqlx=warn", "hyper=warn", "h2=warn", "rustls=warn", "poem=warn"];

static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();

/// Sends what is left when it is dropped.
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take() {
            // The collector may be gone; that must not keep us from ending.
            let _ = traces.shutdown();
        }
    }
}

/// Logs to standard error: JSON in production, for people elsewhere. Once per process.
pub fn start(config: &Config) -> Result<Telemetry, ConfigError> {
    let wrong = |what: &str| ConfigError::one(format!("{what} cannot be used as it is set."));
    let mut filter = EnvFilter::try_new(&config.log).map_err(|_| wrong("TANDEM_LOG"))?;
    for directive in SILENCED {
        filter = filter.add_directive(directive.parse().expect("a literal directive"));
    }
    let traces = match &config.otlp_endpoint {
        Some(endpoint) => {
            Some(exporter(endpoint).ok_or_else(|| wrong("OTEL_EXPORTER_OTLP_ENDPOINT"))?)
        }
        None => None,
    };
    let spans = traces
        .as_ref()
        .map(|traces| tracing_opentelemetry::layer().with_tracer(traces.tracer("tandem")));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if config.environment.is_production() {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    } else {
        lines.compact().with_target(false).boxed()
    };
    recorder();
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(filter).with(spans).with(lines).try_init();
    Ok(Telemetry { traces })
}

/// The figures so far, in Prometheus' text form.
pub fn figures() -> String {
    recorder().render()
}

/// Installs the recorder of `metrics` once; figures counted before would be lost.
pub fn recorder() -> &'static PrometheusHandle {
    FIGURES.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets(LATENCY_BUCKETS)
            .expect("the buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        // Somebody else's recorder stays; then ours renders nothing.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

fn exporter(endpoint: &Url) -> Option<SdkTracerProvider> {
    let endpoint = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()
        .ok()?;
    let resource = Resource::builder().with_service_name("tandem").build();
    Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// From now on a panic is a line in the log, without its words. For `main` alone: tests want them.
pub fn log_panics() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location();
        tracing::error!(
            file = place.map(panic::Location::file),
            line = place.map(panic::Location::line),
            "a bug: something that cannot happen did"
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rendered_for_prometheus() {
        recorder();
        metrics::counter!("tandem_test_total").increment(2);
        assert!(figures().contains("tandem_test_total 2"));
    }

    #[test]
    fn a_wrong_log_directive_is_a_sentence_that_names_the_variable() {
        let mut config = Config::for_tests(std::path::Path::new("/x"));
        config.log = "==".to_owned();
        assert!(start(&config).unwrap_err().to_string().contains("TANDEM_LOG"));
    }
}
