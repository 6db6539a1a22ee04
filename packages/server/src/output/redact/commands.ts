import type { Rule } from './rule.js'
import { valueAt } from './values.js'

interface Command {
  /** Words that the command has before the option. */
  readonly words: readonly RegExp[]
  readonly option: string
  /** What the value has in it, if not every value is secret. */
  readonly has?: string
}

/** Options whose names do not say that their values are secret. Others are found by their names. */
const COMMANDS: readonly Command[] = [
  { words: [/\b(?:docker|podman|nerdctl|oras|helm|regctl)\b/, /\blogin\b/], option: '-p' },
  { words: [/\bcurl\b/], option: '-u', has: ':' },
  { words: [/\bcurl\b/], option: '--user', has: ':' },
  { words: [/\bcurl\b/], option: '-U', has: ':' },
  { words: [/\bcurl\b/], option: '--proxy-user', has: ':' },
  { words: [/\bsshpass\b/], option: '-p' },
  { words: [/\bmysql(?:dump|admin)?\b/], option: '-p' },
  { words: [/\bredis-cli\b/], option: '-a' },
  { words: [/\bskopeo\b/], option: '--creds', has: ':' },
  { words: [/\bskopeo\b/], option: '--src-creds', has: ':' },
  { words: [/\bskopeo\b/], option: '--dest-creds', has: ':' },
]

/** `docker login -p X`, `curl -u a:b`: also as a list of arguments, `['curl', '-u', 'a:b']`. */
export const COMMAND_LINES: Rule = {
  name: 'command line',
  hints: ['ogi', 'rl ', "rl'", 'rl"', 'hpa', 'ysq', 's-c', 'kop'],
  mask(text) {
    let masked = ''
    let done = 0
    OPTION.lastIndex = 0
    for (let match = OPTION.exec(text); match; match = OPTION.exec(text)) {
      const [whole, option] = match
      const { from, to } = valueAt(text, match.index + whole.length)
      const value = text.slice(from, to)
      OPTION.lastIndex = to
      const before = commandBefore(text, match.index)
      const isSecret = COMMANDS.some(
        (command) =>
          command.option === option &&
          (command.has === undefined || value.includes(command.has)) &&
          command.words.every((word) => word.test(before)),
      )
      if (!isSecret || REFERENCE.test(value)) continue
      masked += `${text.slice(done, from)}***`
      done = to
    }
    return done === 0 ? text : masked + text.slice(done)
  },
}

const OPTION =
  /(?<=[\s"'])(-[puUa]|--(?:proxy-)?user|--(?:src-|dest-)?creds)(?:["'],[ \t]{0,4}|[ \t=]{0,4})(?=[^\s=-])/g
const REFERENCE = /^\$\{?\w{1,64}(?:\}?:\$\{?\w{1,64})?\}?$/
/** A command is not looked for farther back. */
const FAR = 256

/** What is on the command's line before an option. */
function commandBefore(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - FAR), at)
  const end = Math.max(...['\n', ';', '|', '&&'].map((end) => before.lastIndexOf(end)))
  return before.slice(end + 1)
}
