import { graphql } from "../generated";

export const ViewerDocument = graphql(`
  query Viewer {
    viewer { id kind filesCount bytesUsed quotaBytes maxUploadBytes }
  }
`);
