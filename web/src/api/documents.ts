import { graphql } from "../generated";

export const ViewerDocument = graphql(`
  query Viewer {
    viewer {
      id
      kind
      name
      email
      filesCount
      bytesUsed
      quotaBytes
      maxUploadBytes
    }
  }
`);

/** What a tile of the grid shows. */
export const FileCardFragment = graphql(`
  fragment FileCard on File {
    id
    filename
    description
    tags
    visibility
    mimeType
    size
    width
    height
    duration
    blurhash
    createdAt
    updatedAt
    thumbnail: previewUrl(size: MEDIUM)
    owner {
      id
    }
  }
`);

export const FilesDocument = graphql(`
  query Files($first: Int!, $after: String, $orderBy: FileOrder!, $filter: FileFilter) {
    files(first: $first, after: $after, orderBy: $orderBy, filter: $filter) {
      nodes {
        ...FileCard
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      totalCount
    }
  }
`);

export const FileDocument = graphql(`
  query File($id: ID!) {
    file(id: $id) {
      ...FileCard
      checksum
      url
      streamUrl
      large: previewUrl(size: LARGE)
      text {
        ...TextParts
      }
    }
  }
`);

export const TextPartsFragment = graphql(`
  fragment TextParts on ExtractedText {
    text
    language
    confidence
    pages
    truncated
  }
`);

export const SignedUrlDocument = graphql(`
  query SignedUrl(
    $id: ID!
    $operation: SignedOperation!
    $expiresIn: Int!
    $disposition: ContentDisposition
  ) {
    file(id: $id) {
      signedUrl(operation: $operation, expiresIn: $expiresIn, disposition: $disposition) {
        url
        expiresAt
      }
    }
  }
`);

export const UploadDocument = graphql(`
  mutation Upload($file: Upload!, $input: UploadInput) {
    upload(file: $file, input: $input) {
      ...FileCard
    }
  }
`);

export const UpdateDocument = graphql(`
  mutation Update($id: ID!, $input: UpdateFileInput!) {
    update(id: $id, input: $input) {
      ...FileCard
    }
  }
`);

export const BulkDeleteDocument = graphql(`
  mutation BulkDelete($ids: [ID!]!) {
    bulkDelete(ids: $ids) {
      deletedCount
      results {
        id
        outcome
      }
    }
  }
`);

export const AnalyzeDocument = graphql(`
  mutation Analyze($id: ID!) {
    analyze(id: $id) {
      fileType
      contentType
      metadata
    }
  }
`);

export const ExtractTextDocument = graphql(`
  mutation ExtractText($id: ID!, $retry: Boolean!) {
    extractText(id: $id, preserveFormatting: true, retry: $retry) {
      ...TextParts
    }
  }
`);

export const RevokeLinksDocument = graphql(`
  mutation RevokeLinks($id: ID!) {
    revokeLinks(id: $id) {
      id
    }
  }
`);
