/** Every text of this page that people read, in one place. */

export const texts = {
  library: "Library",
  guest: "Continue as guest",
  signInWith: (name: string) => `Sign in with ${name}`,
  signOut: "Sign out",
  signedIn: "Signed in",
  examples: "Examples",
  examplesLead: "Choose one, look it over, and run it with the button beside it.",
  queries: "Queries",
  mutations: "Mutations",
  changes: "changes data",
  needsSession: "Continue as guest first, then choose the example again.",
  needsFile: "There is no file of yours yet. Run “Upload a file” first, then choose this again.",
  needsExample:
    "This one changes only files with the tag “example”. Run “Upload a file” first, then choose this again.",
  needsKey:
    "This one ends only keys with the name “example”. Run “Make an API key” first, as a user who is no guest, then choose this again.",
  files: "Files",
  filesLead: "They go out by the multipart request specification.",
  chooseFile: "Choose a file",
  chooseFiles: "Choose files",
  chooseAnother: "Choose another",
  addFiles: "Add files",
  dropHere: "or drop it here",
  dropManyHere: "or drop them here",
  required: "required",
  removeFile: (name: string) => `Remove ${name}`,
  uploading: (sent: string, total: string, percent: number) =>
    `${sent} of ${total} sent, ${percent} %`,
  waiting: "All sent. The server is at work…",
  progress: "Upload progress",
  cancel: "Cancel",
  noFile: (name: string) => `Choose a file for $${name} in the panel “Files” below the variables.`,
  connectionBroke:
    "The connection broke before an answer came. Is the server running? A file that is larger than the server takes can end like this too.",
  noJson: (status: number) => `The server answered ${status}, and not in JSON.`,
};
