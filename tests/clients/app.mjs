// The program of docs/connect-app.md, compiled: node app.mjs <facts> signs in, renews its token once
// for many who ask, and asks by registered documents only.
import * as oauth from "openid-client";
import { visit } from "./person.mjs";

const { built, issuer, clientId, cookie, merchantId } = JSON.parse(process.argv[2]);
const app = await import(`${built}/app.js`);
const config = await oauth.discovery(new URL(issuer), clientId, undefined, oauth.None(), {
  execute: [oauth.allowInsecureRequests],
});

const tokens = await app.signIn(config, async (page) => fetch(await visit(page, cookie)));
const old = { ...tokens, expiresIn: () => 0 }; // as if ten minutes had gone by
const stored = [];
const token = app.keepFresh(config, old, async (renewed) => stored.push(renewed));
const given = await Promise.all([token(), token(), token()]);

const client = app.connect(`${issuer}/graphql`, token);
console.log(
  JSON.stringify({
    renewals: stored.length,
    fresh: new Set(given).size === 1 && given[0] !== tokens.access_token,
    page: await app.firstPage(client),
    code: await app.showCode(client, merchantId),
    refusal: await app.showCode(client, "mer_00000000000000000000000000"),
  }),
);
