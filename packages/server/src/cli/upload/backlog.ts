/** The output that the server has not confirmed, in chunks. */
export interface Backlog {
  /** Its size in bytes. */
  size(): number
  /** The offset of its first byte in the whole output. */
  offset(): number
  /** The number of its first chunk, counted from the start of the output. */
  first(): number
  /** The chunk of that number, if it is here. */
  chunk(number: number): Buffer | undefined
  isFull(chunk: Buffer): boolean
  /** True if the next chunk begins a line. */
  endsLine(): boolean
  add(chunk: Buffer): void
  /** Drops the chunks below an offset. One that has arrived in part stays. Returns true if any went. */
  drop(arrived: number): boolean
}

export function createBacklog(limit: number): Backlog {
  let chunks: Buffer[] = []
  let size = 0
  let first = 0
  let offset = 0
  return {
    size: () => size,
    offset: () => offset,
    first: () => first,
    chunk: (number) => chunks[number - first],
    isFull: (chunk) => size > 0 && size + chunk.length > limit,
    endsLine: () => chunks.length === 0 || endsLine(chunks.at(-1) as Buffer),
    add(chunk) {
      chunks.push(chunk)
      size += chunk.length
    },
    drop,
  }

  function drop(arrived: number): boolean {
    let gone = 0
    for (const { length } of chunks) {
      if (offset + length > arrived) break
      offset += length
      size -= length
      gone += 1
    }
    chunks = chunks.slice(gone)
    first += gone
    return gone > 0
  }
}

export function endsLine(chunk: Buffer): boolean {
  return chunk.at(-1) === LINE_FEED || chunk.at(-1) === CARRIAGE_RETURN
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
