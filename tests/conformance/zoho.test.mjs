// The vendor's own client completes its work against the stand-in.
//
// ZOHO_SANDBOX_URL names a running stand-in; its app `conformance-client` may ask for anything.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

const host = process.env.ZOHO_SANDBOX_URL;
if (!host) throw new Error("ZOHO_SANDBOX_URL must name a running sandbox, such as http://127.0.0.1:4001");

// One by one: the package's index loads some three thousand files.
const sdk = (path) => import(`@zohocrm/nodejs-sdk-8.0/lib/${path}.js`);
const api = (path) => sdk(`core/com/zoho/crm/api/${path}`);
// First, or the package's own circles of imports do not resolve.
await sdk("routes/initializer");
const { Environment } = await sdk("routes/dc/environment");
const { InitializeBuilder } = await sdk("routes/initialize_builder");
const { SDKConfigBuilder } = await sdk("routes/sdk_config_builder");
const { ParameterMap } = await sdk("routes/parameter_map");
const { HeaderMap } = await sdk("routes/header_map");
const { OAuthBuilder } = await sdk("models/authenticator/oauth_builder");
const { TokenStore } = await sdk("models/authenticator/store/token_store");
const record = await api("record/record_operations");
const { MasterModel: Record } = await api("record/record");
const { MasterModel: Body } = await api("record/body_wrapper");
const { MasterModel: Tag } = await api("tags/tag");

const CALLBACK = "http://localhost:9/callback";
const SCOPES = [
  "ZohoCRM.modules.ALL", "ZohoCRM.users.READ", "ZohoCRM.org.READ", "ZohoCRM.settings.ALL",
  "ZohoCRM.coql.READ", "ZohoSearch.securesearch.READ",
].join(",");
const FIELDS = "Last_Name,First_Name,Email,Tag,Owner,Account_Name,Modified_Time";

async function control(path, body) {
  const answer = await fetch(`${host}/__sandbox${path}`, {
    method: body ? "POST" : "GET",
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
  return answer.json();
}

/** Says yes on the consent page, as a browser would, and returns what the callback is told. */
async function consent(state, fields = {}) {
  const query = new URLSearchParams({
    response_type: "code", client_id: "conformance-client", scope: SCOPES, redirect_uri: CALLBACK,
    access_type: "offline", prompt: "consent", state,
  });
  const asked = await fetch(`${host}/oauth/v2/auth?${query}`);
  assert.equal(asked.status, 200);
  const page = await asked.text();
  const form = new URLSearchParams();
  for (const [, name, value] of page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)) {
    form.set(name, value);
  }
  form.set("company", "5725767000000020001");
  form.set("decision", "allow");
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const answer = await fetch(`${host}/oauth/v2/auth`, { method: "POST", body: form, redirect: "manual" });
  assert.equal(answer.status, 302);
  const back = new URL(answer.headers.get("location"));
  assert.equal(back.origin + back.pathname, CALLBACK);
  assert.equal(back.searchParams.get("state"), state);
  return back.searchParams;
}

/** Keeps the one token in memory; the client's own stores write files. */
class Memory extends TokenStore {
  async findToken() { return this.token ?? null; }
  async findTokenById() { return this.token ?? null; }
  async saveToken(token) { this.token = token; }
  async deleteToken() { this.token = undefined; }
  async getTokens() { return this.token ? [this.token] : []; }
  async deleteTokens() { this.token = undefined; }
}

const store = new Memory();
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "zoho-sdk-"));
  const back = await consent("first");
  assert.equal(back.get("location"), "eu");
  assert.equal(back.get("accounts-server"), host);
  const token = new OAuthBuilder()
    .clientId("conformance-client")
    .clientSecret("conformance-secret")
    .grantToken(back.get("code"))
    .redirectURL(CALLBACK)
    .findUser(false)
    .build();
  const builder = await new InitializeBuilder();
  await builder
    .environment(new Environment(host, `${host}/oauth/v2/token`, host))
    .token(token)
    .store(store)
    .SDKConfig(new SDKConfigBuilder().autoRefreshFields(false).pickListValidation(false).build())
    .resourcePath(folder)
    .initialize();
});

after(() => rm(folder, { recursive: true, force: true }));

const contacts = () => new record.MasterModel("Contacts");

async function query(pairs) {
  const map = new ParameterMap();
  for (const [param, value] of pairs) await map.add(param, value);
  return map;
}

async function listed(operations, pairs) {
  return operations.getRecords(await query(pairs), new HeaderMap());
}

async function wrapped(...values) {
  const records = [];
  for (const fields of values) {
    const one = new Record();
    for (const [name, value] of Object.entries(fields)) one.addKeyValue(name, value);
    records.push(one);
  }
  const body = new Body();
  body.setData(records);
  return body;
}

const { GetRecordsParam: List, SearchRecordsParam: Search } = record;

