//! A client that keeps its cookies and says where it comes from, as our own page does.

use std::sync::Mutex;

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

pub(crate) struct Browser {
    client: reqwest::Client,
    url: String,
    /// `name=value`, in the order in which they came.
    cookies: Mutex<Vec<String>>,
}

/// What came back, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body without what names the request.
    pub(crate) fn anonymous(&self) -> String {
        self.text.replace(self.header("x-request-id"), "")
    }

    /// The body of a success; panics with the problem otherwise.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The code of a problem with this status; panics when it is none.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], status, "{}", self.text);
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{}", self.text);
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Browser {
    pub(crate) fn new(url: &str, cookie: Option<String>) -> Self {
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { client, url: url.to_owned(), cookies: Mutex::new(cookie.into_iter().collect()) }
    }

    pub(crate) fn cookie(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        (!cookies.is_empty()).then(|| cookies.join("; "))
    }

    /// Keeps a cookie as if it had been set.
    pub(crate) fn keep(&self, pair: &str) {
        let name = pair.split('=').next().unwrap();
        let mut cookies = self.cookies.lock().unwrap();
        cookies.retain(|known| known.split('=').next() != Some(name));
        if !pair.ends_with('=') {
            cookies.push(pair.to_owned());
        }
    }

    /// The pair of this cookie.
    pub(crate) fn cookie_named(&self, name: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().find(|pair| pair.split('=').next() == Some(name)).cloned()
    }

    /// A request with nothing but the cookies.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match self.cookie() {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    /// A request as our page sends it.
    #[expect(clippy::needless_pass_by_value, reason = "methods are named where they are used")]
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare(method.clone(), path);
        if method.is_safe() {
            return request;
        }
        request
            .header("origin", &self.url)
            .header("sec-fetch-site", "same-origin")
            .header("x-tandem-csrf", "1")
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.keep(pair);
        }
        Answer { status, headers, text: answer.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}
