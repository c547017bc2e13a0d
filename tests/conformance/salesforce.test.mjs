// jsforce completes its work against the stand-in.
//
// SALESFORCE_SANDBOX_URL names a running stand-in; its app `conformance-client` may do everything.
//
// Of jsforce 3.10: a 401 that lasts would be answered with refreshes without end, so expired tokens are
// tried only where a refresh helps; and it goes on with the refresh token that it had, so the one that
// a refresh brings is put into its place by us, as its handler allows.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import jsforce from "jsforce";

const host = process.env.SALESFORCE_SANDBOX_URL;
if (!host) throw new Error("SALESFORCE_SANDBOX_URL must name a running sandbox");

const CALLBACK = "http://localhost:9/callback";
const client = (useVerifier = true) =>
  new jsforce.OAuth2({
    loginUrl: host,
    clientId: "conformance-client",
    clientSecret: "conformance-secret",
    redirectUri: CALLBACK,
    useVerifier,
  });

/** Says yes on the consent page, as a browser would, and returns what comes back. */
async function consent(oauth2, fields = {}) {
  const asked = await fetch(
    oauth2.getAuthorizationUrl({ scope: "api refresh_token openid", state: "s-1" }),
    { redirect: "manual" },
  );
  if (asked.status === 302) return new URL(asked.headers.get("location")).searchParams;
  const page = await asked.text();
  assert.match(page, /<form method="post" action="\/services\/oauth2\/authorize">/);
  const form = new URLSearchParams();
  for (const [, name, value] of page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)) {
    form.set(name, value);
  }
  form.set("company", "7001");
  form.set("decision", "allow");
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const answer = await fetch(`${host}/services/oauth2/authorize`, {
    method: "POST",
    body: form,
    redirect: "manual",
  });
  assert.equal(answer.status, 302);
  const back = new URL(answer.headers.get("location"));
  assert.equal(back.origin + back.pathname, CALLBACK);
  assert.equal(back.searchParams.get("state"), "s-1");
  return back.searchParams;
}

async function control(path, body, method = body ? "POST" : "GET") {
  const answer = await fetch(`${host}/__sandbox${path}`, {
    method,
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
  return answer.json();
}

async function connect(fields) {
  const oauth2 = client();
  const back = await consent(oauth2, fields);
  const connection = new jsforce.Connection({ oauth2, version: "66.0" });
  await connection.authorize(back.get("code"));
  connection.on("refresh", (_, answer) => {
    connection.refreshToken = answer.refresh_token;
  });
  return connection;
}

/** A unique external id of our own; nobody sees it yet. */
async function makeMark(conn, object) {
  const field = await conn.tooling.create("CustomField", {
    FullName: `${object}.Hub_Id__c`,
    Metadata: { label: "Hub id", type: "Text", length: 40, externalId: true, unique: true },
  });
  assert.equal(field.success, true);
}

async function showField(conn, object, field) {
  const { records } = await conn.query(
    "SELECT PermissionSetId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true",
  );
  await conn.sobject("FieldPermissions").create({
    ParentId: records[0].PermissionSetId,
    SobjectType: object,
    Field: `${object}.${field}`,
    PermissionsRead: true,
    PermissionsEdit: true,
  });
}

const refused = (promise, code) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.errorCode ?? error.name, code);
    return true;
  });

let conn;
before(async () => {
  conn = await connect();
});

