// The public audits of GraphQL over HTTP: node audits.mjs <url> <token> prints what each found.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);
const fetchFn = (address, request = {}) =>
  fetch(address, { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } });

const found = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason } = await audit.fn();
  found.push({ id, name, status, reason: reason ?? null });
}
console.log(JSON.stringify(found));
