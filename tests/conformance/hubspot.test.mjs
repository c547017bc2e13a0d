// The vendor's own client completes its work against the stand-in. It calls v3 and v4 where Tandem calls
// 2026-09; `apiRequest` calls those.
//
// HUBSPOT_SANDBOX_URL names a running stand-in; its app `conformance-client` may do everything.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "@hubspot/api-client";

const host = process.env.HUBSPOT_SANDBOX_URL;
if (!host) throw new Error("HUBSPOT_SANDBOX_URL must name a running sandbox");

const CALLBACK = "http://localhost:9/callback";
const [ID, SECRET] = ["conformance-client", "conformance-secret"];
const SCOPES = [
  "oauth",
  "crm.objects.contacts.read",
  "crm.objects.contacts.write",
  "crm.objects.companies.read",
  "crm.objects.companies.write",
  "crm.objects.deals.read",
  "crm.objects.deals.write",
  "crm.objects.owners.read",
  "crm.schemas.contacts.write",
];
const client = new Client({ basePath: host, numberOfApiCallRetries: 0 });
/** A new token is a new set of APIs within the client: each use asks for its own. */
const of = (pick) => new Proxy({}, { get: (_, key) => pick(client.crm)[key] });
const contacts = of((crm) => crm.contacts);
const companies = of((crm) => crm.companies);
const deals = of((crm) => crm.deals);
const objects = of((crm) => crm.objects);
const ties = of((crm) => crm.associations.v4);
const typed = (id, number) => ({
  to: { id },
  types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: number }],
});

/** Says yes on the consent page, as a browser would, and returns where it leads. */
async function consent(fields = {}, scopes = SCOPES) {
  const link = new URL(client.oauth.getAuthorizationUrl(ID, CALLBACK, scopes.join(" "), undefined, "s1"));
  const asked = await fetch(`${host}${link.pathname}${link.search}`);
  const page = await asked.text();
  assert.equal(asked.status, 200, page);
  const form = new URLSearchParams();
  for (const [, name, value] of page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)) {
    form.set(name, value);
  }
  for (const [name, value] of Object.entries({ company: "62515", decision: "allow", ...fields })) {
    form.set(name, value);
  }
  const answer = await fetch(`${host}/oauth/authorize`, { method: "POST", body: form, redirect: "manual" });
  assert.equal(answer.status, 302);
  const back = new URL(answer.headers.get("location"));
  assert.equal(back.searchParams.get("state"), "s1");
  return back.searchParams;
}

const exchange = (code) => client.oauth.tokensApi.create("authorization_code", code, CALLBACK, ID, SECRET);
const refresh = (token) =>
  client.oauth.tokensApi.create("refresh_token", undefined, undefined, ID, SECRET, token);

async function control(path, body) {
  const answer = await fetch(`${host}/__sandbox${path}`, {
    method: body ? "POST" : "GET",
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
  return answer.json();
}

async function refused(promise, status, words) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.code, status);
    assert.match(JSON.stringify(error.body), words);
    return true;
  });
}

let tokens;
before(async () => {
  await control("/plan", { burst: 10000, search_burst: 10000 });
  tokens = await exchange((await consent()).get("code"));
  client.setAccessToken(tokens.accessToken);
});

describe("OAuth", () => {
  test("a code is exchanged once, and the token says whose it is", async () => {
    const code = (await consent({ company: "62516" })).get("code");
    const other = await exchange(code);
    const known = await client.oauth.accessTokensApi.get(other.accessToken);
    assert.equal(known.hubId, 62516);
    assert.deepEqual([...known.scopes].sort(), [...SCOPES].sort());
    await refused(exchange(code), 400, /BAD_AUTH_CODE/);
  });

  test("denying comes back as access_denied", async () => {
    const back = await consent({ decision: "deny" });
    assert.deepEqual([back.get("error"), back.get("code")], ["access_denied", null]);
  });

  test("a refresh keeps the refresh token, a revoked one is refused", async () => {
    const again = await refresh(tokens.refreshToken);
    assert.equal(again.refreshToken, tokens.refreshToken);
    assert.notEqual(again.accessToken, tokens.accessToken);
    assert.ok(again.accessToken.length > 255);
    const mine = await exchange((await consent()).get("code"));
    assert.equal((await client.oauth.refreshTokensApi.get(mine.refreshToken)).hubId, 62515);
    await client.oauth.refreshTokensApi.archive(mine.refreshToken);
    await refused(refresh(mine.refreshToken), 400, /BAD_REFRESH_TOKEN/);
  });

  test("what was not asked for is not granted", async () => {
    const few = await exchange((await consent({}, ["oauth", "crm.objects.contacts.read"])).get("code"));
    const reader = new Client({ basePath: host, accessToken: few.accessToken, numberOfApiCallRetries: 0 });
    await refused(reader.crm.deals.basicApi.getPage(1), 403, /MISSING_SCOPES/);
    // An app is installed once per portal: asking for everything again widens the same install.
    client.setAccessToken((await exchange((await consent()).get("code"))).accessToken);
  });
});

