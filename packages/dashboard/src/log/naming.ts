import type { Failure } from '@launchtail/client'

/** The failure of the node whose log is shown, as far as its lines matter to it. */
export interface Naming {
  /** The index of the line that is the cause; undefined where none is. */
  readonly cause: number | undefined
  /** A person named that line. */
  readonly byHand: boolean
  /** Names another line. Throws the server's message if it refuses. */
  name(index: number): Promise<void>
}

/** Undefined for a launch that has not failed: then no line is a cause. */
export function namingOf(
  failure: Failure | undefined,
  name: (index: number) => Promise<void>,
): Naming | undefined {
  if (!failure) return undefined
  return { cause: failure.evidence?.[0]?.index, byHand: failure.corrected === true, name }
}
