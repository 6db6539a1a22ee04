import { setTimeout as pause } from 'node:timers/promises'

/** A line of a recorded launch, and how many milliseconds after the start of the launch it came. */
export interface RecordedLine {
  readonly at: number
  readonly text: string
}

const LINE = /^(\d+):([0-5]\d) (.*)$/

/** Reads a recording. Each line begins with the time it came, as `minutes:seconds`. */
export function readRecording(text: string): RecordedLine[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line, i) => {
    const [, minutes, seconds, said = ''] = LINE.exec(line) ?? []
    if (minutes === undefined) throw new Error(`line ${i + 1} of the recording has no time`)
    return { at: (Number(minutes) * 60 + Number(seconds)) * 1000, text: said }
  })
}

/** Gives the lines again, as the bytes that a program writes, `speed` times as fast. */
export async function* replay(
  lines: readonly RecordedLine[],
  { speed, signal }: { speed: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const begun = performance.now()
  const encoder = new TextEncoder()
  for (const { at, text } of lines) {
    const wait = begun + at / speed - performance.now()
    if (wait > 0) await pause(wait, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    yield encoder.encode(`${text}\n`)
  }
}
