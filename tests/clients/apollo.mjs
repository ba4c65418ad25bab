// Apollo Client in front of the API: node apollo.mjs <facts> prints what it made of each answer. The
// manifest is Apollo's own, so nothing but hashes is sent.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { generatePersistedQueryIdsFromManifest } from "@apollo/persisted-query-lists";
import { readFileSync } from "node:fs";

const { url, token, manifest, documents, possibleTypes, merchantId, purchaseId, get } = JSON.parse(process.argv[2]);
const read = (name) => gql(readFileSync(`${documents}/${name}.graphql`, "utf8"));

const seen = [];
const watched = async (...call) => {
  const response = await fetch(...call);
  seen.push({
    method: call[1].method,
    status: response.status,
    type: response.headers.get("content-type"),
    text: /viewer|redemptionCode/.test(`${call[0]} ${call[1].body ?? ""}`),
  });
  return response;
};
const client = new ApolloClient({
  cache: new InMemoryCache({ possibleTypes }),
  link: ApolloLink.from([
    new PersistedQueryLink({
      ...generatePersistedQueryIdsFromManifest({
        loadManifest: async () => JSON.parse(readFileSync(manifest, "utf8")),
      }),
      useGETForHashedQueries: get,
      disable: () => false,
      retry: () => false,
    }),
    new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` }, fetch: watched }),
  ]),
  defaultOptions: { query: { fetchPolicy: "network-only", errorPolicy: "all" } },
});

async function ask(call) {
  seen.length = 0;
  let result;
  try {
    result = await call();
  } catch (error) {
    result = { error };
  }
  const { data, error } = result;
  return {
    data: data ?? null,
    codes: CombinedGraphQLErrors.is(error) ? error.errors.map((one) => one.extensions.code) : [],
    failure: error && !CombinedGraphQLErrors.is(error) ? String(error) : null,
    seen: [...seen],
  };
}

console.log(
  JSON.stringify({
    wallet: await ask(() => client.query({ query: read("Wallet") })),
    cached: await client.query({ query: read("Wallet"), fetchPolicy: "cache-only" }).then(({ data }) => data),
    rewards: await ask(() => client.query({ query: read("Rewards") })),
    explanation: await ask(() => client.query({ query: read("Explanation"), variables: { id: purchaseId } })),
    terms: await ask(() =>
      client.mutate({
        mutation: read("TermsAccept"),
        variables: { input: { documentId: "doc_00000000000000000000000000" } },
      }),
    ),
    partial: await ask(() => client.query({ query: read("Movements"), variables: { first: 1000 } })),
    coercion: await ask(() => client.query({ query: read("Movements"), variables: { first: "many" } })),
    forbidden: await ask(() => client.query({ query: read("Forbidden") })),
    unknown: await ask(() => client.query({ query: read("Unknown") })),
    code: await ask(() =>
      client.mutate({ mutation: read("RedemptionCodeCreate"), variables: { merchantId }, errorPolicy: "all" }),
    ),
    refusal: await ask(() =>
      client.mutate({
        mutation: read("RedemptionCodeCreate"),
        variables: { merchantId: "mer_00000000000000000000000000" },
        errorPolicy: "all",
      }),
    ),
  }),
);