describe("OAuth", () => {
  test("the code is exchanged once, for the chosen user of the chosen org", async () => {
    const oauth2 = client();
    const back = await consent(oauth2, { company: "7002", user: "20102" });
    const tokens = await oauth2.requestToken(back.get("code"));
    assert.equal(tokens.instance_url, host);
    assert.equal(tokens.expires_in, undefined);
    const other = new jsforce.Connection({ instanceUrl: host, accessToken: tokens.access_token });
    const who = await other.identity();
    assert.equal(who.email, "ivo@alpengluehen.example");
    assert.ok(tokens.id.endsWith(`${who.organization_id}/${who.user_id}`));
    await refused(oauth2.requestToken(back.get("code")), "invalid_grant");
  });

  test("denying comes back as access_denied, and without a challenge nobody is asked", async () => {
    assert.equal((await consent(client(), { decision: "deny" })).get("error"), "access_denied");
    assert.equal((await consent(client(), { decision: "block" })).get("error"), "OAUTH_APP_BLOCKED");
    assert.equal((await consent(client(false))).get("error"), "invalid_request");
  });

  test("a refresh token rotates, and one that is used twice ends the grant", async () => {
    const mine = await connect();
    const first = mine.refreshToken;
    const tokens = await mine.oauth2.refreshToken(first);
    assert.notEqual(tokens.refresh_token, first);
    await refused(mine.oauth2.refreshToken(first), "invalid_grant");
    await refused(mine.oauth2.refreshToken(tokens.refresh_token), "invalid_grant");
  });

  test("the client refreshes by itself when the session has expired", async () => {
    const mine = await connect();
    const before = mine.accessToken;
    await control("/tokens/expire", {});
    const answer = await mine.query("SELECT Id FROM User LIMIT 1");
    assert.equal(answer.records.length, 1);
    assert.notEqual(mine.accessToken, before);
    // The others have expired with it.
    conn = await connect();
  });

  test("what is given back is dead", async () => {
    const mine = await connect();
    const token = mine.refreshToken;
    await mine.logout(true);
    await refused(client().refreshToken(token), "invalid_grant");
  });
});

describe("queries", () => {
  test("one that the org runs by itself brings every contact, line breaks and quotes included", async () => {
    conn.bulk2.pollInterval = 20;
    const stream = await conn.bulk2.query("SELECT Id, LastName, Email, Remarks__c, Newsletter__c FROM Contact");
    const records = await stream.toArray();
    assert.equal(new Set(records.map((record) => record.Id)).size, (await control("/truth")).persons);
    const one = records.find((record) => record.Remarks__c);
    const { records: [same] } = await conn.query(
      `SELECT Id, LastName, Email, Remarks__c FROM Contact WHERE Id = '${one.Id}'`,
    );
    for (const field of ["LastName", "Email", "Remarks__c"]) assert.equal(one[field] || null, same[field]);
    assert.equal(typeof one.Newsletter__c, "string", "a table has no types");
    await assert.rejects(conn.bulk2.query("SELECT count() FROM Contact"));
  });

  test("the locator leads to the end, past each contact once", async () => {
    const first = await conn.query("SELECT Id FROM Contact");
    assert.deepEqual([first.done, first.records.length], [false, 2_000]);
    const rest = await conn.queryMore(first.nextRecordsUrl);
    const ids = new Set([...first.records, ...rest.records].map((record) => record.Id));
    assert.equal(ids.size, first.totalSize);
    assert.equal(ids.size, (await control("/truth")).persons);
  });

  test("keys lead through what changed, ties included", async () => {
    const done = await control("/persons/mutate", { change: 9, at_once: true });
    const seen = new Set();
    let after = "SystemModstamp > 2026-06-01T00:00:00Z";
    for (;;) {
      const { records } = await conn.query(
        `SELECT Id, SystemModstamp FROM Contact WHERE ${after} ORDER BY SystemModstamp, Id LIMIT 4`,
      );
      for (const { Id } of records) seen.add(Id);
      if (records.length < 4) break;
      const { Id, SystemModstamp } = records.at(-1);
      const at = SystemModstamp.replace("+0000", "Z");
      after = `SystemModstamp > ${at} OR (SystemModstamp = ${at} AND Id > '${Id}')`;
    }
    for (const id of done.changed) assert.ok(seen.has(id));
  });

  test("parents and children come along", async () => {
    const { records } = await conn.query(
      "SELECT Name, Account.Name, (SELECT ContactId, IsPrimary FROM OpportunityContactRoles) " +
        "FROM Opportunity WHERE AccountId != null LIMIT 50",
    );
    assert.ok(records.every((deal) => typeof deal.Account.Name === "string"));
    assert.ok(records.some((deal) => deal.OpportunityContactRoles?.records[0].IsPrimary));
  });

  test("the builder's queries are understood", async () => {
    const found = await conn
      .sobject("Contact")
      .find({ LastName: { $like: "M%" }, IsDeleted: false }, ["Id", "LastName"])
      .limit(5);
    assert.ok(found.length > 0 && found.every(({ LastName }) => LastName.startsWith("M")));
    assert.equal(await conn.sobject("Contact").count({ LastName: "O'Brien" }) > 0, true);
  });

  test("mistakes are refused in the API's words", async () => {
    await refused(conn.query("SELECT Id FROM Nothing"), "INVALID_TYPE");
    await refused(conn.query("SELECT Nothing FROM Contact"), "INVALID_FIELD");
    await refused(conn.query("SELECT Id FROM Contact WHERE LastName = 'it's'"), "MALFORMED_QUERY");
    await refused(
      conn.query("SELECT Id FROM Contact WHERE Id = 'x'"),
      "INVALID_QUERY_FILTER_OPERATOR",
    );
    await refused(conn.queryMore("/services/data/v66.0/query/01gHn-2000"), "INVALID_QUERY_LOCATOR");
  });

  test("the deleted are seen by those who ask for all", async () => {
    const { deleted } = await control("/persons/mutate", { delete: 2 });
    const ids = deleted.map((id) => `'${id}'`).join(",");
    const text = `SELECT Id, IsDeleted FROM Contact WHERE Id IN (${ids})`;
    assert.equal((await conn.query(text)).totalSize, 0);
    const all = await conn.query(text, { scanAll: true });
    assert.deepEqual(all.records.map((record) => record.IsDeleted), [true, true]);
    const start = new Date(Date.now() - 3_600_000);
    const gone = await conn.sobject("Contact").deleted(start, new Date(Date.now() + 60_000));
    assert.ok(deleted.every((id) => gone.deletedRecords.some((one) => one.id === id)));
  });
});

