//! The tables of roles and plans, and the one place that reads them.

use std::fmt::Write as _;

use tandem::policy::{self, Action, Plan, Role, Thing};

#[test]
fn the_tables_and_the_code_name_the_same_things() {
    assert_eq!(policy::disagreements(), Vec::<String>::new());
}

#[test]
fn the_whole_matrix_is_reviewed_when_it_changes() {
    let mut matrix = String::from("may\n");
    for &action in Action::ALL {
        let who: Vec<&str> = Role::ALL
            .iter()
            .filter(|&&role| policy::may(role, action))
            .map(|role| role.word())
            .collect();
        writeln!(matrix, "  {action:<18} {}", who.join(" ")).unwrap();
    }
    matrix.push_str("can grant\n");
    for &role in Role::ALL {
        let whom: Vec<&str> = Role::ALL
            .iter()
            .filter(|&&other| policy::can_grant(role, other))
            .map(|other| other.word())
            .collect();
        writeln!(matrix, "  {role:<18} {}", whom.join(" ")).unwrap();
    }
    matrix.push_str("plans\n");
    let features: Vec<&str> = policy::features().map(|(word, _)| word).collect();
    for &plan in Plan::ALL {
        let number =
            |thing| policy::limit(plan, thing).map_or("no limit".into(), |n| n.to_string());
        let held: Vec<&str> =
            features.iter().copied().filter(|word| policy::allows(plan, word)).collect();
        writeln!(
            matrix,
            "  {plan:<18} seats {:<9} contacts {:<9} {}",
            number(Thing::Seats),
            number(Thing::Contacts),
            held.join(" ")
        )
        .unwrap();
    }
    insta::assert_snapshot!(matrix);
}

#[test]
fn nobody_grants_a_role_above_the_own() {
    assert!(policy::can_grant(Role::Admin, Role::Admin));
    assert!(!policy::can_grant(Role::Admin, Role::Owner));
    assert!(!policy::can_grant(Role::Consultant, Role::Consultant));
}

#[test]
fn an_upgrade_is_the_smallest_plan_that_helps() {
    assert_eq!(policy::upgrade_to(Plan::Free, "crm_standard"), Some(Plan::Business));
    assert_eq!(policy::upgrade_to(Plan::Enterprise, "crm_standard"), None);
    assert_eq!(policy::upgrade_to(Plan::Free, "no_such_feature"), None);
    assert_eq!(policy::upgrade_for_more(Plan::Free, Thing::Contacts), Some(Plan::Starter));
    assert_eq!(policy::upgrade_for_more(Plan::Growth, Thing::Seats), Some(Plan::Business));
    assert_eq!(policy::upgrade_for_more(Plan::Enterprise, Thing::Seats), None);
}
