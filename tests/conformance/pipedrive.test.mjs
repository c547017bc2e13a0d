// The vendor's own client completes its work against the stand-in.
//
// SANDBOX_URL names a running stand-in; its app `conformance-client` may do everything.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { v1, v2 } from "pipedrive";

const host = process.env.SANDBOX_URL;
if (!host) throw new Error("SANDBOX_URL must name a running sandbox, such as http://127.0.0.1:4001");

const CALLBACK = "http://localhost:9/callback";
const oauth = new v2.OAuth2Configuration({
  clientId: "conformance-client",
  clientSecret: "conformance-secret",
  redirectUri: CALLBACK,
  host,
});

/** Says yes on the consent page, as a browser would, and returns the code. */
async function consent(state, fields = {}) {
  const asked = await fetch(`${oauth.authorizationUrl}&state=${state}`);
  assert.equal(asked.status, 200);
  const page = await asked.text();
  assert.match(page, /<form method="post" action="\/oauth\/authorize">/);
  const form = new URLSearchParams();
  for (const [, name, value] of page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)) {
    form.set(name, value);
  }
  form.set("company", "7001");
  form.set("decision", "allow");
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const answer = await fetch(`${host}/oauth/authorize`, {
    method: "POST",
    body: form,
    redirect: "manual",
  });
  assert.equal(answer.status, 302);
  const back = new URL(answer.headers.get("location"));
  assert.equal(back.origin + back.pathname, CALLBACK);
  assert.equal(back.searchParams.get("state"), state);
  return back.searchParams;
}

