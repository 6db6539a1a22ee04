/** Rows that one statement stores: a database takes some ten thousand values at once. */
const PIECE = 500

/** Splits rows for as many statements as they need. */
export function inPieces<Row>(rows: readonly Row[]): Row[][] {
  const pieces: Row[][] = []
  for (let from = 0; from < rows.length; from += PIECE) pieces.push(rows.slice(from, from + PIECE))
  return pieces
}
