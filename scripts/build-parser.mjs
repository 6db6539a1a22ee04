// Makes the parser of the query language out of its grammar, where it is missing or older:
//
//   node scripts/build-parser.mjs
//
// Beside the grammar it is for whoever runs from the sources, and in `dist` for the package, where the
// compiler does not copy it. What is built or tested by a script gets it without being asked.
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const grammar = here('../packages/client/src/query/grammar.peggy')
const parsers = [
  here('../packages/client/src/query/grammar.js'),
  here('../packages/client/dist/query/grammar.js'),
]
const sources = [grammar, here('build-parser.mjs'), here('../package-lock.json')]

/** Functions of the parser that only its own messages need. */
const UNUSED = [
  ...['location', 'expected', 'error', 'peg\\$buildSimpleError', 'peg\\$otherExpectation'],
  ...['peg\\$literalExpectation', 'peg\\$classExpectation', 'peg\\$anyExpectation'],
]

const stale = parsers.filter((parser) => !isUpToDate(parser))
if (stale.length > 0) {
  const { default: peggy } = await import('peggy')
  const generated = peggy.generate(readFileSync(grammar, 'utf8'), {
    grammarSource: 'grammar.peggy',
    output: 'source',
    format: 'es',
  })
  const text = withoutOwnFaults(generated)
  for (const parser of stale) write(parser, text)
}

/**
 * The grammar reports every fault by itself. What the parser notes for its own messages, and they
 * themselves, are a third of its size and some of its time.
 */
function withoutOwnFaults(text) {
  const parts = [
    [
      /^class peg\$SyntaxError [\s\S]*?^}$/m,
      'class peg$SyntaxError extends SyntaxError {\n  static buildMessage() {}\n}',
    ],
    [/^ *if \(peg\$silentFails === 0\) \{ peg\$fail\(peg\$e\d+\); \}\n/gm, ''],
    [/^ *const peg\$e\d+ = .*\n/gm, ''],
    ...UNUSED.map((name) => [new RegExp(`^  function ${name}\\([\\s\\S]*?^  }$`, 'm'), '']),
  ]
  return parts.reduce((shorter, [part, instead]) => {
    const next = shorter.replace(part, () => instead)
    if (next === shorter) throw new Error(`the parser has no ${part}`)
    return next
  }, text)
}

function isUpToDate(parser) {
  if (!existsSync(parser)) return false
  const { mtimeMs } = statSync(parser)
  return sources.every((source) => statSync(source).mtimeMs < mtimeMs)
}

/** In one step: another process may be reading it. */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}`
  writeFileSync(temporary, text)
  renameSync(temporary, file)
}
