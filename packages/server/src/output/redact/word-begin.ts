/**
 * Where a word begins, in a pattern's source: also behind a character that is written out, as `\n`,
 * `\u0022` or `%3D`.
 */
export const WORD_BEGIN = String.raw`(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt"'])|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\x[0-9A-Fa-f]{2})|(?<=%[0-9A-Fa-f]{2}))`
