import type { CodegenConfig } from "@graphql-codegen/cli";

/** Types of the schema's snapshot and of the documents in src/, written anew before every build. */
const config: CodegenConfig = {
  schema: "../schema/schema.graphql",
  documents: "src/**/*.{ts,tsx}",
  generates: {
    "./src/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string", // no GraphQL parser in the browser
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: {
          BigInt: "number",
          DateTime: "string",
          JSON: "unknown",
          Upload: "File",
        },
      },
    },
  },
  ignoreNoDocuments: true,
};

export default config;
