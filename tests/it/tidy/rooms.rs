//! Which room may use which, and which words are spoken where.

use super::{BTreeMap, BTreeSet, Page, folders, none, pages, read};

/// Read top to bottom: only downwards. `*` is the one that builds everything.
const MAY_USE: &[(&str, &[&str])] = &[
    ("main", &["app", "command_line", "config", "embedded", "telemetry"]),
    ("app", &["*"]),
    (
        "http",
        &["flows", "db", "cache", "connectors", "policy", "config", "telemetry", "clock", "domain"],
    ),
    ("jobs", &["flows", "db", "cache", "telemetry", "clock", "failpoint", "domain"]),
    (
        "flows",
        &[
            "cache",
            "db",
            "vault",
            "policy",
            "outside",
            "connectors",
            "config",
            "clock",
            "failpoint",
            "domain",
        ],
    ),
    ("cache", &["connectors", "config", "clock", "domain"]),
    ("db", &["policy", "vault", "config", "clock", "domain"]),
    ("outside", &["config", "clock", "domain"]),
    ("connectors", &["clock", "domain"]),
    ("vault", &["config", "domain"]),
    ("policy", &["domain"]),
    ("embedded", &["config"]),
    ("sandbox", &[]),
    ("telemetry", &["config"]),
    ("command_line", &[]),
    ("config", &[]),
    ("clock", &[]),
    ("failpoint", &[]),
    ("domain", &[]),
];

/// Words that belong to one room, and who else may say them.
const SPOKEN_ONLY_IN: &[(&str, &[&str])] = &[
    ("sqlx::query", &["db", "embedded"]),
    ("PgPool", &["db"]),
    ("poem::", &["http", "sandbox"]),
    ("poem_openapi::", &["http"]),
    ("redis::", &["cache"]),
    ("reqwest::", &["connectors", "outside"]),
    ("lettre::", &["outside"]),
    ("std::env::var", &["config"]),
    ("env::vars", &["config"]),
    ("env::var_os", &["config"]),
    // A stranger has a clock of its own.
    ("Utc::now", &["clock", "sandbox"]),
];

/// The CRMs of the product, built or planned.
const CRMS: &[&str] = &["pipedrive", "hubspot", "salesforce", "zoho"];

/// Names of the API that were promised before there was a second CRM.
const PROMISED: &[&str] = &["pipedrivePersonId", "pipedriveActivityId", "/api/pipedrive/"];

const MAX_LINES: usize = 400;
const MAX_WEB_LINES: usize = 200;

fn rooms() -> BTreeMap<&'static str, &'static [&'static str]> {
    MAY_USE.iter().copied().collect()
}

fn sources() -> Vec<Page> {
    let sources = pages("src", &[".rs"]);
    assert!(sources.len() > 10, "the sources were not found");
    sources
}

/// `src/db/keys.rs` and `src/db.rs` are in the room `db`.
fn room(page: &Page) -> &str {
    let inside = page.path.strip_prefix("src/").unwrap();
    inside.split(['/', '.']).next().unwrap()
}

/// Rooms named after `crate::`, also inside `use crate::{...}`.
fn used(page: &Page) -> BTreeSet<String> {
    let code = page.code().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    let own = if room(page) == "main" { "tandem::" } else { "crate::" };
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices(own) {
        let rest = &code[at + own.len()..];
        match rest.strip_prefix('{') {
            Some(group) => used.extend(heads(group)),
            None => used.extend(word(rest)),
        }
    }
    used
}

/// The first word of each branch of a `{...}` group.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut at_head, mut heads) = (1, true, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => at_head = true,
            letter if at_head && depth == 1 && letter.is_alphabetic() => {
                heads.extend(word(&group[at..]));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

#[test]
fn the_branches_of_a_use_are_read() {
    let group = "\n    db::{Db, keys},\n    domain::*, policy};\nmore, words";
    assert_eq!(heads(group), ["db", "domain", "policy"]);
}

#[test]
fn every_room_has_its_place_in_the_table() {
    let rooms = rooms();
    let strangers = sources().iter().map(|page| room(page).to_owned()).collect::<BTreeSet<_>>();
    none(strangers.into_iter().filter(|room| room != "lib" && !rooms.contains_key(room.as_str())));
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let rooms = rooms();
    let mut broken = Vec::new();
    for page in sources() {
        let own = room(&page);
        let Some(allowed) = rooms.get(own).filter(|allowed| !allowed.contains(&"*")) else {
            continue;
        };
        for other in used(&page) {
            if rooms.contains_key(other.as_str())
                && other != own
                && !allowed.contains(&other.as_str())
            {
                broken.push(format!("{} uses {other}", page.path));
            }
        }
    }
    none(broken);
}

#[test]
fn no_two_rooms_use_each_other() {
    let rooms = rooms();
    let circles = rooms.iter().flat_map(|(one, below)| {
        let rooms = &rooms;
        below
            .iter()
            .filter(move |other| rooms.get(*other).is_some_and(|theirs| theirs.contains(one)))
            .map(move |other| format!("{one} and {other}"))
    });
    none(circles);
}

#[test]
fn rooms_keep_to_their_own_language() {
    let mut broken = Vec::new();
    for page in sources() {
        for (word, rooms) in
            SPOKEN_ONLY_IN.iter().filter(|(_, rooms)| !rooms.contains(&room(&page)))
        {
            for (line, _) in page.code().filter(|(_, line)| says(line, word)) {
                broken
                    .push(format!("{}:{line} says {word}, which belongs to {rooms:?}", page.path));
            }
        }
    }
    none(broken);
}

/// `redis::` is not said by `my_redis::`.
fn says(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
    })
}

