// Sends what the editor runs. A mutation is checked first: its reason must be written, and the
// person is asked. The answer is also read for the person: done, refused, or failed.
import { GraphQLError, Kind, getNamedType, isInputObjectType, parse, valueFromAST } from "graphql";

import { post } from "./door.js";

/** Mutations after which somebody has more or less to spend; a proposal moves nothing yet. */
export const MOVES_MONEY = new Set([
  "activityReport",
  "approvalDecide",
  "donationCreate",
  "gameScoreReport",
  "goodwillCredit",
  "purchaseReport",
  "purchaseReportBulk",
  "purchaseReturn",
  "quizAnswer",
  "raffleDraw",
  "redemptionAuthorize",
  "redemptionCapture",
  "redemptionCreate",
  "redemptionRefund",
  "redemptionRelease",
  "redemptionReverse",
  "referralReview",
  "wheelSpin",
]);

/** Decisions that move nothing. */
const MOVES_NOTHING = new Set(["DECLINED", "REFUSE"]);

/** What the inputs call the sentence that goes into the audit log. */
const REASONS = ["reason", "note"];

const SIGNED_OUT = {
  kind: "stopped",
  text: "You are signed out. Your tabs are kept: sign in to go on.",
};

/**
 * `schema` gives the schema or null; `confirm` asks the person about a write and resolves to true
 * or false; `report` is told the outcome and its answer; `signedOut` is called when the session is over.
 */
export function makeFetcher({ schema, confirm, report, signedOut }) {
  return async function fetcher({ query, variables, operationName }) {
    if (operationName === "IntrospectionQuery") {
      const response = await post({ query });
      if (response.status === 401) signedOut();
      return answerOf(response);
    }
    const operation = operationOf(query, operationName);
    const write = operation && writeOf(operation, variables ?? {}, schema());
    if (write) {
      const stopped = await mayRun(write, confirm);
      if (stopped) {
        const answer = { notSent: stopped };
        report({ kind: "stopped", text: stopped }, answer);
        return answer;
      }
    }
    const response = await post({ query, variables, operationName: operation?.name?.value });
    const answer = await answerOf(response);
    if (response.status === 401) signedOut();
    report(response.status === 401 ? SIGNED_OUT : outcomeOf(answer, write, response.headers), answer);
    return answer;
  };
}

async function answerOf(response) {
  try {
    return await response.json();
  } catch {
    return { errors: [{ message: `The server answered ${response.status} without GraphQL.` }] };
  }
}

/** The operation that will run: the chosen one, or the only one. */
function operationOf(query, operationName) {
  let document;
  try {
    document = parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return null; // the server says what is wrong with it
    throw error;
  }
  const found = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const named = found.find(({ name }) => name?.value === operationName);
  return named ?? (found.length === 1 ? found[0] : null);
}

/** What a mutation is about to do, or null if it is none. */
function writeOf(operation, variables, schema) {
  if (operation.operation !== "mutation") return null;
  const selected = operation.selectionSet.selections.find(({ kind }) => kind === Kind.FIELD);
  const field = selected && schema?.getMutationType()?.getFields()[selected.name.value];
  if (!field) return null;
  const argument = field.args.find(({ name }) => name === "input");
  const type = argument && getNamedType(argument.type);
  const asked = isInputObjectType(type) && REASONS.find((name) => name in type.getFields());
  const given = selected.arguments.find(({ name }) => name.value === "input");
  const input = given && (inputOf(given.value, argument.type, variables) ?? {});
  return {
    name: field.name,
    about: field.description ?? "",
    money: MOVES_MONEY.has(field.name) && !MOVES_NOTHING.has(input?.decision),
    reason: asked ? String(input?.[asked] ?? "").trim() : null,
  };
}

function inputOf(value, type, variables) {
  // The variables are not coerced here: the server does, and says what is wrong with them.
  if (value.kind === Kind.VARIABLE) return variables[value.name.value];
  return valueFromAST(value, type, variables);
}

/** Ask the person; returns why it was not sent, or null to go on. */
async function mayRun(write, confirm) {
  if (write.reason === "") {
    return "Write a reason first: it goes into the audit log with your name. Nothing was sent.";
  }
  return (await confirm(write)) ? null : "You chose not to run it. Nothing was sent.";
}

function outcomeOf(answer, write, headers) {
  const [failure] = answer.errors ?? [];
  if (failure) {
    const id = failure.extensions?.requestId ?? headers.get("x-request-id");
    return {
      kind: "failed",
      code: failure.extensions?.code,
      text: failure.message,
      note: id ? `Request ${id}` : "",
    };
  }
  for (const payload of Object.values(answer.data ?? {})) {
    const [refusal] = payload?.errors ?? [];
    if (refusal) {
      const text = refusal.message ?? "";
      return { kind: "refused", code: refusal.code, text, note: "Nothing was done." };
    }
  }
  if (!write) return null;
  const replayed = Object.values(answer.data ?? {}).some((payload) => payload?.replayed);
  return replayed
    ? { kind: "done", text: "This key had done it before: nothing was done twice." }
    : { kind: "done", text: "It is written to the audit log." };
}
