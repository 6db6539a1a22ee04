import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { ExportAllOptions } from '@launchtail/client'
import { CliError } from '../exit.js'
import { nothingYet, type Received } from './receive.js'

/** A file that is written beside its place, and moved there once it is whole. */
export interface PartFile {
  readonly received: Received
  readonly query: ExportAllOptions
  /** Remembers how the export is resumed by another call of the command. */
  remember(query: ExportAllOptions): Promise<void>
  write(bytes: Uint8Array): Promise<void>
  finish(): Promise<void>
  close(): Promise<void>
}

export async function beginPartFile(file: string, query: ExportAllOptions): Promise<PartFile> {
  await rm(noteOf(file), { force: true })
  const part = await open(partOf(file), 'w').catch((error) => {
    throw new CliError(`cannot write ${partOf(file)}: ${(error as Error).message}`)
  })
  return partFile({ file, part, query, received: nothingYet() })
}

/** Goes on with what an earlier call has left. */
export async function resumePartFile(file: string): Promise<PartFile> {
  const note = await readFile(noteOf(file), 'utf8').catch(() => undefined)
  if (note === undefined) throw new CliError(`there is nothing to resume: no ${noteOf(file)}`)
  const query = JSON.parse(note) as ExportAllOptions
  const received = nothingYet()
  for await (const bytes of createReadStream(partOf(file)) as AsyncIterable<Buffer>) {
    received.hash.update(bytes)
    received.bytes += bytes.length
  }
  return partFile({ file, part: await open(partOf(file), 'a'), query, received })
}

function partFile({
  file,
  part,
  query,
  received,
}: Pick<PartFile, 'query' | 'received'> & { file: string; part: FileHandle }): PartFile {
  return {
    received,
    query,
    remember: (resumable) => writeFile(noteOf(file), JSON.stringify(resumable)),
    async write(bytes) {
      // Only on a full disk is less written than was given.
      for (let at = 0; at < bytes.length; ) {
        at += (await part.write(bytes, at)).bytesWritten
      }
    },
    async finish() {
      await part.sync()
      await part.close()
      await rename(partOf(file), file)
      await rm(noteOf(file), { force: true })
    },
    close: () => part.close(),
  }
}

function partOf(file: string): string {
  return `${file}.part`
}

/** The query, with which the same export is made again. */
function noteOf(file: string): string {
  return `${file}.part.json`
}
