// graphql-eslint over a schema and a folder of documents: node lint.mjs <schema> <folder> prints one
// finding a line. What is left out of the recommended rules is named below with its reason.
import plugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";
import path from "node:path";

const [schema, folder] = process.argv.slice(2).map((name) => path.resolve(name));
const documents = path.join(folder, "**", "*.graphql");
const here = { parser: plugin.parser, parserOptions: { graphQLConfig: { schema, documents } } };
const own = (rules) =>
  Object.fromEntries(Object.entries(rules).map(([name, level]) => [`@graphql-eslint/${name}`, level]));

const ofSchema = {
  ...plugin.configs["flat/schema-recommended"].rules,
  ...plugin.configs["flat/schema-relay"].rules,
  ...own({
    "no-scalar-result-type-on-mutation": "error",
    "require-nullable-fields-with-oneof": "error",
    "require-nullable-result-in-root": "error",
    // The printer of the schema has no place for a sentence on a directive's argument.
    "require-description": [
      "error",
      {
        ignoredSelectors: ["[type=InputValueDefinition][parent.kind=DirectiveDefinition]"],
        types: true,
        rootField: true,
        DirectiveDefinition: true,
        EnumValueDefinition: true,
        FieldDefinition: true,
        InputValueDefinition: true,
      },
    ],
    // A ledger is read from its newest end only: there is no `last` and no `before`.
    "relay-arguments": ["error", { includeBoth: false }],
    // The lines of a purchase or the refusals of a payload are whole lists, bounded by their nature.
    "relay-edge-types": [
      "error",
      { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
    ],
    // What is a value has no id: money, a decision, a page, the outcome of a mutation.
    "strict-id-in-types": "off",
    // It takes `Purchase.purchasedAt` for a repetition of the type's name.
    "no-typename-prefix": "off",
    // It wants an argument that `@deprecated` does not have; test_schema_gates.py reads the reason.
    "require-deprecation-date": "off",
  }),
};

const ofDocuments = {
  ...plugin.configs["flat/operations-recommended"].rules,
  ...own({
    "lone-executable-definition": "error",
    "match-document-filename": [
      "error",
      { query: "PascalCase", mutation: "PascalCase", subscription: "PascalCase" },
    ],
    "selection-set-depth": ["error", { maxDepth: 9 }],
  }),
};

const eslint = new ESLint({
  cwd: "/",
  overrideConfigFile: true,
  overrideConfig: [schema, documents].map((files, place) => ({
    files: [files.slice(1)],
    languageOptions: here,
    plugins: { "@graphql-eslint": plugin },
    rules: place === 0 ? ofSchema : ofDocuments,
  })),
});
for (const file of await eslint.lintFiles([schema, documents])) {
  for (const { line, message, ruleId } of file.messages) {
    console.log(`${path.basename(file.filePath)}:${line} ${ruleId} ${message.replaceAll("\n", " ")}`);
  }
}
