//! Every operation of the document with every id of another company, for every role and plan.

use std::collections::BTreeMap;

use tandem::policy::{Plan, Role};

use super::{
    document::{Names, Operation, operations},
    runner::{Report, Visitor, values},
    seed::World,
};
use crate::harness::long;

/// Plan and connection: as it should be, after a downgrade, and after an upgrade before anybody
/// pressed Resume.
const STATES: &[(Plan, &str)] =
    &[(Plan::Business, "active"), (Plan::Free, "paused"), (Plan::Business, "paused")];

/// Ids of a kind that each role and plan tries; the owner tries all of them once.
const SOME: usize = 4;

/// Readers first and removers last: what they look for must still be there.
fn known() -> Vec<Operation> {
    let mut known = operations().unwrap_or_else(|uncovered| panic!("{}", uncovered.join("\n")));
    known.sort_by_key(|one| (!one.method.is_safe(), one.method == reqwest::Method::DELETE));
    known
}

/// A member of Acme, with something of their own of every kind.
async fn visitor(world: &World, role: Role) -> Visitor<'_> {
    let member = world.acme.member(role);
    let first = async |path: &str| {
        let page = member.browser.get(path).await.expect(200);
        page["items"].as_array().unwrap().last().map(|item| item["id"].as_str().unwrap().to_owned())
    };
    let nobodys = || uuid::Uuid::now_v7().to_string();
    let own = BTreeMap::from([
        (Names::Contact, first("/api/contacts").await.unwrap_or_else(nobodys)),
        (Names::Run, first("/api/sync-logs").await.unwrap_or_else(nobodys)),
        (Names::Activity, first("/api/activities").await.unwrap_or_else(nobodys)),
        (Names::Campaign, first("/api/campaigns").await.unwrap_or_else(nobodys)),
        (Names::SavedFilter, first("/api/saved-filters").await.unwrap_or_else(nobodys)),
        (Names::Delivery, first("/api/deliveries").await.unwrap_or_else(nobodys)),
        (Names::Company, world.acme.id.to_string()),
        (Names::Member, member.id.to_string()),
        (Names::File, nobodys()),
        (Names::ApiKey, nobodys()),
        (Names::Session, nobodys()),
        (Names::Invitation, nobodys()),
    ]);
    Visitor { label: role.to_string(), browser: &member.browser, own, world, bearer: None }
}

async fn run(world: &World, report: &mut Report) {
    let operations = known();
    let mut before = world.sum(&world.globex).await;
    for (at, &(plan, connection)) in STATES.iter().enumerate() {
        world.arrange(plan, connection).await;
        for &role in Role::ALL {
            let mut visitor = visitor(world, role).await;
            visitor.label = format!("{role} on {plan}, {connection}:");
            let all = long() || (at == 0 && role == Role::Owner);
            let most = if all { usize::MAX } else { SOME };
            for operation in operations.iter().filter(|operation| !operation.slots.is_empty()) {
                visitor.try_foreign(operation, &world.foreign, most, report).await;
                let after = world.sum(&world.globex).await;
                if after != before {
                    let what = format!("{} {} changes", visitor.label, operation.name);
                    report.broken.push(format!("{what} something of another company"));
                }
                before = after;
            }
        }
    }
}

/// The same with a key for scripts, where there are any.
async fn run_as_script(world: &World, report: &mut Report) {
    let Some(key) = &world.key else { return };
    world.arrange(Plan::Business, "active").await;
    let stranger = world.hub.stranger();
    let form = serde_json::json!({ "api_key": key });
    let token = stranger.post("/api/auth/token", form).await.expect(200);
    let mut visitor = visitor(world, Role::Owner).await;
    "a script of the owner:".clone_into(&mut visitor.label);
    visitor.browser = &stranger;
    visitor.bearer = token["access_token"].as_str().map(str::to_owned);
    let before = world.sum(&world.globex).await;
    for operation in known() {
        visitor.try_foreign(&operation, &world.foreign, SOME, report).await;
    }
    assert_eq!(world.sum(&world.globex).await, before, "a script changed another company");
}

#[test]
fn every_string_of_every_operation_is_an_id_or_a_word() {
    let operations = known();
    assert!(operations.len() >= 27, "{}", operations.len());
    let slots: usize = operations.iter().map(|one| one.slots.len()).sum();
    assert!(slots >= 18, "{slots}");
}

#[tokio::test]
async fn the_seed_has_one_of_everything() {
    let world = World::seeded().await;
    let mut uncovered = Vec::new();
    for operation in known() {
        for slot in &operation.slots {
            if values(&world.foreign, &operation, slot).is_empty() {
                uncovered.push(format!("{} {:?}", operation.name, slot.place));
            }
        }
    }
    for table in world.empty_tables().await {
        uncovered.push(format!("the table {table}"));
    }
    assert!(uncovered.is_empty(), "UNCOVERED: {}", uncovered.join(", "));
    assert!(world.foreign.secrets.len() > 100, "{:?}", world.foreign.secrets);
}

#[tokio::test]
async fn every_id_of_another_company_is_one_that_never_was() {
    let began = std::time::Instant::now();
    let world = World::seeded().await;
    let mut report = Report::default();
    run(&world, &mut report).await;
    run_as_script(&world, &mut report).await;
    let figures = serde_json::json!({
        "cases": report.cases, "requests": report.requests, "operations": known().len(),
        "secrets": world.foreign.secrets.len(), "seconds": began.elapsed().as_secs_f64(),
    });
    crate::harness::report("foreign_ids", &figures);
    report.must_hold();
    assert!(report.cases >= 600, "{}", report.cases);
}

/// The runner must be able to fail: with a policy that lets everybody in, it names each operation
/// that reads or writes what is not its company's.
#[tokio::test]
async fn the_runner_finds_a_hole_when_there_is_one() {
    let world = World::seeded().await;
    for table in ["contact", "sync_run", "member"] {
        let hole = format!(
            "create policy hole on {table} for all to tandem_tenant using (true) with check (true)"
        );
        sqlx::query(sqlx::AssertSqlSafe(hole)).execute(&world.hub.owner).await.unwrap();
    }
    let mut report = Report::default();
    let operations = known();
    let visitor = visitor(&world, Role::Owner).await;
    for operation in &operations {
        let before = world.sum(&world.globex).await;
        visitor.try_foreign(operation, &world.foreign, 2, &mut report).await;
        if world.sum(&world.globex).await != before {
            report.broken.push(format!("owner {} changes", operation.name));
        }
    }
    // An update is refused all the same: a row of Globex that Acme writes refers to nothing of Acme's.
    let found = |what: &str| report.broken.iter().any(|line| line.contains(what));
    for what in [
        "get_contact Path(\"id\") tells `",
        "get_contact Path(\"id\") tells foreign from missing",
        "update_contact Path(\"id\") tells foreign from missing",
        "get_run Path(\"id\") tells",
        "list_contacts Query(\"owner\") tells",
        "owner delete_contact changes",
    ] {
        assert!(found(what), "not found: {what} in\n{}", report.broken.join("\n"));
    }
}
