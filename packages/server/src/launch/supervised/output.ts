import { fstatSync, openSync, writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanLine } from '../../output/clean.js'
import { lineDecoder, type RawLine } from '../../output/lines.js'
import { createRedactor } from '../../output/redact/index.js'
import { marker } from './words.js'

/** Somewhat less than what the reader keeps of a line, so that a cut line is not cut again. */
const MAX_LINE_BYTES = 56_000
/** A node that runs for months must not fill the disk with its access log. */
const MAX_BYTES = 256 * 1024 * 1024
const FULL = `the output has reached ${MAX_BYTES / 1024 ** 2} MiB; no more of it is kept`
/** Milliseconds before what the disk did not take is written again. */
const RETRY = 500

export type Output = ReturnType<typeof openOutput>

/**
 * Opens the file that takes a launch's output: whole lines at a time and without secrets, so nothing in
 * the folder ever holds one. While the disk is full the writers wait, and nothing is left out.
 */
export function openOutput({ file, secrets }: { file: string; secrets: readonly string[] }) {
  const fd = openSync(file, 'a', 0o600)
  // A supervisor that was started again goes on with what is there.
  let size = fstatSync(fd).size
  let full = false
  let writing: Promise<void> = Promise.resolve()
  return { note, take, written: () => writing }

  /** A line of the supervisor's own. */
  function note(text: string): void {
    void write(marker(text))
  }

  /** Writes what a stream gives, until it ends. */
  async function take(stream: Readable): Promise<void> {
    const decoder = lineDecoder({ maxBytes: MAX_LINE_BYTES })
    const redactor = createRedactor({ values: secrets })
    const safe = ({ text, transient }: RawLine) => {
      const { text: plain } = cleanLine(text)
      const masked = redactor.line(plain)
      // A value with colours in its middle is found only without them.
      return (masked === plain ? redactor.redact(text) : masked) + (transient ? '\r' : '\n')
    }
    for await (const chunk of stream) await write(decoder.push(chunk).map(safe).join(''))
    await write(decoder.end().map(safe).join(''))
  }

  function write(text: string): Promise<void> {
    if (text !== '') writing = writing.then(() => writeAll(text))
    return writing
  }

  async function writeAll(text: string): Promise<void> {
    if (full) return
    full = size + Buffer.byteLength(text) > MAX_BYTES
    const bytes = Buffer.from(full ? marker(FULL) : text)
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(fd, bytes, at)
      } catch {
        // The disk is full, most likely. Everything that follows waits too, to stay in order.
        await sleep(RETRY)
      }
    }
    size += bytes.length
  }
}
