// graphql-inspector: node inspect.mjs <released schema> <schema> prints each change that breaks a
// client, one a line. What comes in addition, or is deprecated, breaks nobody.
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";
import { readFileSync } from "node:fs";

const [released, schema] = process.argv.slice(2).map((name) => buildSchema(readFileSync(name, "utf8")));
for (const { criticality, message } of await diff(released, schema)) {
  if (criticality.level === CriticalityLevel.Breaking) console.log(message);
}
