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

export const RecoveryCodeDocument = graphql(`
  query RecoveryCode {
    recoveryCode {
      createdAt
      lastUsedAt
    }
  }
`);

export const CreateRecoveryCodeDocument = graphql(`
  mutation CreateRecoveryCode {
    createRecoveryCode {
      code
    }
  }
`);

export const RevokeRecoveryCodeDocument = graphql(`
  mutation RevokeRecoveryCode {
    revokeRecoveryCode
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
      name
      email
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
      shares {
        ...SharedWith
      }
    }
  }
`);

/** Somebody whom a file is shared with; the name and the address of those whom an address named. */
export const SharedWithFragment = graphql(`
  fragment SharedWith on Share {
    accountId
    kind
    name
    email
  }
`);

export const ShareByEmailDocument = graphql(`
  mutation ShareByEmail($id: ID!, $email: String!) {
    shareFile(id: $id, emails: [$email]) {
      id
      shares {
        ...SharedWith
      }
    }
  }
`);

export const UnshareDocument = graphql(`
  mutation Unshare($id: ID!, $accountId: ID!) {
    unshareFile(id: $id, accountIds: [$accountId]) {
      ...FileCard
      shares {
        ...SharedWith
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

export const BulkSetVisibilityDocument = graphql(`
  mutation BulkSetVisibility($ids: [ID!]!, $visibility: Visibility!) {
    bulkSetVisibility(ids: $ids, visibility: $visibility) {
      changedCount
      results {
        id
        outcome
      }
    }
  }
`);

export const BulkTagDocument = graphql(`
  mutation BulkTag($ids: [ID!]!, $add: [String!]) {
    bulkTag(ids: $ids, add: $add) {
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