describe("contacts", () => {
  test("pages lead to the end, past each contact once, with companies inline", async () => {
    const ids = new Set();
    let [after, count, tied] = [undefined, 0, 0];
    do {
      const page = await contacts.basicApi.getPage(100, after, ["email"], undefined, ["companies"]);
      for (const contact of page.results) {
        ids.add(contact.id);
        tied += contact.associations?.companies?.results.length ? 1 : 0;
      }
      count += page.results.length;
      after = page.paging?.next?.after;
    } while (after);
    assert.equal(ids.size, count);
    assert.equal(count, (await control("/truth")).persons);
    assert.ok(tied > count / 2);
    const archived = await contacts.basicApi.getPage(10, undefined, [], undefined, undefined, true);
    assert.ok(archived.results.every((contact) => contact.archived));
  });

  test("create, read by address, update, conflict, archive", async () => {
    const made = await contacts.basicApi.create({
      properties: { email: "Conny@Conformance.example", firstname: "Conny" },
      associations: [],
    });
    assert.ok(BigInt(made.id) > 2n ** 53n, "as text, whatever JavaScript's numbers can hold");
    const read = await contacts.basicApi.getById(
      "conny@conformance.example", ["email", "lastname"], undefined, undefined, false, "email",
    );
    assert.deepEqual([read.id, read.properties.lastname], [made.id, null]);
    const again = { properties: { email: "conny@conformance.example" }, associations: [] };
    await refused(contacts.basicApi.create(again), 409, new RegExp(`Existing ID: ${made.id}`));
    const changed = await contacts.basicApi.update(made.id, { properties: { lastname: "Formance" } });
    assert.equal(changed.properties.lastname, "Formance");
    await refused(
      contacts.basicApi.update(made.id, { properties: { hs_lead_status: "NO_SUCH" } }), 400, /INVALID_OPTION/,
    );
    // A stage moves forward; a step back is answered with success and changes nothing.
    const staged = async (lifecyclestage) => {
      await contacts.basicApi.update(made.id, { properties: { lifecyclestage } });
      const { properties } = await contacts.basicApi.getById(made.id, ["lifecyclestage"]);
      return properties.lifecyclestage;
    };
    assert.equal(await staged("opportunity"), "opportunity");
    assert.equal(await staged("lead"), "opportunity");
    await staged("");
    assert.equal(await staged("lead"), "lead");
    await refused(contacts.basicApi.update(made.id, { properties: { nope: "x" } }), 400, /PROPERTY_DOESNT_EXIST/);
    await contacts.basicApi.archive(made.id);
    await refused(contacts.basicApi.getById(made.id), 404, /OBJECT_NOT_FOUND/);
  });

  test("batches read, make, upsert, and say what they could not do", async () => {
    const made = await contacts.batchApi.create({
      inputs: [
        { properties: { email: "one@batch.example" }, associations: [], objectWriteTraceId: "a" },
        { properties: { email: "broken" }, associations: [], objectWriteTraceId: "b" },
      ],
    });
    assert.deepEqual([made.results.length, made.numErrors], [1, 1]);
    assert.deepEqual(made.errors[0].context.objectWriteTraceId, ["b"]);
    const [one] = made.results;
    const read = await contacts.batchApi.read({
      inputs: [{ id: one.id }, { id: "7" }], properties: ["email"], propertiesWithHistory: [],
    });
    assert.deepEqual([read.results.length, read.errors[0].category], [1, "OBJECT_NOT_FOUND"]);
    const upsert = await contacts.batchApi.upsert({
      inputs: [
        { id: "one@batch.example", idProperty: "email", properties: { firstname: "One" } },
        { id: "two@batch.example", idProperty: "email", properties: { firstname: "Two" } },
      ],
    });
    assert.deepEqual(upsert.results.map((result) => result._new), [false, true]);
    assert.equal(upsert.results[0].id, one.id);
  });

  test("a merged contact leads to the one that stayed", async () => {
    const make = (email) => contacts.basicApi.create({ properties: { email }, associations: [] });
    const [stays, goes] = [await make("stays@merge.example"), await make("goes@merge.example")];
    await contacts.basicApi.merge({ primaryObjectId: stays.id, objectIdToMerge: goes.id });
    const read = await contacts.basicApi.getById(goes.id, ["hs_merged_object_ids", "hs_additional_emails"]);
    assert.equal(read.id, stays.id);
    assert.equal(read.properties.hs_merged_object_ids, goes.id);
    assert.equal(read.properties.hs_additional_emails, "goes@merge.example");
  });
});