describe("OAuth", () => {
  test("the client trades the code and says who it is in Zoho's own word", async () => {
    const answer = await listed(contacts(), [[List.FIELDS, FIELDS], [List.PER_PAGE, 1]]);
    assert.equal(answer.getStatusCode(), 200);
    assert.match(store.token.getAccessToken(), /^1000\./);
    assert.match(store.token.getRefreshToken(), /^1000\./);
    const { tokens } = await control("/counters");
    assert.equal(tokens.authorization_code, 1);
  });

  test("the client refreshes by itself when the token is old, and the refresh token stays", async () => {
    const [access, refresh] = [store.token.getAccessToken(), store.token.getRefreshToken()];
    store.token.setExpiresIn("1");
    await listed(contacts(), [[List.FIELDS, FIELDS], [List.PER_PAGE, 1]]);
    assert.notEqual(store.token.getAccessToken(), access);
    assert.equal(store.token.getRefreshToken(), refresh);
  });

  test("rejecting comes back as access_denied, and a code works once", async () => {
    const back = await consent("no", { decision: "deny" });
    assert.equal(back.get("error"), "access_denied");
    const code = (await consent("again")).get("code");
    const trade = async () => {
      const form = new URLSearchParams({
        grant_type: "authorization_code", client_id: "conformance-client",
        client_secret: "conformance-secret", redirect_uri: CALLBACK, code,
      });
      const answer = await fetch(`${host}/oauth/v2/token`, { method: "POST", body: form });
      assert.equal(answer.status, 200, "errors too");
      return answer.json();
    };
    assert.ok((await trade()).access_token);
    assert.deepEqual(await trade(), { error: "invalid_code" });
  });
});

describe("reading", () => {
  test("pages follow each other by token, and ids keep their last digit", async () => {
    const truth = await control("/truth");
    const ids = new Set();
    let token;
    do {
      const pairs = [[List.FIELDS, FIELDS], [List.PER_PAGE, 200], [List.SORT_BY, "id"], [List.SORT_ORDER, "asc"]];
      if (token) pairs.push([List.PAGE_TOKEN, token]);
      const page = (await listed(contacts(), pairs)).getObject();
      for (const one of page.getData()) ids.add(String(one.getId()));
      token = page.getInfo().getMoreRecords() ? page.getInfo().getNextPageToken() : undefined;
    } while (token);
    assert.equal(ids.size, truth.persons);
    const told = await control("/truth/persons?limit=3");
    for (const { id } of told) assert.ok(ids.has(id), id);
  });

  test("fields are required, and nothing is 204", async () => {
    const refused = (await listed(contacts(), [[List.PER_PAGE, 1]])).getObject();
    assert.equal(refused.getCode().getValue(), "REQUIRED_PARAM_MISSING");
    const none = await contacts().searchRecords(
      await query([[Search.EMAIL, "nobody@nowhere.example"]]),
      new HeaderMap(),
    );
    assert.equal(none.getStatusCode(), 204);
  });

  test("a query brings what it names", async () => {
    const { MasterModel: Query } = await api("coql/body_wrapper");
    const { MasterModel: CoqlOperations } = await api("coql/coql_operations");
    const ask = async (text) => {
      const body = new Query();
      body.setSelectQuery(text);
      return new CoqlOperations().getRecords(body);
    };
    const page = await ask(
      "select id, Email from Contacts where (Email is not null and id > '1') order by id asc limit 0, 5",
    );
    assert.equal(page.getObject().getData().length, 5);
    assert.equal(page.getObject().getInfo().getMoreRecords(), true);
    const wrong = await ask("select id from Contacts where Email = 'it's'");
    assert.equal(wrong.getStatusCode(), 400);
  });

  test("users, the organization and tags are known", async () => {
    const { MasterModel: UsersOperations, GetUsersParam } = await api("users/users_operations");
    const users = await new UsersOperations().getUsers(await query([[GetUsersParam.TYPE, "ActiveUsers"]]), new HeaderMap());
    assert.ok(users.getObject().getUsers().every((user) => user.getStatus() === "active"));
    const { MasterModel: OrgOperations } = await api("org/org_operations");
    const [org] = (await new OrgOperations().getOrganization()).getObject().getOrg();
    assert.equal(org.getCompanyName(), "Nordwind Maschinenbau GmbH");
    const { MasterModel: TagsOperations, GetTagsParam } = await api("tags/tags_operations");
    const tags = await new TagsOperations().getTags(await query([[GetTagsParam.MODULE, "Contacts"]]));
    assert.ok(tags.getObject().getTags().some((tag) => tag.getName() === "Warm Lead"));
  });
});

