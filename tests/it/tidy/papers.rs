//! What stands beside the code: decisions, migrations, versions, the README.

use tandem::config::VARIABLES;

use super::{BTreeMap, none, pages, read};

/// Older versions have a known hole, and the advisory database cannot be asked everywhere.
/// `.deny.toml` holds the same floors for `cargo deny`.
const FLOORS: &[(&str, [u64; 3], &str)] = &[
    ("jsonwebtoken", [10, 3, 0], "CVE-2026-25537"),
    ("rustls", [0, 23, 45], "RUSTSEC-2026-0285"),
    ("rustls-webpki", [0, 103, 13], "RUSTSEC-2026-0049, 0098, 0099, 0104"),
    ("aws-lc-sys", [0, 38, 1], "RUSTSEC-2026-0048"),
    ("sqlx", [0, 9, 0], "RUSTSEC-2024-0363, and the pool guard is written for it"),
];

/// Second implementations of TLS, HTTP and SQL that a careless feature would bring in.
const UNWANTED: &[&str] = &["openssl", "openssl-sys", "native-tls"];

const SECTIONS: [&str; 4] =
    ["## Context", "## Decision", "## Consequences", "## What would change our mind"];

/// One screen.
const MAX_DECISION_LINES: usize = 60;

fn locked() -> BTreeMap<String, Vec<[u64; 3]>> {
    let mut locked: BTreeMap<String, Vec<[u64; 3]>> = BTreeMap::new();
    for package in read("Cargo.lock").split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")));
            line.unwrap().trim_end_matches('"').to_owned()
        };
        locked.entry(field("name")).or_default().push(version(&field("version")));
    }
    assert!(locked.len() > 100, "Cargo.lock was not read");
    locked
}

/// `1.2.3-rc.1+meta` is `[1, 2, 3]`.
fn version(text: &str) -> [u64; 3] {
    let mut numbers = text.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

#[test]
fn no_locked_version_is_below_its_floor() {
    let locked = locked();
    let mut broken = Vec::new();
    for (name, floor, reason) in FLOORS {
        let found = locked.get(*name).unwrap_or_else(|| panic!("{name} is no longer used"));
        if found.iter().any(|version| version < floor) {
            broken.push(format!("{name} {found:?} is below {floor:?}: {reason}"));
        }
    }
    none(broken);
}

#[test]
fn the_floors_of_cargo_deny_are_the_same() {
    let deny = read(".deny.toml");
    none(
        FLOORS
            .iter()
            .map(|(name, [major, minor, patch], _)| format!("\"{name}:<{major}.{minor}.{patch}\""))
            .filter(|floor| !deny.contains(floor)),
    );
}

#[test]
fn there_is_one_tls_and_it_is_rustls_with_aws_lc() {
    let locked = locked();
    none(UNWANTED.iter().filter(|name| locked.contains_key(**name)).map(ToString::to_string));
}

#[test]
fn decisions_are_numbered_in_a_row_and_say_what_would_change_our_mind() {
    let decisions = pages("policies/decisions", &[".md"]);
    assert!(!decisions.is_empty(), "no decisions were found");
    let mut broken = Vec::new();
    for (index, page) in decisions.iter().enumerate() {
        let number = index + 1;
        if !page.name().starts_with(&format!("{number:04}-")) {
            broken.push(format!("{} should be number {number:04}", page.path));
        }
        if !page.text.starts_with(&format!("# {number}. ")) {
            broken.push(format!("{} does not open with `# {number}. `", page.path));
        }
        for section in SECTIONS.iter().filter(|section| !page.text.contains(**section)) {
            broken.push(format!("{} lacks `{section}`", page.path));
        }
        if page.text.lines().count() > MAX_DECISION_LINES {
            broken.push(format!("{} is longer than a screen", page.path));
        }
    }
    none(broken);
}

#[test]
fn a_migration_opens_with_the_reason_for_it() {
    let migrations = pages("migrations", &[".sql"]).into_iter().filter(|page| {
        let first = page.text.lines().next().unwrap_or_default();
        !first.starts_with("-- ") || first.split_whitespace().count() < 4
    });
    none(migrations.map(|page| page.path));
}

#[test]
fn the_readme_shows_every_variable_with_its_sentence() {
    let rows: Vec<String> =
        VARIABLES.iter().map(|(name, meaning)| format!("| `{name}` | {meaning} |\n")).collect();
    let table = format!("| variable | meaning |\n|---|---|\n{}", rows.concat());
    let readme = read("README.md");
    assert!(readme.contains(&table), "README.md should contain:\n\n{table}");
}

#[test]
fn every_variable_that_the_deployment_sets_is_known() {
    let known = |name: &str| {
        VARIABLES.iter().any(|(variable, _)| {
            let ending = variable.rsplit('>').next().unwrap();
            *variable == name || (variable.starts_with('<') && name.ends_with(ending))
        })
    };
    let fly = read("fly.toml");
    let settings = fly.split("[env]").nth(1).unwrap().split("\n[").next().unwrap();
    let unknown = settings
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().to_owned())
        .filter(|name| !name.starts_with('#') && !known(name));
    none(unknown);
}

#[test]
fn both_commands_of_the_readme_exist() {
    let makefile = read("Makefile");
    let readme = read("README.md");
    for target in ["demo", "demo-reset", "test", "chaos", "build", "check", "bench", "openapi"] {
        assert!(makefile.contains(&format!("\n{target}:")), "make {target} does not exist");
    }
    for command in ["make demo", "make test"] {
        assert!(readme.contains(command), "the README does not speak of `{command}`");
    }
}

#[test]
fn every_script_can_be_started_and_read() {
    use std::os::unix::fs::PermissionsExt as _;

    for script in [".ci/run", ".ci/setup", ".ci/test", ".ci/chaos", ".githooks/pre-commit"] {
        let path = super::top().join(script);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert!(mode & 0o111 != 0, "{script} cannot be started");
        let read = std::process::Command::new("bash").arg("-n").arg(&path).status().unwrap();
        assert!(read.success(), "{script} cannot be read");
    }
}
