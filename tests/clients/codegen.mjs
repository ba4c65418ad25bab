// Generates clients from schema.graphql and the documents of an app, as the app's own build would:
// node codegen.mjs <folder>. TypeScript gets the client preset and its manifest of documents.
import { generate } from "@graphql-codegen/cli";
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

const folder = process.argv[2];
const scalars = (type, json) => ({
  ...Object.fromEntries(
    ["CurrencyCode", "Cursor", "DateTime", "Decimal", "ID", "IdempotencyKey", "LocalDate"].map(
      (name) => [name, type],
    ),
  ),
  JSON: json,
});

await generate(
  {
    schema: "../../schema.graphql",
    documents: "../../docs/requests/app/*.graphql",
    silent: true,
    generates: {
      [`${folder}/wallet/`]: {
        preset: "client",
        // Apollo's cache asks for __typename, so it belongs to the text that is registered.
        documentTransforms: [addTypenameSelectionDocumentTransform],
        presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: "sha256" } },
        config: {
          enumsAsTypes: true,
          scalars: scalars("string", "unknown"),
          strictScalars: true,
          useTypeImports: true,
        },
      },
      // Without it Apollo's cache does not know that a Refusal is a UserError, and drops its fields.
      [`${folder}/wallet/possible-types.ts`]: { plugins: ["fragment-matcher"] },
      [`${folder}/Schema.kt`]: {
        plugins: ["kotlin"],
        config: { package: "com.example.wallet", scalars: scalars("String", "Any"), withTypes: true },
      },
    },
  },
  true,
);
