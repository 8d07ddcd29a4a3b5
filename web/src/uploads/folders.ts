/** Return every file of a drop or a paste, those in folders included, in the folders' order. */
export async function filesOf(data: DataTransfer): Promise<File[]> {
  // Both lists are emptied as soon as the event is over: read first, wait afterwards.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...data.files];
  if (!entries.some((entry) => entry?.isDirectory)) {
    return plain;
  }
  const found = await Promise.all(entries.map((entry) => (entry ? filesIn(entry) : [])));
  return found.flat();
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await fileOf(entry as FileSystemFileEntry)];
  }
  const inside = await childrenOf(entry as FileSystemDirectoryEntry);
  const visible = inside.filter((child) => !child.name.startsWith("."));
  return (await Promise.all(visible.map(filesIn))).flat();
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A reader gives a folder in pieces, and nothing when there is no more. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) {
      return all;
    }
    all.push(...some);
  }
}
