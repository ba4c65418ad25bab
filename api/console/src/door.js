// The addresses of the server. All are relative to the page, which is `…/console`.
const PREFLIGHT = { "GraphQL-Require-Preflight": "1" };

export async function post(body) {
  return fetch("graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: {
      ...PREFLIGHT,
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9",
    },
    body: JSON.stringify(body),
  });
}

export async function signOut() {
  return fetch("signout", { method: "POST", credentials: "same-origin", body: new URLSearchParams() });
}

export function leaveForSignIn() {
  location.assign("staff/signin?next=/console");
}
