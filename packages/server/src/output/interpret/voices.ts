import type { Peeled } from '../peel.js'
import { TOOLS, type Voice } from '../tools/index.js'

const VOICES: readonly Voice[] = TOOLS.flatMap(({ voice = [] }) => voice)

/** Whose line it is by its form, its logger or its process, where that is a server's. */
export function voiceOf({ format, logger = '', process = '' }: Peeled): Voice | undefined {
  if (format === undefined && process === '') return undefined
  return VOICES.find(
    (voice) =>
      (voice.format === undefined || voice.format === format) &&
      (voice.logger === undefined || voice.logger.test(logger)) &&
      (voice.process === undefined || voice.process.test(process)),
  )
}
