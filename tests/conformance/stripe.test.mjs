// Stripe's own client completes a purchase against the stand-in, of the API version that Tandem pins.
//
// STRIPE_SANDBOX_URL names a running stand-in.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import Stripe from "stripe";

const host = new URL(process.env.STRIPE_SANDBOX_URL ?? "");
const stripe = new Stripe("sk_test_sandbox", {
  host: host.hostname,
  port: host.port,
  protocol: "http",
  maxNetworkRetries: 0,
  telemetry: false,
});

async function control(path, body) {
  const answer = await fetch(new URL(`/__sandbox${path}`, host), { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
  return answer.json();
}

test("the version that Tandem pins is the library's", () => {
  const pinned = readFileSync(new URL("../../src/outside/stripe/mod.rs", import.meta.url), "utf8");
  assert.ok(pinned.includes(`"${Stripe.API_VERSION}"`));
});

test("a purchase: customer, Checkout, events that the library believes, portal, the end", async () => {
  const heard = [];
  const app = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    heard.push(stripe.webhooks.constructEvent(body, request.headers["stripe-signature"], "whsec_sandbox"));
    response.writeHead(204).end();
  });
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  try {
    await control("/webhook", { url: `http://127.0.0.1:${app.address().port}/hook` });
    const customer = await stripe.customers.create({ name: "Acme", metadata: { company: "1" } });
    const wish = {
      mode: "subscription",
      customer: customer.id,
      line_items: [{ price: "price_business", quantity: 1 }],
      success_url: "http://localhost:9/ok",
      cancel_url: "http://localhost:9/no",
      subscription_data: { metadata: { company: "1" } },
    };
    const options = { idempotencyKey: "once" };
    const session = await stripe.checkout.sessions.create(wish, options);
    assert.equal((await stripe.checkout.sessions.create(wish, options)).id, session.id);
    await assert.rejects(stripe.checkout.sessions.create({ ...wish, cancel_url: "http://x/" }, options), {
      type: "StripeIdempotencyError",
    });
    const paid = await fetch(session.url, {
      method: "POST",
      body: new URLSearchParams({ do: "pay" }),
      redirect: "manual",
    });
    assert.equal(paid.headers.get("location"), "http://localhost:9/ok");
    await assert.rejects(stripe.checkout.sessions.expire(session.id), { type: "StripeInvalidRequestError" });

    const { data } = await stripe.subscriptions.list({ customer: customer.id, status: "all" });
    assert.equal(data.length, 1);
    const [subscription] = data;
    assert.equal(subscription.status, "active");
    assert.equal(subscription.metadata.company, "1");
    assert.equal(subscription.items.data[0].price.id, "price_business");
    assert.ok(subscription.items.data[0].current_period_end > Date.now() / 1000);
    const portal = await stripe.billingPortal.sessions.create({
      customer: customer.id,
      return_url: "http://localhost:9/back",
      flow_data: {
        type: "subscription_cancel",
        subscription_cancel: { subscription: subscription.id },
        after_completion: { type: "redirect", redirect: { return_url: "http://localhost:9/done" } },
      },
    });
    const ended = await fetch(portal.url, {
      method: "POST",
      body: new URLSearchParams({ do: "cancel" }),
      redirect: "manual",
    });
    assert.equal(ended.headers.get("location"), "http://localhost:9/done");
    assert.ok((await stripe.subscriptions.retrieve(subscription.id)).cancel_at);
    for (let tries = 0; heard.length < 3 && tries < 100; tries++) await new Promise((done) => setTimeout(done, 20));
    const kinds = heard.map((event) => event.type).sort();
    assert.deepEqual(kinds, [
      "checkout.session.completed",
      "customer.subscription.created",
      "customer.subscription.updated",
    ]);
  } finally {
    app.close();
    app.closeAllConnections();
  }
});

test("a wrong key and a missing price are refused as the library knows it", async () => {
  const stranger = new Stripe("sk_test_wrong", { host: host.hostname, port: host.port, protocol: "http" });
  await assert.rejects(stranger.customers.create({}), { type: "StripeAuthenticationError" });
  await assert.rejects(stripe.customers.retrieve("cus_nobody"), { code: "resource_missing" });
});
