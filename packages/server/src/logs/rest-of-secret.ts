import type { Draft } from '@launchtail/client/protocol'
import { readEntry } from './entry-text.js'

/** Takes out of a message what only the message before it shows to be secret. */
export type RedactAfter = (text: string, before: () => string | undefined) => string

/** The drafts without the rest of a secret that the entry before them begins. */
export function withoutRest(
  drafts: readonly Draft[],
  last: string | undefined,
  redactAfter: RedactAfter,
): readonly Draft[] {
  // Read only where it matters, which is rare.
  let before = () => (last === undefined ? undefined : readEntry(last)?.message)
  return drafts.map((draft) => {
    const message = redactAfter(draft.message, before)
    before = () => message
    return message === draft.message ? draft : { ...draft, message }
  })
}
