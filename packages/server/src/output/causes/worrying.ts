import { createWordScan, type ScannedWords } from '../word-scan.js'

/** A line without any of these words, and whose level is none to worry about, says nothing of a cause. */
export const WORRYING: ScannedWords = {
  within: [
    ...['error', 'exception', 'fail', 'fatal', 'kill', 'abort', 'crash', 'dead', 'died', 'broken'],
    ...['cannot', "can't", 'could', 'unable', "n't", 'never', 'neither', 'denied', 'refused'],
    ...[
      'timeout',
      'time out',
      'time-out',
      'timedout',
      'timed out',
      'timed-out',
      'out of',
      'memory',
    ],
    ...['exceed', 'quota', 'capacity', 'insufficient', 'limit', 'larger', 'greater', 'toomany'],
    ...['too old', 'too large', 'too many', 'too small', 'preempt', 'reclaimed', 'evicted'],
    ...['unknown', 'unsupported', 'invalid', 'missing', 'conflict', 'unsatisf', 'mismatch'],
    ...[
      'incompatible',
      'different',
      'unbound',
      'unrecogni',
      'required',
      'wants',
      'must',
      'because',
    ],
    ...[
      'already',
      'busy',
      'terminat',
      'exit',
      'stopp',
      'shutting',
      'cancel',
      'interrupt',
      'restart',
    ],
    ...['sigint', 'sigterm', 'sigkill', 'sigquit', 'reset', 'fallen', 'xid', 'errimage'],
    ...['trust', 'custom code'],
  ],
  // The answers of HTTP that refuse or fail, from 400 to 599.
  whole: ['no', 'not', 'only', ...Array.from({ length: 200 }, (_, i) => `${400 + i}`)],
  ending: ['require', 'requires'],
}

const ABBREVIATED = /\bE[A-Z]{5}|[a-z]Off\b|_[A-Z]{4}/

const holdsWord = createWordScan(WORRYING)

/** True if a calm line may say why a launch fails. Nearly none does, and each line is asked. */
export function maySayWhy(words: string): boolean {
  return holdsWord(words) || ABBREVIATED.test(words)
}
