/** Numbers with their nouns, as a language writes them. */

export const numbers = new Intl.NumberFormat("en");
const plural = new Intl.PluralRules("en");

export function count(n: number, one: string, other: string): string {
  return `${numbers.format(n)} ${plural.select(n) === "one" ? one : other}`;
}

export const files = (n: number) => count(n, "file", "files");