describe("search", () => {
  const search = (more) =>
    contacts.searchApi.doSearch({
      filterGroups: [], sorts: [], properties: ["email"], limit: 100, after: "0", ...more,
    });

  test("filters, orders and pages", async () => {
    const filters = [{ propertyName: "lastmodifieddate", operator: "GTE", value: "1700000000000" }];
    const sorts = [{ propertyName: "lastmodifieddate", direction: "ASCENDING" }];
    const first = await search({ filterGroups: [{ filters }], sorts });
    assert.equal(first.results.length, 100);
    const times = first.results.map((contact) => contact.properties.lastmodifieddate);
    assert.deepEqual(times, [...times].sort());
    const second = await search({ filterGroups: [{ filters }], sorts, after: first.paging.next.after });
    assert.ok(second.results[0].properties.lastmodifieddate >= times.at(-1));
    const some = first.results.find((contact) => contact.properties.email);
    const found = await search({ query: some.properties.email });
    assert.ok(found.results.some((contact) => contact.id === some.id));
  });

  test("the 10,001st result, long questions and big pages are refused", async () => {
    await refused(search({ after: "9950" }), 400, /10000/);
    await refused(search({ limit: 201 }), 400, /page size/);
    await refused(search({ query: "x".repeat(3001) }), 400, /3000/);
    assert.equal((await search({ after: "9900" })).results.length, 0);
  });
});

describe("companies, deals and what ties them", () => {
  test("a contact's first company is its primary one, in both versions", async () => {
    const company = await companies.basicApi.create({ properties: { name: "Tied GmbH" }, associations: [] });
    const contact = await contacts.basicApi.create({
      properties: { email: "tied@conformance.example" }, associations: [typed(company.id, 279)],
    });
    const listed = await ties.basicApi.getPage("contacts", contact.id, "companies");
    assert.equal(listed.results[0].toObjectId, company.id);
    assert.deepEqual(listed.results[0].associationTypes.map((type) => type.typeId).sort(), [1, 279]);
    const deal = await deals.basicApi.create({
      properties: { dealname: "Tied", dealstage: "closedwon", pipeline: "default" },
      associations: [typed(contact.id, 3), typed(company.id, 341)],
    });
    const dated = await client.apiRequest({
      method: "GET", path: `/crm/objects/2026-09/deals/${deal.id}?associations=contacts`,
    });
    assert.equal((await dated.json()).associations.contacts.results[0].id, contact.id);
    const batch = await ties.batchApi.getPage("deals", "contacts", { inputs: [{ id: deal.id }, { id: "7" }] });
    assert.deepEqual([batch.results[0].to[0].toObjectId, batch.numErrors], [contact.id, 1]);
    await ties.basicApi.archive("contacts", contact.id, "companies", company.id);
    assert.equal((await ties.basicApi.getPage("contacts", contact.id, "companies")).results.length, 0);
    await ties.basicApi.createDefault("contacts", contact.id, "companies", company.id);
    await ties.basicApi.create("contacts", contact.id, "companies", company.id, [
      { associationCategory: "HUBSPOT_DEFINED", associationTypeId: 279 },
    ]);
    await refused(
      contacts.basicApi.create({ properties: { firstname: "X" }, associations: [typed(company.id, 3)] }),
      400, /association type 3/,
    );
  });

  test("tasks, calls, notes and meetings are tied to a contact by their type ids", async () => {
    const { results: [contact] } = await contacts.basicApi.getPage(1);
    const at = "2026-11-25T09:00:00.000Z";
    for (const [kind, number, properties] of [
      ["tasks", 204, { hs_timestamp: at, hs_task_subject: "Call back", hs_task_status: "NOT_STARTED" }],
      ["calls", 194, { hs_timestamp: at, hs_call_title: "Called", hs_call_duration: "380000" }],
      ["notes", 202, { hs_timestamp: at, hs_note_body: "<p>Noted</p>" }],
      ["meetings", 200, { hs_timestamp: at, hs_meeting_title: "Met", hs_meeting_outcome: "COMPLETED" }],
    ]) {
      const made = await objects[kind].basicApi.create({ properties, associations: [typed(contact.id, number)] });
      const there = await ties.basicApi.getPage(kind, made.id, "contacts");
      assert.equal(there.results[0].toObjectId, contact.id, kind);
      const back = await ties.basicApi.getPage("contacts", contact.id, kind);
      assert.ok(back.results.some((result) => result.toObjectId === made.id), kind);
      await refused(
        objects[kind].basicApi.create({ properties: {}, associations: [] }), 400, /MISSING_REQUIRED_PROPERTY/,
      );
      await objects[kind].basicApi.archive(made.id);
    }
  });
});

