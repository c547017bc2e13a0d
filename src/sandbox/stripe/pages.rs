//! The pages on which a person pays, cancels and changes: plain HTML, no script.

use std::{fmt::Write as _, sync::Arc};

use poem::{
    Endpoint, Request, Response,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    control,
    world::{Desk, Flow, Portal, Subscription, World},
};

const STYLE: &str = include_str!("pages.css");

pub(super) struct Pages(pub(super) Arc<Desk>);

impl Endpoint for Pages {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let body = request.take_body().into_bytes_limit(1 << 16).await?;
        let action = (request.method() == "POST").then(|| {
            let mut form = form_urlencoded::parse(&body);
            form.find(|(name, _)| name == "do")
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        });
        let mut world = self.0.world();
        Ok(if path == "/pages.css" {
            Response::builder().content_type("text/css; charset=utf-8").body(STYLE)
        } else if let Some(id) = path.strip_prefix("/c/pay/") {
            self.checkout(&mut world, id, action.as_deref())
        } else if let Some(id) = path.strip_prefix("/p/session/") {
            self.portal(&mut world, id, action.as_deref())
        } else {
            html(StatusCode::NOT_FOUND, "Not found", "<h1>There is nothing here</h1>")
        })
    }
}

impl Pages {
    fn checkout(&self, world: &mut World, id: &str, action: Option<&str>) -> Response {
        let Some(session) = world.sessions.get(id).cloned() else {
            return html(StatusCode::NOT_FOUND, "Checkout", "<h1>There is no such session</h1>");
        };
        if session.status != "open" {
            let words = "<h1>This page can no longer be used</h1><p>Nothing is charged here. Go back to \
                 the app and choose a plan again.</p>";
            return html(StatusCode::GONE, "Checkout", words);
        }
        match action {
            Some("pay") => {
                control::pay(&self.0, world, id);
                see(&session.success_url)
            }
            Some(_) => see(&session.cancel_url),
            None => {
                let plan = escape(self.0.price_name(&session.price).unwrap_or_default());
                let body = format!(
                    "<h1>Subscribe to {plan}</h1>\
                     <p>A stand-in for Stripe. Nothing here is real, and no money moves.</p>\
                     {}",
                    buttons(&[("pay", "Pay and subscribe"), ("cancel", "Back without paying")]),
                );
                html(StatusCode::OK, "Checkout", &body)
            }
        }
    }

    fn portal(&self, world: &mut World, id: &str, action: Option<&str>) -> Response {
        let Some(portal) = world.portals.get(id).cloned() else {
            return html(StatusCode::NOT_FOUND, "Billing", "<h1>There is no such session</h1>");
        };
        let current = world.current(&portal.customer);
        let Some(action) = action else {
            return self.portal_page(world, &portal, current.as_deref());
        };
        let Some(subscription) = current.filter(|_| action != "leave") else {
            return see(&portal.return_url);
        };
        let end = world.subscriptions[&subscription].period_end;
        let to = match action.split_once(' ') {
            Some(("change", price)) => json!({ "price": price }),
            _ if action == "cancel" => json!({ "cancel_at": end }),
            _ if action == "resume" => json!({ "cancel_at": null }),
            _ if action == "fail" => json!({ "status": "past_due" }),
            _ if action == "settle" => json!({ "status": "active" }),
            _ => Value::Null,
        };
        control::change(&self.0, world, &subscription, &to);
        if portal.flow.is_some() {
            return see(&portal.done_url);
        }
        self.portal_page(world, &portal, Some(&subscription))
    }

    fn portal_page(&self, world: &World, portal: &Portal, current: Option<&str>) -> Response {
        let name = |price: &str| escape(self.0.price_name(price).unwrap_or_default());
        let one = current.and_then(|id| world.subscriptions.get(id));
        let mut offered: Vec<(String, String)> = Vec::new();
        match (one, &portal.flow) {
            (None, _) => {}
            (_, Some(Flow::Change(price))) => {
                offered.push((format!("change {price}"), format!("Confirm {}", name(price))));
            }
            (_, Some(Flow::Cancel)) => {
                offered.push(("cancel".into(), "Cancel subscription".into()));
            }
            (Some(one), None) => offered = self.all(one),
        }
        offered.push(("leave".into(), "Return to the app".into()));
        let standing = one.map_or_else(
            || "<p>There is no subscription.</p>".to_owned(),
            |one| {
                let ends = if one.cancel_at.is_some() { ", ends with the period" } else { "" };
                format!("<p>{}: {}{ends}.</p>", name(&one.price), escape(&one.status))
            },
        );
        let offered: Vec<(&str, &str)> =
            offered.iter().map(|(word, label)| (word.as_str(), label.as_str())).collect();
        let body = format!(
            "<h1>Your subscription</h1>{standing}\
             <p>A stand-in for Stripe. Nothing here is real, and no money moves.</p>{}",
            buttons(&offered)
        );
        html(StatusCode::OK, "Billing", &body)
    }

    /// Whatever a portal offers, and what otherwise only time brings.
    fn all(&self, one: &Subscription) -> Vec<(String, String)> {
        let others = self.0.config.prices.iter().filter(|(id, _)| *id != one.price);
        let mut all: Vec<(String, String)> = others
            .map(|(id, name)| (format!("change {id}"), format!("Change to {}", escape(name))))
            .collect();
        let or = |on: bool, then: (&str, &str), other: (&str, &str)| {
            let (word, label) = if on { then } else { other };
            (word.to_owned(), label.to_owned())
        };
        let ends = one.cancel_at.is_some();
        all.push(or(ends, ("resume", "Do not cancel"), ("cancel", "Cancel subscription")));
        let owes = one.status == "past_due";
        all.push(or(owes, ("settle", "Pay what is overdue"), ("fail", "Let a payment fail")));
        all
    }
}

fn buttons(offered: &[(&str, &str)]) -> String {
    let mut text = String::from("<form method=\"post\" class=\"buttons\">");
    for (at, (word, label)) in offered.iter().enumerate() {
        let class = if at == 0 { " class=\"main\"" } else { "" };
        let _ =
            write!(text, "<button name=\"do\" value=\"{}\"{class}>{label}</button>", escape(word));
    }
    text + "</form>"
}

fn see(url: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, url).finish()
}

fn html(status: StatusCode, title: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Sandbox Stripe</title><link rel=\"stylesheet\" href=\"/pages.css\">\
         <link rel=\"icon\" href=\"data:,\"></head><body>\
         <header><span class=\"logo\" aria-hidden=\"true\">S</span> Sandbox Stripe</header>\
         <main>{body}</main></body></html>\n"
    );
    Response::builder().status(status).content_type("text/html; charset=utf-8").body(page)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
