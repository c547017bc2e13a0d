//! `tandem postgres -- COMMAND`, as a process.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Starts a shell beside a cluster; it prints the server's folder and what it is told to do next.
fn beside(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command.args(["postgres", "--", "sh", "-c", script]).stdout(Stdio::piped());
    command
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn port_of(url: &str) -> u16 {
    url.split_once("@127.0.0.1:").unwrap().1.split('/').next().unwrap().parse().unwrap()
}

fn answers(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn silent_within(limit: Duration, port: u16) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if !answers(port) {
            return true;
        }
        sleep(Duration::from_millis(50));
    }
    false
}

fn signal(name: &str, child: &Child) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn the_command_gets_an_address_and_its_exit_code_is_handed_on() {
    let mut child = beside("echo $TANDEM_TEST_DATABASE_URL; exit 7").spawn().unwrap();
    let url = first_line(&mut child);
    assert!(url.starts_with("postgres://tandem_owner:"), "{url}");
    assert_eq!(child.wait().unwrap().code(), Some(7));
    assert!(!answers(port_of(&url)), "the server outlived the command");
}

#[test]
fn a_killed_parent_leaves_no_server_behind() {
    let mut child =
        beside("echo $TANDEM_TEST_DATABASE_URL; exec sleep 5 >/dev/null 2>&1").spawn().unwrap();
    let port = port_of(&first_line(&mut child));
    assert!(answers(port));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(silent_within(Duration::from_secs(15), port), "the server outlived kill -9");
}

#[test]
fn a_terminated_parent_ends_the_command_and_the_server() {
    let mut child = beside("echo $TANDEM_TEST_DATABASE_URL; exec sleep 60").spawn().unwrap();
    let port = port_of(&first_line(&mut child));
    signal("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert!(!answers(port), "the server outlived its parent");
}

#[test]
fn a_command_that_does_not_exist_is_a_sentence_and_not_a_panic() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    let said = command.args(["postgres", "--", "/no/such/program"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("/no/such/program could not be started"), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}
