import { basename } from 'node:path'

/** A file of a supervisor that another program has changed. Nothing in it is believed. */
export class SpoiltFile extends Error {
  override readonly name = 'SpoiltFile'

  constructor(file: string, why: string) {
    super(`another program has changed ${basename(file)}, which only the supervisor writes: ${why}`)
  }

  /** What a failed call on the file means: this, or else the failure itself (no descriptors left, say). */
  static from(file: string, error: unknown): unknown {
    if (error instanceof SpoiltFile) return error
    const { code = '' } = error as NodeJS.ErrnoException
    return SPOILT.has(code) ? new SpoiltFile(file, `it cannot be opened (${code})`) : error
  }
}

/** Something else stands in the file's place, or in its folder's. */
const SPOILT = new Set(['EACCES', 'EEXIST', 'EISDIR', 'ELOOP', 'ENOTDIR', 'ENXIO', 'EPERM'])
