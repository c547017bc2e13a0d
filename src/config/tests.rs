//! What the environment may and may not say.

use secrecy::ExposeSecret as _;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn production(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(Environment::Production, &variables(pairs))
}

fn complaint(pairs: &[(&str, &str)]) -> String {
    production(pairs).unwrap_err().to_string()
}

const COMPLETE: &[(&str, &str)] = &[
    ("DATABASE_URL", "postgres://tandem_login:hunter2@db/tandem"),
    ("TANDEM_PUBLIC_URL", "https://tandem.example.com"),
    ("TANDEM_MASTER_KEYS_FILE", "/run/keys"),
    ("SMTP_URL", "smtps://u:hunter2@relay"),
    ("TANDEM_MAIL_FROM", "Tandem <no-reply@example.com>"),
    ("REDIS_URL", "rediss://cache"),
];

#[test]
fn production_starts_with_everything_and_names_each_thing_that_is_missing() {
    production(COMPLETE).unwrap().check_service().unwrap();
    for (missing, _) in COMPLETE {
        let rest: Vec<_> = COMPLETE.iter().copied().filter(|(name, _)| name != missing).collect();
        let problem = match production(&rest) {
            Ok(config) => config.check_service().unwrap_err(),
            Err(error) => error,
        };
        assert!(problem.to_string().contains(missing), "{missing}: {problem}");
    }
}

#[test]
fn production_refuses_to_talk_to_anything_but_the_real_crm() {
    for name in ["TANDEM_CRM_ACME_OAUTH_URL", "TANDEM_CRM_ACME_API_URL"] {
        let said = complaint(&[(name, "http://127.0.0.1:9")]);
        assert!(said.contains(name), "{said}");
        assert!(!said.contains("127.0.0.1"), "{said}");
    }
    let said = complaint(&[("TANDEM_CRM_LIMIT_FACTOR", "10")]);
    assert!(said.contains("TANDEM_CRM_LIMIT_FACTOR"), "{said}");
}

#[test]
fn production_takes_master_keys_from_a_file_only() {
    assert!(
        complaint(&[("TANDEM_MASTER_KEYS", "k1:c2VjcmV0")]).contains("TANDEM_MASTER_KEYS_FILE")
    );
}

#[test]
fn production_is_reached_over_https_except_on_the_own_machine() {
    assert!(complaint(&[("TANDEM_PUBLIC_URL", "http://tandem.example.com")]).contains("https"));
    assert!(production(&[("TANDEM_PUBLIC_URL", "http://localhost:8080")]).is_ok());
    assert!(complaint(&[("TANDEM_PUBLIC_URL", "https://x.example/app")]).contains("origin"));
    assert!(complaint(&[("TANDEM_PUBLIC_URL", "tandem")]).contains("http or https"));
}

#[test]
fn one_process_may_go_without_redis_when_it_says_so() {
    let mut pairs: Vec<_> = COMPLETE.iter().copied().filter(|(n, _)| *n != "REDIS_URL").collect();
    pairs.push(("TANDEM_SINGLE_PROCESS", "true"));
    production(&pairs).unwrap().check_service().unwrap();
    pairs.push(("TANDEM_SINGLE_PROCESS", "maybe"));
    assert!(complaint(&pairs).contains("TANDEM_SINGLE_PROCESS"));
}

#[test]
fn all_problems_are_told_at_once_and_no_value_is_repeated() {
    let said = complaint(&[("TANDEM_LISTEN", "hunter2"), ("TANDEM_PUBLIC_URL", "hunter2")]);
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn times_are_whole_seconds_in_their_range() {
    let times = |pairs: &[(&str, &str)]| {
        let config = production(pairs).unwrap();
        (config.lease.as_secs(), config.crm_timeout.as_secs())
    };
    assert_eq!(times(&[]), (20, 30));
    let said = [("TANDEM_LEASE_SECONDS", "2"), ("TANDEM_CRM_TIMEOUT_SECONDS", "120")];
    assert_eq!(times(&said), (2, 120));
    for wrong in ["0", "1", "601", "-5", "1.5", "soon"] {
        assert!(complaint(&[("TANDEM_LEASE_SECONDS", wrong)]).contains("2 to 600"), "{wrong}");
    }
}

#[test]
fn secrets_do_not_show_when_the_configuration_is_printed() {
    let shown = format!("{:?}", production(COMPLETE).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_provider_needs_both_halves_and_is_found_by_its_slug() {
    let half = production(&[("ACME_CLIENT_ID", "id")]).unwrap();
    assert!(half.provider("acme").is_none());
    assert_eq!(half.provider_hint("acme").unwrap(), "Set ACME_CLIENT_SECRET to offer this.");

    let both = production(&[("ACME_CLIENT_ID", "id"), ("ACME_CLIENT_SECRET", "s")]).unwrap();
    let found = both.provider("acme").unwrap();
    assert_eq!((found.client_id.as_str(), found.client_secret.expose_secret()), ("id", "s"));
    assert_eq!(both.provider_hint("acme"), None);
}

#[test]
fn an_empty_variable_is_an_unset_one() {
    let config = production(&[("DATABASE_URL", " "), ("FLY_APP_NAME", "")]).unwrap();
    assert!(config.database_url.is_none());
    assert_eq!(config.client_address, ClientAddress::Peer);
}

#[test]
fn a_sandbox_yields_to_what_the_environment_says() {
    let says = variables(&[("TANDEM_CRM_ACME_API_URL", "http://127.0.0.1:9/")]);
    let mut config = Config::read(Environment::Demo, &says).unwrap();
    let credentials =
        ProviderCredentials { client_id: "sandbox".into(), client_secret: "secret".into() };
    config.offer_sandbox("acme", credentials, &"http://127.0.0.1:7/".parse().unwrap());
    assert_eq!(config.api_url("acme").unwrap().port(), Some(9));
    assert_eq!(config.oauth_url("acme").unwrap().port(), Some(7));
    assert_eq!(config.provider("acme").unwrap().client_id, "sandbox");
}

#[test]
fn mail_lands_in_a_mailbox_only_outside_production() {
    assert!(production(&[]).unwrap().mail.is_none());
    let tests = Config::for_tests(Path::new("/x"));
    assert!(
        matches!(tests.mail, Some(MailRoute::Mailbox(folder)) if folder == Path::new("/x/mail"))
    );
}
