// Enrol, check in, sync: through a client made from the document alone. Reads the six digits from standard input.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [base, code] = process.argv.slice(2);
assert(base && code, "usage: story BASE CODE");
const api = createClient<paths>({ baseUrl: base });

const config = await api.GET("/api/v1/config");
assert(config.data?.symptoms.some((one) => one.code === "fever" && one.labels.es));

const begun = await api.POST("/api/v1/enrol", { body: { code } });
assert(begun.data, JSON.stringify(begun.error));
console.log("the six digits, please");
const otp = await createInterface({ input: process.stdin }).question("");
const enrolled = await api.POST("/api/v1/enrol/confirm", {
  body: { challenge: begun.data.challenge, otp: otp.trim(), device_name: "A made-up phone" },
});
assert(enrolled.data, JSON.stringify(enrolled.error));
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${enrolled.data.access_token}`);
    return request;
  },
});

const report: components["schemas"]["CheckIn"] = {
  client_id: randomUUID(),
  recorded_at: new Date().toISOString(),
  pain: 4,
  activity: { level: "short_walks", minutes_walked: 25 },
  symptoms: [],
};
const made = await api.POST("/api/v1/me/check-ins", { body: report });
assert.equal(made.response.status, 201, JSON.stringify(made.error));
assert(made.data?.advice?.text);
const again = await api.POST("/api/v1/me/check-ins", { body: report });
assert.equal(again.response.status, 200);
assert.deepEqual(again.data, made.data);
const other = await api.POST("/api/v1/me/check-ins", { body: { ...report, pain: 7 } });
assert.equal(other.response.status, 409);
assert.equal(other.error?.code, "conflict");

const late = { ...report, client_id: randomUUID(), recorded_at: new Date(Date.now() - 3600e3).toISOString() };
const batch = await api.POST("/api/v1/me/check-ins:batch", { body: { items: [report, late] } });
assert.deepEqual(batch.data?.items.map((one) => one.outcome), ["known", "created"]);
assert.equal(batch.data?.items[1]?.check_in?.timing, "late");

const held = new Map<string, components["schemas"]["Change"]>();
let since: string | undefined;
let more = true;
while (more) {
  const page = await api.GET("/api/v1/me/sync", { params: { query: { since, limit: 5 } } });
  assert(page.data, JSON.stringify(page.error));
  for (const change of page.data.changes) {
    if (change.deleted) held.delete(change.id);
    else held.set(change.id, change);
  }
  ({ next: since, more } = page.data);
}
assert.equal([...held.values()].filter((one) => one.type === "check_in").length, 2);
assert.equal(held.get(made.data.id)?.type, "check_in");

const seen = await api.GET("/api/v1/me");
const tag = seen.response.headers.get("ETag");
const unchanged = await api.GET("/api/v1/me", { params: { header: { "If-None-Match": tag ?? "" } } });
assert.equal(unchanged.response.status, 304);
console.log("done");
process.exit(0);
