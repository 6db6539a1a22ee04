import { ConnectionError } from './errors.js'
import { endingIn, LONGEST_ENDING } from './protocol/export-ending.js'
import type { ExportFormat } from './protocol/queries.js'

export interface CheckedExportOptions {
  format?: ExportFormat | undefined
  /** The caller has asked for the line with the count. */
  trailer?: boolean | undefined
  /** It begins in the middle, so neither its digest nor its count is that of what comes. */
  isResumed: boolean
}

/**
 * An export whose reading throws unless all of it has come. A broken connection is an error by itself;
 * a proxy may end an answer in order all the same, so the end is looked at, too. `fetch` does not tell
 * HTTP's trailers: the server is asked for a last line, which is taken off again.
 */
export function checkedExport(response: Response, options: CheckedExportOptions): Response {
  if (!response.body) return response
  return new Response(response.body.pipeThrough(new TransformStream(check(options))), response)
}

function check(options: CheckedExportOptions): Transformer<Uint8Array, Uint8Array> {
  const { format = 'ndjson', trailer = false, isResumed } = options
  const hash = isResumed ? undefined : createHash()
  let held = new Uint8Array(0)
  const hasProof = format === 'ndjson' || format === 'csv'
  let size = 0
  let lines = 0
  return {
    transform(piece, controller) {
      held = joined(held, piece)
      size += piece.length
      const length = Math.max(0, held.length - LONGEST_ENDING)
      if (length > 0) controller.enqueue(take(length))
    },
    flush(controller) {
      const ending = endingIn(held, format)
      // A resumed one may begin within its own end.
      if (!ending && isResumed && !hasProof && size < LONGEST_ENDING)
        return controller.enqueue(held)
      if (!ending) throw new ConnectionError('the export ended too soon')
      const proof = held.slice(held.length - ending.length)
      const rest = take(held.length - ending.length)
      const digest = hash?.digest('hex')
      const isOther = digest !== undefined && (ending.digest ?? digest) !== digest
      const isShort = format === 'ndjson' && !isResumed && lines !== ending.count
      if (isOther || isShort) throw new ConnectionError('the export has arrived damaged')
      controller.enqueue(trailer ? joined(rest, proof) : rest)
    },
  }

  /** Counts bytes in, and gives them. */
  function take(length: number): Uint8Array {
    const bytes = held.slice(0, length)
    held = held.slice(length)
    hash?.update(bytes)
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1
    return bytes
  }
}

const NEWLINE = 10

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

interface Hash {
  update(bytes: Uint8Array): void
  digest(encoding: 'hex'): string
}

interface Runtime {
  process?: {
    getBuiltinModule?: (name: string) => { createHash(name: string): Hash } | undefined
  }
}

/** Undefined in a browser, which hashes nothing piece by piece; there the count has to do. */
function createHash(): Hash | undefined {
  return (globalThis as Runtime).process?.getBuiltinModule?.('node:crypto')?.createHash('sha256')
}