describe("what an account is made of", () => {
  test("an owner's id is not the user's, and those who left are archived", async () => {
    const here = await client.crm.owners.ownersApi.getPage(undefined, undefined, 3);
    const gone = await client.crm.owners.ownersApi.getPage(undefined, undefined, 100, true);
    assert.equal(here.results.length, 3);
    assert.ok(here.paging.next.after && gone.results.every((owner) => owner.archived));
    const [owner] = here.results;
    assert.notEqual(owner.id, String(owner.userId));
    const byUser = await client.crm.owners.ownersApi.getById(owner.userId, "userId");
    assert.equal(byUser.id, owner.id);
    const { results: [contact] } = await contacts.basicApi.getPage(1);
    const own = (id) => contacts.basicApi.update(contact.id, { properties: { hubspot_owner_id: String(id) } });
    await own(owner.id);
    await refused(own(owner.userId), 400, /hubspot_owner_id/);
    await refused(own(gone.results[0].id), 400, /hubspot_owner_id/);
  });

  test("properties are listed, made with unique values, and given options", async () => {
    const api = client.crm.properties.coreApi;
    const all = (await api.getAll("contacts")).results;
    const status = all.find((property) => property.name === "hs_lead_status");
    assert.equal(status.hubspotDefined, true);
    const property = {
      name: "conformance_key", label: "Key", type: "string", fieldType: "text",
      groupName: "contactinformation", hasUniqueValue: true,
    };
    await api.create("contacts", property);
    await refused(api.create("contacts", property), 409, /already exists/);
    const make = (email) =>
      contacts.basicApi.create({ properties: { email, conformance_key: "k1" }, associations: [] });
    const first = await make("unique1@conformance.example");
    await refused(make("unique2@conformance.example"), 400, /conformance_key/);
    const read = await contacts.basicApi.getById("k1", [], undefined, undefined, false, "conformance_key");
    assert.equal(read.id, first.id);
    const options = [...status.options, { label: "Lukewarm", value: "LUKEWARM", displayOrder: 99, hidden: false }];
    const changed = await api.update("contacts", "hs_lead_status", { options });
    assert.equal(changed.options.at(-1).value, "LUKEWARM");
  });

  test("pipelines and the portal's details", async () => {
    const { results: [pipeline] } = await client.crm.pipelines.pipelinesApi.getAll("deals");
    const won = pipeline.stages.find((stage) => stage.id === "closedwon");
    assert.deepEqual([won.metadata.isClosed, won.metadata.probability], ["true", "1.0"]);
    const details = await client.apiRequest({ method: "GET", path: "/account-info/2026-09/details" });
    assert.equal((await details.json()).portalId, 62515);
  });
});

describe("limits and faults", () => {
  test("the client waits as the policy says, and its next try succeeds", async () => {
    const patient = new Client({ basePath: host, accessToken: client.config.accessToken, numberOfApiCallRetries: 2 });
    await control("/faults", { kind: "status_5xx", status: 502, path: "/contacts" });
    assert.equal((await patient.crm.contacts.basicApi.getPage(1)).results.length, 1);
    await control("/faults", { kind: "burst_429", path: "/contacts" });
    await refused(contacts.basicApi.getPage(1), 429, /TEN_SECONDLY_ROLLING/);
  });

  test("an expired token is told from an unknown one", async () => {
    await control("/tokens/expire", {});
    await refused(contacts.basicApi.getPage(1), 401, /EXPIRED_AUTHENTICATION/);
    client.setAccessToken("nonsense");
    await refused(contacts.basicApi.getPage(1), 401, /INVALID_AUTHENTICATION/);
  });
});
