import { readFile } from 'node:fs/promises'
import { CODE_FOLDER } from './code-folder.js'

/** The version of the package that this server is of. */
export async function serverVersion(): Promise<string> {
  const text = await readFile(new URL('../package.json', CODE_FOLDER), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
