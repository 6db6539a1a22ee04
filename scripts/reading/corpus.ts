import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Phase } from '../../packages/client/src/protocol/phases.js'

/** A launch log with what a careful reader says of it, as far as somebody has labelled it. */
export interface Labelled {
  readonly file: string
  /** The first word of the tool's name, such as `vLLM`. */
  readonly tool: string
  readonly bytes: Buffer
  readonly label: Label | undefined
}

export interface Label {
  readonly file: string
  readonly tool: string
  readonly outcome: 'active' | 'failed' | 'stuck' | 'unknown'
  /** Lines count from 1. Lines outside these ranges are not judged. */
  readonly phases: readonly (readonly [phase: Phase, first: number, last: number])[] | null
  readonly levels: { readonly error: readonly number[]; readonly warn: readonly number[] } | null
  /** Null where no line of the text tells the cause, and a reader should say so. */
  readonly cause?: CauseLabel | null
  readonly likely_cause?: CauseLabel
  readonly not_cause?: readonly number[]
}

export interface CauseLabel {
  readonly line: number
  readonly text: string
  readonly any?: readonly string[]
  readonly also?: readonly number[]
  readonly accepted_codes: readonly string[]
}

/** Reads every `.log` of the folders, which are separated by colons, with their `index.json`. */
export async function readCorpus(folders: string): Promise<Labelled[]> {
  const read = await Promise.all(folders.split(':').filter(Boolean).map(readFolder))
  return read.flat()
}

async function readFolder(folder: string): Promise<Labelled[]> {
  const names = (await readdir(folder)).sort()
  const labels: Label[] = names.includes('index.json')
    ? JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'))
    : []
  const logs = names.filter((name) => name.endsWith('.log'))
  return Promise.all(
    logs.map(async (file) => {
      const label = labels.find((one) => one.file === file)
      const tool = (label?.tool ?? 'unlabelled').split(/[ ,]/, 1)[0] as string
      return { file, tool, bytes: await readFile(join(folder, file)), label }
    }),
  )
}
