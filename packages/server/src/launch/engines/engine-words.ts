import type { LaunchRequest } from '@launchtail/client/protocol'
import { wordsOf } from '../skypilot/words.js'

/** The words of a field. Adds to `faults` what keeps them from reaching a program as they are. */
export function engineWords(
  given: LaunchRequest['engine_args'] = [],
  field: 'engine_args' | 'vllm_args',
  faults: string[],
): string[] {
  let words: string[]
  try {
    words = typeof given === 'string' ? wordsOf(given) : [...given]
  } catch (error) {
    faults.push(`"${field}" ${(error as Error).message}`)
    return []
  }
  if (words.some((word) => /[\r\n\0]/.test(word))) {
    faults.push(`"${field}" must not hold a line end or a NUL within an argument`)
  }
  // A single empty word could not be told from no words at all.
  if (words.includes('')) faults.push(`"${field}" must not hold an empty argument`)
  return words
}
