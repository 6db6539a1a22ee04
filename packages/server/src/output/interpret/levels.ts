import type { Level } from '@launchtail/client/protocol'

export interface Heading {
  /** The line without a head of level, time and source file. */
  readonly message: string
  /** The message without a level's name, marks and leading blanks: what rules are tried on. */
  readonly words: string
  readonly level: Level
}

/** Reads the level out of a tool's own words. */
export function readHeading(text: string): Heading {
  const match = HEAD.exec(text)
  const message = match ? text.slice(match[0].length) : text
  const words = message.slice(LEAD.exec(message)?.[0].length ?? 0)
  const named = match?.[1] ?? match?.[2]
  return { message, words, level: named ? levelOf(named) : guess(message) }
}

/** SkyPilot's `I 03-18 06:54:54 file.py:12] ` and vLLM's `INFO 03-18 06:54:54 [file.py:12] `. */
const HEAD =
  /^(?:(DEBUG|INFO|WARNING|ERROR|CRITICAL)|([DIWEF])) \d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? \[?[^\s\]]{1,200}:\d{1,7}\](?: |$)/

/** Blanks, SkyPilot's marks and spinners, uvicorn's `INFO:     `. */
const LEAD =
  /^(?:[\s⚙✓✔⨯↺├└─\u2800-\u28ff]|\ufe0e|\ufe0f)*(?:(?:DEBUG|INFO|WARNING|ERROR|CRITICAL): {1,8})?/

const BY_FIRST_LETTER: Record<string, Level> = {
  D: 'debug',
  T: 'debug',
  I: 'info',
  N: 'info',
  W: 'warn',
  E: 'error',
  F: 'error',
  C: 'error',
}

function levelOf(name: string): Level {
  return BY_FIRST_LETTER[(name[0] ?? '').toUpperCase()] ?? 'info'
}

/** Each begins where a line does, so a word in the middle of a sentence makes nothing an error. */
const NAMED =
  /^(?:\[rank\d{1,6}\]:)?(?:\[?([IWEF])\d{3,4} \d\d:\d\d:\d\d|\[?(DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)(?:\]|:|\s{1,8}\|)|\d{4}-\d\d-\d\d[T ][\d:.,Z]{1,24} (?:- |\| |\[)?(?:[\w.]{1,100} - )?(DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b|([EW]): )/

const WARNING =
  /^(?:↺|\s{0,8}(?:warning|DEPRECATION|npm warn)\b|(?:\S{1,300}:\d{1,7}: )?\w{0,40}Warning: )/

const ERROR =
  /^(?:⨯|(?:\S{1,64}: )?(?:[Ee]rror|fatal): |Error response from daemon|npm (?:ERR!|error)|Traceback \(most recent call last\)|(?:[A-Za-z_]\w{0,63}\.){0,12}[A-Z]\w{0,63}(?:Error|Exception|Interrupt)(?::|$)|Segmentation fault|Killed$)/

function guess(message: string): Level {
  const named = NAMED.exec(message)
  if (named) return levelOf(named[1] ?? named[2] ?? named[3] ?? named[4] ?? '')
  if (ERROR.test(message)) return 'error'
  return WARNING.test(message) ? 'warn' : 'info'
}
