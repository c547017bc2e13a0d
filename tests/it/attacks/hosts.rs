//! Look-alikes of the provider's hosts in the token answer: whoever is named there gets the token.

use serde_json::json;
use tandem::connectors;

use super::{End, Stage};
use crate::{
    connections::{Crm, NORDWIND, Rig},
    harness::TestHub,
};

/// `{d}` is the provider's domain, `{p}` the port of the trap.
static LOOK_ALIKES: &[(&str, &str)] = &[
    ("another domain", "https://evil.example"),
    ("the domain as a sub-domain", "https://x.{d}.evil.example"),
    ("the domain as the end of another", "https://evil{d}"),
    ("the domain with a hyphen before", "https://x.evil-{d}"),
    ("the bare domain", "https://{d}"),
    ("an empty label", "https://.{d}"),
    ("two labels", "https://x.y.{d}"),
    ("a wildcard", "https://*.{d}"),
    ("an underscore", "https://x_y.{d}"),
    ("a label that ends with a hyphen", "https://x-.{d}"),
    ("the domain as a user name", "https://x.{d}@127.0.0.1:{p}"),
    ("the domain as a user with a password", "https://x.{d}:443@127.0.0.1:{p}"),
    ("a user before the domain", "https://user@x.{d}"),
    ("an empty user", "https://@x.{d}"),
    ("the domain as a path", "https://127.0.0.1:{p}/.{d}"),
    ("the domain as a fragment", "https://127.0.0.1:{p}#.{d}"),
    ("the domain as a query", "https://127.0.0.1:{p}?.{d}"),
    ("a backslash before the domain", "https://127.0.0.1:{p}\\.{d}"),
    ("a backslash after the scheme", "https:\\\\127.0.0.1:{p}\\.{d}"),
    ("another port", "https://x.{d}:8443"),
    ("the usual port, spelled out", "https://x.{d}:443"),
    ("an empty port", "https://x.{d}:"),
    ("a dot at the end", "https://x.{d}."),
    ("a path", "https://x.{d}/api"),
    ("a path upwards", "https://x.{d}/../evil"),
    ("two slashes at the end", "https://x.{d}//"),
    ("a query", "https://x.{d}?x=1"),
    ("an empty query", "https://x.{d}?"),
    ("a fragment", "https://x.{d}#x"),
    ("no scheme", "x.{d}"),
    ("only slashes for a scheme", "//x.{d}"),
    ("plain http", "http://x.{d}"),
    ("ftp", "ftp://x.{d}"),
    ("a script", "javascript:alert(1)//x.{d}"),
    ("a file", "file:///etc/passwd#.{d}"),
    ("data", "data:text/plain,x.{d}"),
    ("capitals in the scheme", "HTTPS://x.{d}"),
    ("capitals in the host", "https://X.{d}"),
    ("a Cyrillic letter", "https://\u{445}.{d}"),
    ("a full-width full stop", "https://x\u{ff0e}{d}"),
    ("an ideographic full stop", "https://x\u{3002}{d}"),
    ("a zero-width space", "https://x\u{200b}.{d}"),
    ("a soft hyphen", "https://x\u{ad}.{d}"),
    ("the Kelvin sign", "https://\u{212a}.{d}"),
    ("percent-encoding in the label", "https://%78.{d}"),
    ("a percent-encoded slash", "https://evil.example%2f.{d}"),
    ("a percent-encoded dot", "https://x%2e{d}"),
    ("a percent-encoded NUL", "https://evil.example%00.{d}"),
    ("a NUL", "https://evil.example\u{0}.{d}"),
    ("a space before", " https://x.{d}"),
    ("a space after", "https://x.{d} "),
    ("a tab inside", "https://x\t.{d}"),
    ("a newline inside", "https://127.0.0.1:{p}\n.{d}"),
    ("a newline after", "https://x.{d}\n"),
    ("a carriage return and a header", "https://x.{d}\r\nX-Evil: 1"),
    ("an address", "https://127.0.0.1:{p}"),
    ("an address without TLS", "http://127.0.0.1:{p}"),
    ("a name of this machine", "http://localhost:{p}"),
    ("a name of this machine with a dot", "http://localhost.:{p}"),
    ("a decimal address", "http://2130706433:{p}"),
    ("a hexadecimal address", "http://0x7f.1:{p}"),
    ("an octal address", "http://0177.0.0.1:{p}"),
    ("a short address", "http://127.1:{p}"),
    ("the address of everywhere", "http://0.0.0.0:{p}"),
    ("an IPv6 address", "http://[::1]:{p}"),
    ("an IPv4 address in an IPv6 one", "http://[::ffff:127.0.0.1]:{p}"),
    ("the address of a cloud's secrets", "http://169.254.169.254"),
    (
        "a label of 64 letters",
        "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.{d}",
    ),
    ("no address", "nonsense"),
    ("one slash", "/"),
    ("a space", " "),
];

async fn stage_with_real_hosts() -> Stage {
    let crm = Crm::start().await;
    let hub = TestHub::with(|config| crm.offer_with_real_hosts(config)).await;
    let acme = hub.company(tandem::policy::Plan::Business).await;
    Stage::of(Rig { crm, hub, acme }).await
}

#[tokio::test]
async fn a_token_answer_that_names_a_look_alike_connects_nothing() {
    let mut stage = stage_with_real_hosts().await;
    let connectors::HostRule::Under(domain) = connectors::all()[0].manifest().hosts[0] else {
        panic!("the first provider gives each company a host of its own");
    };
    for (name, host) in LOOK_ALIKES {
        let host = host.replace("{d}", domain).replace("{p}", &stage.trap.port.to_string());
        stage.rig.crm.control("/api_domain", json!({ "api_domain": host })).await;
        // Each an hour after the last, so that nobody takes this for guessing.
        stage.rig.hub.clock.advance(chrono::TimeDelta::minutes(11));
        let back = stage.consent(stage.owner(), NORDWIND).await;
        let before = stage.seen().await;
        let answer = stage.owner().get(&back).await;
        let end = End::refused("host_refused").after_asking(1).given_back(1);
        stage.judge(name, &before, &answer, end).await;
        if stage.rig.crm.api_calls().await > 0 {
            stage.note(&format!("{name}, the call"), vec!["the API was called".into()]);
        }
    }
    stage.verdict(LOOK_ALIKES.len());
}
