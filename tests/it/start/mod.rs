//! A wrong environment ends a command with a sentence and exit code 2, never with a panic.

mod database;

use std::process::{Command, Output};

/// Runs a command with this environment and nothing else.
fn tandem(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[track_caller]
fn refused(output: &Output, sentence: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(sentence), "{stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("a bug:"), "{stderr}");
    assert!(!stderr.contains("hunter2"), "a value was repeated: {stderr}");
}

#[test]
fn services_name_everything_that_is_missing() {
    for command in ["serve", "work", "doctor"] {
        let output = tandem(&[command], &[]);
        for name in [
            "DATABASE_URL",
            "TANDEM_PUBLIC_URL",
            "TANDEM_MASTER_KEYS_FILE",
            "SMTP_URL",
            "REDIS_URL",
        ] {
            refused(&output, &format!("{name} is not set"));
        }
    }
}

#[test]
fn an_unknown_environment_is_not_taken_for_development() {
    refused(&tandem(&["serve"], &[("TANDEM_ENV", "hunter2")]), "TANDEM_ENV must be");
}

#[test]
fn a_crm_cannot_be_replaced_in_production() {
    let replaced = [("TANDEM_CRM_ACME_API_URL", "http://hunter2.example")];
    for command in ["serve", "work"] {
        refused(&tandem(&[command], &replaced), "TANDEM_CRM_ACME_API_URL is set, but production");
    }
}

#[test]
fn a_key_in_the_environment_is_refused_in_production() {
    let key = [("TANDEM_MASTER_KEYS", "k1:hunter2")];
    refused(&tandem(&["serve"], &key), "TANDEM_MASTER_KEYS_FILE");
}

#[test]
fn a_log_setting_that_cannot_be_read_is_named() {
    refused(&tandem(&["serve"], &[("TANDEM_LOG", "=hunter2=")]), "TANDEM_LOG");
}

#[test]
fn production_names_the_mail_relay_that_is_missing() {
    let environment = [
        ("DATABASE_URL", "postgres://tandem_login:hunter2@127.0.0.1:1/tandem"),
        ("TANDEM_PUBLIC_URL", "https://tandem.example.com"),
        ("TANDEM_MASTER_KEYS_FILE", "/nowhere/hunter2"),
        ("TANDEM_SINGLE_PROCESS", "true"),
    ];
    for command in ["serve", "work"] {
        let output = tandem(&[command], &environment);
        refused(&output, "SMTP_URL is not set: production needs a mail relay");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr.trim().lines().count(), 1, "one thing is wrong: {stderr}");
    }
}