async function control(path, body) {
  const answer = await fetch(`${host}/__sandbox${path}`, {
    method: body ? "POST" : "GET",
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
  return answer.json();
}

const configuration = () =>
  new v2.Configuration({ accessToken: oauth.getAccessToken, basePath: oauth.basePath });
const old = () =>
  new v1.Configuration({
    accessToken: oauth.getAccessToken,
    basePath: oauth.basePath.replace("/api/v2", "/api/v1"),
  });

/** The client throws the body of an error answer, without its status. */
async function refused(promise, words) {
  await assert.rejects(promise, (error) => {
    assert.match(JSON.stringify(error), words);
    return true;
  });
}

before(async () => {
  const back = await consent("first");
  await oauth.authorize(back.get("code"));
});

describe("OAuth", () => {
  test("the code is exchanged once for tokens of the chosen company", async () => {
    const back = await consent("again", { company: "7002", user: "20102" });
    const second = new v2.OAuth2Configuration({
      clientId: "conformance-client",
      clientSecret: "conformance-secret",
      redirectUri: CALLBACK,
      host,
    });
    const tokens = await second.authorize(back.get("code"));
    assert.equal(tokens.token_type.toLowerCase(), "bearer");
    assert.equal(second.basePath, `${tokens.api_domain}/api/v2`);
    const users = new v1.UsersApi(
      new v1.Configuration({
        accessToken: second.getAccessToken,
        basePath: `${tokens.api_domain}/api/v1`,
      }),
    );
    const me = await users.getCurrentUser();
    assert.deepEqual([me.data.id, me.data.company_id], [20102, 7002]);
    await refused(second.authorize(back.get("code")), /invalid_grant/);
  });

  test("denying comes back as user_denied", async () => {
    const back = await consent("no", { decision: "deny" });
    assert.equal(back.get("error"), "user_denied");
    assert.equal(back.get("code"), null);
  });

  test("a refresh answers the same refresh token and a new access token", async () => {
    const [access, refresh] = [oauth.accessToken, oauth.refreshToken];
    await oauth.tokenRefresh();
    assert.equal(oauth.refreshToken, refresh);
    assert.notEqual(oauth.accessToken, access);
  });

  test("the client refreshes by itself when the token is old", async () => {
    const access = oauth.accessToken;
    oauth.expiresAt = Date.now() - 1;
    await new v2.PersonsApi(configuration()).getPersons({ limit: 1 });
    assert.notEqual(oauth.accessToken, access);
  });
});

describe("persons", () => {
  const api = new v2.PersonsApi(undefined);
  before(() => {
    api.configuration = configuration();
    api.basePath = oauth.basePath;
  });

  test("the cursor leads to the end, past each person once", async () => {
    const ids = new Set();
    let cursor;
    let count = 0;
    do {
      const page = await api.getPersons({ limit: 500, cursor, sort_by: "id" });
      assert.equal(page.success, true);
      for (const person of page.data) ids.add(person.id);
      count += page.data.length;
      cursor = page.additional_data.next_cursor ?? undefined;
    } while (cursor);
    assert.equal(ids.size, count);
    assert.equal(count, (await control("/truth")).persons);
  });

  test("create, read, search, update, delete", async () => {
    const created = await api.addPerson({
      AddPersonRequest: {
        name: "Conny Formance",
        emails: [{ value: "conny@conformance.example", primary: true, label: "work" }],
        phones: [{ value: "+3725555", primary: true, label: "mobile" }],
        label_ids: [3],
      },
    });
    const id = created.data.id;
    assert.equal(created.data.first_name, "Conny");

    const found = await api.searchPersons({
      term: "CONNY@conformance.example",
      fields: "email",
      exact_match: true,
    });
    assert.deepEqual(found.data.items.map(({ item }) => item.id), [id]);
    assert.deepEqual(found.data.items[0].item.emails, ["conny@conformance.example"]);

    const updated = await api.updatePerson({ id, UpdatePersonRequest: { name: "Conny F.", label_ids: [] } });
    assert.equal(updated.data.name, "Conny F.");
    assert.deepEqual(updated.data.label_ids, []);
    const read = await api.getPerson({ id, include_fields: "open_deals_count" });
    assert.equal(read.data.open_deals_count, 0);
    assert.equal(read.data.emails[0].value, "conny@conformance.example");

    const deleted = await api.deletePerson({ id });
    assert.deepEqual(deleted.data, { id });
    const gone = await api.getPersons({ ids: String(id) });
    assert.deepEqual(gone.data, []);
  });

  test("updated_since and filters narrow the list", async () => {
    const since = "2024-06-01T00:00:00Z";
    const page = await api.getPersons({ updated_since: since, sort_by: "update_time", limit: 500 });
    assert.ok(page.data.length > 0);
    assert.ok(page.data.every((person) => person.update_time >= since));
    const org = page.data.find((person) => person.org_id).org_id;
    const colleagues = await api.getPersons({ org_id: org });
    assert.ok(colleagues.data.every((person) => person.org_id === org));
  });

  test("mistakes are refused in the API's words", async () => {
    await refused(api.getPersons({ limit: 501 }), /ERR_SCHEMA_VALIDATION_FAILED/);
    await refused(api.getPersons({ updated_since: "2024-01-01T00:00:00.5Z" }), /not a valid datetime/);
    await refused(api.getPerson({ id: 999_999 }), /not found/);
    await refused(
      api.addPerson({ AddPersonRequest: { name: "X", custom_fields: { title: "y" } } }),
      /Unknown key 'title'/,
    );
  });

  test("a merge through v1 leaves the survivor", async () => {
    const make = async (name) => (await api.addPerson({ AddPersonRequest: { name } })).data.id;
    const [gone, survivor] = [await make("Gone Soon"), await make("Here Still")];
    const merged = await new v1.PersonsApi(old()).mergePersons({
      id: gone,
      MergePersonsRequest: { merge_with_id: survivor },
    });
    assert.equal(merged.data.id, survivor);
    await refused(api.getPerson({ id: gone }), /not found/);
  });
});

describe("organizations", () => {
  test("create, search, list, update, delete", async () => {
    const api = new v2.OrganizationsApi(configuration());
    const created = await api.addOrganization({
      AddOrganizationRequest: { name: "Conformance Oy", address: { value: "Mannerheimintie 1" } },
    });
    const id = created.data.id;
    const found = await api.searchOrganization({ term: "Conformance Oy", fields: "name", exact_match: true });
    assert.deepEqual(found.data.items.map(({ item }) => item.id), [id]);
    const updated = await api.updateOrganization({ id, UpdateOrganizationRequest: { name: "Conformance Ab" } });
    assert.equal(updated.data.name, "Conformance Ab");
    assert.equal(updated.data.address.value, "Mannerheimintie 1");
    const page = await api.getOrganizations({ ids: String(id), include_fields: "people_count" });
    assert.equal(page.data[0].people_count, 0);
    assert.deepEqual((await api.deleteOrganization({ id })).data, { id });
  });
});

describe("deals", () => {
  test("create, search, list by person, update, delete", async () => {
    const api = new v2.DealsApi(configuration());
    const persons = new v2.PersonsApi(configuration());
    const person = (await persons.addPerson({ AddPersonRequest: { name: "Dora Deal" } })).data.id;
    const created = await api.addDeal({
      AddDealRequest: { title: "Conformance deal", value: 12.5, currency: "EUR", person_id: person },
    });
    const id = created.data.id;
    assert.equal(created.data.status, "open");
    const found = await api.searchDeals({ term: "Conformance deal", exact_match: true });
    assert.deepEqual(found.data.items.map(({ item }) => item.person.name), ["Dora Deal"]);
    const won = await api.updateDeal({ id, UpdateDealRequest: { status: "won" } });
    assert.ok(won.data.won_time);
    const mine = await api.getDeals({ person_id: person, status: "won" });
    assert.deepEqual(mine.data.map((deal) => deal.id), [id]);
    const counted = await persons.getPerson({ id: person, include_fields: "closed_deals_count" });
    assert.equal(counted.data.closed_deals_count, 1);
    assert.deepEqual((await api.deleteDeal({ id })).data, { id });
  });

  test("pipelines and stages belong together", async () => {
    const pipelines = await new v2.PipelinesApi(configuration()).getPipelines({});
    const pipeline = pipelines.data[1].id;
    const stages = await new v2.StagesApi(configuration()).getStages({ pipeline_id: pipeline });
    assert.ok(stages.data.length > 0);
    assert.ok(stages.data.every((stage) => stage.pipeline_id === pipeline));
  });
});

describe("activities", () => {
  test("create with a participant, list, update, delete", async () => {
    const api = new v2.ActivitiesApi(configuration());
    const types = await new v1.ActivityTypesApi(old()).getActivityTypes();
    const type = types.data.find((type) => type.active_flag).key_string;
    const persons = new v2.PersonsApi(configuration());
    const person = (await persons.addPerson({ AddPersonRequest: { name: "Ada Active" } })).data.id;
    const created = await api.addActivity({
      AddActivityRequest: {
        subject: "Replied to sequence",
        type,
        due_date: "2026-11-20",
        due_time: "09:30:00",
        done: true,
        note: "<p>…</p>",
        participants: [{ person_id: person, primary: true }],
      },
    });
    const id = created.data.id;
    assert.equal(created.data.person_id, person);
    assert.ok(created.data.marked_as_done_time);
    const listed = await api.getActivities({ person_id: person, done: true });
    assert.deepEqual(listed.data.map((activity) => activity.id), [id]);
    const updated = await api.updateActivity({ id, AddActivityRequest: { subject: "Called back" } });
    assert.equal(updated.data.subject, "Called back");
    assert.deepEqual((await api.deleteActivity({ id })).data, { id });
    await refused(api.getActivity({ id }), /not found/);
  });
});

describe("fields", () => {
  test("labels are options of label_ids, and one can be added", async () => {
    const api = new v2.PersonFieldsApi(configuration());
    const fields = await api.getPersonFields({ limit: 500 });
    const labels = fields.data.find((field) => field.field_code === "label_ids");
    assert.deepEqual(
      labels.options.map((option) => option.label).slice(0, 4),
      ["Customer", "Hot lead", "Warm lead", "Cold lead"],
    );
    assert.ok(fields.data.some((field) => field.is_custom_field && /^[0-9a-f]{40}$/.test(field.field_code)));
    const label = `Conformant ${Date.now()}`;
    const added = await api.addPersonFieldOptions({
      field_code: "label_ids",
      AddDealFieldOptionsRequestInner: [{ label }],
    });
    assert.equal(added.data[0].label, label);
    const again = await api.getPersonField({ field_code: "label_ids" });
    assert.ok(again.data.options.some((option) => option.id === added.data[0].id));
  });

  test("organizations and deals have fields too", async () => {
    const organizations = await new v2.OrganizationFieldsApi(configuration()).getOrganizationFields({});
    assert.ok(organizations.data.some((field) => field.field_code === "industry"));
    const deals = await new v2.DealFieldsApi(configuration()).getDealFields({});
    assert.ok(deals.data.some((field) => field.field_code === "stage_id"));
  });
});

describe("what an integration writes", () => {
  const person = async (fields = {}) =>
    (await new v2.PersonsApi(configuration()).addPerson({ AddPersonRequest: { name: "Wanda Warm", ...fields } })).data;

  test("a field of one's own is added, filled and read", async () => {
    const api = new v2.PersonFieldsApi(configuration());
    const added = await api.addPersonField({
      AddPersonFieldRequest: { field_name: "Reference", field_type: "varchar" },
    });
    const code = added.data.field_code;
    assert.match(code, /^[0-9a-f]{40}$/);
    assert.deepEqual([added.data.field_name, added.data.is_custom_field], ["Reference", true]);
    const listed = await api.getPersonFields({ limit: 500 });
    assert.ok(listed.data.some((field) => field.field_code === code));
    const marked = await person({ custom_fields: { [code]: "mark-1" } });
    assert.equal(marked.custom_fields[code], "mark-1");
    const outbound = await control("/truth/outbound");
    assert.equal(outbound.persons.at(-1).custom_fields[code], "mark-1");
    await api.deletePersonField({ field_code: code });
    await refused(person({ custom_fields: { [code]: "mark-2" } }), /Unknown key/);
  });

  test("a lead with organization, owner and label", async () => {
    const users = await new v1.UsersApi(old()).getUsers();
    const owner = users.data.find((user) => user.active_flag && !user.is_you).id;
    const organization = await new v2.OrganizationsApi(configuration()).addOrganization({
      AddOrganizationRequest: {
        name: "Warm Oy",
        owner_id: owner,
        industry: 302,
        address: { value: "Finland", country: "Finland" },
      },
    });
    assert.deepEqual([organization.data.industry, organization.data.address.country], [302, "Finland"]);
    const lead = await person({ org_id: organization.data.id, owner_id: owner, label_ids: [3] });
    assert.deepEqual([lead.org_id, lead.owner_id, lead.label_ids], [organization.data.id, owner, [3]]);
    const api = new v2.PersonsApi(configuration());
    const more = await api.updatePerson({ id: lead.id, UpdatePersonRequest: { label_ids: [3, 1] } });
    assert.deepEqual(more.data.label_ids, [3, 1]);
    const newest = await api.getPersons({ sort_by: "add_time", sort_direction: "desc", limit: 1 });
    assert.deepEqual(newest.data.map((one) => one.id), [lead.id]);
  });

  test("mistakes name what is wrong", async () => {
    await refused(person({ emails: [{ value: "wanda@refused.example" }] }), /emails: /);
    await refused(person({ owner_id: 20005 }), /owner_id: /);
    await refused(person({ label_ids: [4711] }), /label_ids: /);
    await refused(person({ org_id: 999_999 }), /org_id: /);
  });

  test("activities of a person, newest first and page by page", async () => {
    const api = new v2.ActivitiesApi(configuration());
    const { id } = await person();
    const made = [];
    for (const day of ["2027-03-01", "2027-01-01", "2027-02-01"]) {
      const added = await api.addActivity({
        AddActivityRequest: {
          subject: day,
          type: "call",
          due_date: day,
          due_time: "08:00:00",
          duration: "00:30:00",
          participants: [{ person_id: id, primary: true }],
          note: "<p>one<br>two</p>",
        },
      });
      made.push(added.data.id);
    }
    const seen = [];
    let cursor;
    do {
      const page = await api.getActivities({
        person_id: id,
        sort_by: "add_time",
        sort_direction: "desc",
        updated_since: "2020-01-01T00:00:00Z",
        limit: 2,
        cursor,
      });
      seen.push(...page.data.map((activity) => activity.id));
      cursor = page.additional_data.next_cursor ?? undefined;
    } while (cursor);
    assert.deepEqual(seen, made.toReversed());
    const byDay = await api.getActivities({ person_id: id, sort_by: "due_date" });
    assert.deepEqual(byDay.data.map((activity) => activity.due_date), ["2027-01-01", "2027-02-01", "2027-03-01"]);
    const changed = await api.updateActivity({
      id: made[0],
      AddActivityRequest: { done: true, due_time: null, owner_id: 20002 },
    });
    assert.deepEqual([changed.data.done, changed.data.due_time, changed.data.owner_id], [true, null, 20002]);
    await api.deleteActivity({ id: made[0] });
    await refused(api.updateActivity({ id: made[0], AddActivityRequest: { subject: "late" } }), /not found/);
    await refused(api.addActivity({ AddActivityRequest: { subject: "x", type: "lunch" } }), /type: /);
  });

  test("every write is on the record", async () => {
    const before = (await control("/truth/writes")).length;
    const { id } = await person();
    const writes = await control("/truth/writes");
    assert.equal(writes.length, before + 1);
    const { method, path, applied, answer } = writes.at(-1);
    assert.deepEqual([method, path, applied, answer], ["POST", "/api/v2/persons", true, 200]);
    assert.equal(writes.at(-1).id, id);
  });
});

describe("notes", () => {
  test("create on a person, read, list by person and day", async () => {
    const api = new v1.NotesApi(old());
    const persons = new v2.PersonsApi(configuration());
    const person = (await persons.addPerson({ AddPersonRequest: { name: "Nora Note" } })).data.id;
    const created = await api.addNote({
      AddNoteRequest: { content: "<p>one<br>two</p>", person_id: person },
    });
    const id = created.data.id;
    assert.equal(created.data.person.name, "Nora Note");
    assert.match(created.data.add_time, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    await api.addNote({ AddNoteRequest: { content: "later", person_id: person } });
    assert.equal((await api.getNote({ id })).data.person_id, person);
    const day = created.data.add_time.slice(0, 10);
    const page = await api.getNotes({ person_id: person, start_date: day, sort: "id DESC", limit: 1 });
    assert.deepEqual(page.data.map((note) => note.content), ["later"]);
    assert.deepEqual(page.additional_data.pagination, {
      start: 0,
      limit: 1,
      more_items_in_collection: true,
      next_start: 1,
    });
    const rest = await api.getNotes({ person_id: person, sort: "id DESC", start: 1 });
    assert.deepEqual(rest.data.map((note) => note.id), [id]);
    assert.deepEqual((await api.getNotes({ person_id: person, end_date: "2000-01-01" })).data, []);
    await refused(api.addNote({ AddNoteRequest: { content: "nowhere" } }), /required/);
    await refused(api.addNote({ AddNoteRequest: { content: "x", person_id: 999999999 } }), /person_id/);
  });
});

describe("users", () => {
  test("all, one, me and by address", async () => {
    const api = new v1.UsersApi(old());
    const all = await api.getUsers();
    assert.ok(all.data.some((user) => user.active_flag === false));
    const me = await api.getCurrentUser();
    assert.equal(me.data.company_domain, "nordwind");
    assert.equal(all.data.find((user) => user.is_you).id, me.data.id);
    const found = await api.findUsersByName({ term: "ben@nordwind.example", search_by_email: 1 });
    assert.deepEqual(found.data.map((user) => user.name), ["Ben Brandt"]);
    assert.equal((await api.getUser({ id: found.data[0].id })).data.email, "ben@nordwind.example");
  });
});

describe("webhooks", () => {
  test("create, list, delete; addresses that cannot be reached are refused", async () => {
    const api = new v1.WebhooksApi(old());
    const created = await api.addWebhook({
      AddWebhookRequest: {
        subscription_url: "https://hub.example/wh/abc",
        event_action: "*",
        event_object: "person",
        name: "Hub person",
        version: "2.0",
      },
    });
    const listed = await api.getWebhooks();
    assert.ok(listed.data.some((webhook) => webhook.id === created.data.id));
    assert.equal((await api.deleteWebhook({ id: created.data.id })).success, true);
    await refused(
      api.addWebhook({
        AddWebhookRequest: {
          subscription_url: "http://hub.example/",
          event_action: "*",
          event_object: "person",
          name: "plain",
        },
      }),
      /Scope and URL mismatch/,
    );
  });
});

describe("the end", () => {
  test("revoking the access token leaves the install, the refresh token ends it", async () => {
    const users = new v1.UsersApi(old());
    await oauth.revokeToken("access_token");
    await refused(users.getCurrentUser(), /unauthorized access/);
    await oauth.tokenRefresh();
    await users.getCurrentUser();
    await oauth.revokeToken("refresh_token");
    await refused(users.getCurrentUser(), /unauthorized access/);
    await refused(oauth.tokenRefresh(), /invalid_grant/);
  });
});
