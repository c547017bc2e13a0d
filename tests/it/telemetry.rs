//! Traces reach a collector, and a span ends there before the process does.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    sync::mpsc,
    time::Duration,
};

use tandem::{config::Config, telemetry};

/// Takes one request and tells its first line.
fn collector() -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut start = [0; 1024];
        let read = stream.read(&mut start).unwrap();
        let line = String::from_utf8_lossy(&start[..read]);
        tell.send(line.lines().next().unwrap_or_default().to_owned()).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    (port, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_reach_the_collector_before_the_process_ends() {
    let (port, told) = collector();
    let mut config = Config::for_tests(Path::new("/x"));
    config.otlp_endpoint = Some(format!("http://127.0.0.1:{port}").parse().unwrap());
    let telemetry = telemetry::start(&config).unwrap();
    tracing::info_span!("page", run = 7).in_scope(|| tracing::info!("written"));
    drop(telemetry);
    let line = told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(line, "POST /v1/traces HTTP/1.1");
}
