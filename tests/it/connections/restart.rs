//! `tandem demo` as a process: killed, started again, and stopped, with a connection that lives on.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};

use super::crm::{connected_page, landed, slug};
use crate::harness::Browser;

/// A folder of its own; what is in it goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("tandem-demo-{}", uuid::Uuid::new_v4())))
    }

    fn postmaster(&self) -> Option<u32> {
        let pid = find(&self.0, "postmaster.pid")?;
        fs::read_to_string(pid).ok()?.lines().next()?.trim().parse().ok()
    }
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() { find(&path, name) } else { path.ends_with(name).then_some(path) }
    })
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn command(folder: &Folder, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command
        .args(["demo", "--json", "--persons", "40", "--port", &port.to_string()])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("TANDEM_DATA_DIR", &folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

struct Demo {
    child: Child,
    ready: Value,
}

impl Demo {
    fn start(folder: &Folder) -> Self {
        let mut child = command(folder, 0).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let Ok(ready) = serde_json::from_str(&line) else {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            panic!("the demo did not start: {said}");
        };
        // Nobody reads the log; a full pipe would stop it.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Self { child, ready }
    }

    fn url(&self) -> String {
        self.ready["url"].as_str().unwrap().to_owned()
    }

    fn sandbox(&self) -> String {
        self.ready["sandboxes"][slug()].as_str().unwrap().to_owned()
    }

    fn stop(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gone(pid: u32) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(15) {
        if !Path::new(&format!("/proc/{pid}")).exists() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

fn port(url: &str) -> u16 {
    url.rsplit_once(':').unwrap().1.trim_end_matches('/').parse().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn connect(demo: &Demo, browser: &Browser) {
    let answer = browser.get(&format!("/api/integrations/{}/connect", slug())).await;
    let page = landed(&answer);
    assert!(page.starts_with(&demo.sandbox()), "{page}");
    let asked = url::Url::parse(&page).unwrap();
    let mut form: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
    form.extend([("decision".into(), "allow".into()), ("company".into(), "7001".into())]);
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.post(asked).form(&form).send().await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap().to_owned();
    let answer = browser.get(back.strip_prefix(&demo.url()).unwrap()).await;
    assert_eq!(landed(&answer), connected_page());
}

async fn import(browser: &Browser) -> Value {
    let path = format!("/api/integrations/{}/sync", slug());
    let started = browser.post(&path, json!({ "mode": "full" })).await.expect(202);
    let path = format!("/api/sync-logs/{}", started["run_id"].as_str().unwrap());
    let begun = Instant::now();
    loop {
        let run = browser.get(&path).await.expect(200);
        let state = run["state"].as_str().unwrap().to_owned();
        if ["completed", "failed", "cancelled"].contains(&state.as_str()) {
            return run;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{run}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_was_killed_goes_on_with_its_connection_and_a_stopped_one_is_gone() {
    let folder = Folder::new();
    let first = Demo::start(&folder);
    let member = first.ready["members"]
        .as_array()
        .unwrap()
        .iter()
        .find(|member| member["plan"] == "business" && member["role"] == "owner")
        .unwrap();
    let browser = Browser::new(&first.url(), None);
    let login = json!({ "email": member["email"], "password": member["password"] });
    browser.post("/api/auth/login", login).await.expect(200);
    connect(&first, &browser).await;
    let run = import(&browser).await;
    assert_eq!(run["state"], "completed", "{run}");
    let created = run["counts"]["created"].as_i64().unwrap();
    assert!(created > 0);
    let sandbox = first.sandbox();
    let postgres = folder.postmaster().unwrap();

    // Nobody gets to clean up.
    first.stop("KILL");
    assert!(gone(postgres), "the database outlived its demo");

    let second = Demo::start(&folder);
    assert_eq!(second.sandbox(), sandbox, "connections point there");
    let browser = Browser::new(&second.url(), browser.cookie());
    let status = browser.get("/api/integrations/status").await.expect(200);
    assert_eq!(status["providers"][0]["connection"]["state"], "active");
    // The refresh token is known there, too, not only the access token.
    let expire = format!("{sandbox}/__sandbox/tokens/expire");
    let client = reqwest::Client::builder().build().unwrap();
    client.request(Method::POST, expire).send().await.unwrap();
    let run = import(&browser).await;
    assert_eq!((&run["state"], &run["counts"]["created"]), (&json!("completed"), &json!(0)));

    // A second demo on the same port, elsewhere, says which one and leaves nothing.
    let taken = port(&second.url());
    let elsewhere = Folder::new();
    let refused = command(&elsewhere, taken).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains(&format!("{taken}")), "{}", said(&refused));
    assert!(said(&refused).lines().count() <= 3, "{}", said(&refused));
    assert!(!elsewhere.0.exists());

    // Ctrl-C ends everything, in order.
    let postgres = folder.postmaster().unwrap();
    assert_eq!(second.stop("INT"), Some(0));
    assert!(!Path::new(&format!("/proc/{postgres}")).exists(), "the database outlived its demo");
    let sandbox_port = port(&sandbox);
    let squatter = std::net::TcpListener::bind(("127.0.0.1", sandbox_port));
    let squatter = squatter.expect("the sandbox answers no more");
    let refused = command(&folder, 0).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = said(&refused);
    assert!(said.contains(&format!("port {sandbox_port} of the")), "{said}");
    assert!(folder.postmaster().is_none(), "a demo that did not start left its database");
    drop(squatter);
}