describe("records", () => {
  test("create, retrieve, update, delete", async () => {
    const contacts = conn.sobject("Contact");
    const made = await contacts.create({
      FirstName: "Conny",
      LastName: "Formance",
      Email: "conny@conformance.example",
    });
    assert.equal(made.success, true);
    assert.equal(made.id.length, 18);
    const read = await contacts.retrieve(made.id);
    assert.deepEqual([read.Name, read.Email], ["Conny Formance", "conny@conformance.example"]);
    const updated = await contacts.update({ Id: made.id, LastName: "F." });
    assert.equal(updated.success, true);
    assert.equal((await contacts.retrieve(made.id.slice(0, 15))).Name, "Conny F.");
    assert.equal((await contacts.destroy(made.id)).success, true);
    await refused(contacts.retrieve(made.id), "ENTITY_IS_DELETED");
  });

  test("the API's words for what does not fit", async () => {
    const contacts = conn.sobject("Contact");
    await refused(contacts.create({ FirstName: "X" }), "REQUIRED_FIELD_MISSING");
    await refused(contacts.create({ LastName: "X", Email: "nobody" }), "INVALID_EMAIL_ADDRESS");
    await refused(contacts.create({ LastName: "x".repeat(81) }), "STRING_TOO_LONG");
    await refused(contacts.create({ LastName: "X", Nothing__c: 1 }), "INVALID_FIELD");
    await refused(
      contacts.create({ LastName: "X", Segment__c: "Huge" }),
      "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    );
    await refused(contacts.create({ LastName: "X", AccountId: "001" }), "MALFORMED_ID");
    // A list that is open takes what it does not know.
    assert.ok((await contacts.create({ LastName: "X", LeadSource: "Fair" })).success);
  });

  test("a field that was made is seen once it is permitted, and makes upserts happen once", async () => {
    await makeMark(conn, "Contact");
    const upsert = () =>
      conn.sobject("Contact").upsert({ Hub_Id__c: "77-a.b", LastName: "Once" }, "Hub_Id__c");
    await refused(upsert(), "NOT_FOUND");
    await showField(conn, "Contact", "Hub_Id__c");
    const [first, second] = [await upsert(), await upsert()];
    assert.deepEqual([first.created, second.created], [true, false]);
    assert.equal(first.id, second.id);
  });

  test("a lead needs a company, is upserted by an external id, and ends with its conversion", async () => {
    const leads = conn.sobject("Lead");
    const described = await leads.describe();
    assert.equal(described.keyPrefix, "00Q");
    const required = described.fields.filter(({ nillable, createable }) => !nillable && createable);
    assert.deepEqual(required.map(({ name }) => name).sort(), ["Company", "LastName", "Status"]);
    await refused(leads.create({ LastName: "Alone" }), "REQUIRED_FIELD_MISSING");
    await makeMark(conn, "Lead");
    await showField(conn, "Lead", "Hub_Id__c");
    const form = { Hub_Id__c: "lead-1", FirstName: "Lea", LastName: "D.", Company: "Prospects" };
    const [first, second] = [await leads.upsert(form, "Hub_Id__c"), await leads.upsert(form, "Hub_Id__c")];
    assert.deepEqual([first.created, second.created, first.id], [true, false, second.id]);
    const read = await leads.retrieve(first.id);
    assert.deepEqual(
      [read.Name, read.Company, read.Status, read.IsConverted],
      ["Lea D.", "Prospects", "Open - Not Contacted", false],
    );
    await refused(leads.update({ Id: first.id, IsConverted: true }), "INVALID_FIELD_FOR_INSERT_UPDATE");
    const found = await leads.find({ Hub_Id__c: "lead-1", IsConverted: false }, ["Id"]);
    assert.deepEqual(found.map(({ Id }) => Id), [first.id]);

    // What is about a lead is about nothing beside it.
    const task = { Subject: "Call", WhoId: first.id };
    assert.equal((await conn.sobject("Task").create(task)).success, true);
    const account = (await conn.query("SELECT Id FROM Account LIMIT 1")).records[0].Id;
    await refused(conn.sobject("Task").create({ ...task, WhatId: account }), "FIELD_INTEGRITY_EXCEPTION");

    const { contact } = await control("/leads/convert", { id: first.id });
    const after = await leads.retrieve(first.id);
    assert.deepEqual([after.IsConverted, after.ConvertedContactId], [true, contact]);
    assert.equal((await conn.sobject("Contact").retrieve(contact)).Name, "Lea D.");
    await refused(leads.update({ Id: first.id, LastName: "E." }), "CANNOT_UPDATE_CONVERTED_LEAD");
    await refused(conn.sobject("Task").create(task), "CANNOT_UPDATE_CONVERTED_LEAD");
  });

  test("of a collection each record has its own outcome, or none is done", async () => {
    const contacts = conn.sobject("Contact");
    const many = [{ LastName: "One" }, { FirstName: "Nameless" }, { LastName: "Three" }];
    const mixed = await contacts.create(many);
    assert.deepEqual(mixed.map(({ success }) => success), [true, false, true]);
    assert.equal(mixed[1].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
    const before = (await control("/truth")).persons;
    await contacts.create(many, { allOrNone: true }).then(
      (results) => assert.ok(results.every(({ success }) => !success)),
      (error) => assert.ok(error),
    );
    assert.equal((await control("/truth")).persons, before);
    const gone = await contacts.destroy([mixed[0].id, mixed[2].id, mixed[0].id]);
    assert.deepEqual(gone.map(({ success }) => success), [true, true, false]);
    const upserted = await contacts.upsert(
      [
        { LastName: "Up", Hub_Id__c: "a" },
        { LastName: "Up", Hub_Id__c: "b" },
      ],
      "Hub_Id__c",
    );
    assert.ok(upserted.every(({ created }) => created));
    const found = await contacts.retrieve(upserted.map(({ id }) => id));
    assert.deepEqual(found.map(({ Hub_Id__c }) => Hub_Id__c), ["a", "b"]);
    const partly = await contacts.upsert(
      [
        { LastName: "Up again", Hub_Id__c: "b" },
        { LastName: "Bad", Email: "nobody", Hub_Id__c: "c" },
        { LastName: "Up", Hub_Id__c: "d" },
        { LastName: "One", Hub_Id__c: "twice" },
        { LastName: "Two", Hub_Id__c: "twice" },
      ],
      "Hub_Id__c",
      { allOrNone: false },
    );
    assert.deepEqual(
      partly.map(({ success }) => success),
      [true, false, true, false, false],
    );
    assert.equal(partly[0].id, upserted[1].id);
    assert.deepEqual([partly[0].created, partly[2].created], [false, true]);
    assert.deepEqual(
      partly.flatMap(({ errors }) => errors.map(({ statusCode }) => statusCode)),
      ["INVALID_EMAIL_ADDRESS", "DUPLICATE_VALUE", "DUPLICATE_VALUE"],
    );
    assert.deepEqual(partly[1].errors[0].fields, ["Email"]);
    const all = await contacts
      .upsert(
        [
          { LastName: "Whole", Hub_Id__c: "e" },
          { LastName: "Bad", Email: "nobody", Hub_Id__c: "f" },
        ],
        "Hub_Id__c",
        { allOrNone: true },
      )
      .catch(() => []);
    assert.ok(all.every(({ success }) => !success));
    const none = await conn.query("SELECT Id FROM Contact WHERE Hub_Id__c IN ('e', 'f')");
    assert.equal(none.totalSize, 0);
    await refused(contacts.upsert([{ LastName: "X", Nope__c: "a" }], "Nope__c"), "NOT_FOUND");
    const kinds = Array.from({ length: 11 }, (_, n) => ({
      attributes: { type: n % 2 ? "Account" : "Contact" },
      LastName: "Chunk",
    }));
    await refused(
      conn.request({
        method: "POST",
        url: "/services/data/v66.0/composite/sobjects",
        body: JSON.stringify({ records: kinds }),
        headers: { "content-type": "application/json" },
      }),
      "LIMIT_EXCEEDED",
    );
    const big = Array.from({ length: 201 }, (_, n) => ({ LastName: `Many ${n}` }));
    const direct = conn.request({
      method: "POST",
      url: "/services/data/v66.0/composite/sobjects",
      body: JSON.stringify({
        records: big.map((one) => ({ attributes: { type: "Contact" }, ...one })),
      }),
      headers: { "content-type": "application/json" },
    });
    await refused(direct, "LIMIT_EXCEEDED");
  });

  test("tasks close by their status, events last as long as they are told", async () => {
    const who = (await conn.sobject("Contact").create({ LastName: "Busy" })).id;
    const task = await conn.sobject("Task").create({
      Subject: "Call",
      TaskSubtype: "Call",
      Status: "Completed",
      ActivityDate: "2028-02-29",
      CallDurationInSeconds: 380,
      WhoId: who,
    });
    assert.equal((await conn.sobject("Task").retrieve(task.id)).IsClosed, true);
    await refused(
      conn.sobject("Task").update({ Id: task.id, TaskSubtype: "Email" }),
      "INVALID_FIELD_FOR_INSERT_UPDATE",
    );
    const event = await conn.sobject("Event").create({
      Subject: "Demo",
      StartDateTime: "2028-02-29T10:00:00Z",
      DurationInMinutes: 30,
      WhoId: who,
    });
    const read = await conn.sobject("Event").retrieve(event.id);
    assert.equal(read.EndDateTime, "2028-02-29T10:30:00.000+0000");
  });
});

describe("what an org is like", () => {
  test("a description lists fields, and what may stand in them", async () => {
    const contact = await conn.describe("Contact");
    const segment = contact.fields.find(({ name }) => name === "Segment__c");
    assert.deepEqual([segment.type, segment.restrictedPicklist], ["picklist", true]);
    assert.ok((await conn.describeGlobal()).sobjects.some(({ name }) => name === "Opportunity"));
  });

  test("each answer says how much of the day is used, and a used-up day is a 403", async () => {
    const { DailyApiRequests } = await conn.limits();
    assert.ok(DailyApiRequests.Remaining < DailyApiRequests.Max);
    assert.equal(conn.limitInfo.apiUsage.limit, DailyApiRequests.Max);
    const { plan } = await control("/plan", { spent: DailyApiRequests.Max });
    await refused(conn.query("SELECT Id FROM User"), "REQUEST_LIMIT_EXCEEDED");
    await control("/plan", { daily: plan.daily, spent: 0 });
  });

  test("a search finds by name, address and number", async () => {
    const url = "/services/data/v66.0/parameterizedSearch?q=muller&sobject=Contact&Contact.fields=Id,Name";
    const { searchRecords } = await conn.request(url.replace("muller", encodeURIComponent("Müller")));
    assert.ok(searchRecords.length > 0 && searchRecords.every(({ Name }) => /müller/i.test(Name)));
  });
});