describe("writing", () => {
  const outcome = (answer) => answer.getObject().getData()[0];

  test("a contact is made, met again by upsert, changed and deleted", async () => {
    const made = await contacts().createRecords(
      await wrapped({ Last_Name: "Client", Email: "client@conformance.example" }),
      new HeaderMap(),
    );
    assert.equal(made.getStatusCode(), 201);
    assert.equal(outcome(made).getStatus().getValue(), "success");
    const id = BigInt(outcome(made).getDetails().get("id"));
    const body = await wrapped({ Last_Name: "Client", Email: "CLIENT@conformance.example" });
    body.setDuplicateCheckFields(["Email"]);
    const again = outcome(await contacts().upsertRecords(body, new HeaderMap()));
    assert.equal(String(again.getDetails().get("id")), String(id));
    assert.equal(again.getAction().getValue(), "update");
    const changed = await contacts().updateRecord(id, await wrapped({ First_Name: "Ann" }), new HeaderMap());
    assert.equal(outcome(changed).getMessage().getValue(), "record updated");
    const [there] = (await contacts().getRecord(id, new ParameterMap(), new HeaderMap())).getObject().getData();
    assert.equal(there.getKeyValue("First_Name"), "Ann");
    await contacts().deleteRecord(id, new ParameterMap(), new HeaderMap());
    const gone = await contacts().getRecord(id, new ParameterMap(), new HeaderMap());
    assert.equal(gone.getStatusCode(), 204);
  });

  test("one of two fails inside 207", async () => {
    const two = await contacts().createRecords(
      await wrapped({ Last_Name: "Fine" }, { Last_Name: "Bad", Email: "no address" }),
      new HeaderMap(),
    );
    assert.equal(two.getStatusCode(), 207);
    const [fine, bad] = two.getObject().getData();
    assert.equal(fine.getStatus().getValue(), "success");
    assert.equal(bad.getCode().getValue(), "INVALID_DATA");
    assert.equal(bad.getDetails().get("api_name"), "Email");
  });

  test("a lead is met again by upsert, named alone by what is about it, and gone once it is converted", async () => {
    const leads = new record.MasterModel("Leads");
    const body = await wrapped({ Last_Name: "Prospect", Company: "Acme", Email: "lead@conformance.example" });
    body.setDuplicateCheckFields(["Email"]);
    const first = outcome(await leads.upsertRecords(body, new HeaderMap()));
    const second = outcome(await leads.upsertRecords(body, new HeaderMap()));
    assert.deepEqual([first, second].map((one) => one.getAction().getValue()), ["insert", "update"]);
    const id = BigInt(first.getDetails().get("id"));
    assert.equal(String(second.getDetails().get("id")), String(id));
    const about = new Record();
    about.setId(id);
    const task = { Subject: "Call", What_Id: about, $se_module: "Leads" };
    const tasks = () => new record.MasterModel("Tasks");
    const made = await tasks().createRecords(await wrapped(task), new HeaderMap());
    assert.equal(made.getStatusCode(), 201);
    const { activities } = await control("/truth/outbound");
    assert.ok(activities.some((one) => one.org_id === String(id) && one.se_module === "Leads"));
    const shown = async () => {
      const answer = await listed(leads, [
        [record.GetRecordsParam.FIELDS, "Last_Name,Company"], [record.GetRecordsParam.IDS, String(id)],
      ]);
      return answer.getStatusCode();
    };
    assert.equal(await shown(), 200);
    const { contact } = await control("/leads/convert", { id: String(id) });
    assert.equal(await shown(), 204);
    const [there] = (await contacts().getRecord(BigInt(contact), new ParameterMap(), new HeaderMap()))
      .getObject().getData();
    assert.equal(there.getKeyValue("Last_Name"), "Prospect");
  });

  test("a task is about a contact by $se_module, and a tag is added", async () => {
    const made = await contacts().createRecords(await wrapped({ Last_Name: "Tasked" }), new HeaderMap());
    const id = BigInt(outcome(made).getDetails().get("id"));
    const who = new Record();
    who.setId(id);
    const task = await wrapped({ Subject: "Call back", Who_Id: who, $se_module: "Contacts" });
    const answer = await new record.MasterModel("Tasks").createRecords(task, new HeaderMap());
    assert.equal(answer.getStatusCode(), 201);
    const { MasterModel: TagsOperations } = await api("tags/tags_operations");
    const { MasterModel: NewTags } = await api("tags/new_tag_request_wrapper");
    const wanted = new NewTags();
    const tag = new Tag();
    tag.setName("Warm Lead");
    wanted.setTags([tag]);
    wanted.setOverWrite(false);
    const tagged = await new TagsOperations().addTags("Contacts", id, wanted);
    assert.equal(tagged.getStatusCode(), 200);
    const outbound = await control("/truth/outbound");
    const there = outbound.persons.find((one) => one.id === String(id));
    assert.deepEqual(there.label_ids, ["Warm Lead"]);
    assert.ok(outbound.activities.some((one) => one.person_id === String(id) && one.se_module === "Contacts"));
  });
});
