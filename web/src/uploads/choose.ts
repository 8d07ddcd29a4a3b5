import { addUploads } from "./queue";

/** Open the browser's dialog for files and put what was chosen in the queue. */
export function chooseFiles(): void {
  choose(false);
}

/** The same for a folder and all that is in it. */
export function chooseFolder(): void {
  choose(true);
}

function choose(folder: boolean): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = folder;
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    addUploads(folder ? files.filter((file) => !file.name.startsWith(".")) : files);
  });
  input.click();
}
