import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Folders of genuine launch logs, separated by colons. */
export const transcripts = process.env.LAUNCHTAIL_TRANSCRIPTS

const folders = (transcripts ?? '').split(':').filter(Boolean)

/** The paths of all logs, or of those in the folder that has the named one. */
export function transcriptFiles(beside?: string): string[] {
  return folders
    .filter((folder) => beside === undefined || existsSync(join(folder, beside)))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.log'))
}

/** The text of a log, whichever of the folders has it. */
export function readTranscript(name: string): string {
  const folder = folders.find((one) => existsSync(join(one, name)))
  if (!folder) throw new Error(`no folder of LAUNCHTAIL_TRANSCRIPTS has ${name}`)
  return readFileSync(join(folder, name), 'utf8')
}