#[test]
fn the_sandbox_and_the_connectors_share_nothing() {
    let broken = sources().into_iter().filter_map(|page| {
        let other = match room(&page) {
            "sandbox" => "connectors",
            "connectors" => "sandbox",
            _ => return None,
        };
        used(&page).contains(other).then(|| format!("{} uses {other}", page.path))
    });
    none(broken);
}

#[test]
fn a_crm_is_named_only_in_its_own_folders() {
    let mut spoken = sources();
    spoken.extend(pages("web/src", &[".ts", ".tsx", ".css"]));
    spoken.extend(pages("migrations", &[".sql"]));
    spoken.extend(pages("policies/rls", &[".sql"]));
    let mut broken = Vec::new();
    for page in &spoken {
        let registry =
            ["src/connectors/mod.rs", "src/sandbox/mod.rs"].contains(&page.path.as_str());
        for crm in CRMS.iter().filter(|crm| !page.path.split('/').any(|part| part == **crm)) {
            for (number, line) in page.text.lines().enumerate() {
                let line =
                    PROMISED.iter().fold(line.to_owned(), |line, name| line.replace(name, ""));
                let line = line.to_lowercase();
                let registered = registry
                    && [format!("mod {crm};"), format!("{crm}::"), format!("\"{crm}\"")]
                        .iter()
                        .any(|entry| line.contains(entry));
                if line.contains(crm) && !registered {
                    broken.push(format!("{}:{} names {crm}", page.path, number + 1));
                }
            }
        }
    }
    none(broken);
}

#[test]
fn every_connector_is_registered_and_has_a_stand_in() {
    let (connectors, sandboxes) = (folders("src/connectors"), folders("src/sandbox"));
    let (registry, stand_ins) = (read("src/connectors/mod.rs"), read("src/sandbox/mod.rs"));
    let mut broken = Vec::new();
    for crm in CRMS.iter().filter(|crm| connectors.contains(**crm)) {
        if !registry.contains(&format!("&{crm}::")) {
            broken.push(format!("{crm} is not in the registry of connectors"));
        }
        if !sandboxes.contains(*crm) || !stand_ins.contains(&format!("mod {crm};")) {
            broken.push(format!("{crm} has no sandbox"));
        }
    }
    none(broken);
}

#[test]
fn files_stay_short_and_introduce_themselves() {
    let mut broken = Vec::new();
    for page in sources().into_iter().chain(pages("tests", &[".rs"])) {
        let lines = page.text.lines().count();
        if lines > MAX_LINES {
            broken.push(format!("{} has {lines} lines", page.path));
        }
        if !page.text.starts_with("//!") && page.path != "src/lib.rs" {
            broken.push(format!("{} does not say what it is", page.path));
        }
    }
    for page in pages("web/src", &[".ts", ".tsx"]) {
        let generated = page.name().contains(".gen.") || page.name().ends_with(".d.ts");
        let lines = page.text.lines().count();
        if lines > MAX_WEB_LINES && !generated {
            broken.push(format!("{} has {lines} lines", page.path));
        }
    }
    none(broken);
}

#[test]
fn nothing_is_left_for_later_in_a_comment_or_a_test() {
    let mut read = sources();
    read.extend(pages("web/src", &[".ts", ".tsx"]));
    // This file names them.
    read.extend(
        pages("tests", &[".rs"]).into_iter().filter(|page| !page.path.starts_with("tests/it/tidy")),
    );
    let later =
        ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!(", "#[ignore", "it.skip(", "test.only("];
    let mut broken = Vec::new();
    for page in &read {
        for word in later.iter().filter(|word| page.text.contains(**word)) {
            broken.push(format!("{} says {word}", page.path));
        }
    }
    none(broken);
}

#[test]
fn rooms_are_nouns_of_the_field() {
    let vague =
        ["utils", "util", "helpers", "helper", "common", "types", "models", "misc", "shared"];
    let named = sources().into_iter().chain(pages("web/src", &[".ts", ".tsx"])).flat_map(|page| {
        let path = page.path.clone();
        page.path
            .split(['/', '.'])
            .filter(|part| vague.contains(part))
            .map(|part| format!("{path}: {part}"))
            .collect::<Vec<_>>()
    });
    none(named);
}
