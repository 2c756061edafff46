// Nothing here may pass the type check: one wrong line in each block, marked.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const api = createClient<paths>({ baseUrl: "" });
const known = { client_id: "", recorded_at: "" };

await api.POST("/api/v1/me/check-ins", { body: { ...known, pain: "4" } }); // wrong: a text for a number
await api.POST("/api/v1/me/check-ins", { body: { pain: 4 } }); // wrong: no client_id
const report: components["schemas"]["CheckIn"] = { ...known, pain: 4, colour: "blue" }; // wrong: an unknown field
await api.POST("/api/v1/me/check-ins", { body: report });
await api.POST("/api/v1/me/check-ins", { body: { ...known, symptoms: ["hiccups"] } }); // wrong: an unknown symptom
await api.POST("/api/v1/me/check-ins"); // wrong: no body
await api.GET("/api/v1/me/check-in"); // wrong: no such path
await api.DELETE("/api/v1/me/check-ins"); // wrong: no such method
await api.GET("/api/v1/me/check-ins", { params: { query: { limit: "many" } } }); // wrong: a text for a number
await api.POST("/api/v1/flags/{flag_id}/resolve", {
  params: { path: { flag_id: "" } }, // wrong: no If-Match
  body: { outcome: "advised", note: "called" },
});
const answer = await api.GET("/api/v1/me");
console.log(answer.data?.given_nane); // wrong: no such field
export {};
